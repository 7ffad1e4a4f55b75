"""The records a backend answers with: plain dicts, typed.

Every result is fresh: nothing done to one changes the backend or another result. Keys come in the
order given here; an optional key is absent while it is unset.
"""

# No `from __future__ import annotations` here: `TypedDict` could then not tell, before Python 3.14,
# which keys are optional.
from typing import Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "AccessHandle",
    "Capabilities",
    "CloneOrigin",
    "GitRefHandle",
    "InMemoryHandle",
    "NfsExportHandle",
    "OntapPassthroughHandle",
    "P4StreamHandle",
    "S3PresignedHandle",
    "Snapshot",
    "SnapshotRow",
    "Volume",
    "VolumeState",
    "VolumeType",
]
__dir__ = __all__.copy

# Unions of one word each mean what one `Literal` of all would, and stubtest can check them.

VolumeState: TypeAlias = Literal["online"] | Literal["offline"] | Literal["restricted"]  # noqa: PYI030
"""Whether a volume can be used; ``"online"`` when it is created."""

VolumeType: TypeAlias = Literal["rw"] | Literal["dp"]  # noqa: PYI030
"""``"rw"``: volumes and clones; ``"dp"``: the destination of a replication."""


class CloneOrigin(TypedDict):
    """Where a clone comes from. The names are the parents' present names: they follow a rename.

    Keys:
        parent_volume: name of the volume it was cloned from.
        parent_snapshot: name of the snapshot it was cloned from.
        parent_volume_uuid: uuid of that volume.
        parent_snapshot_uuid: uuid of that snapshot.
    """

    parent_volume: str
    parent_snapshot: str
    parent_volume_uuid: str
    parent_snapshot_uuid: str


class Volume(TypedDict):
    """A volume.

    Keys:
        uuid: canonical lower-case UUID, never used again in this backend.
        name: unique in the backend; 1 to 203 characters.
        size_bytes: quota in bytes, 1 to 2**64 - 1, or ``None`` for no quota.
        state: ``"online"``, ``"offline"`` or ``"restricted"``.
        style: how it is laid out: ``"flexvol"``.
        vol_type: ``"rw"``, or ``"dp"`` for the destination of a replication.
        create_time: when it was created, RFC 3339 in UTC with a ``Z``, to the microsecond at most.
            `MemBackend` always has it; a backend whose substrate records none leaves it out.
        junction_path: absolute path it is mounted at; absent while unmounted.
        export_policy: name of its export policy; absent while it has none.
        clone: what it is a clone of; only on a clone, and gone once the clone is split.
    """

    uuid: str
    name: str
    size_bytes: int | None
    state: VolumeState
    style: Literal["flexvol"]
    vol_type: VolumeType
    create_time: NotRequired[str]
    junction_path: NotRequired[str]
    export_policy: NotRequired[str]
    clone: NotRequired[CloneOrigin]


class Snapshot(TypedDict):
    """A point-in-time copy of one volume.

    Keys:
        uuid: canonical lower-case UUID, never used again in this backend.
        name: unique in its volume; 1 to 255 characters.
        create_time: when it was taken, as in `Volume`; `MemBackend` always has it.
        size_consumed: bytes held only by this snapshot; 0 where the backend keeps no data.
    """

    uuid: str
    name: str
    create_time: NotRequired[str]
    size_consumed: int


class SnapshotRow(TypedDict):
    """A row of ``snapshots()``: a `Snapshot` with the volume it is of.

    Keys:
        volume_uuid: uuid of the volume.
        volume: name of the volume.
        uuid: as in `Snapshot`, and so are the rest.
    """

    volume_uuid: str
    volume: str
    uuid: str
    name: str
    create_time: NotRequired[str]
    size_consumed: int


class Capabilities(TypedDict):
    """Which tiers a backend has. One it does not have answers `FeatureNotSupportedError`.

    Keys:
        snapshots: it keeps snapshots.
        clones: it makes clones; implies `snapshots`.
        replication: it replicates; implies `snapshots`.
    """

    snapshots: bool
    clones: bool
    replication: bool


class InMemoryHandle(TypedDict):
    """There are no bytes to reach: the backend keeps records only."""

    kind: Literal["in_memory"]


class NfsExportHandle(TypedDict):
    """An NFS export.

    Keys:
        server: host name or address to mount from.
        path: exported path on it.
    """

    kind: Literal["nfs_export"]
    server: str
    path: str


class S3PresignedHandle(TypedDict):
    """A URL that carries its own permission.

    Keys:
        url: the presigned URL.
        expires_at: when it stops working, RFC 3339 in UTC.
    """

    kind: Literal["s3_presigned"]
    url: str
    expires_at: str


class GitRefHandle(TypedDict):
    """A reference in a Git repository.

    Keys:
        remote: URL of the repository.
        ref_name: full name of the reference.
    """

    kind: Literal["git_ref"]
    remote: str
    ref_name: str


class P4StreamHandle(TypedDict):
    """A Perforce stream.

    Keys:
        p4port: address of the server, as ``P4PORT`` takes it.
        stream: depot path of the stream.
    """

    kind: Literal["p4_stream"]
    p4port: str
    stream: str


class OntapPassthroughHandle(TypedDict):
    """An ONTAP system that the client talks to itself.

    Keys:
        mgmt_lif: address of the management interface.
        data_lif: address of the data interface.
    """

    kind: Literal["ontap_passthrough"]
    mgmt_lif: str
    data_lif: str


AccessHandle: TypeAlias = (
    InMemoryHandle
    | NfsExportHandle
    | S3PresignedHandle
    | GitRefHandle
    | P4StreamHandle
    | OntapPassthroughHandle
)
"""How a client reaches a volume's bytes; ``kind`` says which of the dicts it is."""
