"""Protocols for backends written in Python.

A class fits a protocol if it has the protocol's methods; it does not have
to inherit. Each protocol adds methods to the one before it:

    VolumeBackend      volumes
    SnapshotBackend    ... and snapshots
    Backend            ... and clones: everything a backend must do
    FullBackend        ... and everything a backend may leave out

Annotate with the first protocol that has the methods the code calls.
``isinstance`` works with all four; it compares the names of methods only.

**Operations.** An operation does all of its work, or raises an exception of
`nessie_backend_mem.errors` and changes nothing: no field is set, and the
name and path that it was given stay free. It checks in this order:

1. the form of all arguments: their types, and whether uuids are uuids
2. whether the objects exist, the volume before the snapshot
3. the values: sizes, names, paths, policies, states
4. the state of the volume
5. conflicts with other objects

A bad value for a missing volume is therefore "not found", and a value of a
wrong type is a `TypeError` whether or not the volume exists.

The name of an export policy has 1 to 256 characters, and none of them is a
control character. `nessie_backend_mem.rules` has all rules for values, and
functions that check them.

**Arguments.** `nessie_backend_mem.ontap.OntapServer`, and the cases of the
conformance suite that are shared with Rust, call a backend like this:

- uuids and names are passed by position; `size_bytes`, `junction_path`,
  `export_policy`, `name`, `state` and `snapshot_policy` of `create_volume`
  and `patch_volume` by keyword.
- A uuid is a `str` in lower case with hyphens, such as
  ``"01234567-89ab-4cde-8f01-23456789abcd"``.
- A name, path or policy is a `str`. It may break the rules: the backend
  checks it.
- `size_bytes` is an `int` from 0 to 2**64 - 1. The backend refuses 0.
- `state` is ``"online"``, ``"offline"`` or ``"restricted"``.
- A keyword that is not given is not passed.

The suite's cases about Python, ``python.*``, call it in every other way
that a program may. They send each of these as every argument of its kind,
of every method, alone and beside other fields:

- `size_bytes`, `junction_path` and `export_policy` by position; these,
  `name` and `state` as ``None``, which means not given.
- uuids as `uuid.UUID`, or as text in upper case, without hyphens (in either
  case), in braces, or as a URN. The backend accepts all of these.
- Text that is not a uuid: with hyphens in other places or only some of
  them, one brace, braces in a URN, white space, a trailing newline, a
  character too many or too few, digits beyond ASCII, ``0x`` and ``_``.
  `uuid.UUID` accepts some of these; a backend must not. Each is an
  `InvalidArgumentError`.
- Integers below 1 or above 2**64 - 1, unknown states, and lone surrogates
  such as ``chr(0xD800)``. Each is an `InvalidArgumentError`; `find_volume`
  and `find_snapshot` return ``None`` for a name with a lone surrogate.
- Values of a wrong type: ``None`` where it is not allowed, numbers, `bytes`,
  lists, dicts, and `bool` for a size, also false ones such as ``0`` and
  ``b""``. Each is a `TypeError`.

The suite also creates volumes and snapshots whose names are uuids of
others, in each spelling that is a name, and more clones of one snapshot than
an error names.

**Results.** A record is exactly a `dict`, not a subclass, with exactly the
keys of its type in `nessie_backend_mem.records`, in that order. A value may
be of a subclass: text of one of `str`, such as `enum.StrEnum`, and sizes of
one of `int`, but not `bool`. uuids are in lower case with hyphens, times are
RFC 3339 text in UTC with a ``Z``. A list is any `collections.abc.Sequence`
of records in order of creation, such as a `list` or a `tuple`.
Capabilities never change.

**Space.** A backend may account for the bytes that its data takes. It then
has the method `space`, which takes no arguments and returns a
`nessie_backend_mem.Space`: `used_bytes` is the sum of `live_bytes` and
`snapshot_bytes`, and `available_bytes` what they leave of `capacity_bytes`.
Both `available_bytes` and `capacity_bytes` are ``None`` without a limit.
Records of volumes may have `used_bytes`, at most `size_bytes`. These numbers
and `size_consumed` may differ in each call: clients write at any time. A
backend without an account has no method `space`, or one that raises
`FeatureNotSupportedError`; its volumes have no `used_bytes`, and
`size_consumed` is 0.

Each call returns new objects: the caller may change them, and no later call
changes them. Two results, or two records of one list, have no dict or list
in common.

`OntapServer` is less strict: it accepts any `collections.abc.Mapping`, such
as a subclass of `dict`, with its keys in any order.

**Threads.** Methods are called from many threads at once, also from threads
that Python did not start. Calls must be linearizable. A method may take
long. It may fork: the child process must end with `os._exit`, or return
from the method. In the child, the return ends the process.

**Missing tiers and methods.** `capabilities` says which tiers work. The
methods that only `FullBackend` has, `space`, the arguments `name` and
`state` of `patch_volume`, and the argument `snapshot_policy` of
`create_volume` and `patch_volume`, may be absent or raise
`FeatureNotSupportedError`. In place of `find_volume` and `find_snapshot` the
list is then searched; the other operations are refused. A backend that knows
no restricted volumes may refuse the state ``"restricted"`` alone so.

**Exceptions.** An exception of `nessie_backend_mem.errors`, or of a subclass,
has a text with the value that was wrong. It has a target: of an
`InvalidArgumentError` the name of the argument, as the protocol's method
has it; of the others what the class says, such as the uuid that no volume
has, in lower case with hyphens however the caller spelled it. A `BusyError`
names the first 16 clones in order of creation and counts all: a backend in
front of a system that does not report them has to find them. Copies and
pickles of an exception have all of its attributes.

Exceptions of other packages need not derive from these. They are understood
if their ``code`` is one of those in `nessie_backend_mem.errors`, and only
that is tested; `NotImplementedError` means `FeatureNotSupportedError`. Any
other exception fails the call. Behind an `OntapServer` the client gets status
500 and one sentence, the logger ``nessie_backend_mem.ontap`` gets the
traceback, and later requests are served. A run of the conformance suite
reports the traceback. `KeyboardInterrupt` and `SystemExit` end the run.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .records import AccessHandle, Capabilities, Snapshot, Volume, VolumeState

__all__ = ["Backend", "FullBackend", "SnapshotBackend", "VolumeBackend"]
__dir__ = __all__.copy


@runtime_checkable
class VolumeBackend(Protocol):
    """A backend that keeps volumes."""

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Return which tiers the backend has.

        Returns:
            One `bool` per tier. A tier that is true works; one that is false raises
            `FeatureNotSupportedError`.
        """
        ...

    @abstractmethod
    def create_volume(self, name: str, size_bytes: int | None = None) -> Volume:
        """Create an online ``rw`` volume without snapshots.

        Args:
            name: Name of the volume, unique in the backend.
            size_bytes: Quota in bytes, or ``None`` for no quota.

        Returns:
            The new volume.

        Raises:
            InvalidArgumentError: The name or the size is invalid.
            VolumeExistsError: Another volume has this name.
            LimitExceededError: The backend holds no more volumes.
        """
        ...

    @abstractmethod
    def list_volumes(self) -> Sequence[Volume]:
        """Return all volumes in order of creation."""
        ...

    @abstractmethod
    def get_volume(self, uuid: str) -> Volume:
        """Return one volume.

        Args:
            uuid: The volume's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
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
        """Change the given fields of a volume. ``None`` means not given.

        Args:
            uuid: The volume's uuid.
            size_bytes: New quota in bytes, larger or smaller.
            junction_path: New absolute mount path; ``""`` unmounts the volume.
            export_policy: Name of the new export policy.

        Returns:
            The changed volume.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: A value is invalid.
            VolumeOfflineError: A size is given and the volume is not online.
            JunctionPathExistsError: Another volume is mounted at the path.
        """
        ...

    @abstractmethod
    def delete_volume(self, uuid: str) -> None:
        """Delete a volume in any state, with its snapshots.

        Args:
            uuid: The volume's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            VolumeBusyError: A clone depends on one of its snapshots.
        """
        ...

    @abstractmethod
    def access_handle(self, uuid: str) -> AccessHandle:
        """Return how a client reaches the volume's data.

        Args:
            uuid: The volume's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            VolumeOfflineError: The volume is not online.
        """
        ...


@runtime_checkable
class SnapshotBackend(VolumeBackend, Protocol):
    """A `VolumeBackend` that also keeps snapshots."""

    @abstractmethod
    def create_snapshot(self, vol_uuid: str, name: str) -> Snapshot:
        """Take a snapshot of a volume.

        Args:
            vol_uuid: The volume's uuid.
            name: Name of the snapshot, unique in the volume.

        Returns:
            The new snapshot.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: The name is invalid.
            VolumeOfflineError: The volume is not online.
            SnapshotExistsError: The volume has a snapshot of this name.
            LimitExceededError: The volume or the backend holds no more snapshots.
        """
        ...

    @abstractmethod
    def list_snapshots(self, vol_uuid: str) -> Sequence[Snapshot]:
        """Return a volume's snapshots in order of creation.

        Args:
            vol_uuid: The volume's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
        """
        ...

    @abstractmethod
    def get_snapshot(self, vol_uuid: str, snap_uuid: str) -> Snapshot:
        """Return one snapshot of a volume.

        Args:
            vol_uuid: The volume's uuid.
            snap_uuid: The snapshot's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
        """
        ...

    @abstractmethod
    def delete_snapshot(self, vol_uuid: str, snap_uuid: str) -> None:
        """Delete a snapshot.

        Args:
            vol_uuid: The volume's uuid.
            snap_uuid: The snapshot's uuid.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            SnapshotBusyError: A clone depends on the snapshot.
        """
        ...


@runtime_checkable
class Backend(SnapshotBackend, Protocol):
    """A backend with all tiers: volumes, snapshots and clones. Everything a backend must do.

    The conformance suite calls these methods with every spelling of a uuid, with `uuid.UUID`, and
    with values that each method must refuse: `InvalidArgumentError` for a bad value, `TypeError`
    for a wrong type. It accepts any `collections.abc.Sequence` as a list. A record must be exactly
    a `dict`. A backend may also have the method `space`, and those of `FullBackend`. The help of
    the module `nessie_backend_mem.protocols` has the whole list, and `nessie_backend_mem.rules` has
    the rules.
    """

    @abstractmethod
    def create_clone(self, parent_vol_uuid: str, parent_snap_uuid: str, new_name: str) -> Volume:
        """Create a writable volume from a snapshot.

        The clone has its parent's size and export policy. It is not mounted and has no snapshots.

        Args:
            parent_vol_uuid: The parent volume's uuid.
            parent_snap_uuid: The uuid of a snapshot of the parent volume.
            new_name: Name of the clone, unique in the backend.

        Returns:
            The new volume.

        Raises:
            VolumeNotFoundError: No volume has the parent's uuid.
            SnapshotNotFoundError: The parent volume has no snapshot of this uuid.
            InvalidArgumentError: The new name is invalid.
            VolumeOfflineError: The parent volume is not online.
            VolumeExistsError: Another volume has the new name.
            LimitExceededError: The backend holds no more volumes, the snapshot no more clones, or
                clones of clones are as deep as they can be.
        """
        ...


@runtime_checkable
class FullBackend(Backend, Protocol):
    """A `Backend` that also has the operations a backend may leave out. `MemBackend` is one."""

    @abstractmethod
    def find_volume(self, name: str) -> Volume | None:
        """Return the volume of a name, or ``None``.

        Args:
            name: The volume's name.
        """
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
        """Change the given fields of a volume. ``None`` means not given.

        Args:
            uuid: The volume's uuid.
            size_bytes: New quota in bytes, larger or smaller.
            junction_path: New absolute mount path; ``""`` unmounts the volume.
            export_policy: Name of the new export policy.
            name: New name, unique in the backend.
            state: New state. A call that brings the volume online may also resize it.

        Returns:
            The changed volume.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: A value is invalid.
            VolumeOfflineError: A size is given and the volume is not online.
            VolumeExistsError: Another volume has the new name.
            JunctionPathExistsError: Another volume is mounted at the path.
        """
        ...

    @abstractmethod
    def find_snapshot(self, vol_uuid: str, name: str) -> Snapshot | None:
        """Return the snapshot of a name in a volume, or ``None``.

        Args:
            vol_uuid: The volume's uuid.
            name: The snapshot's name.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
        """
        ...

    @abstractmethod
    def rename_snapshot(self, vol_uuid: str, snap_uuid: str, name: str) -> Snapshot:
        """Rename a snapshot. Its uuid stays, and the origins of its clones show the new name.

        Args:
            vol_uuid: The volume's uuid.
            snap_uuid: The snapshot's uuid.
            name: New name, unique in the volume.

        Returns:
            The renamed snapshot.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            InvalidArgumentError: The name is invalid.
            SnapshotExistsError: Another snapshot of the volume has this name.
        """
        ...

    @abstractmethod
    def restore_snapshot(self, vol_uuid: str, snap_uuid: str) -> Volume:
        """Restore a volume, with its size, from a snapshot. Newer snapshots are deleted.

        Args:
            vol_uuid: The volume's uuid.
            snap_uuid: The snapshot's uuid.

        Returns:
            The restored volume.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            SnapshotNotFoundError: The volume has no snapshot of this uuid.
            VolumeOfflineError: The volume is not online.
            SnapshotBusyError: A clone depends on a newer snapshot.
        """
        ...

    @abstractmethod
    def split_clone(self, vol_uuid: str) -> Volume:
        """Turn a clone into an ordinary volume. It no longer depends on its parent's snapshot.

        Args:
            vol_uuid: The clone's uuid.

        Returns:
            The volume, without an origin.

        Raises:
            VolumeNotFoundError: No volume has this uuid.
            InvalidArgumentError: The volume is not a clone.
        """
        ...
