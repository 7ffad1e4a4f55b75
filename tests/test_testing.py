"""`nessie_backend_mem.testing`: strategies, operations and the comparison machine.

The machine accepts different backends that follow the contract, and rejects wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from dict_backends import CodedError, SmallVolumes, none_if_missing
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from nessie_backend_mem import (
    BackendTimeoutError,
    Fault,
    FeatureNotSupportedError,
    InvalidArgumentError,
    MemBackend,
    NessieError,
    NoSpaceError,
    NotFoundError,
    SnapshotExistsError,
    SnapshotNotFoundError,
    VolumeNotFoundError,
    errors,
    testing,
)
from nessie_backend_mem.testing import (
    BackendComparison,
    Operation,
    backends,
    fault_plans,
    faults,
    operations,
)
from support import run_python

pytest_plugins = ["pytester"]

# Strategies ----------------------------------------------------------------------------------


def create_snapshot(backend: MemBackend, name: str) -> str:
    volume = backend.create_volume("v")
    return backend.create_snapshot(volume["uuid"], name)["name"]


def patch(backend: MemBackend, field: str, value: Any) -> Any:
    volume = backend.create_volume("v")
    return backend.patch_volume(volume["uuid"], **{field: value})[field]  # type: ignore[literal-required]


# Strategies of valid values: the strategy of invalid ones, and a call that returns the value.
USES: dict[str, tuple[str, Callable[[MemBackend, Any], Any]]] = {
    "volume_names": ("bad_volume_names", lambda b, value: b.create_volume(value)["name"]),
    "snapshot_names": ("bad_snapshot_names", create_snapshot),
    "sizes": ("bad_sizes", lambda b, value: b.create_volume("v", value)["size_bytes"]),
    "junction_paths": ("bad_junction_paths", lambda b, value: patch(b, "junction_path", value)),
    "export_policies": ("bad_export_policies", lambda b, value: patch(b, "export_policy", value)),
    "volume_states": ("bad_volume_states", lambda b, value: patch(b, "state", value)),
}


@pytest.mark.parametrize("strategy", USES)
@given(data=st.data())
def test_valid_values_are_accepted_and_kept(strategy: str, data: st.DataObject) -> None:
    value = data.draw(getattr(testing, strategy)())
    assert USES[strategy][1](MemBackend(), value) == value


@pytest.mark.parametrize("strategy", USES)
@given(data=st.data())
def test_bad_values_are_refused(strategy: str, data: st.DataObject) -> None:
    bad, use = USES[strategy]
    value = data.draw(getattr(testing, bad)())
    with pytest.raises(InvalidArgumentError):
        use(MemBackend(), value)


@given(text=testing.bad_uuids())
def test_bad_uuids_are_malformed_rather_than_missing(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        MemBackend().get_volume(text)


def finds(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], Any]) -> Any:
    return find(
        strategy,
        wanted,
        settings=settings(
            max_examples=2000,
            phases=[Phase.generate],
            database=None,
            derandomize=True,
            deadline=None,
        ),
    )


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ("volume_names", lambda name: len(name) == 203),
        ("volume_names", lambda name: set("-.:") <= set(name)),
        ("snapshot_names", lambda name: len(name) == 255),
        ("bad_volume_names", lambda name: len(name) == 204 and name.isalnum()),
        ("bad_volume_names", lambda name: name == ""),
        ("bad_volume_names", lambda name: name[:1] == "-" and name[1:].isascii()),
        ("bad_volume_names", lambda name: "é" in name),
        ("bad_snapshot_names", lambda name: len(name) == 256 and name.isalnum()),
        ("sizes", lambda size: size == 2**64 - 1),
        ("bad_sizes", lambda size: size == 2**64),
        ("bad_sizes", lambda size: size < 0),
        ("junction_paths", lambda path: len(path) == 4096),
        ("junction_paths", lambda path: not path.isascii()),
        ("bad_junction_paths", lambda path: len(path) < 4096 < len(path.encode(errors="replace"))),
        ("bad_junction_paths", lambda path: "/../" in path + "/" and len(path) > 4),
        ("bad_junction_paths", lambda path: path == "/"),
        ("bad_junction_paths", lambda path: path[0] != "/"),
        ("bad_junction_paths", lambda path: "\ud800" in path),
        ("export_policies", lambda policy: len(policy) == 256),
        ("bad_export_policies", lambda policy: len(policy) == 257),
        ("bad_volume_states", lambda state: state.lower() == "online"),
    ],
)
def test_the_edges_are_reached(strategy: str, wanted: Callable[[Any], Any]) -> None:
    assert wanted(finds(getattr(testing, strategy)(), wanted))


# Operations ----------------------------------------------------------------------------------


def test_an_operation_chooses_by_index() -> None:
    backend = MemBackend(seed=1)
    first, second = backend.create_volume("first"), backend.create_volume("second")
    snapshot = backend.create_snapshot(second["uuid"], "s")

    assert Operation("get_volume", volume=0).run(backend) == first
    assert Operation("get_volume", volume=3).run(backend) == second
    assert Operation("get_snapshot", volume=1, snapshot=7).run(backend) == snapshot
    clone = Operation("create_clone", 1, 0, {"new_name": "c"}).run(backend)
    assert clone["clone"]["parent_snapshot_uuid"] == snapshot["uuid"]
    with pytest.raises(SnapshotNotFoundError):
        Operation("get_snapshot", volume=0, snapshot=0).run(backend)
    with pytest.raises(VolumeNotFoundError):
        Operation("get_snapshot", volume=0, snapshot=0).run(MemBackend())


@given(operation=operations())
def test_an_operation_is_printed_as_it_is_written(operation: Operation) -> None:
    assert eval(repr(operation), {"Operation": Operation}) == operation


@given(run=st.lists(operations(space=True)), capacity=st.sampled_from([None, 1, 10]))
def test_operations_succeed_or_are_refused_in_a_documented_way(
    run: list[Operation], capacity: int | None
) -> None:
    backend = MemBackend(seed=1, capacity_bytes=capacity)
    for operation in run:
        try:
            operation.run(backend)
        except NessieError:
            pass
        backend.check_invariants()


def test_a_backend_can_be_in_every_kind_of_state() -> None:
    wanted: list[Callable[[MemBackend], bool]] = [
        lambda backend: len(backend) == 0,
        lambda backend: any("clone" in volume for volume in backend),
        lambda backend: any(volume["state"] == "offline" for volume in backend),
        lambda backend: any("junction_path" in volume for volume in backend),
        lambda backend: backend.space()["available_bytes"] == 0,
        lambda backend: backend.space()["snapshot_bytes"] > 0,
        lambda backend: any(volume["size_bytes"] == volume.get("used_bytes") for volume in backend),
    ]
    missing = set(range(len(wanted)))

    def is_last(backend: MemBackend) -> bool:
        backend.check_invariants()
        missing.difference_update([n for n, holds in enumerate(wanted) if holds(backend)])
        return not missing

    finds(backends(), is_last)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda target: target == "pool",
        lambda target: target not in (None, "pool"),
    ],
    ids=["pool", "quota"],
)
def test_operations_fill_volumes_and_the_pool(wanted: Callable[[str | None], bool]) -> None:
    def is_full(run: list[Operation]) -> bool:
        backend = MemBackend(seed=1, capacity_bytes=10)
        for operation in run:
            try:
                operation.run(backend)
            except NoSpaceError as error:
                if wanted(error.target):
                    return True
            except NessieError:
                pass
        return False

    finds(st.lists(operations(space=True), min_size=10), is_full)


def test_operations_write_no_data_by_default() -> None:
    @settings(max_examples=200, derandomize=True, database=None)
    @given(operation=operations())
    def check(operation: Operation) -> None:
        assert operation.method not in {"write", "discard"}

    check()


# Correct backends ----------------------------------------------------------------------------


class Around:
    """A backend around `MemBackend`; subclasses change its behaviour."""

    def __init__(self) -> None:
        self.real = MemBackend()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class VolumesInADict(SmallVolumes):
    """Volumes only: a tuple of them, and `None` for one that is missing."""

    def list_volumes(self) -> Any:
        return tuple(super().list_volumes())

    def get_volume(self, uuid: str) -> Any:
        return none_if_missing(super().get_volume, uuid)


class WithoutClones(Around):
    def capabilities(self) -> dict[str, bool]:
        return {"snapshots": True, "clones": False, "replication": False}

    def create_clone(self, *_: str) -> Any:
        raise FeatureNotSupportedError("no clones", "create_clone")


class WithoutWhatIsOptional:
    """Has not even the methods, and a patch without the newer keywords."""

    def __init__(self) -> None:
        self.real = MemBackend()

    def __getattr__(self, name: str) -> Any:
        optional = ("find_", "rename_", "restore_", "split_", "write", "discard", "space")
        if name.startswith(optional):
            raise AttributeError(name)
        return getattr(self.real, name)

    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
    ) -> Any:
        return self.real.patch_volume(uuid, size_bytes, junction_path, export_policy)


class RefusesWhatIsOptional(Around):
    def restore_snapshot(self, *_: str) -> Any:
        raise NotImplementedError

    def rename_snapshot(self, *_: str) -> Any:
        raise FeatureNotSupportedError("no", "rename_snapshot")

    def patch_volume(self, *arguments: Any, **named: Any) -> Any:
        if named.keys() & {"name", "state"}:
            raise CodedError("feature_not_supported")
        return self.real.patch_volume(*arguments, **named)


class OwnExceptions(Around):
    """Raises its own exceptions with our codes, and `NotFoundError` for missing objects."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.real, name)

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return method(*arguments, **named)
            except NotFoundError as error:
                raise NotFoundError("gone") from error
            except NessieError as error:
                raise CodedError(str(error.code)) from error

        return call


