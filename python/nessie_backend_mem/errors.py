"""The exceptions of a backend.

Each is a `NessieError`. Besides the text it has a `code`, a stable word for
programs; a `target`, the argument or object it is about; and a `message`
for people. Catch the group you can handle:

    NessieError
    ├── NotFoundError (LookupError)
    │   ├── VolumeNotFoundError
    │   ├── SnapshotNotFoundError
    │   └── SnapshotPolicyNotFoundError
    ├── AlreadyExistsError
    │   ├── VolumeExistsError
    │   ├── SnapshotExistsError
    │   ├── JunctionPathExistsError
    │   └── SnapshotPolicyExistsError
    ├── BusyError
    │   ├── VolumeBusyError
    │   ├── SnapshotBusyError
    │   └── SnapshotPolicyBusyError
    ├── SnapshotLockedError
    ├── VolumeOfflineError
    ├── NoSpaceError
    ├── LimitExceededError
    ├── InvalidArgumentError (ValueError)
    ├── FeatureNotSupportedError (NotImplementedError)
    ├── BackendTimeoutError (TimeoutError)          for authors of backends
    └── SubstrateError                              for authors of backends

A refused operation has changed nothing. A value of a wrong Python type is a
`TypeError`.

Backends written in Python raise the same classes. The last two are for
backends in front of a storage system. `MemBackend` never raises
`BackendTimeoutError`. It raises `SubstrateError` only if the operating
system has no random numbers or the backend already holds 2**32 - 1 volumes
or snapshots.
"""

# Type checkers read this name as true. The import of `typing` would more than double the time of
# `import nessie_backend_mem`, and that of `__future__` would add a tenth.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AlreadyExistsError",
    "BackendTimeoutError",
    "BusyError",
    "FeatureNotSupportedError",
    "InvalidArgumentError",
    "JunctionPathExistsError",
    "LimitExceededError",
    "NessieError",
    "NoSpaceError",
    "NotFoundError",
    "SnapshotBusyError",
    "SnapshotExistsError",
    "SnapshotLockedError",
    "SnapshotNotFoundError",
    "SnapshotPolicyBusyError",
    "SnapshotPolicyExistsError",
    "SnapshotPolicyNotFoundError",
    "SubstrateError",
    "VolumeBusyError",
    "VolumeExistsError",
    "VolumeNotFoundError",
    "VolumeOfflineError",
]
__dir__ = __all__.copy

_MOST_DEPENDENTS = 16


class NessieError(Exception):
    """Base class of the exceptions of a backend.

    Args:
        message: Text for people.
        target: The argument, object or operation the error is about.

    Attributes:
        code: Stable word for this kind of error, such as ``"volume_not_found"``; ``None`` on
            classes that only group others.
        message: Text that names the value and the rule it breaks; also ``str(error)``.
        target: The argument, object or operation the error is about, or ``None``.
        index: In a bulk call the position of the item that was refused, counted from 0; otherwise
            ``None``.
    """

    code: str | None = None
    message: str
    target: str | None
    index: int | None = None
    _details: tuple[str, ...] = ()
    """The attributes that `repr` shows after the target."""

    def __init__(self, message: str = "", target: str | None = None) -> None:
        """Create an error with the text `message` about `target`."""
        # Pickle and copy create the error again from `args`. `super().__init__` would set it too,
        # except in a class that is also an `OSError`: there it reads two arguments as errno and
        # strerror.
        self.args = (message, target)
        self.message = message
        self.target = target

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        shown = "".join(f", {name}={getattr(self, name)!r}" for name in ("target", *self._details))
        return f"{type(self).__name__}({self.message!r}{shown})"


class NotFoundError(NessieError, LookupError):
    """The volume, snapshot or policy does not exist. Base class; `target` identifies it."""


class VolumeNotFoundError(NotFoundError):
    """No volume has this uuid. `target` is the uuid."""

    code = "volume_not_found"


class SnapshotNotFoundError(NotFoundError):
    """The volume has no snapshot of this uuid; another volume may have it. `target` is the uuid.

    In a bulk call that selects snapshots by name, `target` is the name.
    """

    code = "snapshot_not_found"


class SnapshotPolicyNotFoundError(NotFoundError):
    """No snapshot policy has this name. `target` is the name."""

    code = "snapshot_policy_not_found"


class AlreadyExistsError(NessieError):
    """A name or path is in use. Base class; `target` is the name or path."""


class VolumeExistsError(AlreadyExistsError):
    """Another volume of the backend has this name. `target` is the name."""

    code = "volume_exists"


class SnapshotExistsError(AlreadyExistsError):
    """Another snapshot of the same volume has this name. `target` is the name."""

    code = "snapshot_exists"


class JunctionPathExistsError(AlreadyExistsError):
    """Another volume is mounted at this path, ignoring ASCII case. `target` is the path."""

    code = "junction_path_exists"


class SnapshotPolicyExistsError(AlreadyExistsError):
    """Another snapshot policy of the backend has this name. `target` is the name."""

    code = "snapshot_policy_exists"


