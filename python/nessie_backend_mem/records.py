"""The records that a backend returns: plain dicts with types.

Every call returns new dicts. Changing one changes neither the backend nor
another result. Keys are in the order given here. An optional key is absent
while it has no value.
"""

# No `from __future__ import annotations` here: before Python 3.14, `TypedDict` would not know which
# keys are optional.
from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "AccessHandle",
    "Capabilities",
    "CloneOrigin",
    "Event",
    "GitRefHandle",
    "Hit",
    "InMemoryHandle",
    "Limits",
    "NfsExportHandle",
    "OntapPassthroughHandle",
    "P4StreamHandle",
    "S3PresignedHandle",
    "Snapshot",
    "SnapshotPolicy",
    "SnapshotRow",
    "SnapshotRule",
    "Space",
    "Volume",
    "VolumeState",
    "VolumeType",
]
__dir__ = __all__.copy

# A union of one-word `Literal`s means the same as one `Literal`, and stubtest can check it.

VolumeState: TypeAlias = Literal["online"] | Literal["offline"] | Literal["restricted"]  # noqa: PYI030
"""Whether clients can use a volume. A new volume is ``"online"``."""

VolumeType: TypeAlias = Literal["rw"] | Literal["dp"]  # noqa: PYI030
"""``"rw"`` for volumes and clones, ``"dp"`` for the destination of a replication."""


class CloneOrigin(TypedDict):
    """The origin of a clone. After a rename of a parent it has the new name.

    Attributes:
        parent_volume: Name of the volume it was cloned from.
        parent_snapshot: Name of the snapshot it was cloned from.
        parent_volume_uuid: uuid of that volume.
        parent_snapshot_uuid: uuid of that snapshot.
    """

    parent_volume: str
    parent_snapshot: str
    parent_volume_uuid: str
    parent_snapshot_uuid: str


class Volume(TypedDict):
    """A volume.

    Attributes:
        uuid: UUID in lower case with hyphens. A backend never uses one twice.
        name: Name, unique in the backend; 1 to 203 characters.
        size_bytes: Quota in bytes, 1 to 2**64 - 1, or ``None`` for no quota.
        state: ``"online"``, ``"offline"`` or ``"restricted"``.
        style: ``"flexvol"``.
        vol_type: ``"rw"``, or ``"dp"`` for the destination of a replication.
        create_time: Time of creation, RFC 3339 in UTC with a ``Z``, at most to the microsecond.
            `MemBackend` always sets it. It is absent if the storage system behind another backend
            does not record it.
        used_bytes: Bytes of the live data; absent until data is written, and where the backend does
            not account for space.
        junction_path: Absolute mount path; absent while the volume is not mounted.
        export_policy: Name of the export policy; absent while there is none.
        snapshot_policy: Name of the snapshot policy that the volume uses; absent while it uses
            none, and where the backend has no snapshot policies.
        clone: Origin of a clone; absent on other volumes and after `split_clone`.
    """

    uuid: str
    name: str
    size_bytes: int | None
    state: VolumeState
    style: Literal["flexvol"]
    vol_type: VolumeType
    create_time: NotRequired[str]
    used_bytes: NotRequired[int]
    junction_path: NotRequired[str]
    export_policy: NotRequired[str]
    snapshot_policy: NotRequired[str]
    clone: NotRequired[CloneOrigin]


class Snapshot(TypedDict):
    """A point-in-time copy of one volume.

    Attributes:
        uuid: UUID in lower case with hyphens. A backend never uses one twice.
        name: Name, unique in the volume; 1 to 255 characters.
        create_time: Time of creation, as in `Volume`.
        size_consumed: Bytes that only this snapshot holds; 0 where the backend stores no data.
        expires_at: Until when it cannot be deleted, RFC 3339 in UTC; absent if it was never locked.
            The last second of the year 9999 means that the lock never ends. The key stays when the
            lock has ended.
    """

    uuid: str
    name: str
    create_time: NotRequired[str]
    size_consumed: int
    expires_at: NotRequired[str]


class SnapshotRule(TypedDict):
    """A rule of a `SnapshotPolicy`.

    Attributes:
        schedule: When it takes a snapshot of each volume: the five fields of crontab(5), in UTC.
            They are minute, hour, day of the month, month and day of the week. A field is ``*``, a
            number, a name as ``jan`` or ``mon``, a range, or a list of these; a step can follow
            ``*`` and a range, as in ``*/15``. Sunday is 0 and 7. If neither field of days begins
            with ``*``, a day has to match one of the two.
        prefix: The names of its snapshots begin with this, followed by a dot and the time as
            ``YYYY-MM-DD_HHMM``; 1 to 239 characters, different in each rule of a policy.
        keep: How many of its snapshots a volume keeps, 1 to 2**64 - 1.
    """

    schedule: str
    prefix: str
    keep: int


class SnapshotPolicy(TypedDict):
    """A snapshot policy: it takes snapshots of the volumes that use it, and deletes old ones.

    Attributes:
        name: Name, unique in the backend.
        rules: The rules, at least one.
    """

    name: str
    rules: list[SnapshotRule]


