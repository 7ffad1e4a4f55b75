"""The cases about Python.

The other cases are shared with Rust and call a backend with typed values. The cases here check the
forms of arguments that a backend accepts, its dicts, and the attributes of its exceptions.
"""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from nessie_backend_mem.errors import BusyError, InvalidArgumentError, NessieError

from .recorder import TIERS, UNKNOWN, Broken, Recorder, Skip, code_of, shown, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .report import Tier

__all__ = ["PYTHON_CASES", "PythonCase"]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class PythonCase:
    """A test that only applies to backends in Python."""

    name: str
    tier: Tier
    rules: tuple[str, ...]
    summary: str
    body: Callable[[Recorder], None]


PYTHON_CASES: list[PythonCase] = []

Body = TypeVar("Body", bound="Callable[[Recorder], None]")


def case(*rules: str, tier: Tier = "volumes") -> Callable[[Body], Body]:
    """Turn a function into a case with its name and its docstring."""

    def add(body: Body) -> Body:
        summary = (body.__doc__ or "").strip()
        name = f"python.{body.__name__}"
        PYTHON_CASES.append(PythonCase(name, tier, rules, summary, body))
        return body

    return add


# Results ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a record, in order, and those that may be absent."""

    keys: tuple[str, ...]
    optional: frozenset[str] = frozenset()


VOLUME = Shape(
    (
        *("uuid", "name", "size_bytes", "state", "style", "vol_type"),
        *("create_time", "junction_path", "export_policy", "clone"),
    ),
    frozenset({"create_time", "junction_path", "export_policy", "clone"}),
)
ORIGIN = Shape(("parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"))
SNAPSHOT = Shape(("uuid", "name", "create_time", "size_consumed"), frozenset({"create_time"}))
CAPABILITIES = Shape(("snapshots", "clones", "replication"))
HANDLES = {
    "in_memory": Shape(("kind",)),
    "nfs_export": Shape(("kind", "server", "path")),
    "s3_presigned": Shape(("kind", "url", "expires_at")),
    "git_ref": Shape(("kind", "remote", "ref_name")),
    "p4_stream": Shape(("kind", "p4port", "stream")),
    "ontap_passthrough": Shape(("kind", "mgmt_lif", "data_lif")),
}

Result = tuple[str, Any, str]
"""A call as Python code, its result, and the kind of record."""


def results(recorder: Recorder) -> Iterator[Result]:
    """Make every call that returns something, and yield the results."""

    def ask(kind: str, method: str, *arguments: Any, **keywords: Any) -> Result:
        result = recorder.call(method, *arguments, **keywords)
        return recorder.log[-1].code, result, kind

    yield ask("capabilities", "capabilities")
    made = ask("volume", "create_volume", recorder.new_name("v"), 2**40)
    yield made
    uuid, name = field(made, "uuid"), field(made, "name")
    path = f"/{recorder.new_name('path')}"
    yield ask("volume", "patch_volume", uuid, junction_path=path, export_policy="policy")
    yield ask("volume", "get_volume", uuid)
    yield ask("volume", "list_volumes")
    yield ask("handle", "access_handle", uuid)
    yield from optional(recorder, ask, "volume", "find_volume", name)
    if not recorder.offers("snapshots"):
        return
    taken = ask("snapshot", "create_snapshot", uuid, recorder.new_name("s"))
    yield taken
    snapshot, snapshot_name = field(taken, "uuid"), field(taken, "name")
    yield ask("snapshot", "get_snapshot", uuid, snapshot)
    yield ask("snapshot", "list_snapshots", uuid)
    yield from optional(recorder, ask, "snapshot", "find_snapshot", uuid, snapshot_name)
    new_name = recorder.new_name("s")
    yield from optional(recorder, ask, "snapshot", "rename_snapshot", uuid, snapshot, new_name)
    yield from optional(recorder, ask, "volume", "restore_snapshot", uuid, snapshot)
    if not recorder.offers("clones"):
        return
    cloned = ask("volume", "create_clone", uuid, snapshot, recorder.new_name("c"))
    yield cloned
    clone = field(cloned, "uuid")
    yield ask("volume", "get_volume", clone)
    yield ask("volume", "list_volumes")
    yield from optional(recorder, ask, "volume", "split_clone", clone)


