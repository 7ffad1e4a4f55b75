"""Property-based tests for backends, and for programs that use a backend.

Needs Hypothesis: ``pip install 'nessie-backend-mem[testing]'``.

Compare your own backend with `MemBackend` in a test file:

    from nessie_backend_mem.testing import BackendComparison

    class MineComparison(BackendComparison):
        def make_backend(self):
            return MyBackend()

    TestMine = MineComparison.TestCase

Hypothesis generates sequences of operations, calls both backends and
compares the results. If they differ, it prints the shortest sequence it
finds, as Python code.

The functions `volume_names`, `sizes` and so on are strategies for valid
arguments, and ``bad_…`` for invalid ones. `operations` generates
operations, with ``space=True`` also writes, and `backends` backends with
contents and data.

`fault_plans` generates faults, for tests of programs that must survive them.
A failing plan shrinks to the fewest and simplest faults.

    @given(fault_plans(operations=["create_snapshot"], errors=["timeout"]))
    def test_nightly_run(plan):
        backend = MemBackend(seed=1)
        with backend.inject(*plan):
            nightly_run(backend)
        ...
"""

try:
    import hypothesis as _hypothesis  # noqa: F401 (only checks that it is installed)
except ModuleNotFoundError as _missing:
    if _missing.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "nessie_backend_mem.testing needs Hypothesis: pip install 'nessie-backend-mem[testing]'",
        name="hypothesis",
    ) from _missing

from .comparison import BackendComparison
from .faults import fault_plans, faults
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
    "fault_plans",
    "faults",
    "junction_paths",
    "operations",
    "sizes",
    "snapshot_names",
    "volume_names",
    "volume_states",
]
__dir__ = __all__.copy