class BusyError(NessieError):
    """Clones depend on the object, or volumes use it. Base class; `target` identifies the object.

    Delete or split the clones first. A backend names the clones, and the conformance suite checks
    it. An error that is made without them has no `dependents` and a `dependent_count` of 0.

    Args:
        message: Text for people.
        target: The uuid of the volume or snapshot, or the name of the snapshot policy.
        dependents: Names of the clones, or of the volumes that use the policy.
        dependent_count: Number of them; the number of names if not given.

    Attributes:
        dependents: Names of the first 16 of them, in order of creation.
        dependent_count: Number of them.
    """

    dependents: tuple[str, ...]
    dependent_count: int
    _details = ("dependents", "dependent_count")

    def __init__(
        self,
        message: str = "",
        target: str | None = None,
        dependents: "Sequence[str]" = (),
        dependent_count: int | None = None,
    ) -> None:
        """Create an error that names `dependents`."""
        super().__init__(message, target)
        names = tuple(dependents)
        self.dependents = names[:_MOST_DEPENDENTS]
        self.dependent_count = len(names) if dependent_count is None else dependent_count
        self.args = (message, target, self.dependents, self.dependent_count)


class VolumeBusyError(BusyError):
    """Clones depend on snapshots of the volume. `target` is the volume's uuid."""

    code = "volume_busy"


class SnapshotBusyError(BusyError):
    """Clones depend on the snapshot, or on a newer one that a restore would delete.

    `target` is the uuid of the snapshot that the clones depend on.
    """

    code = "snapshot_busy"


class SnapshotPolicyBusyError(BusyError):
    """Volumes use the snapshot policy. `target` is the policy's name."""

    code = "snapshot_policy_busy"


class SnapshotLockedError(NessieError):
    """The snapshot cannot be deleted before a time. `target` is the snapshot's uuid.

    Args:
        message: Text for people.
        target: The uuid of the snapshot.
        expires_at: When the lock ends, RFC 3339 in UTC.

    Attributes:
        expires_at: When the lock ends, RFC 3339 in UTC. The last second of the year 9999 means
            never.
    """

    code = "snapshot_locked"
    expires_at: str | None
    _details = ("expires_at",)

    def __init__(
        self, message: str = "", target: str | None = None, expires_at: str | None = None
    ) -> None:
        """Create an error about the lock of a snapshot."""
        super().__init__(message, target)
        self.expires_at = expires_at
        self.args = (message, target, expires_at)


class VolumeOfflineError(NessieError):
    """The operation needs an online volume. `target` is the volume's uuid."""

    code = "volume_offline"


class NoSpaceError(NessieError):
    """The volume's quota or the pool has too little space left.

    `target` is the uuid of the volume whose quota is too small, or ``"pool"``.

    Args:
        message: Text for people.
        target: The uuid of the volume, or ``"pool"``.
        needed_bytes: By how much the call would raise the used bytes of the target.
        available_bytes: How many bytes were left there.

    Attributes:
        needed_bytes: By how much the call would raise the used bytes of the target.
        available_bytes: How many bytes were left there.
    """

    code = "no_space"
    needed_bytes: int
    available_bytes: int
    _details = ("needed_bytes", "available_bytes")

    def __init__(
        self,
        message: str = "",
        target: str | None = None,
        needed_bytes: int = 0,
        available_bytes: int = 0,
    ) -> None:
        """Create an error about a lack of space in `target`."""
        super().__init__(message, target)
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes
        self.args = (message, target, needed_bytes, available_bytes)


class LimitExceededError(NessieError):
    """The call would exceed a limit of the backend. `target` is the limit's name.

    Args:
        message: Text for people.
        target: The name of the limit, such as ``"snapshots_per_volume"``.
        limit: How many the limit allows.

    Attributes:
        limit: How many the limit allows.
    """

    code = "limit_exceeded"
    limit: int
    _details = ("limit",)

    def __init__(self, message: str = "", target: str | None = None, limit: int = 0) -> None:
        """Create an error about the limit `target`."""
        super().__init__(message, target)
        self.limit = limit
        self.args = (message, target, limit)


class InvalidArgumentError(NessieError, ValueError):
    """An argument has the right type and an invalid value. `target` is the parameter's name.

    For example a name with a character that is not allowed, a size of 0 or above 2**64 - 1, a
    malformed uuid, or the uuid of an ordinary volume for `split_clone`.
    """

    code = "invalid_argument"


class FeatureNotSupportedError(NessieError, NotImplementedError):
    """The backend lacks an operation or a tier. `target` is the name of the operation or tier."""

    code = "feature_not_supported"


class BackendTimeoutError(NessieError, TimeoutError):
    """For authors of backends: the storage system behind the backend did not answer in time.

    The operation may still take place. `MemBackend` never raises this error.
    """

    code = "timeout"


class SubstrateError(NessieError):
    """For authors of backends: the storage system behind the backend failed.

    Use it for failures that no other class describes, with the cause in ``__cause__``. `MemBackend`
    raises it only if the operating system has no random numbers or the backend already holds
    2**32 - 1 volumes or snapshots.
    """

    code = "substrate"