class FewBytes(Around):
    """A pool that is soon full."""

    def __init__(self) -> None:
        self.real = MemBackend(capacity_bytes=10)


class RefusesTheAccount(Around):
    """Does not account for space, though it has the methods."""

    def space(self) -> Any:
        raise FeatureNotSupportedError("no", "space")


class KnowsNoTimes(Around):
    """Times of creation are not recorded; clients write data that no call here writes."""

    def __getattr__(self, name: str) -> Any:
        if name == "write":
            raise AttributeError(name)
        method = getattr(self.real, name)

        def call(*arguments: Any, **named: Any) -> Any:
            result = method(*arguments, **named)
            for record in result if isinstance(result, list) else [result]:
                if isinstance(record, dict):
                    record.pop("create_time", None)
                    if "size_consumed" in record:
                        record["size_consumed"] = 4096
                    elif "name" in record:
                        record["used_bytes"] = 1
            return result

        return call


class SortsKeys(Around):
    def get_volume(self, uuid: str) -> Any:
        return dict(sorted(self.real.get_volume(uuid).items()))


EVERY_RULE = frozenset(rule.function.__name__ for rule in BackendComparison().rules)


def comparison_of(make: Callable[[], Any], rules: frozenset[str] = EVERY_RULE) -> Any:
    """A machine for the backends that `make` returns, with some of the rules."""

    class Comparison(BackendComparison):
        def make_backend(self) -> Any:
            return make()

    for left_out in EVERY_RULE - rules:
        setattr(Comparison, left_out, None)
    return Comparison


