"""Every spelling of an identifier, in every argument of every method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from nessie_backend_mem.conformance.recorder import (
    UNKNOWN,
    Broken,
    canonical,
    plain,
    shown,
    uuid_of,
)

from .refusals import Refused
from .registry import case
from .signatures import BY_METHOD, SIGNATURES, Signature
from .stage import Stage, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from nessie_backend_mem.conformance.recorder import Call, Recorder

__all__ = ["SPELLINGS", "check_method", "prepare", "speller"]
__dir__ = __all__.copy


def hyphenless(uuid: str) -> str:
    """Return a uuid without its hyphens."""
    return uuid.replace("-", "")


def half_upper(uuid: str) -> str:
    """Return a uuid whose first half is in upper case."""
    return uuid[:18].upper() + uuid[18:]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "{}.upper()": str.upper,
    "{0}[:18].upper() + {0}[18:]": half_upper,
    '{}.replace("-", "")': hyphenless,
    '{}.replace("-", "").upper()': lambda uuid: hyphenless(uuid).upper(),
    '"{{" + {} + "}}"': lambda uuid: "{" + uuid + "}",
    '"{{" + {}.upper() + "}}"': lambda uuid: "{" + uuid.upper() + "}",
    '"urn:uuid:" + {}': lambda uuid: f"urn:uuid:{uuid}",
    '"urn:uuid:" + {}.upper()': lambda uuid: f"urn:uuid:{uuid.upper()}",
    '"URN:UUID:" + {}.upper()': lambda uuid: f"URN:UUID:{uuid.upper()}",
}
"""The spellings other than the canonical one: as code, and as a function."""


@case("python.spellings")
def identifiers_come_in_any_spelling(recorder: Recorder) -> None:
    """Pass uuids in each standard spelling and case of letters: all methods accept them."""
    for code, spell in SPELLINGS.items():
        check_spelling(recorder, code, spell)


@case("python.uuid")
def identifiers_come_as_uuid_objects(recorder: Recorder) -> None:
    """Pass uuid.UUID objects: every method accepts them."""
    check_spelling(recorder, "UUID({})", UUID)


def speller(recorder: Recorder, code: str, spell: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a function that spells a uuid, and records how."""

    def spelled(uuid: str) -> Any:
        value = spell(uuid)
        recorder.name_it(value, code.format(recorder.written(uuid)))
        return value

    return spelled


def check_spelling(recorder: Recorder, code: str, spell: Callable[[str], Any]) -> None:
    """Call every method with all identifiers in one spelling."""
    stage, spelled = Stage(recorder), speller(recorder, code, spell)
    for signature in SIGNATURES:
        if signature.is_offered(recorder) and any(each.is_id for each in signature.arguments):
            prepare(stage, signature)
            check_missing(stage, signature, spelled)
            check_method(stage, signature, spelled)
    if recorder.offers("clones"):
        check_clone(stage, spelled)
    for method, *ids in (("list_volumes",), ("get_volume", stage.clone or stage.volume)):
        call = recorder.attempt(method, *ids)
        check_identifiers(call, plain(recorder.result_of(call)))


def prepare(stage: Stage, signature: Signature) -> None:
    """Take the snapshot that the method deletes: an earlier method may have deleted it."""
    if signature.method == "delete_snapshot":
        name = stage.recorder.new_name("s")
        stage.newest = made(stage.recorder, "create_snapshot", stage.volume, name)


def check_missing(stage: Stage, signature: Signature, spelled: Callable[[str], Any]) -> None:
    """Pass the identifier of no object, in the spelling, as each identifier of a method."""
    valid = {
        each.name: stage.valid(signature, each)
        for each in signature.arguments
        if not each.is_optional
    }
    for argument in signature.arguments:
        if argument.is_id:
            missing = {**valid, argument.name: spelled(UNKNOWN)}
            code = argument.kind.replace(" id", "_not_found")
            Refused(signature, missing, (code,)).check(stage.recorder)


