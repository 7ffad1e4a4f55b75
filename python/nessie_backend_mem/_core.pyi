from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from types import GenericAlias
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    Protocol,
    Self,
    SupportsIndex,
    TypeAlias,
    TypeVar,
    final,
    overload,
)
from uuid import UUID

from .conformance.report import Outcome, Tier
from .faults import Fault
from .inventory.files import Source
from .records import (
    Capabilities,
    Event,
    Hit,
    InMemoryHandle,
    Limits,
    Snapshot,
    SnapshotPolicy,
    SnapshotRow,
    SnapshotRule,
    Space,
    Volume,
    VolumeState,
)

__all__ = [
    "_MAX_EXPORT_POLICY",
    "_MAX_JUNCTION_PATH",
    "_MAX_SNAPSHOT_NAME",
    "_MAX_VOLUME_NAME",
    "_OPERATIONS",
    "EventLog",
    "FaultPlan",
    "MemBackend",
    "Table",
    "Uuids",
    "_Hooks",
    "_HttpFaultPlan",
    "_OntapCluster",
    "_OntapListener",
    "__version__",
    "_after_fork_in_child",
    "_after_fork_in_parent",
    "_at_exit",
    "_before_fork",
    "_canonical_uuid",
    "_check_export_policy",
    "_check_fault",
    "_check_http_fault",
    "_check_junction_path",
    "_check_new_volume",
    "_check_patch",
    "_check_size_bytes",
    "_check_snapshot_name",
    "_check_state",
    "_check_volume_name",
    "_conformance_cases",
    "_conformance_features",
    "_conformance_rules",
    "_conformance_run",
    "_fold_junction_path",
    "_ontap_coverage",
    "_ontap_error",
    "_ontap_snapshot",
    "_ontap_volume",
    "_restore",
    "_restore_table",
    "_set_create_time",
]

__version__: str

_Row = TypeVar("_Row")

class _ArrowArray(Protocol):
    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

# A column of pyarrow, polars, pandas or another library with Arrow's interface.
_Column: TypeAlias = _ArrowArray | _ArrowStream
_Names: TypeAlias = Iterable[str] | _Column
# A record of a volume: a `Volume`, or another mapping with its uuid under "uuid".
_Record: TypeAlias = Mapping[str, object]
_VolumeIds: TypeAlias = MemBackend | Iterable[str | UUID | _Record] | _Column
_SnapshotIds: TypeAlias = (
    Table[SnapshotRow] | Iterable[tuple[str | UUID, str | UUID] | SnapshotRow] | _ArrowStream
)
_Sizes: TypeAlias = SupportsIndex | Iterable[SupportsIndex | None] | _Column
_Bytes: TypeAlias = SupportsIndex | Iterable[SupportsIndex] | _Column

class _WritesBytes(Protocol):
    def write(self, data: bytes, /) -> object: ...

class _ReadsBytes(Protocol):
    def read(self, count: int, /) -> bytes: ...

