"""The results of all methods, over the life of a few volumes.

Each optional key of a record is set before and after each other, and after every kind of change all
methods that read the record are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Broken, Skip, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from nessie_backend_mem.conformance.recorder import Recorder

__all__ = ["Result", "timeline"]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a call.

    Attributes:
        code: The call as Python code.
        value: The result.
        kind: The kind of record: ``"volume"``, ``"snapshot"``, ``"handle"``, ``"space"`` or
            ``"capabilities"``.
    """

    code: str
    value: Any
    kind: str

    def field(self, key: str) -> Any:
        """Return the value of `key`."""
        if not isinstance(self.value, Mapping) or key not in self.value:
            raise Broken(f"{self.code} returned {shown(self.value)}, not a dict with {key!r}")
        return self.value[key]


def timeline(recorder: Recorder) -> Iterator[Result]:
    """Change a few volumes step by step, and yield the results of all calls."""
    yield ask(recorder, "capabilities", "capabilities")
    yield from optional(recorder, "space", "space")
    mounted_first = yield from volume(recorder, 2**40, "junction_path", "export_policy")
    policy_first = yield from volume(recorder, None, "export_policy", "junction_path")
    yield from change(recorder, mounted_first, size_bytes=2**41)
    yield from change(recorder, mounted_first)
    yield from change(recorder, mounted_first, junction_path="")
    yield from change(recorder, mounted_first, junction_path=f"/{recorder.new_name('path')}")
    yield from change(recorder, mounted_first, export_policy="another")
    yield from change(recorder, mounted_first, name=recorder.new_name("v"))
    yield from change(recorder, mounted_first, state="offline")
    yield from change(recorder, mounted_first, state="online")
    if recorder.offers("snapshots"):
        yield from snapshots(recorder, mounted_first)
    if recorder.offers("clones"):
        yield from clones(recorder, mounted_first)
        yield from clones(recorder, policy_first)
        bare = ask(recorder, "volume", "create_volume", recorder.new_name("v"))
        yield bare
        yield from clones(recorder, bare.field("uuid"))


def volume(recorder: Recorder, size: int | None, *fields: str) -> Generator[Result, None, str]:
    """Create a volume and set its path and policy in this order; return its uuid."""
    created = ask(recorder, "volume", "create_volume", recorder.new_name("v"), size)
    yield created
    uuid: str = created.field("uuid")
    for field in fields:
        yield from set_field(recorder, uuid, field)
    yield ask(recorder, "handle", "access_handle", uuid)
    return uuid


def set_field(recorder: Recorder, uuid: str, field: str) -> Iterator[Result]:
    """Mount a volume, or give it a policy."""
    value = f"/{recorder.new_name('path')}" if field == "junction_path" else "policy"
    yield from change(recorder, uuid, **{field: value})


def snapshots(recorder: Recorder, uuid: str) -> Iterator[Result]:
    """Take two snapshots, rename one and restore the first."""
    taken = [
        ask(recorder, "snapshot", "create_snapshot", uuid, recorder.new_name("s")) for _ in "12"
    ]
    yield from taken
    first, second = (each.field("uuid") for each in taken)
    yield ask(recorder, "snapshot", "get_snapshot", uuid, first)
    yield ask(recorder, "snapshot", "list_snapshots", uuid)
    yield from optional(recorder, "snapshot", "find_snapshot", uuid, taken[0].field("name"))
    new_name = recorder.new_name("s")
    yield from optional(recorder, "snapshot", "rename_snapshot", uuid, second, new_name)
    yield ask(recorder, "snapshot", "get_snapshot", uuid, second)
    yield ask(recorder, "snapshot", "list_snapshots", uuid)
    yield from optional(recorder, "volume", "restore_snapshot", uuid, first)
    yield from look(recorder, uuid)


def clones(recorder: Recorder, parent: str) -> Iterator[Result]:
    """Clone a volume twice; patch, rename, restore and split the clones."""
    snapshot = ask(recorder, "snapshot", "create_snapshot", parent, recorder.new_name("s"))
    yield snapshot
    taken = snapshot.field("uuid")
    for fields in (("junction_path", "export_policy"), ("export_policy", "junction_path")):
        name = recorder.new_name("c")
        cloned = ask(recorder, "volume", "create_clone", parent, taken, name)
        yield cloned
        clone = cloned.field("uuid")
        yield from look(recorder, clone)
        for field in fields:
            yield from set_field(recorder, clone, field)
        yield from change(recorder, clone, size_bytes=2**30)
        yield from change(recorder, clone, name=recorder.new_name("c"))
        yield from change(recorder, parent, name=recorder.new_name("v"))
        new_name = recorder.new_name("s")
        yield from optional(recorder, "snapshot", "rename_snapshot", parent, taken, new_name)
        yield from look(recorder, clone)
        yield from change(recorder, clone, state="offline")
        yield from change(recorder, clone, state="online")
        yield from snapshots(recorder, clone)
        yield from change(recorder, clone, junction_path="")
        yield from optional(recorder, "volume", "split_clone", clone)
        yield from look(recorder, clone)
        yield from set_field(recorder, clone, "junction_path")


def change(recorder: Recorder, uuid: str, **fields: Any) -> Iterator[Result]:
    """Patch a volume and look at it; a field that the backend lacks is left out."""
    if all(recorder.patches(field) for field in fields if field in {"name", "state"}):
        try:
            yield ask(recorder, "volume", "patch_volume", uuid, **fields)
        except Skip:
            if not {"name", "state"} & fields.keys():
                raise
        yield from look(recorder, uuid)


def look(recorder: Recorder, uuid: str) -> Iterator[Result]:
    """Call every method that returns a volume, and read the account of space."""
    got = ask(recorder, "volume", "get_volume", uuid)
    yield got
    yield ask(recorder, "volume", "list_volumes")
    yield from optional(recorder, "volume", "find_volume", got.field("name"))
    yield from optional(recorder, "space", "space")


def optional(recorder: Recorder, kind: str, method: str, *arguments: Any) -> Iterator[Result]:
    """Call a method that a backend may lack or refuse."""
    if recorder.has(method):
        try:
            yield ask(recorder, kind, method, *arguments)
        except Skip:
            return


def ask(recorder: Recorder, kind: str, method: str, *arguments: Any, **keywords: Any) -> Result:
    """Make a call that must succeed."""
    value = recorder.call(method, *arguments, **keywords)
    return Result(recorder.log[-1].code, value, kind)