def optional(
    recorder: Recorder, ask: Callable[..., Result], kind: str, method: str, *arguments: Any
) -> Iterator[Result]:
    """Call a method that a backend may lack or refuse."""
    if recorder.has(method):
        try:
            yield ask(kind, method, *arguments)
        except Skip:
            return


def field(result: Result, key: str) -> Any:
    """Return the value of `key` in a result."""
    code, record, _ = result
    if not isinstance(record, dict) or key not in record:
        raise Broken(f"{code} returned {shown(record)}, not a dict with {key!r}")
    return record[key]


def records(result: Result) -> Iterator[tuple[dict[str, Any], Shape | None]]:
    """Yield the dicts of a result, including nested ones, each with its shape."""
    _, value, kind = result
    for record in value if isinstance(value, (list, tuple)) else (value,):
        if kind == "handle":
            word = record.get("kind") if isinstance(record, dict) else None
            yield record, HANDLES.get(word) if isinstance(word, str) else None
            continue
        yield record, {"volume": VOLUME, "snapshot": SNAPSHOT, "capabilities": CAPABILITIES}[kind]
        if kind == "volume" and isinstance(record, dict) and "clone" in record:
            yield record["clone"], ORIGIN


@case("python.dicts")
def results_are_plain_dicts(recorder: Recorder) -> None:
    """Check that every record is a plain dict, and every list a list or tuple."""
    for result in results(recorder):
        code, value, _ = result
        if "list_" in code and not isinstance(value, (list, tuple)):
            raise Broken(f"{code} returned {shown(value)}, not a list")
        for record, _ in records(result):
            if type(record) is not dict:
                kind = type(record).__name__
                article = "an" if kind[:1] in "AEIOUaeiou" else "a"
                raise Broken(f"{code} returned {article} {kind}, not a dict: {shown(record)}")


@case("python.keys")
def keys_are_in_order(recorder: Recorder) -> None:
    """Check that every record has exactly the keys of the contract, in the contract's order."""
    for result in results(recorder):
        code = result[0]
        for record, shape in records(result):
            if shape is None:
                raise Broken(f"{code} returned {shown(record)}, which is not an access handle")
            keys = list(record)
            expected = [key for key in shape.keys if key in keys or key not in shape.optional]
            if keys != expected:
                raise Broken(f"{code} returned the keys {keys}, not {expected}: {shown(record)}")


@case("python.fresh", "1.fresh")
def results_are_fresh(recorder: Recorder) -> None:
    """Change results: neither the backend nor other results may change."""
    kept: list[tuple[str, Any, Any]] = []
    for code, value, _ in results(recorder):
        for earlier, result, as_it_was in kept:
            if result != as_it_was:
                raise Broken(
                    f"the result of {earlier} was changed by {code}: it is now {shown(result)} and "
                    f"was {shown(as_it_was)}"
                )
        kept.append((code, value, copy.deepcopy(value)))
    for code, value, as_it_was in kept:
        before = recorder.picture()
        others = [(result, was) for _, result, was in kept if result is not value]
        overwrite(value)
        if recorder.picture() != before:
            raise Broken(f"a change of the result of {code} changed the backend")
        if any(result != was for result, was in others):
            raise Broken(f"a change of the result of {code} changed another result")
        restore(value, as_it_was)


def overwrite(value: Any) -> None:
    """Overwrite a result, including nested dicts and lists."""
    if isinstance(value, dict):
        for item in value.values():
            overwrite(item)
        for key in value:
            value[key] = "overwritten by a caller"
        value["more"] = "added by a caller"
    elif isinstance(value, list):
        for item in value:
            overwrite(item)
        value.append("added by a caller")


