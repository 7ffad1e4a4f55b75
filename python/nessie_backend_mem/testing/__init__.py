"""Property-based tests for backends, and for programs that use one.

Needs Hypothesis: ``pip install 'nessie-backend-mem[testing]'``.

To hold a backend of your own against `MemBackend`, write this into a test file::

    from nessie_backend_mem.testing import BackendComparison

    class MineComparison(BackendComparison):
        def make_backend(self):
            return MyBackend()

    TestMine = MineComparison.TestCase

Hypothesis then makes up sequences of operations, does each on both and compares what comes back.
Where the two part it prints the shortest sequence it finds, as code to paste.

`strategies` has the values the operations take, valid and not, and `operations` the operations
themselves. All of it can be imported from here.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401 (only to see whether it is there)
except ModuleNotFoundError as _missing:
    if _missing.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "nessie_backend_mem.testing needs Hypothesis: pip install 'nessie-backend-mem[testing]'",
        name="hypothesis",
    ) from _missing

from .comparison import BackendComparison
from .operations import Operation, backends, operations
from .strategies import (
    bad_export_policies,
    bad_junction_paths,
    bad_sizes,
    bad_snapshot_names,
    bad_uuids,
    bad_volume_names,
    bad_volume_states,
    export_policies,
    junction_paths,
    sizes,
    snapshot_names,
    volume_names,
    volume_states,
)

__all__ = [
    "BackendComparison",
    "Operation",
    "backends",
    "bad_export_policies",
    "bad_junction_paths",
    "bad_sizes",
    "bad_snapshot_names",
    "bad_uuids",
    "bad_volume_names",
    "bad_volume_states",
    "export_policies",
    "junction_paths",
    "operations",
    "sizes",
    "snapshot_names",
    "volume_names",
    "volume_states",
]
__dir__ = __all__.copy
