"""The case about names that are also spellings of identifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import (
    Broken,
    canonical,
    code_of,
    shown,
    uuid_of,
)

from .registry import case
from .signatures import SIGNATURES, Signature
from .spellings import SPELLINGS, check_method, prepare, speller
from .stage import Stage, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from nessie_backend_mem.conformance.recorder import Recorder

__all__: list[str] = []
__dir__ = __all__.copy

NAME = re.compile(r"[0-9A-Za-z:-]+")
"""Spellings of uuids that are also names."""


@case("python.namesakes", "python.spellings")
def names_are_not_taken_for_identifiers(recorder: Recorder) -> None:
    """Name volumes and snapshots like the identifiers of others: each call finds the right one."""
    spellings: dict[str, Callable[[str], str]] = {"{}": str, **SPELLINGS}
    for code, spell in spellings.items():
        spelled = speller(recorder, code, spell)
        for signature in SIGNATURES:
            if signature.is_offered(recorder) and any(each.is_id for each in signature.arguments):
                start = len(recorder.log)
                check_beside_namesakes(recorder, signature, spelled)
                recorder.delete_created()
                del recorder.log[start:]


def check_beside_namesakes(
    recorder: Recorder, signature: Signature, spelled: Callable[[str], Any]
) -> None:
    """Call a method while the identifier of each object is also the name of another object."""
    stage = Stage(recorder)
    prepare(stage, signature)
    volumes = [
        made(recorder, "create_volume", name_like(spelled(uuid)))
        for uuid in (stage.volume, stage.other, stage.clone)
        if uuid
    ]
    snapshots = [
        made(recorder, "create_snapshot", stage.volume, name_like(spelled(uuid)))
        for uuid in (stage.snapshot, stage.newest)
        if uuid
    ]
    try:
        check_method(stage, signature, spelled)
    except Broken as broken:
        if fails_alone(recorder, signature, spelled):
            raise Broken(str(broken), "python.spellings") from None
        raise
    code = recorder.log[-1].code
    search(recorder, "find_volume", name_like(spelled(stage.volume)), expected=volumes[0])
    if snapshots and signature.method != "restore_snapshot":
        arguments = stage.volume, name_like(spelled(stage.snapshot))
        search(recorder, "find_snapshot", *arguments, expected=snapshots[0])
        check_left(snapshots, recorder.call("list_snapshots", stage.volume), code)
    check_left(volumes, recorder.call("list_volumes"), code)


def fails_alone(recorder: Recorder, signature: Signature, spelled: Callable[[str], Any]) -> bool:
    """Whether the method also fails where no object has such a name. Its calls are not recorded."""
    start = len(recorder.log)
    stage = Stage(recorder)
    try:
        prepare(stage, signature)
        check_method(stage, signature, spelled)
    except Broken:
        return True
    else:
        return False
    finally:
        del recorder.log[start:]


def name_like(value: str) -> str:
    """Return the spelling of an identifier if it is also a name, or else its canonical spelling."""
    return value if NAME.fullmatch(value) else canonical(value)


def search(recorder: Recorder, method: str, *arguments: str, expected: str) -> None:
    """Check that a search by a name that is an identifier finds the object of that name."""
    if not recorder.has(method):
        return
    call = recorder.attempt(method, *arguments)
    if call.error is not None and code_of(call.error) == "feature_not_supported":
        return
    if uuid_of(recorder.result_of(call)) != expected:
        raise Broken(f"{call.code} returned {shown(call.result)}, not {expected}")


def check_left(namesakes: list[str], listed: Any, code: str) -> None:
    """Check that no namesake was deleted."""
    left = [*map(uuid_of, listed)]
    for namesake in namesakes:
        if namesake not in left:
            raise Broken(f"{code} should not delete {namesake}")
