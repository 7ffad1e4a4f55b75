"""The loops that the benches time: plain calls as a program would write them, results dropped."""

from collections.abc import Iterable
from typing import Any, Protocol

GIB = 2**30


class Peer(Protocol):
    """The calls that this package, the published wheel and the dict have in common."""

    def create_volume(self, name: str, size_bytes: int | None = None) -> Any: ...
    def list_volumes(self) -> list[Any]: ...
    def get_volume(self, uuid: str) -> Any: ...
    def patch_volume(self, uuid: str, size_bytes: int | None = None) -> Any: ...
    def delete_volume(self, uuid: str) -> None: ...
    def create_snapshot(self, vol_uuid: str, name: str) -> Any: ...
    def list_snapshots(self, vol_uuid: str) -> list[Any]: ...
    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Any: ...
    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None: ...
    def create_clone(self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str) -> Any: ...


def create_volumes(backend: Peer, names: Iterable[str]) -> None:
    for name in names:
        backend.create_volume(name, size_bytes=GIB)


def get_volumes(backend: Peer, uuids: Iterable[str]) -> None:
    for uuid in uuids:
        backend.get_volume(uuid)


def get_missing_volumes(backend: Peer, uuids: Iterable[str], refusal: type[Exception]) -> None:
    for uuid in uuids:
        try:
            backend.get_volume(uuid)
        except refusal:
            pass


def find_volumes(backend: Any, names: Iterable[str]) -> None:
    for name in names:
        backend.find_volume(name)


def resize_volumes(backend: Peer, uuids: Iterable[str], size_bytes: int) -> None:
    for uuid in uuids:
        backend.patch_volume(uuid, size_bytes=size_bytes)


def write(backend: Any, uuids: Iterable[str], size_bytes: int) -> None:
    for uuid in uuids:
        backend.write(uuid, size_bytes)


def overwrite(backend: Any, uuids: Iterable[str], size_bytes: int) -> None:
    for uuid in uuids:
        backend.write(uuid, size_bytes, overwrite_bytes=size_bytes)


def discard(backend: Any, uuids: Iterable[str], size_bytes: int) -> None:
    for uuid in uuids:
        backend.discard(uuid, size_bytes)


def rename_volumes(backend: Any, uuids_and_names: Iterable[tuple[str, str]]) -> None:
    for uuid, name in uuids_and_names:
        backend.patch_volume(uuid, name=name)


def delete_volumes(backend: Peer, uuids: Iterable[str]) -> None:
    for uuid in uuids:
        backend.delete_volume(uuid)


def create_snapshots(backend: Peer, volumes_and_names: Iterable[tuple[str, str]]) -> None:
    for volume, name in volumes_and_names:
        backend.create_snapshot(volume, name)


def get_snapshots(backend: Peer, snapshots: Iterable[tuple[str, str]]) -> None:
    for volume, snapshot in snapshots:
        backend.get_snapshot(volume, snapshot)


def list_snapshots(backend: Peer, volumes: Iterable[str]) -> None:
    for volume in volumes:
        backend.list_snapshots(volume)


def find_snapshots(backend: Any, volumes_and_names: Iterable[tuple[str, str]]) -> None:
    for volume, name in volumes_and_names:
        backend.find_snapshot(volume, name)


def rename_snapshots(backend: Any, snapshots_and_names: Iterable[tuple[str, str, str]]) -> None:
    for volume, snapshot, name in snapshots_and_names:
        backend.rename_snapshot(volume, snapshot, name)


def restore_snapshots(backend: Any, snapshots: Iterable[tuple[str, str]]) -> None:
    for volume, snapshot in snapshots:
        backend.restore_snapshot(volume, snapshot)


def delete_snapshots(backend: Peer, snapshots: Iterable[tuple[str, str]]) -> None:
    for volume, snapshot in snapshots:
        backend.delete_snapshot(volume, snapshot)


def create_clones(backend: Peer, snapshots_and_names: Iterable[tuple[str, str, str]]) -> None:
    for volume, snapshot, name in snapshots_and_names:
        backend.create_clone(volume, snapshot, name)


def split_clones(backend: Any, uuids: Iterable[str]) -> None:
    for uuid in uuids:
        backend.split_clone(uuid)


def refuse_to_delete_volumes(backend: Peer, uuids: Iterable[str], refusal: type[Exception]) -> None:
    for uuid in uuids:
        try:
            backend.delete_volume(uuid)
        except refusal:
            pass


def refuse_to_delete_snapshots(
    backend: Peer, snapshots: Iterable[tuple[str, str]], refusal: type[Exception]
) -> None:
    for volume, snapshot in snapshots:
        try:
            backend.delete_snapshot(volume, snapshot)
        except refusal:
            pass