@final
class MemBackend:
    """An in-memory storage backend with volumes, snapshots and clones.

    Results are plain dicts, new for every call; their types are in
    `nessie_backend_mem.records`. A refused call raises a `NessieError` and
    changes nothing. Methods may be called from any number of threads.

    ``len(b)`` is the number of volumes. ``iter(b)`` yields the volumes in order
    of creation. ``x in b`` is true for the name and for the uuid of a volume. A
    backend is false while it has no volumes. It is equal only to itself.
    ``copy.copy(b)`` and ``copy.deepcopy(b)`` are ``b.fork()``. A pickle holds
    everything, with the clock and the state of the random generator.

    Bulk methods (`create_volumes`, `create_snapshots`, `create_clones`,
    `patch_volumes`, `delete_volumes`, `delete_snapshots`, `write_volumes`,
    `discard_volumes`) have the effect of one single call per item, in order.
    Either all items change or none, and all changes have the same time. Other
    Python threads run meanwhile. The error is that of the first item whose
    single call would fail, and its attribute `index` is the item's position,
    counted from 0. Items that are not a uuid or a size, and batches of more
    than 2**24 items, are refused before anything else.

    The argument `vol_uuids` accepts volumes as

    - the `Uuids` of another bulk call,
    - a `Table` of `volumes()`, or a table or column of another library that was
      made from one,
    - a `MemBackend`, for all its volumes,
    - an iterable of `str`, `uuid.UUID` or volume dicts.

    Args:
        seed (int): 0 to 2**64 - 1. Makes the backend deterministic: the same
            calls return the same dicts. The clock starts at `start`, or at
            2000-01-01T00:00:00Z, and only `advance()` moves it. Without a seed
            uuids are random.
        start (datetime | str): Start time of a clock that only `advance()`
            moves. A datetime, in UTC if it is naive, or RFC 3339 text. Without
            `seed` and `start` the backend uses the system's clock, in whole seconds.
        capacity_bytes (int): Size in bytes of the pool that all volumes share,
            1 to 2**64 - 1; see `space()`. None means no limit.
        limits (dict[str, int | None]): Maximum numbers of objects. The keys are
            "volumes", "snapshots", "snapshots_per_volume",
            "clones_per_snapshot" and "clone_depth". A plain volume has the
            depth 0, a clone of it 1, and after a split the count starts anew.
            None, and a missing key without `profile`, means no limit.
        profile (str): "ontap" for ONTAP's limits and rules: at most 1023
            snapshots per volume and a clone depth of 499, unless `limits` sets
            others. Names of volumes consist of letters, digits and _, and do
            not begin with a digit. A size is at least 20 MiB, and 20 MiB if none
            is given. The conformance suite needs a backend without profile.

    Raises:
        InvalidArgumentError: `seed`, `capacity_bytes` or a limit is out of
            range, `start` is not a time, or a limit or the profile is unknown.

    Example:
        >>> backend = MemBackend(seed=1)
        >>> backend.create_volume("build-cache", size_bytes=2**30)["name"]
        'build-cache'
    """

    def __new__(
        cls,
        *,
        seed: SupportsIndex | None = None,
        start: datetime | str | None = None,
        capacity_bytes: SupportsIndex | None = None,
        limits: Mapping[str, SupportsIndex | None] | Limits | None = None,
        profile: Literal["ontap"] | None = None,
    ) -> Self: ...

    # Limits.
    @property
    def limits(self) -> Limits:
        """The limits, those of the profile included; None means no limit."""
    @property
    def profile(self) -> Literal["ontap"] | None:
        """The profile: "ontap" or None."""

    # Volumes.
    def capabilities(self) -> Capabilities:
        """Return which tiers this backend has.

        Returns:
            Capabilities: Snapshots and clones are true, replication is false.
        """
    def create_volume(
        self,
        name: str,
        size_bytes: SupportsIndex | None = None,
        *,
        snapshot_policy: str | None = None,
    ) -> Volume:
        """Create an online read-write volume without snapshots.

        Args:
            name (str): 1 to 203 of A-Z a-z 0-9 _ - . : with a letter, digit or
                _ first. Unique in the backend.
            size_bytes (int): Quota in bytes, 1 to 2**64 - 1. None means no quota.
            snapshot_policy (str): Name of the snapshot policy that the volume
                uses. None means none.

        Returns:
            Volume: The new volume.

        Raises:
            SnapshotPolicyNotFoundError: No snapshot policy has this name.
            InvalidArgumentError: The name or the size is invalid.
            VolumeExistsError: Another volume has this name.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    def list_volumes(self) -> list[Volume]:
        """Return all volumes in order of creation.

        The list shows the backend at the time of the call, even if other
        threads change it meanwhile. `volumes()` returns the same as a table.

        Returns:
            list[Volume]: All volumes.
        """
    def volumes(
        self,
        *,
        name: str | None = None,
        state: VolumeState | None = None,
        is_clone: bool | None = None,
        parent: str | UUID | None = None,
        created_before: datetime | str | None = None,
        created_after: datetime | str | None = None,
    ) -> Table[Volume]:
        """Return volumes as a table of columns, in order of creation.

        Without arguments the table has all volumes. Otherwise it has those that
        meet every condition. It shows the backend at the time of the call. See
        help(Table) for the libraries that can read it. `list_volumes()` returns
        all volumes as dicts.

        Args:
            name (str): Pattern for the whole name: * matches any characters,
                ? exactly one.
            state (str): "online", "offline" or "restricted".
            is_clone (bool): True for clones only, False for other volumes only.
            parent (str | UUID): uuid of a volume or a snapshot, for its clones
                only.
            created_before (datetime | str): Only objects created before this
                time. A datetime, in UTC if it is naive, or RFC 3339 text. The
                last second of the year 9999 means no limit.
            created_after (datetime | str): Only objects created at or after
                this time, in the same forms.

        Returns:
            Table[Volume]: The volumes.

        Raises:
            InvalidArgumentError: A value is invalid.
            VolumeNotFoundError: No volume or snapshot has the uuid `parent`.
        """
    def get_volume(self, uuid: str | UUID) -> Volume:
        """Return one volume.

        Args:
            uuid (str | UUID): The volume's uuid, in any standard spelling.

        Returns:
            Volume: The volume.

        Raises:
            InvalidArgumentError: `uuid` is malformed.
            VolumeNotFoundError: No volume has this uuid.
        """
    def find_volume(self, name: str) -> Volume | None:
        """Return the volume of a name.

        Args:
            name (str): The volume's name. Case matters.

        Returns:
            Volume | None: The volume, or None if no volume has this name.
        """
    def patch_volume(
        self,
        uuid: str | UUID,
        size_bytes: SupportsIndex | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
        *,
        name: str | None = None,
        state: VolumeState | None = None,
        snapshot_policy: str | None = None,
    ) -> Volume:
        """Change the given fields of a volume.

        None means not given. A call without fields changes nothing.

        Args:
            uuid (str | UUID): The volume's uuid, in any standard spelling.
            size_bytes (int): New quota in bytes, 1 to 2**64 - 1, larger or
                smaller.
            junction_path (str): New absolute mount path, unique in the backend
                ignoring ASCII case. "" unmounts the volume.
            export_policy (str): Name of the new export policy, 1 to 256
                characters.
            name (str): New name, as in `create_volume()`.
            state (str): "online", "offline" or "restricted".
            snapshot_policy (str): Name of the snapshot policy that the volume
                uses. "" means none.

        Returns:
            Volume: The changed volume.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            SnapshotPolicyNotFoundError: No snapshot policy has this name.
            InvalidArgumentError: A value is invalid.
            VolumeOfflineError: A size is given, the volume is not online, and
                the call does not bring it online.
            VolumeExistsError: Another volume has the new name.
            JunctionPathExistsError: Another volume is mounted at the path.
        """
    def delete_volume(self, uuid: str | UUID) -> None:
        """Delete a volume in any state, with its snapshots.

        Args:
            uuid (str | UUID): The volume's uuid, in any standard spelling.

        Raises:
            InvalidArgumentError: `uuid` is malformed.
            VolumeNotFoundError: No volume has this uuid.
            SnapshotLockedError: One of its snapshots is locked.
            VolumeBusyError: A clone depends on one of its snapshots.
        """
    def access_handle(self, uuid: str | UUID) -> InMemoryHandle:
        """Return how a client reaches the volume's data.

        Args:
            uuid (str | UUID): The volume's uuid, in any standard spelling.

        Returns:
            InMemoryHandle: {"kind": "in_memory"}. The backend stores no data.

        Raises:
            InvalidArgumentError: `uuid` is malformed.
            VolumeNotFoundError: No volume has this uuid.
            VolumeOfflineError: The volume is not online.
        """

    # Snapshots.
    def create_snapshot(
        self, vol_uuid: str | UUID, name: str, *, expires_at: datetime | str | None = None
    ) -> Snapshot:
        """Take a snapshot of a volume.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            name (str): 1 to 255 of A-Z a-z 0-9 _ - . : with a letter, digit or
                _ first. Unique in the volume.
            expires_at (datetime | str): Until when the snapshot cannot be
                deleted, nor its volume, nor can a restore pass over it. A
                datetime, in UTC if it is naive, or RFC 3339 text. The last
                second of the year 9999 means that the lock never ends.
                Nothing deletes the snapshot when the lock ends.

        Returns:
            Snapshot: The new snapshot.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: The uuid is malformed, the name is invalid, or
                `expires_at` is not a time that is later than the present one.
            VolumeOfflineError: The volume is not online.
            SnapshotExistsError: The volume has a snapshot of this name.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    def list_snapshots(self, vol_uuid: str | UUID) -> list[Snapshot]:
        """Return a volume's snapshots in order of creation.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.

        Returns:
            list[Snapshot]: The snapshots at the time of the call.

        Raises:
            InvalidArgumentError: `vol_uuid` is malformed.
            VolumeNotFoundError: No volume has this uuid.
        """
    def snapshots(
        self,
        vol_uuids: _VolumeIds | None = None,
        *,
        name: str | None = None,
        is_pinned: bool | None = None,
        created_before: datetime | str | None = None,
        created_after: datetime | str | None = None,
    ) -> Table[SnapshotRow]:
        """Return snapshots as a table of columns.

        The rows are sorted by volume, and by creation within each volume.
        Without arguments the table has all snapshots. Otherwise it has those
        that meet every condition. It shows the backend at the time of the call.
        See help(Table) for the libraries that can read it. `list_snapshots()`
        returns the snapshots of one volume as dicts.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted. Rows are in
                their order. None selects all volumes, in order of creation.
            name (str): Pattern for the whole name: * matches any characters,
                ? exactly one.
            is_pinned (bool): True for snapshots that a clone depends on, False
                for those that can be deleted.
            created_before (datetime | str): Only objects created before this
                time. A datetime, in UTC if it is naive, or RFC 3339 text. The
                last second of the year 9999 means no limit.
            created_after (datetime | str): Only objects created at or after
                this time, in the same forms.

        Returns:
            Table[SnapshotRow]: The snapshots with their volumes.

        Raises:
            VolumeNotFoundError: A volume does not exist.
            InvalidArgumentError: A value is invalid, or a volume is given
                twice.
        """
    def get_snapshot(self, vol_uuid: str | UUID, snap_uuid: str | UUID) -> Snapshot:
        """Return one snapshot of a volume.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            snap_uuid (str | UUID): The uuid of a snapshot of that volume.

        Returns:
            Snapshot: The snapshot.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: No volume has the uuid `vol_uuid`.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
        """
    def find_snapshot(self, vol_uuid: str | UUID, name: str) -> Snapshot | None:
        """Return the snapshot of a name in a volume.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            name (str): The snapshot's name. Case matters.

        Returns:
            Snapshot | None: The snapshot, or None if the volume has none of
            this name.

        Raises:
            InvalidArgumentError: `vol_uuid` is malformed.
            VolumeNotFoundError: No volume has this uuid.
        """
    def rename_snapshot(self, vol_uuid: str | UUID, snap_uuid: str | UUID, name: str) -> Snapshot:
        """Rename a snapshot.

        Its uuid stays. The origins of its clones show the new name.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            snap_uuid (str | UUID): The uuid of a snapshot of that volume.
            name (str): New name, as in `create_snapshot()`.

        Returns:
            Snapshot: The renamed snapshot.

        Raises:
            VolumeNotFoundError: No volume has the uuid `vol_uuid`.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            InvalidArgumentError: A uuid is malformed or the name is invalid.
            SnapshotExistsError: Another snapshot of the volume has this name.
        """
    def delete_snapshot(self, vol_uuid: str | UUID, snap_uuid: str | UUID) -> None:
        """Delete a snapshot.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            snap_uuid (str | UUID): The uuid of a snapshot of that volume.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: No volume has the uuid `vol_uuid`.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            SnapshotLockedError: The snapshot is locked.
            SnapshotBusyError: A clone depends on the snapshot.
        """
    def restore_snapshot(self, vol_uuid: str | UUID, snap_uuid: str | UUID) -> Volume:
        """Restore a volume, with its size, from a snapshot.

        Snapshots that are newer than this one are deleted.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            snap_uuid (str | UUID): The uuid of a snapshot of that volume.

        Returns:
            Volume: The restored volume.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: No volume has the uuid `vol_uuid`.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            VolumeOfflineError: The volume is not online.
            SnapshotLockedError: A newer snapshot is locked.
            SnapshotBusyError: A clone depends on a newer snapshot.
        """

    # Clones.
    def create_clone(
        self, parent_vol_uuid: str | UUID, parent_snap_uuid: str | UUID, new_name: str
    ) -> Volume:
        """Create a writable online volume from a snapshot.

        The clone has its parent's size and export policy. It has no junction
        path and no snapshots. Its key "clone" names its direct parent.

        Args:
            parent_vol_uuid (str | UUID): The parent volume's uuid, in any
                standard spelling.
            parent_snap_uuid (str | UUID): The uuid of a snapshot of the parent
                volume.
            new_name (str): Name of the clone, as in `create_volume()`.

        Returns:
            Volume: The new volume.

        Raises:
            VolumeNotFoundError: No volume has the parent's uuid.
            SnapshotNotFoundError: The parent has no snapshot of this uuid.
            InvalidArgumentError: A uuid is malformed or the name is invalid.
            VolumeOfflineError: The parent is not online.
            VolumeExistsError: Another volume has the new name.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    def split_clone(self, vol_uuid: str | UUID) -> Volume:
        """Turn a clone into an ordinary volume.

        It no longer depends on its parent's snapshot.

        Args:
            vol_uuid (str | UUID): The clone's uuid, in any standard spelling.

        Returns:
            Volume: The volume, without the key "clone".

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: The uuid is malformed, or the volume is not a
                clone.
        """

    # Many at once.
    def create_volumes(
        self,
        names: _Names,
        size_bytes: _Sizes | None = None,
        *,
        snapshot_policy: str | None = None,
    ) -> Uuids:
        """Create one volume per name; a bulk method, see help(MemBackend).

        Args:
            names (Iterable[str]): Names as in `create_volume()`: an iterable,
                an Arrow column, a NumPy array, or the column "name" of a table.
            size_bytes (int | Iterable[int | None]): One quota in bytes for all
                volumes, or one per volume. None means no quota.
            snapshot_policy (str): Name of the snapshot policy that the volumes
                use. None means none.

        Returns:
            Uuids: The uuids of the new volumes, in the order of the names.

        Raises:
            SnapshotPolicyNotFoundError: No snapshot policy has this name.
            InvalidArgumentError: A name or a size is invalid.
            VolumeExistsError: A name is in use or given twice.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    def create_snapshots(
        self, vol_uuids: _VolumeIds, name: str, *, expires_at: datetime | str | None = None
    ) -> Uuids:
        """Take a snapshot of each volume, all with the same name and time.

        A bulk method, see help(MemBackend).

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted.
            name (str): Name of the snapshots, as in `create_snapshot()`.
            expires_at (datetime | str): Until when the snapshots cannot be
                deleted, as in `create_snapshot()`.

        Returns:
            Uuids: The uuids of the new snapshots, in the order of the volumes.

        Raises:
            VolumeNotFoundError: A volume does not exist.
            InvalidArgumentError: A uuid is malformed, the name is invalid, or
                `expires_at` is not a time that is later than the present one.
            VolumeOfflineError: A volume is not online.
            SnapshotExistsError: A volume has a snapshot of this name.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    def create_clones(
        self, parent_vol_uuid: str | UUID, parent_snap_uuid: str | UUID, names: _Names
    ) -> Uuids:
        """Create one clone per name from one snapshot.

        A bulk method, see help(MemBackend).

        Args:
            parent_vol_uuid (str | UUID): The parent volume's uuid, in any
                standard spelling.
            parent_snap_uuid (str | UUID): The uuid of a snapshot of the parent
                volume.
            names (Iterable[str]): Names as in `create_volume()`: an iterable,
                an Arrow column, a NumPy array, or the column "name" of a table.

        Returns:
            Uuids: The uuids of the clones, in the order of the names.

        Raises:
            VolumeNotFoundError: No volume has the parent's uuid.
            SnapshotNotFoundError: The parent has no snapshot of this uuid.
            InvalidArgumentError: A uuid is malformed or a name is invalid.
            VolumeOfflineError: The parent is not online.
            VolumeExistsError: A name is in use or given twice.
            LimitExceededError: The call would exceed a limit of the backend.
        """
    @overload
    def delete_snapshots(
        self, vol_uuids: _VolumeIds, name: str, *, skip_busy: bool = False
    ) -> Uuids:
        """Delete the snapshots of one name, or the given snapshots.

        A bulk method, see help(MemBackend).

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): With `name` the
                volumes; see help(MemBackend) for the forms that are accepted.
                Without `name` the snapshots: a table of `snapshots()`, a table
                of another library that was made from one, or an iterable of the
                rows of such a table or of tuples (volume uuid, snapshot uuid).
            name (str): Name of the snapshots.
            skip_busy (bool): Whether to keep snapshots that clones depend on.

        Returns:
            Uuids | list[tuple[str, str]]: The part of `vol_uuids` that
            `skip_busy` has kept, in the same order and ready for the next call:
            Uuids of volumes if `name` is given, otherwise tuples. Empty without
            `skip_busy`.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: A volume does not exist.
            SnapshotNotFoundError: A snapshot does not exist.
            SnapshotLockedError: A snapshot is locked, also with `skip_busy`.
            SnapshotBusyError: A clone depends on a snapshot, and `skip_busy` is
                false.
        """
    @overload
    def delete_snapshots(
        self, vol_uuids: _SnapshotIds, name: None = None, *, skip_busy: bool = False
    ) -> list[tuple[str, str]]:
        """Delete the snapshots of one name, or the given snapshots.

        A bulk method, see help(MemBackend).

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): With `name` the
                volumes; see help(MemBackend) for the forms that are accepted.
                Without `name` the snapshots: a table of `snapshots()`, a table
                of another library that was made from one, or an iterable of the
                rows of such a table or of tuples (volume uuid, snapshot uuid).
            name (str): Name of the snapshots.
            skip_busy (bool): Whether to keep snapshots that clones depend on.

        Returns:
            Uuids | list[tuple[str, str]]: The part of `vol_uuids` that
            `skip_busy` has kept, in the same order and ready for the next call:
            Uuids of volumes if `name` is given, otherwise tuples. Empty without
            `skip_busy`.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: A volume does not exist.
            SnapshotNotFoundError: A snapshot does not exist.
            SnapshotLockedError: A snapshot is locked, also with `skip_busy`.
            SnapshotBusyError: A clone depends on a snapshot, and `skip_busy` is
                false.
        """
    def delete_volumes(self, vol_uuids: _VolumeIds, *, skip_busy: bool = False) -> Uuids:
        """Delete volumes with their snapshots.

        A bulk method, see help(MemBackend). A clone and its parent may be given
        in any order. Missing volumes are refused before busy ones.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted. No volume may
                be given twice.
            skip_busy (bool): Whether to keep a volume, instead of failing, if
                a clone of it is not given or is kept itself.

        Returns:
            Uuids: The volumes that `skip_busy` has kept, in the same order.
            Empty without `skip_busy`.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: A volume does not exist or is given twice.
            SnapshotLockedError: A snapshot of a volume is locked, also with
                `skip_busy`.
            VolumeBusyError: A clone that is not given depends on a volume, and
                `skip_busy` is false.
        """
    def patch_volumes(
        self,
        vol_uuids: _VolumeIds,
        size_bytes: _Sizes | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
        *,
        name: str | None = None,
        state: VolumeState | None = None,
        snapshot_policy: str | None = None,
    ) -> None:
        """Change the given fields of each volume.

        A bulk method, see help(MemBackend). None means not given.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted.
            size_bytes (int | Iterable[int | None]): One new quota in bytes for
                all volumes, or one per volume.
            junction_path (str): New absolute mount path, unique in the backend
                ignoring ASCII case. "" unmounts the volume.
            export_policy (str): Name of the new export policy, 1 to 256
                characters.
            name (str): New name, as in `create_volume()`.
            state (str): "online", "offline" or "restricted".
            snapshot_policy (str): Name of the snapshot policy that the volumes
                use. "" means none.

        Raises:
            VolumeNotFoundError: A volume does not exist.
            SnapshotPolicyNotFoundError: No snapshot policy has this name.
            InvalidArgumentError: A value is invalid.
            VolumeOfflineError: A size is given, a volume is not online, and the
                call does not bring it online.
            VolumeExistsError: The new name is in use, or there are several
                volumes.
            JunctionPathExistsError: The path is in use, or there are several
                volumes.
        """
    def get_volumes(self, vol_uuids: _VolumeIds) -> list[Volume]:
        """Return the volumes of the given uuids.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted.

        Returns:
            list[Volume]: The volumes in the given order, at the time of the
            call.

        Raises:
            InvalidArgumentError: A uuid is malformed.
            VolumeNotFoundError: A volume does not exist.
        """

    # Space.
    def write(
        self,
        vol_uuid: str | UUID,
        size_bytes: SupportsIndex,
        *,
        overwrite_bytes: SupportsIndex = 0,
    ) -> Volume:
        """Account for data that a client writes to a volume.

        The backend stores no data, it counts bytes. An overwrite replaces the
        data that was written first. Data that a snapshot holds stays allocated
        until the snapshot is deleted. Writing 0 bytes changes nothing.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            size_bytes (int): Bytes that are written, 0 to 2**64 - 1.
            overwrite_bytes (int): How many of them replace existing data; the
                rest is new.

        Returns:
            Volume: The volume, with its new `used_bytes`.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: A number is out of range, or
                `overwrite_bytes` is more than `size_bytes` or than the volume
                uses.
            VolumeOfflineError: The volume is not online.
            NoSpaceError: The volume's quota or the pool has too little space
                left. What the overwrite frees counts as left.

        Example:
            >>> backend = MemBackend(capacity_bytes=10 * 2**30)
            >>> cache = backend.create_volume("cache")["uuid"]
            >>> backend.write(cache, 2**30)["used_bytes"] == 2**30
            True
        """
    def discard(self, vol_uuid: str | UUID, size_bytes: SupportsIndex) -> Volume:
        """Account for data that a client deletes from a volume.

        The data that was written first is deleted. What a snapshot holds stays
        allocated. Deleting 0 bytes changes nothing.

        Args:
            vol_uuid (str | UUID): The volume's uuid, in any standard spelling.
            size_bytes (int): Bytes that are deleted, 0 to what the volume uses.

        Returns:
            Volume: The volume, with its new `used_bytes`.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: The size is out of range or more than the
                volume uses.
            VolumeOfflineError: The volume is not online.
        """
    def write_volumes(
        self,
        vol_uuids: _VolumeIds,
        size_bytes: _Bytes,
        *,
        overwrite_bytes: _Bytes = 0,
    ) -> None:
        """Account for data that clients write to volumes.

        A bulk method, see help(MemBackend). A volume may be given several times.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted.
            size_bytes (int | Iterable[int]): Bytes that are written: one number
                for all volumes, or one per volume.
            overwrite_bytes (int | Iterable[int]): How many of them replace
                existing data: one number for all volumes, or one per volume.

        Raises:
            VolumeNotFoundError: A volume does not exist.
            InvalidArgumentError: A number is out of range, or
                `overwrite_bytes` is more than `size_bytes` or than a volume
                uses.
            VolumeOfflineError: A volume is not online.
            NoSpaceError: A volume's quota or the pool has too little space left.
        """
    def discard_volumes(self, vol_uuids: _VolumeIds, size_bytes: _Bytes) -> None:
        """Account for data that clients delete from volumes.

        A bulk method, see help(MemBackend). A volume may be given several times.

        Args:
            vol_uuids (Uuids | Table | MemBackend | Iterable): The volumes; see
                help(MemBackend) for the forms that are accepted.
            size_bytes (int | Iterable[int]): Bytes that are deleted: one number
                for all volumes, or one per volume.

        Raises:
            VolumeNotFoundError: A volume does not exist.
            InvalidArgumentError: A number is out of range or more than a volume
                uses.
            VolumeOfflineError: A volume is not online.
        """
    def space(self) -> Space:
        """Return how much space there is, and what uses it.

        A byte that several volumes and snapshots share is counted once.

        Returns:
            Space: The capacity of the pool, its used and available bytes, and
            how many of the used ones are live data and how many only snapshots
            hold.

        Example:
            >>> MemBackend(capacity_bytes=100).space()["available_bytes"]
            100
        """
    def set_capacity(self, capacity_bytes: SupportsIndex | None) -> None:
        """Change the size of the pool that all volumes share.

        Args:
            capacity_bytes (int | None): New size in bytes, at least what is
                used. None means no limit.

        Raises:
            InvalidArgumentError: The size is 0, out of range or less than what
                is used.
        """

    # Snapshot policies.
    def create_snapshot_policy(self, name: str, rules: Iterable[SnapshotRule]) -> SnapshotPolicy:
        """Create a snapshot policy.

        Volumes use a policy through `snapshot_policy` of `create_volume()` and
        `patch_volume()`. When one of its rules is due, the rule deletes its
        oldest snapshots of each online volume, so that one less than `keep` is
        left, and takes one, named by the prefix and the time, such as
        nightly.2000-01-02_0000. It passes over what it cannot do: a volume that
        is not online, a name that is taken, a snapshot that a clone depends on
        or that is locked. `advance()` runs the rules that are due;
        on the system's clock `run_due()` does.

        Args:
            name (str): Name of the policy, as of a volume. Unique in the backend.
            rules (Iterable[SnapshotRule]): At least one dict with these keys:
                "schedule", the five fields of crontab(5), in UTC; "prefix", 1 to
                239 characters of a snapshot's name, different in each rule;
                "keep", 1 to 2**64 - 1, how many of its snapshots a volume keeps.

        Returns:
            SnapshotPolicy: The new policy.

        Raises:
            InvalidArgumentError: The name or a rule is invalid, or a schedule is
                never due.
            SnapshotPolicyExistsError: Another policy has this name.

        Example:
            >>> backend = MemBackend(seed=1)
            >>> rule = {"schedule": "0 0 * * *", "prefix": "nightly", "keep": 7}
            >>> policy = backend.create_snapshot_policy("default", [rule])
            >>> db = backend.create_volume("db", snapshot_policy="default")["uuid"]
            >>> backend.advance(365 * 86400)
            '2000-12-31T00:00:00Z'
            >>> [s["name"] for s in backend.list_snapshots(db)][0]
            'nightly.2000-12-25_0000'
        """
    def get_snapshot_policy(self, name: str) -> SnapshotPolicy:
        """Return one snapshot policy.

        Args:
            name (str): The policy's name. Case matters.

        Returns:
            SnapshotPolicy: The policy.

        Raises:
            SnapshotPolicyNotFoundError: No policy has this name.
        """
    def list_snapshot_policies(self) -> list[SnapshotPolicy]:
        """Return all snapshot policies in order of creation.

        Returns:
            list[SnapshotPolicy]: All policies.
        """
    def replace_snapshot_policy(self, name: str, rules: Iterable[SnapshotRule]) -> SnapshotPolicy:
        """Give a snapshot policy other rules.

        Snapshots with a prefix that no rule has any more are kept.

        Args:
            name (str): The policy's name. Case matters.
            rules (Iterable[SnapshotRule]): The rules, as in
                `create_snapshot_policy()`.

        Returns:
            SnapshotPolicy: The changed policy.

        Raises:
            SnapshotPolicyNotFoundError: No policy has this name.
            InvalidArgumentError: A rule is invalid, or a schedule is never due.
        """
    def delete_snapshot_policy(self, name: str) -> None:
        """Delete a snapshot policy that no volume uses.

        The snapshots that it took are kept.

        Args:
            name (str): The policy's name. Case matters.

        Raises:
            SnapshotPolicyNotFoundError: No policy has this name.
            SnapshotPolicyBusyError: A volume uses the policy.
        """
    def next_due(self) -> str | None:
        """Return when the next rule of a snapshot policy that a volume uses is due.

        Returns:
            str | None: The time, as from `now()`, or None if no volume uses a
            policy.
        """
    def run_due(self) -> int:
        """Run the rules of snapshot policies that became due, on the system's clock.

        Each rule that became due since the last call, and since a volume uses
        its policy, runs once. The names of its snapshots have the latest time
        when it was due, their records have the present time. On a clock that
        `advance()` moves, it does nothing, because `advance()` runs the rules.

        Returns:
            int: The number of snapshots that were taken.
        """

    # Faults and events.
    def inject(self, *faults: Fault) -> FaultPlan:
        """Install faults, which make calls fail or take longer.

        As a context manager, the result removes them at the end. Otherwise they
        stay until its `remove()`. Faults apply in order of installation: delays
        add up, and the first error ends them. They also hit the requests of an
        `OntapServer` with this backend. Copies of the backend have none.

        Args:
            faults (Fault): The faults; see `nessie_backend_mem.faults.Fault`.

        Returns:
            FaultPlan: The faults with what they have hit.

        Raises:
            TypeError: An argument is not a Fault.
        """
    def events(self, keep: SupportsIndex | None = None) -> EventLog:
        """Open a log of what happens to the backend from now on.

        It records each operation that changes something or is refused, until it
        is closed or dropped. Copies of the backend have no log.

        Args:
            keep (int): The maximum number of events that the log keeps, from 1
                on. It drops the oldest. None keeps all.

        Returns:
            EventLog: The log.

        Raises:
            InvalidArgumentError: `keep` is out of range.
        """

    # Time, copies and views.
    def now(self) -> str:
        """Return the backend's time.

        Returns:
            str: RFC 3339 text in UTC, such as "2000-01-01T00:00:00Z".
        """
    def advance(self, delta: float | timedelta) -> str:
        """Advance the clock of a backend with a seed or a start time.

        It passes through each time when a rule of a snapshot policy is due, up
        to and including the new time, and runs the rules that are due. One call
        has the same effect as several of the same length in all. Ctrl-C ends
        it after the rules of one time, with the clock there. Other threads can
        use the backend at each of these times.

        Args:
            delta (float | timedelta): Seconds, or a timedelta. Not negative.

        Returns:
            str: The new time, as from `now()`.

        Raises:
            InvalidArgumentError: `delta` is negative or too large.
            FeatureNotSupportedError: The backend uses the system's clock.
        """
    def fork(self) -> MemBackend:
        """Return an independent copy with the same contents, clock and generator.

        The same calls on both return the same results from then on.

        Returns:
            MemBackend: The copy.
        """
    def tree(self) -> str:
        """Return volumes, their snapshots and the clones of these as a tree.

        Returns:
            str: Indented text, one object per line.
        """
    def reset(self) -> None:
        """Return the backend to its state right after construction.

        All volumes, snapshots and snapshot policies are deleted. A clock that
        `advance()` moves returns to its start. A backend with a seed gives out
        the same uuids again; one without a seed gives out new random ones. The
        capacity, the limits and the profile stay.
        """
    def state_digest(self) -> str:
        """Return a hash of the dump.

        Two backends with the same digest have the same records, and return the
        same results from then on. The time of the system's clock is left out.
        The same calls on backends with the same seed give the same digest on
        every platform. It takes less than a microsecond per record.

        Returns:
            str: 32 hexadecimal digits.
        """
    def dump(
        self,
        path_or_file: str | PathLike[str] | _WritesBytes,
        *,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Write the whole backend as text: JSON, one record per line.

        The text also has the clock, the state of the random generator and a
        checksum. The same state gives the same bytes, also after `load()`.
        Other threads may use the backend meanwhile; the text shows it at the
        time of the call.

        Args:
            path_or_file (str | PathLike | BinaryIO): Path, or a binary file
                open for writing. A file at the path is replaced at the end, and
                only if nothing fails. It keeps its permissions. If the path is
                a link, the link stays and its target is written. Until the end
                the text is in a hidden file next to it. If the process is
                killed, the next dump to the path deletes that file.
            progress (Callable[[int, int], object]): Called now and then and at
                the end, with the number of records done and the number of all
                records. An exception that it raises ends the call.

        Raises:
            OSError: The file cannot be written. Its `filename` is the path as
                given.
        """
    @classmethod
    def load(
        cls,
        path_or_file: str | PathLike[str] | _ReadsBytes,
        *,
        progress: Callable[[int, int], object] | None = None,
    ) -> MemBackend:
        """Return the backend that `dump()` has written.

        A byte order mark, carriage returns, blank lines and a missing line feed
        at the end are accepted, as Git and editors may add or remove them.

        Args:
            path_or_file (str | PathLike | BinaryIO): Path, or a binary file
                open for reading. Nothing may follow the dump in it.
            progress (Callable[[int, int], object]): Called now and then and at
                the end, with the number of records done and the number of all
                records. An exception that it raises ends the call.

        Returns:
            MemBackend: A new backend.

        Raises:
            InvalidArgumentError: The text is not a dump, is incomplete or
                changed, or has another version than this package writes. The
                message names the line.
            OSError: The file cannot be read. Its `filename` is the path as
                given.
        """
    @classmethod
    def from_inventory(
        cls,
        path_or_file: Source,
        *,
        svm: str | None = None,
        seed: SupportsIndex | None = None,
    ) -> MemBackend:
        """Return a backend with the volumes of a recorded inventory.

        ``nessie-mem record`` and `nessie_backend_mem.inventory.record` write
        inventories. The backend has the names, sizes, states, used bytes, times
        and clones of the SVM's volumes and snapshots, and new uuids. It has the
        limits of ONTAP. A warning counts what it cannot represent, and
        `nessie_backend_mem.inventory.load` lists it.

        Args:
            path_or_file (str | PathLike | IO | Document): Path, a file open for
                reading, or the inventory itself.
            svm (str): Name of the SVM. May be left out if there is only one.
            seed (int): As for `MemBackend`. The clock is then at the time of the
                record.

        Returns:
            MemBackend: A new backend.

        Raises:
            InvalidArgumentError: The file is not an inventory, is incomplete or
                has another version, or it has no such SVM, or several and `svm`
                is missing.
            OSError: The file cannot be read.
        """
    def check_invariants(self) -> None:
        """Check the consistency of the backend's internal state; for tests.

        Raises:
            AssertionError: A rule is broken. The message names it.
        """
    def _repr_html_(self) -> str: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Volume]: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __copy__(self) -> MemBackend: ...
    def __deepcopy__(self, memo: object, /) -> MemBackend: ...
    def __reduce__(self) -> tuple[object, ...]: ...

