"""The exceptions a backend raises.

Every one is a `NessieError` and says three things beside its text: `code`, a stable word for
programs; `target`, the argument or object it is about; and `message`, for people. Catch the group
you can handle::

    NessieError
    ├── NotFoundError (LookupError)
    │   ├── VolumeNotFoundError
    │   └── SnapshotNotFoundError
    ├── AlreadyExistsError
    │   ├── VolumeExistsError
    │   ├── SnapshotExistsError
    │   └── JunctionPathExistsError
    ├── BusyError
    │   ├── VolumeBusyError
    │   └── SnapshotBusyError
    ├── VolumeOfflineError
    ├── InvalidArgumentError (ValueError)
    ├── FeatureNotSupportedError (NotImplementedError)
    ├── BackendTimeoutError (TimeoutError)
    └── SubstrateError

A refused operation has changed nothing. A value of the wrong Python type is a plain `TypeError`.
Backends written in Python raise the same classes. A `BusyError` with neither `dependents` nor a
count means that they are not known.
"""

from __future__ import annotations

# Type checkers read this name as true. Importing `typing` to ask would more than double the time
# that `import nessie_backend_mem` takes.
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
    "NessieError",
    "NotFoundError",
    "SnapshotBusyError",
    "SnapshotExistsError",
    "SnapshotNotFoundError",
    "SubstrateError",
    "VolumeBusyError",
    "VolumeExistsError",
    "VolumeNotFoundError",
    "VolumeOfflineError",
]
__dir__ = __all__.copy

_MOST_DEPENDENTS = 16


class NessieError(Exception):
    """The base of everything a backend refuses with.

    Attributes:
        code: the stable word for this kind of error, such as ``"volume_not_found"``; ``None`` on
            the classes that only group others.
        message: what was wrong with which value; also ``str(error)``.
        target: the argument, object or operation the error is about, or ``None``.
        index: the place of the item at fault in the batch of a bulk call, or ``None``.
    """

    code: str | None = None
    message: str
    target: str | None
    index: int | None = None

    def __init__(self, message: str = "", target: str | None = None) -> None:
        """Make an error that prints as `message` and is about `target`."""
        # What pickle and copy build the error again from. `super().__init__` would set it too,
        # except in a class that is also an `OSError`: there it reads two arguments as errno and
        # strerror.
        self.args = (message, target)
        self.message = message
        self.target = target

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, target={self.target!r})"


class NotFoundError(NessieError, LookupError):
    """The volume or snapshot asked for does not exist. Base of the two classes that say which."""


class VolumeNotFoundError(NotFoundError):
    """No volume has this uuid. `target` is the uuid."""

    code = "volume_not_found"


class SnapshotNotFoundError(NotFoundError):
    """This volume has no snapshot of this uuid, though another volume may. `target` is the uuid."""

    code = "snapshot_not_found"


class AlreadyExistsError(NessieError):
    """A name or path is taken. Base of the classes that say which; `target` is what is taken."""


class VolumeExistsError(AlreadyExistsError):
    """Another volume of the backend has this name. `target` is the name."""

    code = "volume_exists"


class SnapshotExistsError(AlreadyExistsError):
    """Another snapshot of the same volume has this name. `target` is the name."""

    code = "snapshot_exists"


class JunctionPathExistsError(AlreadyExistsError):
    """Another volume is mounted at this path, ignoring ASCII case. `target` is the path."""

    code = "junction_path_exists"


class BusyError(NessieError):
    """Clones depend on what was to be deleted. Base of the two classes that say what that was.

    Delete or split the clones first.

    Attributes:
        dependents: the names of the clones in the way; the first 16 where there are more.
        dependent_count: how many clones there are in all.
    """

    dependents: tuple[str, ...]
    dependent_count: int

    def __init__(
        self,
        message: str = "",
        target: str | None = None,
        dependents: Sequence[str] = (),
        dependent_count: int | None = None,
    ) -> None:
        """Make an error that names `dependents`; their count is taken from them if not given."""
        super().__init__(message, target)
        names = tuple(dependents)
        self.dependents = names[:_MOST_DEPENDENTS]
        self.dependent_count = len(names) if dependent_count is None else dependent_count
        self.args = (message, target, self.dependents, self.dependent_count)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.message!r}, target={self.target!r}, "
            f"dependents={self.dependents!r}, dependent_count={self.dependent_count!r})"
        )


class VolumeBusyError(BusyError):
    """The volume has a snapshot that clones depend on. `target` is the volume's uuid."""

    code = "volume_busy"


class SnapshotBusyError(BusyError):
    """Clones depend on the snapshot, or on one that a restore would drop.

    `target` is the uuid of the snapshot they depend on.
    """

    code = "snapshot_busy"


class VolumeOfflineError(NessieError):
    """The volume must be online for this operation and is not. `target` is the volume's uuid."""

    code = "volume_offline"


class InvalidArgumentError(NessieError, ValueError):
    """An argument is of the right type, but its value cannot be used.

    A name outside the grammar, a size of zero or above 2**64 - 1, a malformed uuid, a split of a
    volume that is no clone. `target` is the name of the parameter.
    """

    code = "invalid_argument"


class FeatureNotSupportedError(NessieError, NotImplementedError):
    """The backend does not do this. `target` is the operation or tier it lacks."""

    code = "feature_not_supported"


class BackendTimeoutError(NessieError, TimeoutError):
    """What the backend drives did not answer in time; whether the operation happened is unknown.

    Only from backends that drive something real; `MemBackend` never raises it.
    """

    code = "timeout"


class SubstrateError(NessieError):
    """What the backend drives failed in a way no other class describes.

    Only from backends that drive something real; `MemBackend` never raises it. The cause is in
    ``__cause__`` where there is one.
    """

    code = "substrate"
