"""A state machine that compares a Python backend with `MemBackend`."""

from __future__ import annotations

import inspect
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from hypothesis import currently_in_test_context
from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nessie_backend_mem import MemBackend, NotFoundError

from ._recorder import UNKNOWN_LABELS, Answer, Recorder, ask
from .operations import (
    bad_byte_counts,
    mostly,
    usual_export_policies,
    usual_junction_paths,
    usual_sizes,
    usual_snapshot_names,
    usual_states,
    usual_volume_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import SearchStrategy

__all__ = ["BackendComparison"]
__dir__ = __all__.copy

TIERS = ("snapshots", "clones", "replication")

OPTIONAL = {
    "find_volume": "volumes",
    "patch_volume(name=…)": "volumes",
    "patch_volume(state=…)": "volumes",
    "write": "volumes",
    "discard": "volumes",
    "space": "volumes",
    "find_snapshot": "snapshots",
    "rename_snapshot": "snapshots",
    "restore_snapshot": "snapshots",
    "split_clone": "clones",
}
"""The optional operations of a backend, with their tiers."""

ACCOUNT = {"write", "discard", "space"}
"""The methods with which a backend accounts for space. They are tested if it has all of them."""

WITHOUT_RESULT = ("delete_volume", "delete_snapshot")
"""These return ``None`` on success: for them it does not mean a missing object."""


def some(kind: str) -> SearchStrategy[Any]:
    """Draw from the labels of existing objects, rarely from all labels."""
    return st.runner().flatmap(
        lambda machine: mostly(
            st.sampled_from(getattr(machine, kind)), st.sampled_from(machine.identifiers)
        )
    )


some_volume, some_clone = some("volumes"), some("clones")
some_snapshot = st.runner().flatmap(
    lambda machine: mostly(
        st.sampled_from(machine.snapshots),
        st.tuples(st.sampled_from(machine.volumes), st.sampled_from(machine.identifiers)),
        st.tuples(st.sampled_from(machine.identifiers), st.sampled_from(machine.identifiers)),
    )
)
"""A volume and a snapshot, mostly one of this volume."""


def some_bytes(of: SearchStrategy[str]) -> SearchStrategy[tuple[str, int]]:
    """Draw a volume, and a number of bytes at a limit of this volume."""
    return st.runner().flatmap(
        lambda machine: of.flatmap(
            lambda volume: st.tuples(
                st.just(volume),
                mostly(st.sampled_from(machine.byte_counts(volume)), bad_byte_counts()),
            )
        )
    )


if_any_volume = precondition(lambda machine: machine.volumes)
if_any_snapshot = precondition(lambda machine: machine.snapshots)
if_any_clone = precondition(lambda machine: machine.clones)


def if_offered(feature: str) -> Callable[[Any], Any]:
    """Skip a rule if the backend lacks the feature."""
    return precondition(lambda machine: machine.offers(feature))


class BackendComparison(RuleBasedStateMachine):
    """Makes the same calls on your own backend and on `MemBackend`, and compares each result.

    Results must be equal except for uuids, times, the kind of access handle, and the bytes that
    volumes use and snapshots consume. Errors must have the same ``code``. For a missing object
    ``None`` in place of a record is accepted, too. After every step all lists must be equal. The
    order of keys does not matter.

    Only the tiers of ``capabilities()`` are tested. ``find_volume``, ``find_snapshot``,
    ``rename_snapshot``, ``restore_snapshot``, ``split_clone`` and a patch of ``name`` or ``state``
    are skipped if the backend lacks them or raises `FeatureNotSupportedError`.

    A backend with the methods ``write``, ``discard`` and ``space`` of `MemBackend` must account for
    space as `MemBackend` does: clients write, overwrite and discard data until volumes and the pool
    are full, and all numbers of bytes must be equal, too. The capacity is that of ``space()``.

    Subclass it, define `make_backend`, and assign its test case to a name that a test runner can
    find, such as ``TestMine``:

        class MineComparison(BackendComparison):
            def make_backend(self):
                return MyBackend()

        TestMine = MineComparison.TestCase

    ``TestMine.settings`` are the `hypothesis.settings`, such as the numbers of examples and steps.
    A failure shows the shortest sequence found as Python code for the backend alone, the expected
    result of the last call, and its actual result.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        """The code of the calls made so far."""
        self.steps: list[Callable[[BackendComparison, dict[str, str]], None]] = []
        """Repeat the calls in another machine, given its labels for those of this one."""
        self.shortening = False
        """Whether this machine only tries a shorter sequence."""
        self.works: set[str] = set()
        """The optional operations that the backend has executed."""
        self.lacks: set[str] = set()
        """The missing tiers and operations."""
        self.created: dict[str, Any] = {}
        """From labels to the results of their creation."""
        self.volumes: list[str] = []
        """Labels of the existing volumes."""
        self.snapshots: list[tuple[str, str]] = []
        """Labels of the existing snapshots, each after its volume's."""
        self.clones: list[str] = []
        """Labels of the volumes that are clones."""

    def make_backend(self) -> Any:
        """Return a backend without volumes. Called once per example. Subclasses must define it."""
        raise NotImplementedError(f"{type(self).__name__} does not define make_backend()")

    def close_backend(self, backend: Any) -> None:
        """Release the resources of a backend. Called at the end of each example.

        Args:
            backend: The backend that `make_backend` returned.
        """

    @property
    def identifiers(self) -> list[str]:
        """Labels of all objects so far, deleted ones too, and of objects that never existed."""
        return [*self.created, *UNKNOWN_LABELS]

    def offers(self, feature: str) -> bool:
        """Whether the backend has a tier or an operation, as far as is known.

        Args:
            feature: A tier, or a key of `OPTIONAL`.
        """
        return feature not in self.lacks and OPTIONAL.get(feature) not in self.lacks

    @initialize(volumes=st.integers(0, 2), snapshots=st.integers(0, 3))
    def begin(self, volumes: int, snapshots: int) -> None:
        """Make both backends, with a few volumes and snapshots."""
        self.make_both()
        for number in range(volumes):
            self.both("create_volume", (), f"first{number}", new="v")
        if volumes and self.offers("snapshots"):
            for number in range(snapshots):
                self.both("create_snapshot", ("v1",), f"first{number}", new="s")

    def make_both(self) -> None:
        """Make both backends."""
        self.mine = Recorder(self.make_backend())
        self.lines.append(f"backend = {type(self).__name__}().make_backend()")
        self.lacks |= left_out(self.mine.backend)
        capacity = self.read_capacity()
        self.reference = Recorder(MemBackend(seed=0, capacity_bytes=capacity))
        for recorder in (self.mine, self.reference):
            recorder.compares_space = self.offers("write")
        self.check_capabilities()

    def teardown(self) -> None:
        """End the example."""
        if hasattr(self, "mine"):
            self.close_backend(self.mine.backend)

    # Volumes ---------------------------------------------------------------------------------

    @rule(name=usual_volume_names(), size=usual_sizes())
    def create_volume(self, name: str, size: int | None) -> None:
        """Create a volume."""
        self.both("create_volume", (), name, new="v", size_bytes=size)

    @if_any_volume
    @rule(
        volume=some_volume,
        size=usual_sizes(),
        path=st.none() | usual_junction_paths(),
        policy=st.none() | usual_export_policies(),
        name=st.none() | usual_volume_names(),
        state=st.none() | usual_states(),
    )
    def patch_volume(
        self,
        volume: str,
        size: int | None,
        path: str | None,
        policy: str | None,
        name: str | None,
        state: str | None,
    ) -> None:
        """Change several fields at once, or none."""
        changes: dict[str, Any] = {
            "size_bytes": size,
            "junction_path": path,
            "export_policy": policy,
        }
        if self.offers("patch_volume(name=…)"):
            changes["name"] = name
        if self.offers("patch_volume(state=…)"):
            changes["state"] = state
        self.both("patch_volume", (volume,), **changes)

    @if_any_volume
    @rule(volume=some_volume, size=usual_sizes())
    def resize(self, volume: str, size: int | None) -> None:
        """Change the size."""
        self.both("patch_volume", (volume,), size_bytes=size)

    @if_any_volume
    @rule(volume=some_volume, path=usual_junction_paths())
    def mount(self, volume: str, path: str) -> None:
        """Mount or unmount."""
        self.both("patch_volume", (volume,), junction_path=path)

    @if_offered("patch_volume(name=…)")
    @if_any_volume
    @rule(volume=some_volume, name=usual_volume_names())
    def rename_volume(self, volume: str, name: str) -> None:
        """Change the name."""
        self.both("patch_volume", (volume,), name=name)

    @if_offered("patch_volume(state=…)")
    @if_any_volume
    @rule(volume=some_volume, state=usual_states())
    def set_state(self, volume: str, state: str) -> None:
        """Change the state."""
        self.both("patch_volume", (volume,), state=state)

    @if_any_volume
    @rule(volume=some_volume)
    def delete_volume(self, volume: str) -> None:
        """Delete a volume."""
        self.both("delete_volume", (volume,))

    @if_any_volume
    @rule(volume=some_volume)
    def read_volume(self, volume: str) -> None:
        """Read a volume."""
        self.both("get_volume", (volume,))
        self.both("access_handle", (volume,))
        if self.offers("snapshots"):
            self.both("list_snapshots", (volume,))

    @if_offered("find_volume")
    @if_any_volume
    @rule(name=usual_volume_names())
    def find_volume(self, name: str) -> None:
        """Find a volume by name."""
        self.both("find_volume", (), name)

    # Space -----------------------------------------------------------------------------------

    def byte_counts(self, volume: str) -> list[int]:
        """Return numbers of bytes at the limits of a volume: what it uses, and what is left.

        Args:
            volume: The volume's label.
        """
        numbers = {0, 1, 2, 3}
        if volume in self.volumes:
            backend = self.reference.backend
            record = backend.get_volume(self.reference.uuids[volume])
            used = record.get("used_bytes", 0)
            left = [(record["size_bytes"] or 0) - used, backend.space()["available_bytes"] or 0]
            numbers |= {limit + more for limit in (used, *left) for more in (-1, 0, 1)}
        return sorted(number for number in numbers if 0 <= number < 2**64)

    @if_offered("write")
    @if_any_volume
    @rule(written=some_bytes(some_volume))
    def write(self, written: tuple[str, int]) -> None:
        """Write new data."""
        volume, size = written
        self.both("write", (volume,), size)

    @if_offered("write")
    @if_any_volume
    @rule(overwritten=some_bytes(some_volume), more=st.integers(0, 2))
    def overwrite(self, overwritten: tuple[str, int], more: int) -> None:
        """Overwrite data, and write a few new bytes."""
        volume, size = overwritten
        self.both("write", (volume,), size + more, overwrite_bytes=size)

    @if_offered("discard")
    @if_any_volume
    @rule(discarded=some_bytes(some_volume))
    def discard(self, discarded: tuple[str, int]) -> None:
        """Discard data."""
        volume, size = discarded
        self.both("discard", (volume,), size)

    # Snapshots -------------------------------------------------------------------------------

    @if_offered("snapshots")
    @if_any_volume
    @rule(volume=some_volume, name=usual_snapshot_names())
    def create_snapshot(self, volume: str, name: str) -> None:
        """Take a snapshot."""
        self.both("create_snapshot", (volume,), name, new="s")

    @if_offered("snapshots")
    @if_any_snapshot
    @rule(snapshot=some_snapshot)
    def read_snapshot(self, snapshot: tuple[str, str]) -> None:
        """Read a snapshot."""
        self.both("get_snapshot", snapshot)

    @if_offered("find_snapshot")
    @if_any_volume
    @rule(volume=some_volume, name=usual_snapshot_names())
    def find_snapshot(self, volume: str, name: str) -> None:
        """Find a snapshot by name."""
        self.both("find_snapshot", (volume,), name)

    @if_offered("rename_snapshot")
    @if_any_snapshot
    @rule(snapshot=some_snapshot, name=usual_snapshot_names())
    def rename_snapshot(self, snapshot: tuple[str, str], name: str) -> None:
        """Change the name of a snapshot."""
        self.both("rename_snapshot", snapshot, name)

    @if_offered("snapshots")
    @if_any_snapshot
    @rule(snapshot=some_snapshot)
    def delete_snapshot(self, snapshot: tuple[str, str]) -> None:
        """Delete a snapshot."""
        self.both("delete_snapshot", snapshot)

    @if_offered("restore_snapshot")
    @if_any_snapshot
    @rule(snapshot=some_snapshot)
    def restore_snapshot(self, snapshot: tuple[str, str]) -> None:
        """Restore a volume from a snapshot."""
        self.both("restore_snapshot", snapshot)

    # Clones ----------------------------------------------------------------------------------

    @if_offered("clones")
    @if_any_snapshot
    @rule(snapshot=some_snapshot, name=usual_volume_names())
    def create_clone(self, snapshot: tuple[str, str], name: str) -> None:
        """Make a clone."""
        self.both("create_clone", snapshot, name, new="v")

    @if_offered("clones")
    @if_any_snapshot
    @rule(snapshot=some_snapshot, name=usual_volume_names(), snapshot_name=usual_snapshot_names())
    def create_clone_with_snapshot(
        self, snapshot: tuple[str, str], name: str, snapshot_name: str
    ) -> None:
        """Make a clone with a snapshot, from which further clones can be made."""
        if clone := self.both("create_clone", snapshot, name, new="v"):
            self.both("create_snapshot", (clone,), snapshot_name, new="s")

    @if_offered("split_clone")
    @if_any_clone
    @rule(volume=some_clone)
    def split_clone(self, volume: str) -> None:
        """Split a clone from its parent."""
        self.both("split_clone", (volume,))

    # Results ---------------------------------------------------------------------------------

    @if_any_volume
    @rule(volume=some_volume)
    def spoil_results(self, volume: str) -> None:
        """Change results. Neither the backend nor other results may change."""
        if volume not in self.volumes:
            return
        self.steps.append(lambda other, labels: other.spoil_results(labels[volume]))
        backend, uuid, created = self.mine.backend, self.mine.uuids[volume], self.created[volume]

        def spoil() -> None:
            created["name"] = "spoiled"
            results = [backend.get_volume(uuid), *backend.list_volumes()]
            if self.offers("snapshots"):
                results += backend.list_snapshots(uuid)
            for record in results:
                record.get("clone", {}).clear()
                record.clear()

        reads = f'backend.get_volume({volume}["uuid"]), *backend.list_volumes()'
        if self.offers("snapshots"):
            reads += f', *backend.list_snapshots({volume}["uuid"])'
        self.lines += [
            f'{volume}["name"] = "spoiled"',
            f"for record in [{reads}]:",
            '    record.get("clone", {}).clear()',
            "    record.clear()",
        ]
        answer = ask(spoil)
        if answer.error is not None:
            self.fail("results are plain dicts that belong to the caller", answer)

    @invariant()
    def listings_are_the_same(self) -> None:
        """Compare all lists, and store the labels that the next step can choose from."""
        self.both("list_volumes", (), quiet=True)
        if self.offers("space"):
            self.both("space", (), quiet=True)
        listed = self.reference.backend.list_volumes()
        self.volumes = [self.reference.labels[volume["uuid"]] for volume in listed]
        self.clones = [self.reference.labels[v["uuid"]] for v in listed if "clone" in v]
        self.snapshots = []
        if self.offers("snapshots"):
            for volume in self.volumes:
                self.both("list_snapshots", (volume,), quiet=True)
                listed = self.reference.backend.list_snapshots(self.reference.uuids[volume])
                self.snapshots += [(volume, self.reference.labels[s["uuid"]]) for s in listed]

    # Comparing -------------------------------------------------------------------------------

    def both(
        self,
        method: str,
        labels: Sequence[str],
        *values: Any,
        new: str = "",
        quiet: bool = False,
        **named: Any,
    ) -> str | None:
        """Call a method of both backends, and fail if the results differ.

        Args:
            method: Name of the method.
            labels: Labels of the objects whose uuids are the first arguments.
            *values: Further positional arguments.
            new: Prefix of the label for the object that the call creates; empty if it creates none.
            quiet: Whether the call only reads; it is then shown only if it fails.
            **named: Keyword arguments. Those that are ``None`` are not passed.

        Returns:
            The label of the created object, or ``None``.
        """
        __tracebackhide__ = True
        named = {name: value for name, value in named.items() if value is not None}
        label = f"{new}{1 + sum(name[0] == new for name in self.created)}" if new else ""
        if not quiet:
            self.steps.append(remembered(method, labels, values, named, label))
        call = code(method, labels, values, named)
        answer = self.mine.call(method, labels, values, named)

        optional = {method, *(f"{method}({name}=…)" for name in named)} & OPTIONAL.keys()
        if answer.code == "feature_not_supported" and not optional <= self.works:
            unknown = optional - self.works
            # If the call needs two unknown operations, either may be missing.
            self.lacks |= unknown if len(unknown) == 1 else set()
            self.show_refused(call, answer)
            return None

        expected = self.reference.call(method, labels, values, named)
        if label and expected.error is None:
            self.mine.adopt(label, answer.result)
            self.reference.adopt(label, expected.result)
        expected = Answer(self.reference.labelled(expected.result), expected.error)
        seen = Answer(self.mine.labelled(answer.result), answer.error)
        if not same(method, expected, seen):
            self.lines.append(call)
            self.fail(f"MemBackend {expected}", seen)

        if answer.error is None:
            self.works |= optional
        if expected.error is not None:
            self.show_refused(call, expected)
            return None
        if label:
            self.created[label] = answer.result
        if not quiet:
            self.lines.append(f"{label} = {call}" if label else call)
        return label or None

    def show_refused(self, call: str, answer: Answer) -> None:
        """Add a refused call to the code, so that the code continues after it.

        Args:
            call: The call as Python code.
            answer: The refusal.
        """
        self.lines += [f"with suppress(Exception):  # {answer.code}", f"    {call}"]

    def read_capacity(self) -> int | None:
        """Return the capacity of the backend's pool; None without a limit or an account of space.

        Fail if the account has no valid capacity.
        """
        if not self.offers("space"):
            return None
        answer = self.mine.call("space", (), (), {})
        if answer.code == "feature_not_supported":
            self.lacks |= ACCOUNT
            return None
        capacity = answer.result.get("capacity_bytes") if isinstance(answer.result, dict) else 0
        if capacity is None or (type(capacity) is int and 0 < capacity < 2**64):
            return capacity
        self.lines.append("backend.space()")
        return self.fail("an account of space, with its capacity_bytes", answer)

    def check_capabilities(self) -> None:
        """Skip the tiers that the backend lacks, and fail if its capabilities are inconsistent."""
        call = "backend.capabilities()"
        answer = self.mine.call("capabilities", (), (), {})
        tiers = answer.result
        if not isinstance(tiers, dict) or {*map(type, tiers.values())} != {bool}:
            self.lines.append(call)
            self.fail(f"a dict that has true or false for {', '.join(TIERS)}", answer)
        higher_alone = (tiers.get("clones") or tiers.get("replication")) and not tiers["snapshots"]
        if set(tiers) != set(TIERS) or higher_alone:
            self.lines.append(call)
            self.fail(f"{', '.join(TIERS)}; each of the others implies snapshots", answer)
        self.lacks |= {tier for tier, promised in tiers.items() if not promised}

    def fail(self, expected: str, answer: Answer) -> NoReturn:
        """Fail with the calls so far, the expected result and the actual one.

        Args:
            expected: Description of the expected result.
            answer: The actual result.
        """
        __tracebackhide__ = True
        lines = [f"from {type(self).__module__} import {type(self).__name__}", *self.lines]
        if any(line.startswith("with suppress") for line in lines):
            lines.insert(0, "from contextlib import suppress")
        shown = "\n".join(f"    {line}" for line in lines)
        backend = type(self.mine.backend).__name__
        message = f"{backend} differs after\n\n{shown}\n\nexpected: {expected}\n but here: {answer}"
        cause: BaseException | None = answer.error
        last_word = not self.shortening and is_last_word()
        if last_word and (shorter := shortest(type(self), self.steps)):
            message, cause = str(shorter), shorter.__cause__
        raise AssertionError(message) from cause


def is_last_word() -> bool:
    """Whether a failure is shown, and is not one of the search for a shorter example."""
    return not currently_in_test_context() or bool(current_build_context().is_final)


def remembered(
    method: str, labels: Sequence[str], values: Sequence[Any], named: dict[str, Any], label: str
) -> Callable[[BackendComparison, dict[str, str]], None]:
    """Store a call, to repeat it in a machine that has other labels for the same objects."""

    def step(other: BackendComparison, known: dict[str, str]) -> None:
        renamed = [known[each] for each in labels]
        if created := other.both(method, renamed, *values, new=label[:1], **named):
            known[label] = created

    return step


def shortest(
    kind: type[BackendComparison],
    steps: list[Callable[[BackendComparison, dict[str, str]], None]],
) -> AssertionError | None:
    """Remove steps one by one while the rest still fails; return the last failure.

    Hypothesis has shortened the sequence already. It cannot remove a step on which later draws
    depend, such as the creation of a volume together with its deletion; this function can.
    """
    found, length = failure_of(kind, steps), len(steps) + 1
    while found and len(steps) < length:
        length = len(steps)
        for place in reversed(range(len(steps))):
            fewer = steps[:place] + steps[place + 1 :]
            if failure := failure_of(kind, fewer):
                found, steps = failure, fewer
    return found


def failure_of(
    kind: type[BackendComparison],
    steps: Sequence[Callable[[BackendComparison, dict[str, str]], None]],
) -> AssertionError | None:
    """Run the steps in a new machine; return their failure, if any."""
    machine = kind()
    machine.shortening = True
    known = {label: label for label in UNKNOWN_LABELS}
    try:
        machine.make_both()
        for step in steps:
            # A step about an object that was not created here is skipped.
            with suppress(KeyError):
                step(machine, known)
            machine.listings_are_the_same()
    except AssertionError as failure:
        return failure
    finally:
        machine.teardown()
    return None


def same(method: str, expected: Answer, seen: Answer) -> bool:
    """Whether two answers, in labels, are the same."""
    if expected.error is None:
        return seen.error is None and as_text(seen.result) == as_text(expected.result)
    if expected.code in ("volume_not_found", "snapshot_not_found"):
        if seen.error is None:
            return seen.result is None and method not in WITHOUT_RESULT
        if isinstance(seen.error, NotFoundError) and seen.code is None:
            return True
    return seen.error is not None and seen.code == expected.code


def as_text(result: object) -> str:
    """Return comparable text: ``1``, ``1.0`` and ``True`` differ; the order of keys is ignored."""
    return json.dumps(result, default=repr, sort_keys=True)


def left_out(backend: Any) -> set[str]:
    """Return the optional methods and keywords that the backend lacks."""
    lacks = {name for name in OPTIONAL if name.isidentifier() and not hasattr(backend, name)}
    if lacks & ACCOUNT:
        lacks |= ACCOUNT
    try:
        parameters = inspect.signature(backend.patch_volume).parameters
    except ValueError:
        return lacks
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return lacks
    return lacks | {f"patch_volume({n}=…)" for n in ("name", "state") if n not in parameters}


def code(method: str, labels: Sequence[str], values: Sequence[Any], named: dict[str, Any]) -> str:
    """Return the call as Python code."""
    arguments = [
        *(repr(UNKNOWN_LABELS[x]) if x in UNKNOWN_LABELS else f'{x}["uuid"]' for x in labels),
        *map(repr, values),
        *(f"{name}={value!r}" for name, value in named.items()),
    ]
    return f"backend.{method}({', '.join(arguments)})"