def verdict(
    make: Callable[[], Any],
    examples: int,
    *phases: Phase,
    rules: frozenset[str] = EVERY_RULE,
) -> str | None:
    """The failure that the machine reports for a backend; the same on every run."""
    try:
        run_state_machine_as_test(
            comparison_of(make, rules),
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                phases=[Phase.generate, *phases],
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except AssertionError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "make",
    [
        MemBackend,
        VolumesInADict,
        WithoutClones,
        WithoutWhatIsOptional,
        RefusesWhatIsOptional,
        OwnExceptions,
        FewBytes,
        RefusesTheAccount,
        KnowsNoTimes,
        SortsKeys,
    ],
)
def test_the_machine_accepts(make: Callable[[], Any]) -> None:
    assert verdict(make, 15) is None


# Faulty backends -----------------------------------------------------------------------------


class ForgetsToDelete(Around):
    def delete_volume(self, uuid: str) -> None:
        self.real.get_volume(uuid)


class ListsByName(Around):
    def list_volumes(self) -> Any:
        return sorted(self.real.list_volumes(), key=lambda volume: volume["name"])


class ListsOnlySome(Around):
    def list_snapshots(self, uuid: str) -> Any:
        return self.real.list_snapshots(uuid)[:2]


class SaysTheWrongThingIsMissing(Around):
    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        try:
            self.real.delete_snapshot(vol_uuid, snap_uuid)
        except SnapshotNotFoundError as error:
            raise VolumeNotFoundError(error.message, vol_uuid) from error


