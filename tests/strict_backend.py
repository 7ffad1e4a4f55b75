"""A backend in plain Python that keeps the contract, with one method for each rule.

It is written from the contract alone, as the author of another package would write it. Tests derive
backends with one fault from it by overriding one method.
"""

from __future__ import annotations

import operator
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from nessie_backend_mem import errors

Record = dict[str, Any]

MOST_NAMED = 16
PLAIN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(eq=False)
class SnapshotEntry:
    """A snapshot, and the clones that depend on it by their identifiers."""

    uuid: str
    name: str
    create_time: str
    size_bytes: int | None
    clones: dict[str, VolumeEntry] = field(default_factory=dict)


@dataclass(eq=False)
class VolumeEntry:
    """A volume, and its snapshots by their identifiers in order of creation."""

    uuid: str
    name: str
    size_bytes: int | None
    create_time: str
    state: str = "online"
    junction_path: str | None = None
    export_policy: str | None = None
    parent: tuple[VolumeEntry, SnapshotEntry] | None = None
    snapshots: dict[str, SnapshotEntry] = field(default_factory=dict)


class Strict:
    """Volumes, snapshots and clones in dicts, with one lock around each operation."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.volumes: dict[str, VolumeEntry] = {}
        self.names: dict[str, VolumeEntry] = {}
        self.paths: dict[str, VolumeEntry] = {}

    # Operations

    def capabilities(self) -> Record:
        return {"snapshots": True, "clones": True, "replication": False}

    def create_volume(self, name: str, size_bytes: int | None = None) -> Record:
        name = self.text("name", name)
        size_bytes = self.integer("size_bytes", size_bytes)
        with self.lock:
            self.check_volume_name("name", name)
            self.check_size(size_bytes)
            self.check_name_is_free(name, None)
            return self.volume_record(self.add_volume(name, size_bytes))

    def list_volumes(self) -> Sequence[Record]:
        with self.lock:
            return [self.volume_record(volume) for volume in self.volumes.values()]

    def get_volume(self, uuid: str) -> Record:
        uuid = self.identifier("uuid", uuid)
        with self.lock:
            return self.volume_record(self.volume(uuid))

    def find_volume(self, name: str) -> Record | None:
        name = self.text("name", name)
        with self.lock:
            volume = self.names.get(name)
            return None if volume is None else self.volume_record(volume)

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
        uuid = self.identifier("uuid", uuid)
        size_bytes = self.integer("size_bytes", size_bytes)
        junction_path = self.optional_text("junction_path", junction_path)
        export_policy = self.optional_text("export_policy", export_policy)
        name = self.optional_text("name", name)
        state = self.optional_text("state", state)
        with self.lock:
            volume = self.volume(uuid)
            self.check_size(size_bytes)
            if junction_path:
                self.check_path(junction_path)
            if export_policy is not None:
                self.check_policy(export_policy)
            if name is not None:
                self.check_volume_name("name", name)
            if state is not None:
                self.check_state(state)
            if size_bytes is not None:
                self.check_resize(volume, state)
            if name is not None:
                self.check_name_is_free(name, volume)
            if junction_path:
                self.check_path_is_free(junction_path, volume)
            self.change(volume, size_bytes, junction_path, export_policy, name, state)
            return self.volume_record(volume)

    def delete_volume(self, uuid: str) -> None:
        uuid = self.identifier("uuid", uuid)
        with self.lock:
            volume = self.volume(uuid)
            self.check_volume_is_unused(volume)
            self.remove_volume(volume)

    def access_handle(self, uuid: str) -> Record:
        uuid = self.identifier("uuid", uuid)
        with self.lock:
            self.check_online(self.volume(uuid), "access_handle")
            return {"kind": "in_memory"}

    def create_snapshot(self, vol_uuid: str, name: str) -> Record:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        name = self.text("name", name)
        with self.lock:
            volume = self.volume(vol_uuid)
            self.check_snapshot_name(name)
            self.check_online(volume, "create_snapshot")
            self.check_snapshot_name_is_free(volume, name, None)
            return self.snapshot_record(self.add_snapshot(volume, name))

    def list_snapshots(self, vol_uuid: str) -> Sequence[Record]:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        with self.lock:
            snapshots = self.volume(vol_uuid).snapshots
            return [self.snapshot_record(snapshot) for snapshot in snapshots.values()]

    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        snap_uuid = self.identifier("snap_uuid", snap_uuid)
        with self.lock:
            return self.snapshot_record(self.snapshot(self.volume(vol_uuid), snap_uuid))

    def find_snapshot(self, vol_uuid: str, name: str) -> Record | None:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        name = self.text("name", name)
        with self.lock:
            snapshot = self.snapshot_of_name(self.volume(vol_uuid), name)
            return None if snapshot is None else self.snapshot_record(snapshot)

    def rename_snapshot(self, vol_uuid: str, snap_uuid: str, name: str) -> Record:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        snap_uuid = self.identifier("snap_uuid", snap_uuid)
        name = self.text("name", name)
        with self.lock:
            volume = self.volume(vol_uuid)
            snapshot = self.snapshot(volume, snap_uuid)
            self.check_snapshot_name(name)
            self.check_snapshot_name_is_free(volume, name, snapshot)
            snapshot.name = name
            return self.snapshot_record(snapshot)

    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        snap_uuid = self.identifier("snap_uuid", snap_uuid)
        with self.lock:
            volume = self.volume(vol_uuid)
            snapshot = self.snapshot(volume, snap_uuid)
            self.check_snapshot_is_unused(snapshot)
            self.remove_snapshot(volume, snapshot)

    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Record:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        snap_uuid = self.identifier("snap_uuid", snap_uuid)
        with self.lock:
            volume = self.volume(vol_uuid)
            snapshot = self.snapshot(volume, snap_uuid)
            self.check_online(volume, "restore_snapshot")
            newer = self.newer(volume, snapshot)
            self.check_restore(volume, newer)
            self.restore(volume, snapshot, newer)
            return self.volume_record(volume)

    def create_clone(self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str) -> Record:
        parent_vol_uuid = self.identifier("parent_vol_uuid", parent_vol_uuid)
        parent_snap_uuid = self.identifier("parent_snap_uuid", parent_snap_uuid)
        new_name = self.text("new_name", new_name)
        with self.lock:
            parent = self.volume(parent_vol_uuid)
            snapshot = self.snapshot(parent, parent_snap_uuid)
            self.check_volume_name("new_name", new_name)
            self.check_online(parent, "create_clone")
            self.check_name_is_free(new_name, None)
            return self.volume_record(self.add_clone(parent, snapshot, new_name))

    def split_clone(self, vol_uuid: str) -> Record:
        vol_uuid = self.identifier("vol_uuid", vol_uuid)
        with self.lock:
            volume = self.volume(vol_uuid)
            self.check_clone(volume)
            self.detach(volume)
            return self.volume_record(volume)

    # The form of arguments

    def text(self, argument: str, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{argument} must be a str, not {type(value).__name__}")
        return str.__str__(value)

    def optional_text(self, argument: str, value: object) -> str | None:
        return None if value is None else self.text(argument, value)

    def integer(self, argument: str, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool):
            raise TypeError(f"{argument} must be an int, not bool")
        return operator.index(value)

    def identifier(self, argument: str, value: object) -> str:
        """Return an identifier as records show it."""
        if isinstance(value, UUID):
            return str(value)
        return self.spelled(argument, self.text(argument, value))

    def spelled(self, argument: str, text: str) -> str:
        bare = text.lower() if text.isascii() else ""
        if bare.startswith("{") and bare.endswith("}"):
            bare = bare[1:-1] if "-" in bare else ""
        elif bare.startswith("urn:uuid:"):
            bare = bare[9:] if "-" in bare else ""
        if not PLAIN.fullmatch(bare):
            raise self.invalid(argument, text, "is not a UUID")
        return str(UUID(bare))

    # Whether objects exist

    def volume(self, uuid: str) -> VolumeEntry:
        volume = self.volumes.get(uuid)
        if volume is None:
            raise errors.VolumeNotFoundError(f"volume {uuid} does not exist", uuid)
        return volume

    def snapshot(self, volume: VolumeEntry, uuid: str) -> SnapshotEntry:
        snapshot = volume.snapshots.get(uuid)
        if snapshot is None:
            message = f"snapshot {uuid} does not exist on volume {volume.uuid}"
            raise errors.SnapshotNotFoundError(message, uuid)
        return snapshot

    def snapshot_of_name(self, volume: VolumeEntry, name: str) -> SnapshotEntry | None:
        matching = (snapshot for snapshot in volume.snapshots.values() if snapshot.name == name)
        return next(matching, None)

    # Whether values are valid

    def invalid(self, argument: str, value: object, rule: str) -> errors.InvalidArgumentError:
        return errors.InvalidArgumentError(f"{argument} {value!r} {rule}", argument)

    def check_volume_name(self, argument: str, name: str) -> None:
        self.check_name(argument, name, 203)

    def check_snapshot_name(self, name: str) -> None:
        self.check_name("name", name, 255)

    def check_name(self, argument: str, name: str, longest: int) -> None:
        if not 1 <= len(name) <= longest:
            raise self.invalid(argument, name, f"does not have 1 to {longest} characters")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", name):
            raise self.invalid(argument, name, "has a character that is not allowed there")

    def check_size(self, size_bytes: int | None) -> None:
        if size_bytes is not None and not 1 <= size_bytes < 2**64:
            raise self.invalid("size_bytes", size_bytes, "is not from 1 to 2^64-1")

    def check_path(self, path: str) -> None:
        self.check_characters("junction_path", path)
        if len(path.encode()) > 4096:
            raise self.invalid("junction_path", path, "is longer than 4096 bytes")
        root, *components = path.split("/")
        if root or not components or not {"", ".", ".."}.isdisjoint(components):
            raise self.invalid("junction_path", path, "is not an absolute path in plain form")

    def check_policy(self, policy: str) -> None:
        self.check_characters("export_policy", policy)
        if not 1 <= len(policy) <= 256:
            raise self.invalid("export_policy", policy, "does not have 1 to 256 characters")

    def check_characters(self, argument: str, text: str) -> None:
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
            raise self.invalid(argument, text, "has a control character or a lone surrogate")

    def check_state(self, state: str) -> None:
        if state not in {"online", "offline", "restricted"}:
            raise self.invalid("state", state, "is not online, offline or restricted")

    # Whether the state is right

    def check_online(self, volume: VolumeEntry, operation: str) -> None:
        if volume.state != "online":
            message = f"{operation} needs volume {volume.uuid} online, and it is {volume.state}"
            raise errors.VolumeOfflineError(message, volume.uuid)

    def check_resize(self, volume: VolumeEntry, state: str | None) -> None:
        if state != "online":
            self.check_online(volume, "a change of size_bytes")

    def check_clone(self, volume: VolumeEntry) -> None:
        if volume.parent is None:
            raise self.invalid("vol_uuid", volume.uuid, "is not a clone")

    # Whether there is a conflict

    def check_name_is_free(self, name: str, owner: VolumeEntry | None) -> None:
        if self.names.get(name, owner) is not owner:
            raise errors.VolumeExistsError(f"a volume named {name!r} exists", name)

    def check_path_is_free(self, path: str, owner: VolumeEntry) -> None:
        if self.paths.get(self.folded(path), owner) is not owner:
            message = f"junction_path {path!r} is in use by another volume"
            raise errors.JunctionPathExistsError(message, path)

    def check_snapshot_name_is_free(
        self, volume: VolumeEntry, name: str, owner: SnapshotEntry | None
    ) -> None:
        if self.snapshot_of_name(volume, name) not in {None, owner}:
            message = f"volume {volume.uuid} has a snapshot named {name!r}"
            raise errors.SnapshotExistsError(message, name)

    def check_volume_is_unused(self, volume: VolumeEntry) -> None:
        clones = self.clones_of(volume.snapshots.values())
        if clones:
            message = f"volume {volume.uuid} has {len(clones)} clones"
            raise errors.VolumeBusyError(message, volume.uuid, *self.named(clones))

    def check_snapshot_is_unused(self, snapshot: SnapshotEntry) -> None:
        clones = self.clones_of([snapshot])
        if clones:
            message = f"snapshot {snapshot.uuid} has {len(clones)} clones"
            raise errors.SnapshotBusyError(message, snapshot.uuid, *self.named(clones))

    def check_restore(self, volume: VolumeEntry, newer: list[SnapshotEntry]) -> None:
        for snapshot in newer:
            self.check_snapshot_is_unused(snapshot)

    def clones_of(self, snapshots: Iterable[SnapshotEntry]) -> list[VolumeEntry]:
        """Return the clones that depend on snapshots, in order of creation."""
        found = {uuid for snapshot in snapshots for uuid in snapshot.clones}
        return [self.volumes[uuid] for uuid in self.volumes if uuid in found] if found else []

    def named(self, clones: list[VolumeEntry]) -> tuple[list[str], int]:
        return [clone.name for clone in clones[:MOST_NAMED]], len(clones)

    # Changes

    def new_uuid(self) -> str:
        return str(uuid4())

    def now(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def folded(self, path: str) -> str:
        return re.sub("[A-Z]", lambda letter: letter[0].lower(), path)

    def add_volume(self, name: str, size_bytes: int | None) -> VolumeEntry:
        volume = VolumeEntry(self.new_uuid(), name, size_bytes, self.now())
        self.volumes[volume.uuid] = self.names[name] = volume
        return volume

    def add_clone(self, parent: VolumeEntry, snapshot: SnapshotEntry, new_name: str) -> VolumeEntry:
        clone = self.add_volume(new_name, parent.size_bytes)
        clone.export_policy = parent.export_policy
        clone.parent = (parent, snapshot)
        snapshot.clones[clone.uuid] = clone
        return clone

    def add_snapshot(self, volume: VolumeEntry, name: str) -> SnapshotEntry:
        snapshot = SnapshotEntry(self.new_uuid(), name, self.now(), volume.size_bytes)
        volume.snapshots[snapshot.uuid] = snapshot
        return snapshot

    def change(
        self,
        volume: VolumeEntry,
        size_bytes: int | None,
        junction_path: str | None,
        export_policy: str | None,
        name: str | None,
        state: str | None,
    ) -> None:
        if size_bytes is not None:
            volume.size_bytes = size_bytes
        if junction_path is not None:
            self.mount(volume, junction_path)
        if export_policy is not None:
            volume.export_policy = export_policy
        if name is not None:
            self.rename(volume, name)
        if state is not None:
            volume.state = state

    def rename(self, volume: VolumeEntry, name: str) -> None:
        del self.names[volume.name]
        volume.name = name
        self.names[name] = volume

    def mount(self, volume: VolumeEntry, path: str) -> None:
        if volume.junction_path is not None:
            del self.paths[self.folded(volume.junction_path)]
        volume.junction_path = path or None
        if path:
            self.paths[self.folded(path)] = volume

    def remove_volume(self, volume: VolumeEntry) -> None:
        self.mount(volume, "")
        self.detach(volume)
        del self.names[volume.name]
        del self.volumes[volume.uuid]

    def remove_snapshot(self, volume: VolumeEntry, snapshot: SnapshotEntry) -> None:
        del volume.snapshots[snapshot.uuid]

    def newer(self, volume: VolumeEntry, snapshot: SnapshotEntry) -> list[SnapshotEntry]:
        snapshots = list(volume.snapshots.values())
        return snapshots[snapshots.index(snapshot) + 1 :]

    def restore(
        self, volume: VolumeEntry, snapshot: SnapshotEntry, newer: list[SnapshotEntry]
    ) -> None:
        for each in newer:
            self.remove_snapshot(volume, each)
        volume.size_bytes = snapshot.size_bytes

    def detach(self, volume: VolumeEntry) -> None:
        if volume.parent is not None:
            _, snapshot = volume.parent
            del snapshot.clones[volume.uuid]
            volume.parent = None

    # Records

    def volume_record(self, volume: VolumeEntry) -> Record:
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
        if volume.parent is not None:
            record["clone"] = self.origin_record(volume.parent)
        return record

    def origin_record(self, parent: tuple[VolumeEntry, SnapshotEntry]) -> Record:
        volume, snapshot = parent
        return {
            "parent_volume": volume.name,
            "parent_snapshot": snapshot.name,
            "parent_volume_uuid": volume.uuid,
            "parent_snapshot_uuid": snapshot.uuid,
        }

    def snapshot_record(self, snapshot: SnapshotEntry) -> Record:
        return {
            "uuid": snapshot.uuid,
            "name": snapshot.name,
            "create_time": snapshot.create_time,
            "size_consumed": 0,
        }