@final
class Table(Generic[_Row]):
    """Volumes or snapshots as columns and as dicts. A table never changes.

    Libraries read a table through Arrow's PyCapsule stream interface:
    ``pyarrow.table(t)``, ``polars.DataFrame(t)``,
    ``pandas.DataFrame.from_arrow(t)``, ``duckdb.from_arrow(t)``. This package
    needs none of them. Columns are built 65536 rows at a time while they are
    read.

    ``pandas.DataFrame(t)`` works, too. It is slow, because it makes a dict of
    each row; times are text, and columns without values are missing. With both,
    pandas makes a column of integers float64 if one of them is null, such as
    the size of a volume without a quota. pyarrow and polars keep integers.

    Columns of volumes: uuid, name, size_bytes, state, style, vol_type,
    create_time, used_bytes, junction_path, export_policy, snapshot_policy,
    parent_volume, parent_snapshot, parent_volume_uuid, parent_snapshot_uuid.

    Columns of snapshots: volume_uuid, volume, uuid, name, create_time,
    size_consumed, expires_at.

    Sizes are uint64 and in bytes. Times are timestamps in UTC. State, style and
    vol_type are dictionaries. uuids are text. A missing key of a record is
    null.

    ``len(t)`` is the number of rows. ``t[i]`` is a row as a new dict: a volume
    as from `list_volumes()`, or a `SnapshotRow`.
    ``iter(t)`` yields all rows. ``t[i:j]`` is a table of these rows.
    ``t["name"]`` is a column, as from `column()`.

    Bulk methods of `MemBackend` accept a table:
    ``b.delete_volumes(b.volumes(name="tmp-*"))``.

    Tables are equal if they are of the same kind and have equal rows in the
    same order. A table is false if it is empty. It has no hash. A copy is the
    table itself. A pickle has its rows.
    """

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
    @overload
    def column(self, name: Literal["uuid", "volume_uuid"]) -> Uuids:
        """Return one column, as the dicts show it. ``t[name]`` is the same.

        Args:
            name (str): One of `column_names`.

        Returns:
            Uuids | list: Uuids for "uuid" and "volume_uuid". For other columns
            a list, with None where a dict lacks the key.

        Raises:
            KeyError: There is no such column.
        """
    @overload
    def column(self, name: str) -> Sequence[Any]:
        """Return one column, as the dicts show it. ``t[name]`` is the same.

        Args:
            name (str): One of `column_names`.

        Returns:
            Uuids | list: Uuids for "uuid" and "volume_uuid". For other columns
            a list, with None where a dict lacks the key.

        Raises:
            KeyError: There is no such column.
        """
    def to_pylist(self) -> list[_Row]:
        """Return all rows as new dicts.

        Returns:
            list[Volume] | list[SnapshotRow]: The rows.
        """
    def _repr_html_(self) -> str: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> _Row: ...
    @overload
    def __getitem__(self, index: slice, /) -> Table[_Row]: ...
    @overload
    def __getitem__(self, index: Literal["uuid", "volume_uuid"], /) -> Uuids: ...
    @overload
    def __getitem__(self, index: str, /) -> Sequence[Any]: ...
    def __iter__(self) -> Iterator[_Row]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __copy__(self) -> Table[_Row]: ...
    def __deepcopy__(self, memo: object, /) -> Table[_Row]: ...
    def __reduce__(self) -> tuple[object, ...]: ...
    @classmethod
    def __class_getitem__(cls, item: object, /) -> GenericAlias: ...
    def __arrow_c_schema__(self) -> object:
        """Return the names and types of the columns, for Arrow.

        Returns:
            PyCapsule: An ArrowSchema.
        """
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the columns, for Arrow.

        Args:
            requested_schema (PyCapsule): Other types for the columns. They are
                used if all columns can have them: any string type for text and
                for dictionaries, int64 for uint64.

        Returns:
            PyCapsule: An ArrowArrayStream.
        """

def _restore(state: bytes) -> MemBackend: ...
def _set_create_time(
    backend: MemBackend,
    vol_uuid: str | UUID,
    snap_uuid: str | UUID | None,
    create_time: datetime | str,
) -> None: ...
def _restore_table(kind: str, rows: bytes) -> Table[Any]: ...

@final
class Uuids(Sequence[str]):
    """uuids from a bulk call: an immutable sequence of `str`.

    It takes 16 bytes per item, and bulk calls read it without parsing. Index,
    slice, iterate and compare it like a list. A slice shares its items.

    It equals another `Uuids`, a list or a tuple with the same items. It is
    false if it is empty. It has no hash, because it equals lists. A copy is the
    object itself. It can be pickled.

    Arrow reads it as a column of text: ``pyarrow.array(u)``,
    ``polars.Series(u)``, ``pandas.Series.from_arrow(u)``. It can be joined with
    the column uuid of `volumes()`.
    """

    @staticmethod
    def from_bytes(data: bytes) -> Uuids:
        """Return the uuids whose bytes these are.

        Args:
            data (bytes): 16 bytes per uuid.

        Returns:
            Uuids: The uuids.

        Raises:
            ValueError: The number of bytes is not a multiple of 16.
        """
    def to_bytes(self) -> bytes:
        """Return the items as bytes.

        Returns:
            bytes: 16 bytes per item.
        """
    def to_pylist(self) -> list[str]:
        """Return the items as a list.

        Returns:
            list[str]: The uuids in lower case with hyphens.
        """
    def _repr_html_(self) -> str: ...
    def index(
        self,
        item: object,
        start: SupportsIndex | None = None,
        stop: SupportsIndex | None = None,
    ) -> int:
        """Return the position of the first item that equals `item`.

        Args:
            item (object): A uuid.
            start (int): Position of the first item to compare.
            stop (int): Position after the last item to compare.

        Returns:
            int: The position, counted from 0.

        Raises:
            ValueError: No item equals `item`.
        """
    def count(self, item: object) -> int:
        """Return the number of items that equal `item`.

        Args:
            item (object): A uuid.

        Returns:
            int: 0, or more if uuids repeat.
        """
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> str: ...
    @overload
    def __getitem__(self, key: slice, /) -> Uuids: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __copy__(self) -> Uuids: ...
    def __deepcopy__(self, memo: object, /) -> Uuids: ...
    def __reduce__(self) -> tuple[object, ...]: ...
    def __arrow_c_schema__(self) -> object:
        """Return the type of the column, for Arrow.

        Returns:
            PyCapsule: An ArrowSchema.
        """
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Return the column, for Arrow.

        Args:
            requested_schema (PyCapsule): Another type for the column, used if
                it is any string type or binary of 16 bytes, which Arrow's type
                for uuids is made of.

        Returns:
            tuple[PyCapsule, PyCapsule]: An ArrowSchema and an ArrowArray.
        """