class RemembersOldOrigins(Around):
    """A clone keeps showing the old name of a renamed parent."""

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[str, Any] = {}

    def create_clone(self, *arguments: str) -> Any:
        clone = self.real.create_clone(*arguments)
        self.origins[clone["uuid"]] = clone["clone"]
        return clone

    def list_volumes(self) -> Any:
        listing: Any = self.real.list_volumes()
        for volume in listing:
            if "clone" in volume:
                volume["clone"] = self.origins[volume["uuid"]]
        return listing


class NeverFreesAPath(Around):
    """The path of a deleted volume is never free again."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: set[str] = set()

    def delete_volume(self, uuid: str) -> None:
        path = self.real.get_volume(uuid).get("junction_path")
        self.real.delete_volume(uuid)
        if path:
            self.taken.add(path)

    def patch_volume(self, uuid: str, *arguments: Any, **named: Any) -> Any:
        if named.get("junction_path") in self.taken:
            self.real.get_volume(uuid)
            raise errors.JunctionPathExistsError("taken", named["junction_path"])
        return self.real.patch_volume(uuid, *arguments, **named)


class KeepsNewerSnapshots(Around):
    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Any:
        restored = self.real.fork().restore_snapshot(vol_uuid, snap_uuid)
        size = restored["size_bytes"]
        if size is None:
            return self.real.restore_snapshot(vol_uuid, snap_uuid)
        return self.real.patch_volume(vol_uuid, size)


class RestoresNoSize(Around):
    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Any:
        size = self.real.get_volume(vol_uuid)["size_bytes"]
        restored = self.real.restore_snapshot(vol_uuid, snap_uuid)
        return self.real.patch_volume(vol_uuid, size) if size else restored


class ChangesSomethingBeforeItRefuses(Around):
    def patch_volume(self, uuid: str, *arguments: Any, **named: Any) -> Any:
        policy = named.pop("export_policy", None)
        if policy is not None:
            self.real.patch_volume(uuid, export_policy=policy)
        return self.real.patch_volume(uuid, *arguments, **named)


class GivesItsOwnDictsAway(Around):
    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, Any] = {}

    def get_volume(self, uuid: str) -> Any:
        volume: Any = self.real.get_volume(uuid)
        kept = self.given.setdefault(uuid, volume)
        if "uuid" in kept:
            kept.update(volume)
        return kept

    def list_volumes(self) -> Any:
        return [{**volume, **self.given.get(volume["uuid"], {})} for volume in self.real]


class RoundsLargeSizes(Around):
    def create_volume(self, name: str, size_bytes: int | None = None) -> Any:
        large = size_bytes is not None and 2**53 < size_bytes < 2**63
        return self.real.create_volume(name, int(float(size_bytes or 0)) if large else size_bytes)


class AnswersNothing(Around):
    def create_snapshot(self, vol_uuid: str, name: str) -> None:
        self.real.create_snapshot(vol_uuid, name)


class ShoutsIdentifiers(Around):
    def create_volume(self, *arguments: Any, **named: Any) -> Any:
        volume = self.real.create_volume(*arguments, **named)
        return {**volume, "uuid": volume["uuid"].upper()}


class UsesAnIdentifierAgain(VolumesInADict):
    last = ""

    def create_volume(self, name: str, size_bytes: int | None = None) -> dict[str, Any]:
        volume = super().create_volume(name, size_bytes)
        if self.last and self.last not in self.volumes:
            self.volumes[self.last] = {**self.volumes.pop(volume["uuid"]), "uuid": self.last}
            volume["uuid"] = self.last
        self.last = volume["uuid"]
        return volume


class ForgetsWhenItWas(Around):
    def list_volumes(self) -> Any:
        return [{**volume, "create_time": "2000-01-01T00:00:00Z"} for volume in self.real]


class StumblesOverItself(Around):
    def delete_volume(self, uuid: str) -> None:
        try:
            self.real.delete_volume(uuid)
        except NessieError:
            raise KeyError(uuid) from None


class DeletesWhatIsNotThere(Around):
    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        try:
            self.real.delete_snapshot(vol_uuid, snap_uuid)
        except NotFoundError:
            return


class TakesAnythingForAnIdentifier(Around):
    def get_volume(self, uuid: str) -> Any:
        try:
            return self.real.get_volume(uuid)
        except InvalidArgumentError:
            raise VolumeNotFoundError("none such", uuid) from None


class PromisesTooMuch(Around):
    def create_clone(self, *_: str) -> Any:
        raise FeatureNotSupportedError("not today", "create_clone")


class PromisesNonsense(Around):
    def capabilities(self) -> dict[str, bool]:
        return {"snapshots": False, "clones": True, "replication": False}


class TiresOfSplitting(Around):
    splits = 0

    def split_clone(self, vol_uuid: str) -> Any:
        result = self.real.split_clone(vol_uuid)
        self.splits += 1
        if self.splits > 1:
            raise FeatureNotSupportedError("no more", "split_clone")
        return result


class CountsAnOverwriteTwice(Around):
    def write(self, vol_uuid: str, size_bytes: int, *, overwrite_bytes: int = 0) -> Any:
        written = self.real.write(vol_uuid, size_bytes, overwrite_bytes=overwrite_bytes)
        if overwrite_bytes > 1 and self.real.snapshots():
            return self.real.write(vol_uuid, 1, overwrite_bytes=1)
        return written


class DiscardsTooMuch(Around):
    """Empties a volume of which more is discarded than it uses."""

    def discard(self, vol_uuid: str, size_bytes: int) -> Any:
        try:
            return self.real.discard(vol_uuid, size_bytes)
        except InvalidArgumentError:
            used = self.real.get_volume(vol_uuid).get("used_bytes", 0)
            return self.real.discard(vol_uuid, used)


class HasNoLimit(Around):
    """Accepts writes for which the pool has no room, and drops them."""

    def __init__(self) -> None:
        self.real = MemBackend(capacity_bytes=10)

    def write(self, vol_uuid: str, size_bytes: int, *, overwrite_bytes: int = 0) -> Any:
        try:
            return self.real.write(vol_uuid, size_bytes, overwrite_bytes=overwrite_bytes)
        except NoSpaceError as error:
            if error.target != "pool" or size_bytes > 2**32:
                raise
            return self.real.get_volume(vol_uuid)


class ConsumesNothing(Around):
    def list_snapshots(self, uuid: str) -> Any:
        return [{**each, "size_consumed": 0} for each in self.real.list_snapshots(uuid)]


class AccountsForOneVolume(Around):
    def space(self) -> Any:
        space = self.real.space()
        return space if len(self.real) < 3 else {**space, "live_bytes": 0}


class KeepsTheSplitSnapshotBusy(Around):
    def __init__(self) -> None:
        super().__init__()
        self.pinned: set[str] = set()

    def create_clone(self, vol_uuid: str, snap_uuid: str, new_name: str) -> Any:
        clone = self.real.create_clone(vol_uuid, snap_uuid, new_name)
        self.pinned.add(snap_uuid)
        return clone

    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        self.real.get_snapshot(vol_uuid, snap_uuid)
        if snap_uuid in self.pinned:
            raise errors.SnapshotBusyError("pinned", snap_uuid)
        self.real.delete_snapshot(vol_uuid, snap_uuid)


def kinds_of(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of(kind)


CORRECT = (
    *(WithoutClones, RefusesWhatIsOptional, OwnExceptions, FewBytes, RefusesTheAccount),
    *(KnowsNoTimes, SortsKeys),
)
FAULTY = [k for k in (*kinds_of(Around), *kinds_of(VolumesInADict)) if k not in CORRECT]


# The rules that find rare faults: with all rules, the search would be slow.
RULES_OF: dict[type[Any], set[str]] = {
    SaysTheWrongThingIsMissing: {"create_snapshot", "delete_snapshot"},
    RemembersOldOrigins: {"create_snapshot", "create_clone", "rename_volume", "rename_snapshot"},
    KeepsNewerSnapshots: {"create_snapshot", "resize", "restore_snapshot"},
    RestoresNoSize: {"create_snapshot", "resize", "restore_snapshot"},
    RoundsLargeSizes: {"find_volume"},
    StumblesOverItself: {"delete_volume"},
    DeletesWhatIsNotThere: {"create_snapshot", "delete_snapshot"},
    TakesAnythingForAnIdentifier: {"read_volume"},
    CountsAnOverwriteTwice: {"create_snapshot", "write", "overwrite"},
    DiscardsTooMuch: {"write", "discard"},
    HasNoLimit: {"write"},
    ConsumesNothing: {"create_snapshot", "write", "overwrite", "discard"},
    AccountsForOneVolume: {"write"},
    TiresOfSplitting: {"create_snapshot", "create_clone", "split_clone"},
    KeepsTheSplitSnapshotBusy: {
        *("create_snapshot", "create_clone", "split_clone", "delete_snapshot"),
    },
}


@pytest.mark.parametrize("make", FAULTY)
def test_the_machine_rejects(make: type[Any]) -> None:
    rules = frozenset({"create_volume", *RULES_OF[make]}) if make in RULES_OF else EVERY_RULE
    found = verdict(make, 400, rules=rules)
    assert found, "accepted"
    assert found.startswith(f"{make.__name__} differs after\n")


# The text of a failure -----------------------------------------------------------------------


class ForgetfulComparison(BackendComparison):
    def make_backend(self) -> Any:
        return ForgetsToDelete()


def code_in(message: str) -> str:
    """The program that a failure shows."""
    return "\n".join(line[4:] for line in message.splitlines() if line.startswith("    "))


def test_a_failure_shows_the_shortest_sequence_and_the_expected_result() -> None:
    message = verdict(ForgetsToDelete, 200, Phase.shrink)
    assert message
    calls = code_in(message).splitlines()[2:]
    assert re.fullmatch(r"v1 = backend\.create_volume\('\w+'\)", calls[0])
    assert calls[1:] == ['backend.delete_volume(v1["uuid"])', "backend.list_volumes()"]
    assert "expected: MemBackend answered []\n but here: answered [{'uuid': 'v1'" in message


def test_calls_that_the_failure_does_not_need_are_not_shown() -> None:
    state = ForgetfulComparison()
    state.begin(volumes=2, snapshots=2)
    state.listings_are_the_same()
    state.create_clone(("v1", "s1"), "c")
    state.rename_volume("v3", "d")
    state.create_volume("d", None)  # refused: the name is taken
    state.spoil_results("v2")
    state.delete_volume("v2")
    with pytest.raises(AssertionError) as caught:
        state.listings_are_the_same()
    assert code_in(str(caught.value)).splitlines()[2:] == [
        "v1 = backend.create_volume('first1')",
        'backend.delete_volume(v1["uuid"])',
        "backend.list_volumes()",
    ]


def test_the_shown_sequence_can_be_pasted_and_run() -> None:
    machine = comparison_of(SaysTheWrongThingIsMissing)()
    machine.begin(volumes=1, snapshots=0)
    with pytest.raises(AssertionError) as caught:
        machine.delete_snapshot(("v1", "unknown"))
    message = str(caught.value)
    assert "expected: MemBackend refused with snapshot_not_found" in message
    setup, *calls, last = code_in(message).splitlines()[1:]
    assert setup.endswith(".make_backend()")
    backend = SaysTheWrongThingIsMissing()
    names = {"backend": backend}
    exec("\n".join(calls), names)
    with pytest.raises(VolumeNotFoundError):
        exec(last, names)


def test_a_sequence_continues_after_a_refusal() -> None:
    machine = comparison_of(ChangesSomethingBeforeItRefuses)()
    machine.begin(volumes=1, snapshots=0)
    machine.patch_volume("v1", size=0, path=None, policy="open", name=None, state=None)
    with pytest.raises(AssertionError) as caught:
        machine.listings_are_the_same()
    code = code_in(str(caught.value))
    assert code.startswith("from contextlib import suppress\n")
    names: dict[str, Any] = {"backend": ChangesSomethingBeforeItRefuses()}
    exec(re.sub(r"^from test_testing .*\n|^backend = .*\n", "", code, flags=re.MULTILINE), names)
    assert "export_policy" in names["backend"].list_volumes()[0]


def test_an_exception_of_another_kind_is_shown_with_its_cause() -> None:
    machine = comparison_of(StumblesOverItself)()
    machine.begin(volumes=0, snapshots=0)
    with pytest.raises(AssertionError, match="refused with volume_not_found") as caught:
        machine.delete_volume("unknown")
    assert isinstance(caught.value.__cause__, KeyError)
    assert "but here: raised KeyError(" in str(caught.value)


def test_machines_that_try_shorter_sequences_close_their_backends() -> None:
    still_open: list[Any] = []

    class Comparison(BackendComparison):
        def make_backend(self) -> Any:
            still_open.append(ForgetsToDelete())
            return still_open[-1]

        def close_backend(self, backend: Any) -> None:
            still_open.remove(backend)

    state = Comparison()
    state.begin(volumes=2, snapshots=0)
    state.delete_volume("v1")
    with pytest.raises(AssertionError, match="ForgetsToDelete differs"):
        state.listings_are_the_same()
    state.teardown()
    assert still_open == []


def test_the_output_of_hypothesis_can_be_pasted_too() -> None:
    state = ForgetfulComparison()
    state.begin(volumes=1, snapshots=0)
    state.listings_are_the_same()
    state.delete_volume(volume="v1")
    with pytest.raises(AssertionError, match="ForgetsToDelete differs"):
        state.listings_are_the_same()
    state.teardown()


def test_interrupts_are_not_treated_as_results() -> None:
    class Interrupts(Around):
        def get_volume(self, uuid: str) -> Any:
            raise KeyboardInterrupt

    machine = comparison_of(Interrupts)()
    machine.begin(volumes=1, snapshots=0)
    with pytest.raises(KeyboardInterrupt):
        machine.read_volume("v1")


def test_every_backend_made_is_closed() -> None:
    still_open: list[Any] = []

    class Comparison(BackendComparison):
        def make_backend(self) -> Any:
            still_open.append(MemBackend())
            return still_open[-1]

        def close_backend(self, backend: Any) -> None:
            still_open.remove(backend)

    run_state_machine_as_test(
        Comparison, settings=settings(max_examples=5, stateful_step_count=5, database=None)
    )
    assert still_open == []


def test_a_machine_must_define_make_backend() -> None:
    class Unfinished(BackendComparison):
        pass

    with pytest.raises(NotImplementedError, match="Unfinished does not define"):
        Unfinished().begin(volumes=0, snapshots=0)


def test_three_lines_make_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from hypothesis import settings
        from nessie_backend_mem import MemBackend
        from nessie_backend_mem.testing import BackendComparison

        class Lengthens:
            def __init__(self):
                self.real = MemBackend()

            def __getattr__(self, name):
                return getattr(self.real, name)

            def create_volume(self, name, size_bytes=None):
                return self.real.create_volume(name + "_", size_bytes)

        class SoundComparison(BackendComparison):
            def make_backend(self):
                return MemBackend()

        TestSound = SoundComparison.TestCase

        class LengthensComparison(BackendComparison):
            def make_backend(self):
                return Lengthens()

        TestLengthens = LengthensComparison.TestCase
        TestSound.settings = TestLengthens.settings = settings(
            max_examples=5,
            stateful_step_count=10,
            derandomize=True,
            database=None,
            deadline=None,
        )
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*Lengthens differs after*",
            "*from test_three_lines_make_a_test import LengthensComparison*",
            "*backend = LengthensComparison().make_backend()*",
            "*backend.create_volume('*",
            "*expected: MemBackend answered*",
            "*but here: answered*",
        ]
    )
    result.stdout.no_fnmatch_line("*def fail(*")


# The extra -----------------------------------------------------------------------------------


def test_without_hypothesis_the_import_error_names_the_extra() -> None:
    program = """
