"""The snapshots of a volume and its data, in order of time.

A backend accounts for data as a queue: clients write at its end, and what is overwritten or deleted
is what was written first. So from one snapshot to the next, the volume drops some of its oldest
bytes and then writes new ones. A record has the size of the data at each snapshot, and the sum of
what was dropped, of which snapshots hold what was not inherited.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nessie_backend_mem import rules
from nessie_backend_mem._core import _set_create_time
from nessie_backend_mem.errors import NessieError

from .times import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nessie_backend_mem import MemBackend

    from .document import SnapshotEntry, VolumeEntry
    from .omissions import Omissions

__all__ = ["History", "drops"]
__dir__ = __all__.copy


def drops(sizes: list[int], total: int) -> list[int]:
    """Return how many bytes to drop before each size after the first is reached.

    The drops add up to `total` where that is possible. What the sizes leave open is spread evenly.

    Args:
        sizes: bytes of the data: what a clone inherits or 0, at each snapshot, and at the end.
        total: bytes to drop in all.
    """
    steps = list(pairwise(sizes))
    least = [max(before - after, 0) for before, after in steps]
    room = [before - drop for (before, _), drop in zip(steps, least, strict=True)]
    extra = min(max(total - sum(least), 0), sum(room))
    dropped = []
    left = sum(room)
    for drop, most in zip(least, room, strict=True):
        # In proportion to the room. The last step with room takes the rest.
        more = extra * most // left if left else 0
        dropped.append(drop + more)
        extra -= more
        left -= most
    return dropped


class History:
    """Gives a new volume its data and snapshots."""

    def __init__(
        self, backend: MemBackend, volume: VolumeEntry, uuid: str, omissions: Omissions
    ) -> None:
        """Continue the volume `uuid`, which was created for the entry `volume`."""
        self.backend = backend
        self.entry = volume
        self.uuid = uuid
        self.omissions = omissions
        self.taken: list[tuple[SnapshotEntry, str]] = []
        """The entries of the snapshots that were taken, and their uuids."""

    def replay(self) -> None:
        """Write the data and take the snapshots."""
        snapshots = list(self.representable())
        created = self.backend.get_volume(self.uuid)
        data, quota = created.get("used_bytes", 0), created["size_bytes"]
        sizes = [data]
        for snapshot in snapshots:
            sizes.append(snapshot.get("used_bytes", sizes[-1]))
        sizes.append(self.used_bytes(sizes[-1]))
        size = self.entry.get("size_bytes")
        dropped = drops(sizes, self.dropped_bytes(data))
        try:
            for each, after, drop in zip([*snapshots, None], sizes[1:], dropped, strict=True):
                self.backend.discard(self.uuid, drop)
                # The volume may have been larger when the snapshot was taken.
                needed = quota if size is None else max(size, after)
                if needed != quota:
                    self.backend.patch_volume(self.uuid, needed)
                    quota = needed
                self.backend.write(self.uuid, after - (data - drop))
                data = after
                if each is not None:
                    self.take(each)
        except NessieError as error:
            self.omit(f"not all of its data: {error}", "used_bytes")
            for snapshot in snapshots[len(self.taken) :]:
                self.omit_snapshot(snapshot, str(error))
        self.check(sum(dropped), self.dropped_bytes(sizes[0]))

    def used_bytes(self, before: int) -> int:
        """Return the size of the live data; that at the last snapshot if it is not known."""
        used, size = self.entry.get("used_bytes", before), self.entry.get("size_bytes")
        if size is None or used <= size:
            return used
        self.omit(f"{used} bytes are more than its size; here it uses {size}", "used_bytes")
        return size

    def dropped_bytes(self, inherited: int) -> int:
        """Return how many bytes the volume had once and has no more."""
        held = self.entry.get("snapshot_used_bytes", 0)
        clone = self.entry.get("clone")
        if clone is None:
            return held
        return held + max(inherited - clone.get("inherited_bytes", inherited), 0)

    def check(self, dropped: int, wanted: int) -> None:
        """List the bytes that only snapshots hold, if they are not as recorded."""
        held = self.entry.get("snapshot_used_bytes")
        if held is not None and dropped != wanted:
            reason = f"{held} bytes do not follow from the sizes of the snapshots"
            self.omit(reason, "snapshot_used_bytes")

    def representable(self) -> Iterator[SnapshotEntry]:
        """Yield the snapshots that the backend can take."""
        snapshots = self.entry.get("snapshots")
        if snapshots is None:
            self.omit("they could not be read; here it has none", "snapshots")
            return
        names: set[str] = set()
        for snapshot in snapshots:
            if refusal := self.refusal(snapshot["name"], names):
                self.omit_snapshot(snapshot, refusal)
            else:
                names.add(snapshot["name"])
                yield snapshot

    def refusal(self, name: str, names: set[str]) -> str | None:
        """Return why a volume with snapshots of these names can have no further one."""
        most = self.backend.limits["snapshots_per_volume"]
        if name in names:
            return "the volume has two snapshots of this name"
        if most is not None and len(names) >= most:
            return f"a volume has at most {most} snapshots"
        try:
            rules.check_snapshot_name(name)
        except NessieError as error:
            return str(error)
        return None

    def take(self, snapshot: SnapshotEntry) -> None:
        """Take a snapshot."""
        end, time = snapshot.get("expires_at"), snapshot.get("create_time")
        if end is not None and not self.is_lock(end, time):
            self.omit_snapshot(snapshot, f"its lock ended at {end}", "expires_at")
            end = None
        made = self.backend.create_snapshot(self.uuid, snapshot["name"], expires_at=end)["uuid"]
        self.taken.append((snapshot, made))
        if time is not None:
            _set_create_time(self.backend, self.uuid, made, time)

    def is_lock(self, end: str, taken: str | None) -> bool:
        """Whether a lock that ends then locks the snapshot still."""
        time = read_time(end)
        is_later = taken is None or time > read_time(taken)
        return is_later and time > read_time(self.backend.now())

    def omit(self, reason: str, field: str) -> None:
        """List a field of the volume."""
        self.omissions.add("volume", self.entry["name"], reason, field)

    def omit_snapshot(self, snapshot: SnapshotEntry, reason: str, field: str | None = None) -> None:
        """List a snapshot, or a field of it."""
        name = f"{self.entry['name']}@{snapshot['name']}"
        self.omissions.add("snapshot", name, reason, field)
