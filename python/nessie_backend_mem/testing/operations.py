"""Operations as values: strategies for operations, and for backends with contents."""

# No `from __future__ import annotations` here: Hypothesis copies the annotations of `backends` to a
# function for which they could not be resolved.
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem.records import Volume

from . import strategies as values

__all__ = ["Operation", "backends", "operations"]
__dir__ = __all__.copy

UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""A well-formed uuid that no backend uses."""


@dataclass(frozen=True)
class Operation:
    """A call that can be made on a backend with any contents.

    Attributes:
        method: Name of the method.
        volume: Index of the volume in the list of volumes, modulo its length; ``None`` if the
            method has no volume.
        snapshot: Index of the snapshot in the volume's list, modulo its length; ``None`` if the
            method has no snapshot.
        arguments: The other arguments by name.
    """

    method: str
    volume: int | None = None
    snapshot: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    def run(self, backend: Any) -> Any:
        """Make the call. If there is no volume or snapshot, an unknown uuid is passed.

        Args:
            backend: The backend to call.

        Returns:
            The result of the call.

        Raises:
            NessieError: The backend refuses the call.
        """
        identifiers = []
        if self.volume is not None:
            identifiers.append(_choose(backend.list_volumes(), self.volume))
        if self.snapshot is not None:
            known = identifiers != [UNKNOWN]
            listing = backend.list_snapshots(identifiers[0]) if known else []
            identifiers.append(_choose(listing, self.snapshot))
        return getattr(backend, self.method)(*identifiers, **self.arguments)


def operations(*, space: bool = False) -> SearchStrategy[Operation]:
    """Return operations that change a backend with all tiers.

    Most have valid arguments. Names and paths often conflict with those of other objects.

    Args:
        space: Whether clients also write and discard data, for a backend that has these methods of
            `MemBackend`. They often fill a volume or the pool.
    """
    none, place = st.none(), st.integers(0, 5)
    names, snapshot_names = usual_volume_names(), usual_snapshot_names()
    changes = st.fixed_dictionaries(
        {},
        optional={
            "size_bytes": usual_sizes().filter(lambda size: size is not None),
            "junction_path": usual_junction_paths(),
            "export_policy": usual_export_policies(),
            "name": names,
            "state": usual_states(),
        },
    )

    def call(
        method: str,
        volume: SearchStrategy[int | None],
        snapshot: SearchStrategy[int | None],
        arguments: SearchStrategy[dict[str, Any]],
    ) -> SearchStrategy[Operation]:
        return st.builds(Operation, st.just(method), volume, snapshot, arguments)

    def named(**arguments: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(arguments)

    create = [
        call("create_volume", none, none, named(name=names, size_bytes=usual_sizes())),
        call("create_snapshot", place, none, named(name=snapshot_names)),
        call("create_clone", place, place, named(new_name=names)),
    ]
    change = [
        call("patch_volume", place, none, changes),
        call("rename_snapshot", place, place, named(name=snapshot_names)),
        call("restore_snapshot", place, place, named()),
        call("split_clone", place, none, named()),
        call("delete_snapshot", place, place, named()),
        call("delete_volume", place, none, named()),
    ]
    overwrite = {"overwrite_bytes": usual_byte_counts()}
    data = [
        call("write", place, none, named(size_bytes=usual_byte_counts())),
        call("write", place, none, named(size_bytes=usual_byte_counts(), **overwrite)),
        call("discard", place, none, named(size_bytes=usual_byte_counts())),
    ]
    # Twice as often: otherwise a sequence would have few objects.
    all_calls = [*create, *create, *change, *(data if space else [])]
    return st.sampled_from(all_calls).flatmap(lambda chosen: chosen)


@st.composite
def backends(draw: DrawFn, *, max_operations: int = 30) -> MemBackend:
    """Return a seeded `MemBackend` after random operations. A failing example shows its tree.

    Some have a pool of a few bytes, which may be full.

    Args:
        draw: Passed by Hypothesis. Call ``backends()`` without it.
        max_operations: Largest number of operations.
    """
    capacity = draw(st.none() | st.integers(1, 20))
    backend = MemBackend(seed=draw(st.integers(0, 2**64 - 1)), capacity_bytes=capacity)
    count = draw(st.integers(0, max_operations))
    for operation in draw(st.lists(operations(space=True), min_size=count, max_size=count)):
        with suppress(NessieError):
            operation.run(backend)
    if len(backend) and draw(st.booleans()):
        fill(backend, draw(st.sampled_from(list(backend))))
    note(f"{backend!r}\n{backend.tree()}")
    return backend


def fill(backend: MemBackend, volume: Volume) -> None:
    """Replace the data of a volume, which its snapshots keep, and then fill it or the pool.

    Random writes seldom fit to the byte.
    """
    uuid, used, size = volume["uuid"], volume.get("used_bytes", 0), volume["size_bytes"]
    with suppress(NessieError):
        backend.write(uuid, used, overwrite_bytes=used)
    in_pool = backend.space()["available_bytes"]
    in_volume = None if size is None else size - used
    fits = [space for space in (in_pool, in_volume) if space is not None]
    if fits:
        with suppress(NessieError):
            backend.write(uuid, min(fits))


# Values that often conflict -----------------------------------------------------------------


def mostly(
    usual: SearchStrategy[Any], *rare: SearchStrategy[Any], times: int = 14
) -> SearchStrategy[Any]:
    """Return values of `usual`, and each of `rare` once in `times`, so that most calls succeed."""
    last = times - 1
    return st.integers(0, last).flatmap(
        lambda number: rare[last - number] if last - number < len(rare) else usual
    )


def usual_volume_names() -> SearchStrategy[str]:
    """Return few names, some of which differ only in case; rarely another or an invalid one."""
    few = st.sampled_from(["a", "b", "c", "d", "e", "f", "A", "a-b.c:d_1"])
    return mostly(few, values.volume_names(), values.bad_volume_names())


def usual_snapshot_names() -> SearchStrategy[str]:
    """Return few names, some of which differ only in case; rarely another or an invalid one."""
    few = st.sampled_from(["s", "t", "u", "S", "a"])
    return mostly(few, values.snapshot_names(), values.bad_snapshot_names())


def usual_sizes() -> SearchStrategy[int | None]:
    """Return ``None`` or a size; rarely an invalid one."""
    few = st.sampled_from([None, 1, 2, 2**53 + 1, 2**64 - 1])
    return mostly(few, values.sizes(), values.bad_sizes())


def usual_byte_counts() -> SearchStrategy[int]:
    """Return few small numbers of bytes that are written; rarely another or an invalid one."""
    few = st.sampled_from([1, 2, 5, 0])
    return mostly(few, values.sizes(), bad_byte_counts())


def bad_byte_counts() -> SearchStrategy[int]:
    """Return integers that are not a number of bytes: negative, or at least 2**64."""
    return values.bad_sizes().filter(bool)


def usual_junction_paths() -> SearchStrategy[str]:
    """Return few paths, some of which differ only in case, and ``""``; rarely an invalid one."""
    few = st.sampled_from(["", "/a", "/A", "/a/b"])
    return mostly(few, values.junction_paths(), values.bad_junction_paths())


def usual_export_policies() -> SearchStrategy[str]:
    """Return few policies; rarely another or an invalid one."""
    few = st.sampled_from(["default", "open"])
    return mostly(few, values.export_policies(), values.bad_export_policies())


def usual_states() -> SearchStrategy[str]:
    """Return states, half of them ``"online"``; rarely an invalid one."""
    few = st.sampled_from(["online", "online", "offline", "restricted"])
    return mostly(few, values.bad_volume_states())


def _choose(listing: Any, place: int) -> str:
    return str(listing[place % len(listing)]["uuid"]) if listing else UNKNOWN