@final
class FaultPlan:
    """Faults that are installed in a backend.

    `inject()` returns it. As a context manager it removes the faults at the
    end. It can be read afterwards.

    Example:
        >>> from nessie_backend_mem import Fault, MemBackend
        >>> backend = MemBackend(seed=1)
        >>> with backend.inject(Fault("create_volume", error="timeout")) as plan:
        ...     try:
        ...         volume = backend.create_volume("db")
        ...     except TimeoutError:
        ...         print(plan.hits[0]["operation"], "timed out")
        create_volume timed out
    """

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults, in their order."""
    @property
    def hits(self) -> list[Hit]:
        """The calls that were hit, in their order."""
    @property
    def unused(self) -> list[Fault]:
        """The faults whose patterns no call has matched."""
    def remove(self) -> None:
        """Remove the faults. A call that has begun may still be hit.

        A second call has no effect.
        """
    def __enter__(self) -> Self: ...
    def __exit__(self, *_details: object) -> None: ...

@final
class EventLog:
    """A log of what happened to a backend.

    `events()` opens one. It records each operation that has changed something
    or was refused, until it is closed, its `with` ends, or it is dropped. An
    event is a dict; its keys are in `nessie_backend_mem.records.Event`. Events
    are numbered from 0 and have the order in which the operations took effect.

    ``len(log)``, ``log[i]`` and iteration work as on a list of the events that
    the log keeps. ``pyarrow.table(log)`` and other libraries that read Arrow
    get a row for each event; arguments and results are JSON there.

    Example:
        >>> from nessie_backend_mem import MemBackend
        >>> backend = MemBackend(seed=1)
        >>> with backend.events() as log:
        ...     volume = backend.create_volume("db")
        >>> log[0]["operation"], log[0]["arguments"]
        ('create_volume', {'name': 'db'})
    """

    def __len__(self) -> int: ...
    def __getitem__(self, index: SupportsIndex, /) -> Event: ...
    def __iter__(self) -> Iterator[Event]: ...
    @property
    def lost(self) -> int:
        """The number of events that the log does not keep any more."""
    @property
    def keep(self) -> int | None:
        """The maximum number of events that the log keeps; None keeps all."""
    @property
    def is_open(self) -> bool:
        """Whether the log records events."""
    def close(self) -> None:
        """End the recording. The events stay.

        A second call has no effect.
        """
    def since(self, seq: SupportsIndex) -> list[Event]:
        """Return the events from a number on.

        Args:
            seq (int): The number of the first event, such as the last "seq"
                that was read, plus 1.

        Returns:
            list[Event]: The events that the log keeps.
        """
    def where(self, *, operation: str | None = None, name: str | None = None) -> list[Event]:
        """Return the events of some operations and objects.

        Args:
            operation (str): Pattern of the operation's name, with * and ?.
            name (str): Pattern of a name or uuid in the arguments or the result.

        Returns:
            list[Event]: The events that match both.
        """
    def write(self, path_or_file: str | PathLike[str] | _WritesBytes) -> None:
        """Write the events as lines of JSON, after a line with their number.

        Args:
            path_or_file (str | os.PathLike | BinaryIO): A path, whose file is
                replaced as a whole, or a binary file.

        Raises:
            OSError: The file cannot be written.
        """
    @staticmethod
    def read(path_or_file: str | PathLike[str] | _ReadsBytes) -> EventLog:
        """Read a log that `write()` has written. It is closed.

        Args:
            path_or_file (str | os.PathLike | BinaryIO): A path or a binary file.

        Returns:
            EventLog: The log.

        Raises:
            ValueError: The text is not a whole log. The message has the line.
            OSError: The file cannot be read.
        """
    def __enter__(self) -> Self: ...
    def __exit__(self, *_details: object) -> None: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the events as a table, for Arrow.

        Args:
            requested_schema (PyCapsule): Not used; Arrow allows that.

        Returns:
            PyCapsule: An ArrowArrayStream.
        """