def restore(value: Any, as_it_was: Any) -> None:
    """Undo `overwrite`."""
    if isinstance(value, dict):
        value.clear()
        value.update(copy.deepcopy(as_it_was))
    elif isinstance(value, list):
        value[:] = copy.deepcopy(as_it_was)


@case("python.capabilities", "1.honest")
def capabilities_are_three_bools(recorder: Recorder) -> None:
    """Check that capabilities are three bools, and that promised tiers have their methods."""
    offered = recorder.call("capabilities")
    if type(offered) is not dict or list(offered) != list(CAPABILITIES.keys):
        keys = ", ".join(CAPABILITIES.keys)
        raise Broken(f"capabilities() returned {shown(offered)}, not a dict of {keys}")
    if any(type(value) is not bool for value in offered.values()):
        raise Broken(
            f"capabilities() returned {shown(offered)}, in which not every value is a bool"
        )
    for tier, methods in TIERS.items():
        missing = [method for method in methods if not recorder.has(method)]
        if offered[tier] and missing:
            raise Broken(f"capabilities() promises {tier}, and {missing[0]} is not a method")


# Arguments ----------------------------------------------------------------------------------


@case("python.positions")
def arguments_have_their_positions(recorder: Recorder) -> None:
    """Pass sizes, paths and policies by position, and None, which means not given."""
    bare = recorder.call("create_volume", recorder.new_name("v"), None)
    expect(recorder, bare, size_bytes=None)
    uuid = bare["uuid"]
    path = f"/{recorder.new_name('path')}"
    expect(
        recorder,
        recorder.call("patch_volume", uuid, 2**30, path, "policy"),
        size_bytes=2**30,
        junction_path=path,
        export_policy="policy",
    )
    before = recorder.picture()
    recorder.call("patch_volume", uuid, None, None, None)
    if recorder.picture() != before:
        raise Broken(f"{recorder.log[-1].code} gives nothing and changed something")
    by_keyword = recorder.call("create_volume", recorder.new_name("v"), size_bytes=2**31)
    expect(recorder, by_keyword, size_bytes=2**31)


def expect(recorder: Recorder, record: Any, **fields: Any) -> None:
    """Check that the last call returned a record with these fields."""
    for key, value in fields.items():
        if not isinstance(record, dict) or record.get(key) != value:
            raise Broken(
                f"{recorder.log[-1].code} should return {key!r} as {value!r} and returned "
                f"{shown(record)}"
            )


@case("python.spellings")
def identifiers_come_in_any_spelling(recorder: Recorder) -> None:
    """Pass uuids in upper case, without hyphens, in braces and as a URN: all are accepted."""
    check_spellings(
        recorder,
        {
            ".upper()": str.upper,
            '.replace("-", "")': lambda uuid: uuid.replace("-", ""),
            '.join("{}")': lambda uuid: uuid.join("{}"),
            '.join(["urn:uuid:", ""])': lambda uuid: uuid.join(["urn:uuid:", ""]),
        },
    )


@case("python.uuid")
def identifiers_come_as_uuid_objects(recorder: Recorder) -> None:
    """Pass uuid.UUID objects: every method accepts them."""
    check_spellings(recorder, {"UUID": UUID})


