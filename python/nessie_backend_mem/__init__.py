"""The in-memory reference backend for volumes, snapshots and clones.

>>> from nessie_backend_mem import MemBackend
>>> backend = MemBackend(seed=1)
>>> volume = backend.create_volume("build-cache", size_bytes=50 * 2**30)
>>> snapshot = backend.create_snapshot(volume["uuid"], "pre-build")
>>> clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "build-cache-pr1234")
>>> clone["clone"]["parent_volume"]
'build-cache'

`MemBackend` is the backend; `errors` has the exceptions, `records` the dicts it answers with and
`protocols` the types for backends of your own. All of it can be imported from here.
``python -m nessie_backend_mem demo`` shows it at work.

The package works in one interpreter of a process; importing it in a second one, as mod_wsgi, uWSGI
and ``concurrent.interpreters`` make them, is an `ImportError`. A process may fork at any time, and
may end while other threads are in a call.

What the package hands out is compared, copied and pickled like this::

    object                            equal by   hash by    false if      copies     pickles
    --------------------------------  ---------  ---------  ------------  ---------  ----------
    MemBackend                        identity   identity   no volumes    b.fork()   whole
    Table, Uuids                      items      none       empty         itself     its items
    records, handles, capabilities    items      none       never         as dicts   as dicts
    errors, ShardFailures             identity   identity   never         whole      whole
    conformance Report, Result        fields     fields     it failed     whole      whole
    conformance Case, Rule, Progress  fields     fields     never         whole      whole
    OntapServer                       identity   identity   never         TypeError  TypeError
    iterators                         identity   identity   never         TypeError  TypeError

`len` counts the volumes of a `MemBackend`, the rows of a `Table` and the items of `Uuids`.
"""

from ._core import MemBackend, Table, Uuids, __version__
from .errors import (
    AlreadyExistsError,
    BackendTimeoutError,
    BusyError,
    FeatureNotSupportedError,
    InvalidArgumentError,
    JunctionPathExistsError,
    NessieError,
    NotFoundError,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotNotFoundError,
    SubstrateError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
)

# The types below need `typing`, which takes longer to import than all the rest: they are loaded at
# first use. Type checkers read this name as true and see ordinary imports.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .protocols import Backend, FullBackend, SnapshotBackend, VolumeBackend
    from .records import (
        AccessHandle,
        Capabilities,
        CloneOrigin,
        GitRefHandle,
        InMemoryHandle,
        NfsExportHandle,
        OntapPassthroughHandle,
        P4StreamHandle,
        S3PresignedHandle,
        Snapshot,
        SnapshotRow,
        Volume,
        VolumeState,
        VolumeType,
    )

__all__ = [
    "AccessHandle",
    "AlreadyExistsError",
    "Backend",
    "BackendTimeoutError",
    "BusyError",
    "Capabilities",
    "CloneOrigin",
    "FeatureNotSupportedError",
    "FullBackend",
    "GitRefHandle",
    "InMemoryHandle",
    "InvalidArgumentError",
    "JunctionPathExistsError",
    "MemBackend",
    "NessieError",
    "NfsExportHandle",
    "NotFoundError",
    "OntapPassthroughHandle",
    "P4StreamHandle",
    "S3PresignedHandle",
    "Snapshot",
    "SnapshotBackend",
    "SnapshotBusyError",
    "SnapshotExistsError",
    "SnapshotNotFoundError",
    "SnapshotRow",
    "SubstrateError",
    "Table",
    "Uuids",
    "Volume",
    "VolumeBackend",
    "VolumeBusyError",
    "VolumeExistsError",
    "VolumeNotFoundError",
    "VolumeOfflineError",
    "VolumeState",
    "VolumeType",
    "__version__",
]
__dir__ = __all__.copy

# Hidden from type checkers, or they would let any misspelt name pass.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name in __all__:
            from . import protocols, records  # noqa: PLC0415 (see above)

            value = getattr(protocols if name in protocols.__all__ else records, name)
            globals()[name] = value
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