def check_method(stage: Stage, signature: Signature, spelled: Callable[[str], Any]) -> None:
    """Call a method, and check that it is about the object whose uuid is passed."""
    recorder = stage.recorder
    given = {
        each.name: stage.valid(signature, each)
        for each in signature.arguments
        if not each.is_optional or each.kind == "size"
    }
    ids = {each.name: given[each.name] for each in signature.arguments if each.is_id}
    values = {**given, **{name: spelled(uuid) for name, uuid in ids.items()}}
    call = signature.attempt(recorder, values)
    if call is None:
        return
    stage.renew()
    result = plain(recorder.result_of(call))
    check_identifiers(call, result)
    match signature.returns:
        case "nothing":
            check_deleted(stage, call, [*ids.values()])
        case "snapshots":
            if stage.snapshot not in map(uuid_of, result if isinstance(result, list) else []):
                raise Broken(f"{call.code} returned {shown(result)}, without {stage.snapshot}")
        case "volume" | "snapshot":
            check_record(stage, signature, call, [*ids.values()])


def check_record(stage: Stage, signature: Signature, call: Call, ids: list[str]) -> None:
    """Check that a method returned the record of the object whose uuid was passed."""
    match signature.method:
        case "create_snapshot":
            listed = plain(stage.recorder.call("list_snapshots", stage.volume))
            if uuid_of(call.result) not in map(uuid_of, listed):
                raise Broken(f"{call.code} took no snapshot of {stage.volume}")
        case "create_clone":
            origin = plain(call.result).get("clone") or {}
            named = [origin.get("parent_volume_uuid"), origin.get("parent_snapshot_uuid")]
            if named != ids:
                raise Broken(f"{call.code} returned {shown(call.result)}, with another origin")
        case method:
            expected = stage.snapshot if signature.returns == "snapshot" else ids[0]
            if uuid_of(call.result) != expected:
                raise Broken(f"{call.code} returned {shown(call.result)}, not {expected}")
            if method == "patch_volume" and call.result.get("size_bytes") != 2**20:
                raise Broken(f"{call.code} returned {shown(call.result)}, with another size")


def check_clone(stage: Stage, spelled: Callable[[str], Any]) -> None:
    """Make a clone, and check that it depends on its parent however either is spelled."""
    recorder = stage.recorder
    volume = made(recorder, "create_volume", recorder.new_name("v"))
    snapshot = made(recorder, "create_snapshot", volume, recorder.new_name("s"))
    name = recorder.new_name("c")
    clone = made(recorder, "create_clone", spelled(volume), spelled(snapshot), name)
    for spell in (str, spelled):
        busy = {"vol_uuid": spell(volume), "snap_uuid": spell(snapshot)}
        refusal = Refused(BY_METHOD["delete_snapshot"], busy, ("snapshot_busy",))
        refusal.check(recorder)
        busy = {"uuid": spell(volume)}
        Refused(BY_METHOD["delete_volume"], busy, ("volume_busy",)).check(recorder)
    for method in ("get_volume", "patch_volume"):
        call = recorder.attempt(method, spelled(clone))
        record = plain(recorder.result_of(call))
        if uuid_of(record) != clone or "clone" not in record:
            raise Broken(f"{call.code} returned {shown(record)}, not the clone {clone}")
        check_identifiers(call, record)
    recorder.call("delete_volume", spelled(clone))
    recorder.call("delete_snapshot", spelled(volume), spelled(snapshot))


def check_deleted(stage: Stage, call: Call, ids: list[str]) -> None:
    """Check that a deleted volume or snapshot is not listed any more."""
    method = "list_volumes" if len(ids) == 1 else "list_snapshots"
    left = plain(stage.recorder.call(method, *ids[:-1]))
    if ids[-1] in map(uuid_of, left):
        raise Broken(f"{call.code} did not delete it: {stage.recorder.log[-1].code} has it")


def check_identifiers(call: Call, result: Any) -> None:
    """Check that all identifiers in a result are canonical, also nested ones."""
    if isinstance(result, list):
        for item in result:
            check_identifiers(call, item)
    elif isinstance(result, dict):
        for key, value in result.items():
            if key.endswith("uuid") and value != canonical(value):
                raise Broken(f"{call.code} returned {key!r} as {value!r}, which is not canonical")
            check_identifiers(call, value)