def check_spellings(recorder: Recorder, spellings: dict[str, Callable[[str], Any]]) -> None:
    """Call every method with uuids in these spellings."""
    for how, spell in spellings.items():

        def spelled(record: dict[str, Any], how: str = how, spell: Any = spell) -> Any:
            uuid = record["uuid"]
            value, code = spell(uuid), recorder.written(uuid)
            recorder.name_it(value, f"{how}({code})" if how == "UUID" else f"{code}{how}")
            return value

        volume = recorder.call("create_volume", recorder.new_name("v"))
        uuid = spelled(volume)
        expect(recorder, recorder.call("get_volume", uuid), **volume)
        expect(
            recorder,
            recorder.call("patch_volume", uuid, size_bytes=4096),
            uuid=volume["uuid"],
            size_bytes=4096,
        )
        recorder.call("access_handle", uuid)
        if recorder.offers("snapshots"):
            check_snapshot_spellings(recorder, uuid, spelled)
        recorder.call("delete_volume", uuid)
        if any(other["uuid"] == volume["uuid"] for other in recorder.call("list_volumes")):
            raise Broken(f"{recorder.log[-2].code} deleted nothing")


def check_snapshot_spellings(
    recorder: Recorder, uuid: Any, spelled: Callable[[dict[str, Any]], Any]
) -> None:
    """Call the methods for snapshots and clones with uuids in one spelling."""
    snapshot = recorder.call("create_snapshot", uuid, recorder.new_name("s"))
    snap_uuid = spelled(snapshot)
    expect(recorder, recorder.call("get_snapshot", uuid, snap_uuid), **snapshot)
    if recorder.call("list_snapshots", uuid) != [snapshot]:
        raise Broken(f"{recorder.log[-1].code} should list the snapshot")
    if recorder.offers("clones"):
        clone = recorder.call("create_clone", uuid, snap_uuid, recorder.new_name("c"))
        recorder.call("delete_volume", spelled(clone))
    recorder.call("delete_snapshot", uuid, snap_uuid)


@case("python.malformed")
def malformed_identifiers_are_refused(recorder: Recorder) -> None:
    """Pass text that is not a UUID to every method: an invalid argument."""
    volume = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    for text in ("", "nonsense", UNKNOWN[:-1], f"{UNKNOWN}0", UNKNOWN.replace("3", "g", 1)):
        recorder.refused_as("invalid_argument", "get_volume", text)
        recorder.refused_as("invalid_argument", "patch_volume", text, size_bytes=4096)
        recorder.refused_as("invalid_argument", "delete_volume", text)
        recorder.refused_as("invalid_argument", "access_handle", text)
        if recorder.offers("snapshots"):
            recorder.refused_as("invalid_argument", "create_snapshot", text, "s")
            recorder.refused_as("invalid_argument", "list_snapshots", text)
            recorder.refused_as("invalid_argument", "get_snapshot", volume, text)
            recorder.refused_as("invalid_argument", "get_snapshot", text, UNKNOWN)
            recorder.refused_as("invalid_argument", "delete_snapshot", volume, text)
        if recorder.offers("clones"):
            recorder.refused_as("invalid_argument", "create_clone", volume, text, "c")


@case("python.sizes")
def sizes_out_of_range_are_refused(recorder: Recorder) -> None:
    """Pass sizes of 0, of 2**64 bytes and more, and negative ones: invalid arguments."""
    volume = recorder.call("create_volume", recorder.new_name("v"), 4096)["uuid"]
    for size in (-1, 0, -(2**63), 2**64, 2**64 + 4096, 10**30):
        name = recorder.new_name("v")
        recorder.refused_as("invalid_argument", "create_volume", name, size_bytes=size)
        recorder.refused_as("invalid_argument", "patch_volume", volume, size_bytes=size)


@case("python.surrogates")
def lone_surrogates_are_refused(recorder: Recorder) -> None:
    """Pass a lone surrogate, which UTF-8 cannot encode, in every text: an invalid argument."""
    bad = "v\ud800"
    recorder.refused_as("invalid_argument", "create_volume", bad)
    uuid = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    recorder.refused_as("invalid_argument", "patch_volume", uuid, junction_path=f"/{bad}")
    recorder.refused_as("invalid_argument", "patch_volume", uuid, export_policy=bad)
    recorder.refused_as("invalid_argument", "get_volume", bad)
    if recorder.offers("snapshots"):
        recorder.refused_as("invalid_argument", "create_snapshot", uuid, bad)
    if recorder.offers("clones"):
        snapshot = recorder.call("create_snapshot", uuid, recorder.new_name("s"))["uuid"]
        recorder.refused_as("invalid_argument", "create_clone", uuid, snapshot, bad)


