"""What a backend written in Python offers, one protocol per tier.

A class with the methods fits; it need not inherit. Annotate with the tier the code needs:
`VolumeBackend`, `SnapshotBackend` or `CloneBackend`. `Backend` is everything a backend must do,
`FullBackend` adds what it may leave out. ``isinstance`` works on all of them and looks at the names
of the methods only.

Every operation happens whole or fails with an exception of `nessie_backend_mem.errors` and changes
nothing. Arguments are checked in this order: is it well-formed, does the object exist (volume
before snapshot), is the value valid, is the state right, is there a conflict.

Methods may be called from several threads at once. They may take long, and they may fork: the child
ends with `os._exit`, or when it leaves the method. Any other exception than those above fails the
call. Behind an `ontap.OntapServer` the request is answered with status 500 and one sentence, the
logger ``nessie_backend_mem.ontap`` gets the traceback, and later requests are served. A run of the
`conformance` suite reports it; what is no `Exception`, as `KeyboardInterrupt`, ends the run.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .records import AccessHandle, Capabilities, Snapshot, Volume, VolumeState

__all__ = ["Backend", "CloneBackend", "FullBackend", "SnapshotBackend", "VolumeBackend"]
__dir__ = __all__.copy


@runtime_checkable
class VolumeBackend(Protocol):
    """A backend that keeps volumes."""

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Say which tiers the backend has. A tier promised here is there and works."""
        ...

    @abstractmethod
    def create_volume(self, name: str, size_bytes: int | None = None) -> Volume:
        """Make an online ``rw`` volume without snapshots.

        Raises:
            InvalidArgumentError: the name or the size cannot be used.
            VolumeExistsError: the name is taken.
        """
        ...

    @abstractmethod
    def list_volumes(self) -> Sequence[Volume]:
        """Return all volumes in order of creation."""
        ...

    @abstractmethod
    def get_volume(self, uuid: str) -> Volume:
        """Return one volume.

        Raises:
            VolumeNotFoundError: there is none of that uuid.
        """
        ...

    @abstractmethod
    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
    ) -> Volume:
        """Change what is given and nothing else. ``None`` is not given; a path of ``""`` unmounts.

        Raises:
            VolumeNotFoundError: there is none of that uuid.
            InvalidArgumentError: a value cannot be used.
            VolumeOfflineError: a size is given and the volume is not online.
            JunctionPathExistsError: another volume is mounted at the path.
        """
        ...

    @abstractmethod
    def delete_volume(self, uuid: str) -> None:
        """Delete the volume, in any state, with its snapshots.

        Raises:
            VolumeNotFoundError: there is none of that uuid.
            VolumeBusyError: a clone depends on one of its snapshots.
        """
        ...

    @abstractmethod
    def access_handle(self, uuid: str) -> AccessHandle:
        """Say how a client reaches the volume's bytes.

        Raises:
            VolumeNotFoundError: there is none of that uuid.
            VolumeOfflineError: it is not online.
        """
        ...


@runtime_checkable
class SnapshotBackend(VolumeBackend, Protocol):
    """A backend that also keeps snapshots of its volumes."""

    @abstractmethod
    def create_snapshot(self, vol_uuid: str, name: str) -> Snapshot:
        """Take a snapshot of the volume as it is now.

        Raises:
            VolumeNotFoundError: there is no such volume.
            InvalidArgumentError: the name cannot be used.
            VolumeOfflineError: the volume is not online.
            SnapshotExistsError: the volume has a snapshot of that name.
        """
        ...

    @abstractmethod
    def list_snapshots(self, vol_uuid: str) -> Sequence[Snapshot]:
        """Return the volume's snapshots in order of creation.

        Raises:
            VolumeNotFoundError: there is no such volume.
        """
        ...

    @abstractmethod
    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Snapshot:
        """Return one snapshot of that volume.

        Raises:
            VolumeNotFoundError: there is no such volume.
            SnapshotNotFoundError: the volume has no such snapshot.
        """
        ...

    @abstractmethod
    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        """Delete the snapshot.

        Raises:
            VolumeNotFoundError: there is no such volume.
            SnapshotNotFoundError: the volume has no such snapshot.
            SnapshotBusyError: a clone depends on it.
        """
        ...


@runtime_checkable
class CloneBackend(SnapshotBackend, Protocol):
    """A backend that also makes writable clones of its snapshots."""

    @abstractmethod
    def create_clone(self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str) -> Volume:
        """Make a volume from a snapshot: its parent's size and export policy, not mounted.

        Raises:
            VolumeNotFoundError: there is no such parent volume.
            SnapshotNotFoundError: the parent volume has no such snapshot.
            InvalidArgumentError: the new name cannot be used.
            VolumeOfflineError: the parent volume is not online.
            VolumeExistsError: the new name is taken.
        """
        ...


@runtime_checkable
class Backend(CloneBackend, Protocol):
    """Everything that a backend with all three tiers must do."""


@runtime_checkable
class FullBackend(Backend, Protocol):
    """A `Backend` that also does what one may leave out or refuse; `MemBackend` is one.

    A refusal is `FeatureNotSupportedError` with the name of the operation as `target`.
    """

    @abstractmethod
    def find_volume(self, name: str) -> Volume | None:
        """Return the volume of that name, or ``None``."""
        ...

    @abstractmethod
    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
        *,
        name: str | None = None,
        state: VolumeState | None = None,
    ) -> Volume:
        """Change what is given and nothing else, name and state too.

        A patch that brings the volume online may resize it as well.

        Raises:
            VolumeNotFoundError: there is none of that uuid.
            InvalidArgumentError: a value cannot be used.
            VolumeOfflineError: a size is given and the volume is not online.
            VolumeExistsError: the new name is taken.
            JunctionPathExistsError: another volume is mounted at the path.
        """
        ...

    @abstractmethod
    def find_snapshot(self, vol_uuid: str, name: str) -> Snapshot | None:
        """Return the volume's snapshot of that name, or ``None``.

        Raises:
            VolumeNotFoundError: there is no such volume.
        """
        ...

    @abstractmethod
    def rename_snapshot(self, vol_uuid: str, snap_uuid: str, name: str) -> Snapshot:
        """Give the snapshot another name; it keeps its uuid, and its clones' origins follow.

        Raises:
            VolumeNotFoundError: there is no such volume.
            SnapshotNotFoundError: the volume has no such snapshot.
            InvalidArgumentError: the name cannot be used.
            SnapshotExistsError: another snapshot of the volume has that name.
        """
        ...

    @abstractmethod
    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Volume:
        """Take the volume back to the snapshot, its size too, and drop the newer snapshots.

        Raises:
            VolumeNotFoundError: there is no such volume.
            SnapshotNotFoundError: the volume has no such snapshot.
            VolumeOfflineError: the volume is not online.
            SnapshotBusyError: a clone depends on a newer snapshot.
        """
        ...

    @abstractmethod
    def split_clone(self, vol_uuid: str) -> Volume:
        """Make the clone a plain volume; its parent's snapshot is free.

        Raises:
            VolumeNotFoundError: there is no such volume.
            InvalidArgumentError: it is not a clone.
        """
        ...