class Space(TypedDict):
    """The space of a backend, in bytes. A byte that several objects share is counted once.

    Attributes:
        capacity_bytes: Size of the pool that all volumes share, or ``None`` for no limit.
        used_bytes: All allocated bytes.
        available_bytes: Bytes that are left in the pool, or ``None`` for no limit.
        live_bytes: Bytes in the live data of the volume to which they were written.
        snapshot_bytes: The other allocated bytes: only snapshots hold them, for themselves or for
            clones.
    """

    capacity_bytes: int | None
    used_bytes: int
    available_bytes: int | None
    live_bytes: int
    snapshot_bytes: int


class Limits(TypedDict):
    """How many objects a backend holds at most; ``None`` means no limit.

    Attributes:
        volumes: Volumes, including clones.
        snapshots: Snapshots, of all volumes.
        snapshots_per_volume: Snapshots of one volume.
        clones_per_snapshot: Clones of one snapshot.
        clone_depth: Depth of a clone: 1 for a clone of a plain volume, 1 more than its parent for
            any other. A split clone is a plain volume.
    """

    volumes: int | None
    snapshots: int | None
    snapshots_per_volume: int | None
    clones_per_snapshot: int | None
    clone_depth: int | None


class SnapshotRow(TypedDict):
    """A row of ``MemBackend.snapshots()``: a `Snapshot` and its volume.

    Attributes:
        volume_uuid: uuid of the volume.
        volume: Name of the volume.
        uuid: As in `Snapshot`.
        name: As in `Snapshot`.
        create_time: As in `Snapshot`.
        size_consumed: As in `Snapshot`.
        expires_at: As in `Snapshot`.
    """

    volume_uuid: str
    volume: str
    uuid: str
    name: str
    create_time: NotRequired[str]
    size_consumed: int
    expires_at: NotRequired[str]


class Capabilities(TypedDict):
    """The tiers of a backend. The methods of a missing tier raise `FeatureNotSupportedError`.

    Attributes:
        snapshots: Whether it has snapshots.
        clones: Whether it has clones; implies `snapshots`.
        replication: Whether it replicates; implies `snapshots`.
    """

    snapshots: bool
    clones: bool
    replication: bool


class InMemoryHandle(TypedDict):
    """No access: the backend keeps records and no data.

    Attributes:
        kind: ``"in_memory"``.
    """

    kind: Literal["in_memory"]


class NfsExportHandle(TypedDict):
    """An NFS export.

    Attributes:
        kind: ``"nfs_export"``.
        server: Host name or address of the NFS server.
        path: Exported path on it.
    """

    kind: Literal["nfs_export"]
    server: str
    path: str


class S3PresignedHandle(TypedDict):
    """A presigned S3 URL.

    Attributes:
        kind: ``"s3_presigned"``.
        url: The URL.
        expires_at: Time when it expires, RFC 3339 in UTC.
    """

    kind: Literal["s3_presigned"]
    url: str
    expires_at: str


class GitRefHandle(TypedDict):
    """A reference in a Git repository.

    Attributes:
        kind: ``"git_ref"``.
        remote: URL of the repository.
        ref_name: Full name of the reference.
    """

    kind: Literal["git_ref"]
    remote: str
    ref_name: str


class P4StreamHandle(TypedDict):
    """A Perforce stream.

    Attributes:
        kind: ``"p4_stream"``.
        p4port: Address of the server, in the form of ``P4PORT``.
        stream: Depot path of the stream.
    """

    kind: Literal["p4_stream"]
    p4port: str
    stream: str


class OntapPassthroughHandle(TypedDict):
    """An ONTAP system that the client connects to directly.

    Attributes:
        kind: ``"ontap_passthrough"``.
        mgmt_lif: Address of the management interface.
        data_lif: Address of the data interface.
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
"""How a client reaches a volume's data. The key ``kind`` distinguishes the dicts."""


class Event(TypedDict):
    """What happened to a backend, in an `EventLog`.

    Attributes:
        seq: Number of the event, counted from 0.
        time: When, as RFC 3339 text in UTC.
        operation: Name of the method, ``"run_rule"`` for a rule of a snapshot
            policy, or ``"load"`` if `/simulator` has replaced the backend by a dump.
        arguments: The arguments that were given, by name.
        result: uuid or uuids of what it has created or changed; for a deletion
            with `skip_busy`, of what it has kept.
        error: Code of the error that the caller got.
        cause: ``"call"``, ``"policy"`` for what a snapshot policy did, or
            ``"delay"`` for an advance of the clock by a fault.
        fault: Whether the error comes from a fault, before or after the
            operation. Absent without a fault.
    """

    seq: int
    time: str
    operation: str
    arguments: dict[str, Any]
    result: str | Sequence[str] | Sequence[tuple[str, str]] | None
    error: str | None
    cause: Literal["call", "policy", "delay"]
    fault: NotRequired[Literal["before", "after"]]


class Hit(TypedDict):
    """A call that a fault has hit, in a `FaultPlan`.

    Attributes:
        fault: Position of the fault in its plan, counted from 0.
        operation: Name of the method.
        name: Name or uuid that matched. None if the call is about no object.
        time: When, as RFC 3339 text in UTC.
    """

    fault: int
    operation: str
    name: str | None
    time: str