@case("python.states")
def other_states_are_refused(recorder: Recorder) -> None:
    """Pass a state other than the three words: an invalid argument."""
    uuid = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    if not recorder.patches("state"):
        raise Skip("patch_volume takes no state")
    for word in ("", "Online", "asleep", "offline "):
        recorder.refused_as("invalid_argument", "patch_volume", uuid, state=word)


@case("python.types")
def wrong_types_are_type_errors(recorder: Recorder) -> None:
    """Pass names, sizes and uuids of wrong types: a TypeError."""
    volume = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    for name in (5, None, b"bytes", ["list"]):
        recorder.refused_by_type("create_volume", name)
    for size in ("4096", 4096.0, b"4096", [4096]):
        recorder.refused_by_type("create_volume", recorder.new_name("v"), size_bytes=size)
        recorder.refused_by_type("patch_volume", volume, size_bytes=size)
    recorder.refused_by_type("patch_volume", volume, junction_path=5)
    recorder.refused_by_type("patch_volume", volume, export_policy=5)
    for uuid in (5, None, b"bytes", {"uuid": volume}):
        recorder.refused_by_type("get_volume", uuid)
        recorder.refused_by_type("delete_volume", uuid)
        recorder.refused_by_type("patch_volume", uuid, size_bytes=4096)
    if recorder.offers("snapshots"):
        recorder.refused_by_type("create_snapshot", volume, 5)
        recorder.refused_by_type("get_snapshot", volume, 5)


# Exceptions ---------------------------------------------------------------------------------


Refusal = tuple[str, str, str, "Exception | None"]
"""A call as Python code, the expected code and target, and the exception."""


def refusals(recorder: Recorder) -> Iterator[Refusal]:
    """Provoke a refusal of every kind that the backend can raise."""

    def refuse(code: str, target: str, method: str, *arguments: Any, **keywords: Any) -> Refusal:
        error = recorder.refused(method, *arguments, **keywords)
        return recorder.log[-1].code, code, target, error

    name = recorder.new_name("v")
    uuid = recorder.call("create_volume", name)["uuid"]
    other = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    path = f"/{recorder.new_name('path')}"
    recorder.call("patch_volume", uuid, junction_path=path)
    yield refuse("volume_exists", name, "create_volume", name)
    yield refuse("invalid_argument", "name", "create_volume", "a/b")
    yield refuse("invalid_argument", "size_bytes", "create_volume", recorder.new_name("v"), 0)
    yield refuse("volume_not_found", UNKNOWN, "get_volume", UNKNOWN)
    yield refuse("volume_not_found", UNKNOWN, "delete_volume", UNKNOWN)
    yield refuse("invalid_argument", "uuid", "get_volume", "nonsense")
    yield refuse("invalid_argument", "junction_path", "patch_volume", other, junction_path="a")
    yield refuse("junction_path_exists", path, "patch_volume", other, junction_path=path)
    if recorder.patches("state"):
        try:
            recorder.call("patch_volume", other, state="offline")
        except Skip:
            pass
        else:
            yield refuse("volume_offline", other, "access_handle", other)
    if not recorder.offers("snapshots"):
        return
    snapshot_name = recorder.new_name("s")
    snapshot = recorder.call("create_snapshot", uuid, snapshot_name)["uuid"]
    yield refuse("snapshot_exists", snapshot_name, "create_snapshot", uuid, snapshot_name)
    yield refuse("snapshot_not_found", UNKNOWN, "get_snapshot", uuid, UNKNOWN)
    yield refuse("snapshot_not_found", UNKNOWN, "delete_snapshot", uuid, UNKNOWN)
    yield refuse("invalid_argument", "snap_uuid", "get_snapshot", uuid, "nonsense")
    if not recorder.offers("clones"):
        return
    recorder.call("create_clone", uuid, snapshot, recorder.new_name("c"))
    yield refuse("snapshot_busy", snapshot, "delete_snapshot", uuid, snapshot)
    yield refuse("volume_busy", uuid, "delete_volume", uuid)
    yield refuse("invalid_argument", "new_name", "create_clone", uuid, snapshot, "a/b")
    yield from optional_refusals(recorder, refuse, uuid, snapshot)


