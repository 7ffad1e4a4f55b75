"""Records and refusals of this package as ONTAP writes them, without a server.

For tests of code that reads ONTAP's replies, and for canned replies that are true to form.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nessie_backend_mem import (
    FeatureNotSupportedError,
    NessieError,
    SnapshotNotFoundError,
    VolumeNotFoundError,
)
from nessie_backend_mem._core import _ontap_error, _OntapCluster

from .server import AGGREGATE_BYTES, SVM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nessie_backend_mem import Capabilities, Snapshot, Volume

__all__ = ["error_envelope", "snapshot_record", "volume_record"]
__dir__ = __all__.copy


def volume_record(
    volume: Volume, *, svm: str = SVM, fields: str | Iterable[str] | None = None
) -> dict[str, Any]:
    """Return a volume as ``GET /api/storage/volumes/{uuid}`` shows it.

    Args:
        volume: as a backend returned it.
        svm: the name of its SVM.
        fields: what the parameter ``fields`` says, as text or as names; the default fields of a
            single record if not given.

    Raises:
        ValueError: there is no such field, or the volume is not as backends return them.
    """
    return get(One(volume), svm, f"/api/storage/volumes/{volume['uuid']}", fields)


def snapshot_record(
    snapshot: Snapshot,
    volume: Volume,
    *,
    svm: str = SVM,
    fields: str | Iterable[str] | None = None,
) -> dict[str, Any]:
    """Return a snapshot as ``GET /api/storage/volumes/{uuid}/snapshots/{uuid}`` shows it.

    Args:
        snapshot: as a backend returned it.
        volume: the volume that it is of.
        svm: the name of their SVM.
        fields: as for `volume_record`.

    Raises:
        ValueError: as for `volume_record`.
    """
    path = f"/api/storage/volumes/{volume['uuid']}/snapshots/{snapshot['uuid']}"
    return get(One(volume, snapshot), svm, path, fields)


def error_envelope(error: NessieError) -> dict[str, Any]:
    """Return the body of the reply to a request that was refused with `error`.

    As ``{"error": {"code": "4", "message": "...", "target": "..."}}``, where ``target`` is there if
    the error has one.
    """
    _, body = _ontap_error(error.code or "", error.message, error.target)
    envelope: dict[str, Any] = json.loads(body)
    return envelope


def get(backend: One, svm: str, path: str, fields: str | Iterable[str] | None) -> dict[str, Any]:
    """Ask a cluster over `backend` for one record."""
    cluster = _OntapCluster(
        [(svm, backend)],
        name="nessie",
        nodes=["node1"],
        aggregates=[("aggr1", AGGREGATE_BYTES)],
        lifs=[],
        jobs=("immediate", 0),
        seed=0,
    )
    if fields is None:
        target = path
    else:
        names = fields if isinstance(fields, str) else ",".join(fields)
        target = f"{path}?fields={quote(names)}"
    status, _, body = cluster.handle("GET", target, b"")
    reply: dict[str, Any] = json.loads(body)
    if status != 200:
        raise ValueError(reply["error"]["message"])
    return reply


class One:
    """A backend with one volume and at most one snapshot, to be looked at only."""

    def __init__(self, volume: Volume, snapshot: Snapshot | None = None) -> None:
        """Keep the two."""
        self.volume = volume
        self.snapshot = snapshot

    def capabilities(self) -> Capabilities:
        """Say that it has snapshots."""
        return {"snapshots": True, "clones": False, "replication": False}

    def list_volumes(self) -> list[Volume]:
        """Return the volume."""
        return [self.volume]

    def get_volume(self, uuid: str) -> Volume:
        """Return the volume, if it is the one."""
        if uuid != self.volume["uuid"]:
            raise VolumeNotFoundError(f"no volume {uuid}", uuid)
        return self.volume

    def list_snapshots(self, vol_uuid: str) -> list[Snapshot]:
        """Return the snapshot, if there is one."""
        self.get_volume(vol_uuid)
        return [] if self.snapshot is None else [self.snapshot]

    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Snapshot:
        """Return the snapshot, if it is the one."""
        for snapshot in self.list_snapshots(vol_uuid):
            if snapshot["uuid"] == snap_uuid:
                return snapshot
        raise SnapshotNotFoundError(f"no snapshot {snap_uuid}", snap_uuid)

    def refuse(self, *_: object, **__: object) -> Any:
        """Refuse to change anything."""
        raise FeatureNotSupportedError("a record cannot be changed")

    create_volume = patch_volume = delete_volume = access_handle = refuse
    create_snapshot = delete_snapshot = refuse
