"""A naive model of the contract, to compare the real backend with.

It is simple: plain dicts in order of creation, and conflicts are found by searching all records.
Arguments have the right Python types already, and identifiers are canonical text. The caller
supplies the identifier of a new record, since only the real backend can generate one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]

SIZE_LIMIT = 2**64
VOLUME_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,202}", re.ASCII)
SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}", re.ASCII)
STATES = ("online", "offline", "restricted")


class Refusal(Exception):
    """The model refuses a call; `code` is the code that the real error must have.

    Its target must be one of `targets`: the contract does not fix which of several bad values the
    error names.
    """

    def __init__(self, code: str, *targets: str) -> None:
        super().__init__(code, *targets)
        self.code = code
        self.targets = targets


@dataclass
class SnapshotState:
    uuid: str
    name: str
    create_time: str
    size_bytes: int | None
    """The volume's quota when the snapshot was taken; a restore sets it again."""


@dataclass
class VolumeState:
    uuid: str
    name: str
    size_bytes: int | None
    create_time: str
    state: str = "online"
    junction_path: str | None = None
    export_policy: str | None = None
    origin: tuple[str, str] | None = None
    """The identifiers of the parent volume and snapshot, on a clone."""
    snapshots: dict[str, SnapshotState] = field(default_factory=dict)


def refuse_unless(in_order: dict[str, bool]) -> None:
    """Refuses arguments with an invalid value."""
    bad = [argument for argument, fine in in_order.items() if not fine]
    if bad:
        raise Refusal("invalid_argument", *bad)


def is_size(size_bytes: int) -> bool:
    return 1 <= size_bytes < SIZE_LIMIT


def is_control(character: str) -> bool:
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0


def has_surrogate(text: str) -> bool:
    return any(0xD800 <= ord(character) < 0xE000 for character in text)


def is_junction_path(path: str) -> bool:
    """Whether `path` is a valid junction path."""
    if has_surrogate(path) or any(is_control(character) for character in path):
        return False
    if not path.startswith("/") or len(path.encode()) > 4096:
        return False
    return all(component not in ("", ".", "..") for component in path[1:].split("/"))


def is_export_policy(name: str) -> bool:
    printable = not has_surrogate(name) and not any(is_control(character) for character in name)
    return 1 <= len(name) <= 256 and printable


def ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC: no fraction on whole seconds, six digits otherwise."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