def optional_refusals(
    recorder: Recorder, refuse: Callable[..., Refusal], uuid: str, snapshot: str
) -> Iterator[Refusal]:
    """Provoke refusals of optional operations, with a snapshot that a clone depends on."""
    older = recorder.call("create_volume", recorder.new_name("v"))["uuid"]
    first = recorder.call("create_snapshot", older, recorder.new_name("s"))["uuid"]
    busy = recorder.call("create_snapshot", older, recorder.new_name("s"))
    recorder.call("create_clone", older, busy["uuid"], recorder.new_name("c"))
    taken = busy["name"]
    attempts = [
        ("snapshot_busy", busy["uuid"], "restore_snapshot", older, first),
        ("snapshot_exists", taken, "rename_snapshot", older, first, taken),
        ("invalid_argument", "name", "rename_snapshot", uuid, snapshot, "a/b"),
        ("snapshot_not_found", UNKNOWN, "restore_snapshot", uuid, UNKNOWN),
        ("volume_not_found", UNKNOWN, "split_clone", UNKNOWN),
        ("invalid_argument", "vol_uuid", "split_clone", uuid),
    ]
    for attempt in attempts:
        if recorder.has(attempt[2]):
            try:
                yield refuse(*attempt)
            except Skip:
                continue


@case("python.errors")
def exceptions_say_what_was_wrong(recorder: Recorder) -> None:
    """Provoke every refusal: each exception has its code, and those of the package their target."""
    for written, code, target, error in refusals(recorder):
        if error is None:
            if code.endswith("_not_found"):
                continue  # `None` is a valid answer for a missing object.
            raise Broken(f"{written} should be refused as {code} and returned None")
        if code_of(error) != code:
            raise Broken(f"{written} should be refused as {code} and raised\n{trace(error)}")
        if not isinstance(error, NessieError):
            continue
        if not str(error) or str(error) != error.message:
            raise Broken(f"{written} raised {error!r}, whose text is empty or not its message")
        # Only an `InvalidArgumentError` must have a target: a backend always knows the argument.
        unsaid = error.target is None and not isinstance(error, InvalidArgumentError)
        if error.target != target and not unsaid:
            raise Broken(f"{written} should raise an error about {target!r} and raised {error!r}")
        if isinstance(error, BusyError) and not (
            type(error.dependents) is tuple and len(error.dependents) == error.dependent_count == 1
        ):
            raise Broken(f"{written} raised {error!r}, in which the one clone is not named")


@case("python.error_copies")
def exceptions_can_be_copied(recorder: Recorder) -> None:
    """Copy and pickle exceptions of the package: the copies are complete."""
    for written, _, _, error in refusals(recorder):
        if not isinstance(error, NessieError):
            continue
        for how, copied in (("copy", copy.copy), ("pickle", through_pickle)):
            try:
                twin = copied(error)
            except Exception as failure:  # noqa: BLE001 (the exception's class may raise anything)
                raise Broken(f"{written} raised {error!r}; {how} raised {failure!r}") from None
            if repr(twin) != repr(error) or type(twin) is not type(error):
                raise Broken(f"{written} raised {error!r}; {how} makes {twin!r} of it")


def through_pickle(error: NessieError) -> NessieError:
    """Pickle an exception and load it again."""
    loaded: NessieError = pickle.loads(pickle.dumps(error))  # noqa: S301 (written just now)
    return loaded
