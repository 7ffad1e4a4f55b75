"""The case about names that are also spellings of identifiers."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Broken, Skip, shown, uuid_of

from .registry import case
from .spellings import SPELLINGS, speller
from .stage import made

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
        check_volumes(recorder, spelled)
        if recorder.offers("snapshots"):
            check_snapshots(recorder, spelled)


def check_volumes(recorder: Recorder, spelled: Callable[[str], Any]) -> None:
    """Name a volume like another one's identifier."""
    volume = made(recorder, "create_volume", recorder.new_name("v"))
    value = spelled(volume)
    name = value if NAME.fullmatch(value) else volume
    namesake = made(recorder, "create_volume", name)
    expect(recorder, volume, "get_volume", value)
    expect(recorder, volume, "patch_volume", value, size_bytes=4096)
    if recorder.has("find_volume"):
        with suppress(Skip):
            expect(recorder, namesake, "find_volume", name)
    call(recorder, "delete_volume", value)
    check_left(recorder, volume, namesake, recorder.call("list_volumes"))


def check_snapshots(recorder: Recorder, spelled: Callable[[str], Any]) -> None:
    """Name a snapshot like another one's identifier."""
    volume = made(recorder, "create_volume", recorder.new_name("v"))
    snapshot = made(recorder, "create_snapshot", volume, recorder.new_name("s"))
    value = spelled(snapshot)
    name = value if NAME.fullmatch(value) else snapshot
    namesake = made(recorder, "create_snapshot", volume, name)
    expect(recorder, snapshot, "get_snapshot", volume, value)
    if recorder.has("find_snapshot"):
        with suppress(Skip):
            expect(recorder, namesake, "find_snapshot", volume, name)
    call(recorder, "delete_snapshot", volume, value)
    check_left(recorder, snapshot, namesake, recorder.call("list_snapshots", volume))


def call(recorder: Recorder, method: str, *arguments: Any, **keywords: Any) -> Any:
    """Make a call that must succeed; if it fails, the spelling is refused."""
    try:
        return recorder.call(method, *arguments, **keywords)
    except Broken as broken:
        raise Broken(str(broken), "python.spellings") from None


def expect(recorder: Recorder, uuid: str, method: str, *arguments: Any, **keywords: Any) -> None:
    """Check that a call returns the record of `uuid`."""
    found = call(recorder, method, *arguments, **keywords)
    if uuid_of(found) != uuid:
        raise Broken(f"{recorder.log[-1].code} returned {shown(found)}, not {uuid}")


def check_left(recorder: Recorder, deleted: str, namesake: str, listed: Any) -> None:
    """Check that the object was deleted, and not the one whose name is its identifier."""
    left = [*map(uuid_of, listed)]
    if deleted in left or namesake not in left:
        raise Broken(f"{recorder.log[-2].code} should delete {deleted}, and not {namesake}")