import sys
sys.modules["hypothesis"] = None
import nessie_backend_mem
try:
    import nessie_backend_mem.testing
except ModuleNotFoundError as error:
    print(error.name, error)
"""
    done = run_python("-c", program)
    assert done.stdout.startswith("hypothesis nessie_backend_mem.testing needs Hypothesis")
    assert "pip install 'nessie-backend-mem[testing]'" in done.stdout


def test_the_package_itself_needs_no_hypothesis() -> None:
    done = run_python("-c", "import nessie_backend_mem, sys; print('hypothesis' in sys.modules)")
    assert done.stdout == "False\n"


# Faults ---------------------------------------------------------------------------------------

QUIET = settings(database=None, derandomize=True, max_examples=50)


def nightly_run(backend: MemBackend) -> None:
    """A program that repeats what timed out, and does not expect that it has happened."""
    for volume in backend.list_volumes():
        for _ in range(50):
            try:
                backend.create_snapshot(volume["uuid"], "nightly")
                break
            except BackendTimeoutError:
                continue


def breaks_the_nightly_run(plan: list[Fault]) -> bool:
    backend = MemBackend(seed=1)
    backend.create_volumes(["a", "b"])
    with backend.inject(*plan):
        try:
            nightly_run(backend)
        except SnapshotExistsError:
            return True
    return False


def test_a_failing_plan_shrinks_to_the_one_fault_that_matters() -> None:
    plans = fault_plans(operations=["list_snapshots", "create_snapshot"], errors=["timeout"])
    assert find(plans, breaks_the_nightly_run, settings=QUIET) == [
        Fault("create_snapshot", error="timeout", when="after", times=1)
    ]


def test_faults_shrink_to_the_simplest() -> None:
    assert find(fault_plans(), lambda _: True, settings=QUIET) == []
    simplest = Fault("create_volume", error="timeout", times=1)
    assert find(faults(), lambda _: True, settings=QUIET) == simplest
    late = find(faults(delays=True), lambda fault: fault.delay is not None, settings=QUIET)
    assert late == Fault("create_volume", delay=1, times=1)
    odd = find(faults(errors=[KeyError], operations=["space"]), lambda _: True, settings=QUIET)
    assert odd == Fault("space", error=KeyError, times=1)


@given(fault_plans(delays=True))
def test_plans_are_bounded_so_that_retries_end(plan: list[Fault]) -> None:
    assert len(plan) <= 4
    for fault in plan:
        assert fault.times in (1, 2, 3)
        assert (fault.error is None) != (fault.delay is None)
    backend = MemBackend(seed=1)
    with backend.inject(*plan) as installed:
        for _ in range(13):
            with suppress(NessieError):
                backend.create_volume("v")
    assert backend.find_volume("v") is not None
    assert len(installed.hits) <= 12
