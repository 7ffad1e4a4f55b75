"""The baseline: what a Python programmer writes in an hour, dicts of dicts and nothing compiled.

It stores the records of the contract, checks that objects exist and that names are free, and
returns new dicts. It does not check values, and has neither a clock nor a lock.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Record = dict[str, Any]


class NotFoundError(LookupError):
    """The volume or snapshot does not exist."""


class ExistsError(Exception):
    """The name is in use."""


class BusyError(Exception):
    """A clone depends on it."""


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def fresh(volume: Record) -> Record:
    """Return a copy that shares nothing a caller could change."""
    copy = volume.copy()
    if "clone" in copy:
        copy["clone"] = copy["clone"].copy()
    return copy


class DictBackend:
    """Volumes, snapshots and clones in dicts."""

    def __init__(self) -> None:
        self._volumes: dict[str, Record] = {}
        self._uuid_of_name: dict[str, str] = {}
        self._snapshots: dict[str, dict[str, Record]] = {}
        self._snapshot_names: dict[str, set[str]] = {}
        self._clones_of: dict[str, set[str]] = {}

    def create_volume(self, name: str, size_bytes: int | None = None) -> Record:
        return fresh(self._add(name, size_bytes, None))

    def list_volumes(self) -> list[Record]:
        return [fresh(volume) for volume in self._volumes.values()]

    def get_volume(self, uuid: str) -> Record:
        return fresh(self._volume(uuid))

    def find_volume(self, name: str) -> Record | None:
        uuid = self._uuid_of_name.get(name)
        return None if uuid is None else fresh(self._volumes[uuid])

    def patch_volume(self, uuid: str, size_bytes: int | None = None) -> Record:
        volume = self._volume(uuid)
        if size_bytes is not None:
            volume["size_bytes"] = size_bytes
        return fresh(volume)

    def delete_volume(self, uuid: str) -> None:
        volume = self._volume(uuid)
        snapshots = self._snapshots[uuid]
        if any(self._clones_of.get(snapshot) for snapshot in snapshots):
            raise BusyError(uuid)
        del self._volumes[uuid], self._snapshots[uuid], self._snapshot_names[uuid]
        del self._uuid_of_name[volume["name"]]
        if "clone" in volume:
            self._clones_of[volume["clone"]["parent_snapshot_uuid"]].discard(uuid)

    def create_snapshot(self, vol_uuid: str, name: str) -> Record:
        self._volume(vol_uuid)
        names = self._snapshot_names[vol_uuid]
        if name in names:
            raise ExistsError(name)
        uuid = str(uuid4())
        snapshot = {"uuid": uuid, "name": name, "create_time": now(), "size_consumed": 0}
        names.add(name)
        self._snapshots[vol_uuid][uuid] = snapshot
        return snapshot.copy()

    def list_snapshots(self, vol_uuid: str) -> list[Record]:
        self._volume(vol_uuid)
        return [snapshot.copy() for snapshot in self._snapshots[vol_uuid].values()]

    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        return self._snapshot(vol_uuid, snap_uuid).copy()

    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        snapshot = self._snapshot(vol_uuid, snap_uuid)
        if self._clones_of.get(snap_uuid):
            raise BusyError(snap_uuid)
        self._clones_of.pop(snap_uuid, None)
        del self._snapshots[vol_uuid][snap_uuid]
        self._snapshot_names[vol_uuid].discard(snapshot["name"])

    def create_clone(self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str) -> Record:
        parent = self._volume(parent_vol_uuid)
        snapshot = self._snapshot(parent_vol_uuid, parent_snap_uuid)
        origin = {
            "parent_volume": parent["name"],
            "parent_snapshot": snapshot["name"],
            "parent_volume_uuid": parent_vol_uuid,
            "parent_snapshot_uuid": parent_snap_uuid,
        }
        clone = self._add(new_name, parent["size_bytes"], origin)
        self._clones_of.setdefault(parent_snap_uuid, set()).add(clone["uuid"])
        return fresh(clone)

    def _add(self, name: str, size_bytes: int | None, origin: dict[str, str] | None) -> Record:
        if name in self._uuid_of_name:
            raise ExistsError(name)
        uuid = str(uuid4())
        volume: Record = {
            "uuid": uuid,
            "name": name,
            "size_bytes": size_bytes,
            "state": "online",
            "style": "flexvol",
            "vol_type": "rw",
            "create_time": now(),
        }
        if origin is not None:
            volume["clone"] = origin
        self._uuid_of_name[name] = uuid
        self._volumes[uuid] = volume
        self._snapshots[uuid] = {}
        self._snapshot_names[uuid] = set()
        return volume

    def _volume(self, uuid: str) -> Record:
        try:
            return self._volumes[uuid]
        except KeyError:
            raise NotFoundError(uuid) from None

    def _snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        self._volume(vol_uuid)
        try:
            return self._snapshots[vol_uuid][snap_uuid]
        except KeyError:
            raise NotFoundError(snap_uuid) from None
