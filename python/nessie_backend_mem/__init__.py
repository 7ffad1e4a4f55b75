"""An ONTAP in memory: volumes, snapshots and FlexClones.

It is for tests of code that scripts storage, for authors of storage backends,
and for simulations of large fleets. It needs no array and no privileges, and
with a seed the same calls give the same results on every machine.

    pip install nessie-backend-mem

>>> from nessie_backend_mem import MemBackend
>>> backend = MemBackend(seed=1)
>>> volume = backend.create_volume("build_cache", size_bytes=50 * 2**30)
>>> snapshot = backend.create_snapshot(volume["uuid"], "pre_build")
>>> clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "pr_101")
>>> print(backend.tree(), end="")
build_cache  50 GiB
└── @pre_build  2000-01-01T00:00:00Z
    └── pr_101  50 GiB

``nessie-mem demo`` shows more, and ``nessie-mem --help`` lists the commands.

## Guides

| task | guide |
|---|---|
| test a script with pytest | `nessie_backend_mem.guides.first_tests` |
| serve ONTAP's REST API in CI | `nessie_backend_mem.guides.endpoint_in_ci` |
| write a client in Go or Java | `nessie_backend_mem.guides.go_and_java` |
| write a backend of your own | `nessie_backend_mem.guides.own_backend` |
| plan capacity | `nessie_backend_mem.guides.capacity_planning` |
| make calls fail | `nessie_backend_mem.guides.fault_injection` |
| simulate on many machines | `nessie_backend_mem.guides.dask_and_ray` |
| use data frames | `nessie_backend_mem.guides.arrow_tables` |
| move from 0.3.1 | `nessie_backend_mem.guides.migration_from_0_3_1` |

## Modules

`MemBackend` is the backend. The names in `errors`, `records` and `protocols`,
`Fault` and `FaultyBackend` can be imported from here, too.

| module | contents |
|---|---|
| `nessie_backend_mem.errors` | the exceptions |
| `nessie_backend_mem.records` | the types of the dicts in results |
| `nessie_backend_mem.protocols` | the types for your own backends |
| `nessie_backend_mem.rules` | the contract, and checks of values |
| `nessie_backend_mem.conformance` | a test suite for your own backends |
| `nessie_backend_mem.testing` | property-based tests with Hypothesis |
| `nessie_backend_mem.pytest_plugin` | fixtures for pytest |
| `nessie_backend_mem.faults` | calls that fail or are late |
| `nessie_backend_mem.events` | a log of changes, its replay, differences |
| `nessie_backend_mem.ontap` | an ONTAP REST endpoint |
| `nessie_backend_mem.inventory` | the volumes of real clusters |
| `nessie_backend_mem.simulation` | one scenario on many backends |

## uuids in arguments, records and errors

    argument          of                                  uuid of
    ----------------  ----------------------------------  ------------------
    uuid              get_volume, patch_volume,           the volume
                      delete_volume, access_handle
    vol_uuid          methods for snapshots, split_clone  the volume
    snap_uuid         methods for one snapshot            its snapshot
    vol_uuids         bulk methods                        the volumes
    parent_vol_uuid   create_clone, create_clones         the volume to clone
    parent_snap_uuid  create_clone, create_clones         its snapshot

    key                         of                             uuid of
    --------------------------  -----------------------------  ------------
    uuid                        Volume, Snapshot, SnapshotRow  the object
    volume_uuid                 SnapshotRow                    its volume
    clone.parent_volume_uuid    Volume of a clone              its parent
    clone.parent_snapshot_uuid  Volume of a clone              its snapshot

    target                 of
    ---------------------  ---------------------------------------------
    a volume's uuid        VolumeNotFoundError, VolumeBusyError,
                           VolumeOfflineError
    a snapshot's uuid      SnapshotNotFoundError, SnapshotBusyError,
                           SnapshotLockedError
    the name or path       VolumeExistsError, SnapshotExistsError,
                           JunctionPathExistsError
    the policy's name      SnapshotPolicyNotFoundError,
                           SnapshotPolicyExistsError, SnapshotPolicyBusyError
    the argument's name    InvalidArgumentError
    a volume's uuid, pool  NoSpaceError
    the limit's name       LimitExceededError
    the operation or tier  FeatureNotSupportedError

## How objects are compared, hashed, copied and pickled

    object                equal by  hash  false if    copy       pickle
    --------------------  --------  ----  ----------  ---------  ---------
    MemBackend            identity  yes   no volumes  b.fork()   whole
    Table, Uuids          items     no    empty       itself     its items
    records               items     no    never       as dict    as dict
    Fault, HttpFault      fields    yes   never       whole      whole
    exceptions            identity  yes   never       whole      whole
    FaultyBackend         identity  yes   never       no faults  no faults
    Report, Result        fields    yes   it failed   whole      whole
    Case, Rule, Progress  fields    yes   never       whole      whole
    Inventory             identity  yes   never       whole      whole
    Diff                  fields    no    no changes  whole      whole
    OntapServer           identity  yes   never       TypeError  TypeError
    HttpFaultPlan         identity  yes   never       TypeError  TypeError
    iterators             identity  yes   never       TypeError  TypeError

`len` counts the volumes of a `MemBackend`, the rows of a `Table` and the
items of `Uuids`.

## Processes and interpreters

The package works in one interpreter of a process. Importing it in a second
one, as mod_wsgi, uWSGI and ``concurrent.interpreters`` create, is an
`ImportError`. A process may fork at any time, and may end while other
threads are in a call.
"""