class Model:
    """The expected behaviour of `MemBackend`, on a clock that stops until it is advanced."""

    def __init__(self, start: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
        self.clock = start
        self.volumes: dict[str, VolumeState] = {}

    # Reading -------------------------------------------------------------------------------

    def list_volumes(self) -> list[Record]:
        return [self.volume_record(volume) for volume in self.volumes.values()]

    def get_volume(self, uuid: str) -> Record:
        return self.volume_record(self._volume(uuid))

    def find_volume(self, name: str) -> Record | None:
        return next((v for v in self.list_volumes() if v["name"] == name), None)

    def access_handle(self, uuid: str) -> Record:
        self._online(self._volume(uuid))
        return {"kind": "in_memory"}

    def list_snapshots(self, vol_uuid: str) -> list[Record]:
        return [self.snapshot_record(s) for s in self._volume(vol_uuid).snapshots.values()]

    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        return self.snapshot_record(self._snapshot(self._volume(vol_uuid), snap_uuid))

    def find_snapshot(self, vol_uuid: str, name: str) -> Record | None:
        return next((s for s in self.list_snapshots(vol_uuid) if s["name"] == name), None)

    # Volumes -------------------------------------------------------------------------------

    def create_volume(self, name: str, size_bytes: int | None = None, *, new_uuid: str) -> Record:
        name_in_order = VOLUME_NAME.fullmatch(name) is not None
        size_in_order = size_bytes is None or is_size(size_bytes)
        refuse_unless({"name": name_in_order, "size_bytes": size_in_order})
        self._check_volume_name_free(name)
        volume = VolumeState(new_uuid, name, size_bytes, self.now())
        self.volumes[new_uuid] = volume
        return self.volume_record(volume)

    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
        *,
        name: str | None = None,
        state: str | None = None,
    ) -> Record:
        volume = self._volume(uuid)

        values_in_order = {
            "size_bytes": size_bytes is None or is_size(size_bytes),
            "junction_path": not junction_path or is_junction_path(junction_path),
            "export_policy": export_policy is None or is_export_policy(export_policy),
            "name": name is None or VOLUME_NAME.fullmatch(name) is not None,
            "state": state is None or state in STATES,
        }
        refuse_unless(values_in_order)

        if size_bytes is not None and state != "online":
            self._online(volume)

        if name is not None and name != volume.name:
            self._check_volume_name_free(name)
        if junction_path:
            self._check_junction_free(junction_path, volume)

        if size_bytes is not None:
            volume.size_bytes = size_bytes
        if junction_path is not None:
            volume.junction_path = junction_path or None
        if export_policy is not None:
            volume.export_policy = export_policy
        if name is not None:
            volume.name = name
        if state is not None:
            volume.state = state
        return self.volume_record(volume)

    def delete_volume(self, uuid: str) -> None:
        volume = self._volume(uuid)
        if self.clones_of(uuid):
            raise Refusal("volume_busy", uuid)
        del self.volumes[volume.uuid]

    # Snapshots -----------------------------------------------------------------------------

    def create_snapshot(self, vol_uuid: str, name: str, *, new_uuid: str) -> Record:
        volume = self._volume(vol_uuid)
        refuse_unless({"name": SNAPSHOT_NAME.fullmatch(name) is not None})
        self._online(volume)
        self._check_snapshot_name_free(volume, name)
        snapshot = SnapshotState(new_uuid, name, self.now(), volume.size_bytes)
        volume.snapshots[new_uuid] = snapshot
        return self.snapshot_record(snapshot)

    def rename_snapshot(self, vol_uuid: str, snap_uuid: str, name: str) -> Record:
        volume = self._volume(vol_uuid)
        snapshot = self._snapshot(volume, snap_uuid)
        refuse_unless({"name": SNAPSHOT_NAME.fullmatch(name) is not None})
        if name != snapshot.name:
            self._check_snapshot_name_free(volume, name)
        snapshot.name = name
        return self.snapshot_record(snapshot)

    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        volume = self._volume(vol_uuid)
        self._snapshot(volume, snap_uuid)
        if self.clones_of(vol_uuid, snap_uuid):
            raise Refusal("snapshot_busy", snap_uuid)
        del volume.snapshots[snap_uuid]

    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        volume = self._volume(vol_uuid)
        snapshot = self._snapshot(volume, snap_uuid)
        self._online(volume)
        order = list(volume.snapshots)
        newer = order[order.index(snap_uuid) + 1 :]
        for busy in newer:
            if self.clones_of(vol_uuid, busy):
                raise Refusal("snapshot_busy", busy)
        for gone in newer:
            del volume.snapshots[gone]
        volume.size_bytes = snapshot.size_bytes
        return self.volume_record(volume)

    # Clones --------------------------------------------------------------------------------

    def create_clone(
        self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str, *, new_uuid: str
    ) -> Record:
        parent = self._volume(parent_vol_uuid)
        self._snapshot(parent, parent_snap_uuid)
        refuse_unless({"new_name": VOLUME_NAME.fullmatch(new_name) is not None})
        self._online(parent)
        self._check_volume_name_free(new_name)
        clone = VolumeState(
            new_uuid,
            new_name,
            parent.size_bytes,
            self.now(),
            export_policy=parent.export_policy,
            origin=(parent_vol_uuid, parent_snap_uuid),
        )
        self.volumes[new_uuid] = clone
        return self.volume_record(clone)

    def split_clone(self, vol_uuid: str) -> Record:
        volume = self._volume(vol_uuid)
        if volume.origin is None:
            raise Refusal("invalid_argument", "vol_uuid")
        volume.origin = None
        return self.volume_record(volume)

    # The clock -----------------------------------------------------------------------------

    def now(self) -> str:
        return time_text(self.clock)

    def advance(self, delta: timedelta) -> str:
        self.clock += delta
        return self.now()

    # Records -------------------------------------------------------------------------------

    def volume_record(self, volume: VolumeState) -> Record:
        record: Record = {
            "uuid": volume.uuid,
            "name": volume.name,
            "size_bytes": volume.size_bytes,
            "state": volume.state,
            "style": "flexvol",
            "vol_type": "rw",
            "create_time": volume.create_time,
        }
        if volume.junction_path is not None:
            record["junction_path"] = volume.junction_path
        if volume.export_policy is not None:
            record["export_policy"] = volume.export_policy
        if volume.origin is not None:
            parent = self.volumes[volume.origin[0]]
            record["clone"] = {
                "parent_volume": parent.name,
                "parent_snapshot": parent.snapshots[volume.origin[1]].name,
                "parent_volume_uuid": volume.origin[0],
                "parent_snapshot_uuid": volume.origin[1],
            }
        return record

    def snapshot_record(self, snapshot: SnapshotState) -> Record:
        return {
            "uuid": snapshot.uuid,
            "name": snapshot.name,
            "create_time": snapshot.create_time,
            "size_consumed": 0,
        }

    def clones_of(self, vol_uuid: str, snap_uuid: str | None = None) -> list[str]:
        """The names of the clones that depend on a volume, or on one of its snapshots."""
        return [
            volume.name
            for volume in self.volumes.values()
            if volume.origin is not None
            and volume.origin[0] == vol_uuid
            and snap_uuid in (None, volume.origin[1])
        ]

    def snapshot_ids(self) -> Iterator[tuple[str, str]]:
        for volume in self.volumes.values():
            for snapshot in volume.snapshots:
                yield volume.uuid, snapshot

    # Checks --------------------------------------------------------------------------------

    def _volume(self, uuid: str) -> VolumeState:
        if uuid not in self.volumes:
            raise Refusal("volume_not_found", uuid)
        return self.volumes[uuid]

    def _snapshot(self, volume: VolumeState, uuid: str) -> SnapshotState:
        if uuid not in volume.snapshots:
            raise Refusal("snapshot_not_found", uuid)
        return volume.snapshots[uuid]

    def _online(self, volume: VolumeState) -> None:
        if volume.state != "online":
            raise Refusal("volume_offline", volume.uuid)

    def _check_volume_name_free(self, name: str) -> None:
        if any(volume.name == name for volume in self.volumes.values()):
            raise Refusal("volume_exists", name)

    def _check_snapshot_name_free(self, volume: VolumeState, name: str) -> None:
        if any(snapshot.name == name for snapshot in volume.snapshots.values()):
            raise Refusal("snapshot_exists", name)

    def _check_junction_free(self, path: str, owner: VolumeState) -> None:
        for volume in self.volumes.values():
            if volume is owner or volume.junction_path is None:
                continue
            if ascii_lower(volume.junction_path) == ascii_lower(path):
                raise Refusal("junction_path_exists", path)
