"""Differences between two backends."""

# No `from __future__ import annotations` here: `events` exports the classes, and pdoc would look up
# the names of their annotations there.
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import InvalidArgumentError, MemBackend
from ._replay import code_of

__all__ = ["Change", "Diff", "diff"]

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A volume, a snapshot or a snapshot policy that two backends do not have alike.

    Attributes:
        kind: ``"volume"``, ``"snapshot"`` or ``"snapshot policy"``.
        name: Its name; for a snapshot the names of the volume and of the snapshot, with a slash
            between them. Of two names it is that in the second backend.
        uuid: Its uuid, of two that in the second backend; ``None`` for a policy.
        fields: By key of its record the values in the first and in the second backend, ``None``
            where the key is absent. Empty if only one backend has the object.
    """

    kind: Literal["volume", "snapshot", "snapshot policy"]
    name: str
    uuid: str | None
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Diff:
    """How two backends differ. It is false if they do not. ``str`` shows a line for each object.

    Attributes:
        added: What only the second backend has.
        removed: What only the first backend has.
        changed: What both have, with different values.
    """

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        signs = (("-", self.removed), ("+", self.added), ("~", self.changed))
        lines = [
            f"{sign} {change.kind} {change.name}"
            + ": " * bool(change.fields)
            + ", ".join(f"{key} {old!r} -> {new!r}" for key, (old, new) in change.fields.items())
            for sign, changes in signs
            for change in changes
        ]
        return "\n".join(lines) or "no difference"


Change.__module__ = Diff.__module__ = "nessie_backend_mem.events"


def diff(
    a: Any, b: Any, by: Literal["uuid", "name"] = "uuid", *, ignore: Collection[str] = ()
) -> Diff:
    """Compare the volumes, snapshots and snapshot policies of two backends.

    The order of objects is not compared. A backend without snapshots or snapshot policies counts
    as one that has none.

    Args:
        a: The first backend.
        b: The second backend.
        by: By what two objects are the same: their uuid, or their name, which is that of the
            volume and the snapshot for a snapshot. With ``"name"`` uuids are not compared.
            Snapshot policies have names only.
        ignore: Keys of records that are not compared, such as ``["create_time"]``.

    Returns:
        What was added, removed and changed on the way from the first to the second.

    Raises:
        InvalidArgumentError: `by` is another word.
        TypeError: `ignore` is text.
    """
    if by not in ("uuid", "name"):
        raise InvalidArgumentError(f'by {by!r} is not "uuid" or "name"', "by")
    if isinstance(ignore, str):
        raise TypeError(f"ignore is a list of keys, not the text {ignore!r}")
    left_out = {*ignore, *(("uuid",) if by == "name" else ())}
    first, second = objects(a, by), objects(b, by)
    changed = []
    for key, (change, record) in second.items():
        if key in first:
            fields = differing(first[key][1], record, left_out, by)
            if fields:
                changed.append(Change(change.kind, change.name, change.uuid, fields))
    return Diff(
        added=tuple(change for key, (change, _) in second.items() if key not in first),
        removed=tuple(change for key, (change, _) in first.items() if key not in second),
        changed=tuple(changed),
    )


def objects(backend: Any, by: str) -> dict[tuple[str, ...], tuple[Change, Record]]:
    """Return the objects of a backend with their records."""
    if isinstance(backend, MemBackend):
        backend = backend.fork()  # It stays as it is, and other threads change the original.
    found: dict[tuple[str, ...], tuple[Change, Record]] = {}
    with_snapshots = backend.capabilities()["snapshots"]
    for volume in backend.list_volumes():
        name, uuid = volume["name"], volume["uuid"]
        found["volume", volume[by]] = Change("volume", name, uuid, {}), volume
        for snapshot in backend.list_snapshots(uuid) if with_snapshots else ():
            change = Change("snapshot", f"{name}/{snapshot['name']}", snapshot["uuid"], {})
            found["snapshot", volume[by], snapshot[by]] = change, snapshot
    for policy in policies(backend):
        found["policy", policy["name"]] = (
            Change("snapshot policy", policy["name"], None, {}),
            policy,
        )
    return found


def policies(backend: Any) -> Iterable[Record]:
    """Return the snapshot policies of a backend, none if it has no such thing."""
    listing = getattr(backend, "list_snapshot_policies", None)
    try:
        return listing() if callable(listing) else ()
    except Exception as error:
        if code_of(error) != "feature_not_supported":
            raise
        return ()


def differing(
    first: Record, second: Record, left_out: Collection[str], by: str
) -> dict[str, tuple[Any, Any]]:
    """Return the fields of a record that differ, with both values."""

    def value(record: Record, key: str) -> Any:
        found = record.get(key)
        if key == "clone" and by == "name" and found is not None:
            return {each: found[each] for each in ("parent_volume", "parent_snapshot")}
        return found

    pairs = {
        key: (value(first, key), value(second, key))
        for key in {**first, **second}
        if key not in left_out
    }
    return {key: (old, new) for key, (old, new) in pairs.items() if old != new}