from ._core import MemBackend, Table, Uuids, __version__
from .errors import (
    AlreadyExistsError,
    BackendTimeoutError,
    BusyError,
    FeatureNotSupportedError,
    InvalidArgumentError,
    JunctionPathExistsError,
    LimitExceededError,
    NessieError,
    NoSpaceError,
    NotFoundError,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotLockedError,
    SnapshotNotFoundError,
    SnapshotPolicyBusyError,
    SnapshotPolicyExistsError,
    SnapshotPolicyNotFoundError,
    SubstrateError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
)

# The types below need `typing`, which takes longer to import than all the rest: they are loaded at
# first use. Type checkers read this name as true and see ordinary imports. Editors that use jedi
# do, too, unless the value is a literal: they do not read what they know to be unreachable.
TYPE_CHECKING = bool()  # noqa: UP018
if TYPE_CHECKING:
    from .faults import Fault, FaultyBackend
    from .protocols import Backend, FullBackend, SnapshotBackend, VolumeBackend
    from .records import (
        AccessHandle,
        Capabilities,
        CloneOrigin,
        Event,
        GitRefHandle,
        Hit,
        InMemoryHandle,
        Limits,
        NfsExportHandle,
        OntapPassthroughHandle,
        P4StreamHandle,
        S3PresignedHandle,
        Snapshot,
        SnapshotPolicy,
        SnapshotRow,
        SnapshotRule,
        Space,
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
    "Event",
    "Fault",
    "FaultyBackend",
    "FeatureNotSupportedError",
    "FullBackend",
    "GitRefHandle",
    "Hit",
    "InMemoryHandle",
    "InvalidArgumentError",
    "JunctionPathExistsError",
    "LimitExceededError",
    "Limits",
    "MemBackend",
    "NessieError",
    "NfsExportHandle",
    "NoSpaceError",
    "NotFoundError",
    "OntapPassthroughHandle",
    "P4StreamHandle",
    "S3PresignedHandle",
    "Snapshot",
    "SnapshotBackend",
    "SnapshotBusyError",
    "SnapshotExistsError",
    "SnapshotLockedError",
    "SnapshotNotFoundError",
    "SnapshotPolicy",
    "SnapshotPolicyBusyError",
    "SnapshotPolicyExistsError",
    "SnapshotPolicyNotFoundError",
    "SnapshotRow",
    "SnapshotRule",
    "Space",
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
            if name in ("Fault", "FaultyBackend"):
                from . import faults as module  # noqa: PLC0415 (see above)
            elif name.endswith("Backend"):
                from . import protocols as module  # noqa: PLC0415
            else:
                from . import records as module  # noqa: PLC0415
            value = getattr(module, name)
            globals()[name] = value
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