@final
class _Hooks:
    def __new__(cls, seed: SupportsIndex | None = None) -> Self: ...
    def inject(self, *faults: Fault) -> FaultPlan: ...
    def events(self, keep: SupportsIndex | None = None) -> EventLog: ...
    def call(
        self,
        kind: str,
        backend: object,
        method: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> Any: ...

# The operations that faults can hit, with the names of their arguments.
_OPERATIONS: dict[str, tuple[str, ...]]

def _check_fault(fault: Fault) -> None: ...
def _before_fork() -> None: ...
def _after_fork_in_child() -> None: ...
def _after_fork_in_parent() -> None: ...
def _at_exit() -> None: ...

# The conformance suite, as plain tuples.
def _conformance_rules() -> list[tuple[str, str, str]]: ...
def _conformance_cases() -> list[tuple[str, Tier, list[str], str]]: ...
def _conformance_features() -> list[tuple[str, str, Tier]]: ...
def _conformance_run(
    make: Callable[[], object],
    fresh: bool,
    names: Sequence[str],
    observe: Callable[[int, str, float, Outcome | None], bool],
    abandon: Callable[[list[int]], object],
    *,
    seed: int,
    time_limit: float,
    expect: Sequence[str],
    objects: int | None = None,
    threads: int | None = None,
    rounds: int | None = None,
    sequences: int | None = None,
    steps: int | None = None,
) -> list[tuple[str, Tier, Outcome, float, str, list[str], str]]: ...

# The ONTAP endpoint; `ontap.server` checks the arguments before.
@final
class _OntapCluster:
    def __new__(
        cls,
        svms: Sequence[tuple[str, object]],
        *,
        name: str,
        nodes: Sequence[str],
        aggregates: Sequence[tuple[str, int]],
        lifs: Sequence[tuple[str, str, Sequence[str]]],
        jobs: tuple[str, float],
        seed: int | None,
        run_policies: bool,
        root_volumes: bool,
        recovery_queue_hours: int | None,
        events: int | None,
    ) -> Self: ...
    def svms(self) -> list[tuple[str, str]]: ...
    def backend(self, uuid: str) -> MemBackend | None: ...
    def handle(
        self, method: str, target: str, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]: ...
    def inject(self, faults: Sequence[bytes]) -> _HttpFaultPlan: ...
    def serve(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        tls: bool,
        identity: tuple[str, str] | None,
        log: bool,
        simulator: bool | None,
    ) -> _OntapListener: ...

@final
class _HttpFaultPlan:
    @property
    def hits(self) -> list[tuple[int, str, str, str]]: ...
    @property
    def unused(self) -> list[int]: ...
    @property
    def is_installed(self) -> bool: ...
    def remove(self) -> None: ...

@final
class _OntapListener:
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def ca_pem(self) -> str | None: ...
    def stop(self) -> None: ...
    def next_request(self) -> tuple[str, str, int, int, float] | None: ...
    def discard_requests(self) -> None: ...
    @property
    def lost_requests(self) -> int: ...
    @staticmethod
    def report_exception(exception: BaseException, source: object) -> None: ...

def _check_http_fault(fault: bytes) -> None: ...
def _ontap_error(code: str, message: str, target: str | None) -> str: ...
def _ontap_snapshot(
    snapshot: Snapshot, volume: Volume, svm: str, capacity: int, fields: str
) -> bytes: ...
def _ontap_volume(volume: Volume, svm: str, capacity: int, fields: str) -> bytes: ...
def _ontap_coverage() -> tuple[
    list[tuple[str, list[str], str]],
    list[tuple[str, list[tuple[str, Literal["key", "default", "expensive"], list[str]]]]],
]: ...

# The checks of values; `rules` documents them.
_MAX_VOLUME_NAME: Final = 203
_MAX_SNAPSHOT_NAME: Final = 255
_MAX_JUNCTION_PATH: Final = 4096
_MAX_EXPORT_POLICY: Final = 256

def _check_volume_name(name: str, argument: str) -> None: ...
def _check_snapshot_name(name: str, argument: str) -> None: ...
def _check_size_bytes(size_bytes: SupportsIndex) -> None: ...
def _check_junction_path(path: str) -> None: ...
def _check_export_policy(name: str) -> None: ...
def _check_state(state: str) -> None: ...
def _check_new_volume(name: str, size_bytes: SupportsIndex | None) -> None: ...
def _check_patch(
    size_bytes: SupportsIndex | None,
    junction_path: str | None,
    export_policy: str | None,
    name: str | None,
    state: str | None,
) -> None: ...
def _canonical_uuid(uuid: str | UUID, argument: str) -> str: ...
def _fold_junction_path(path: str) -> str: ...
