"""One measurement of `columns.py`, printed as JSON: `python columns_worker.py WHAT VOLUMES`.

`list` times `list_volumes()`, by the interpreter that has the peer; `export` times
`pyarrow.table(b.volumes())`; `memory` prints the memory of an export: the bytes of its table,
the peak growth of the process, and the ratio of the two. The memory of the process is read from
`VmHWM` and `VmRSS` in `/proc/self/status`; writing to `clear_refs` resets the peak. It needs Linux.
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from harness import nanoseconds

PASSES = 5
STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def resident(key: str) -> int:
    """Return the bytes in a line of `/proc/self/status`."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))


def fleet(volumes: int) -> Any:
    from nessie_backend_mem import MemBackend

    backend = MemBackend()
    for number in range(volumes):
        backend.create_volume(f"vol-{number:08d}", size_bytes=2**30)
    return backend


def list_time(volumes: int) -> dict[str, float]:
    backend = fleet(volumes)
    taken = [nanoseconds(backend.list_volumes) / volumes for _ in range(PASSES)]
    return {"ns": statistics.median(taken)}


def export_time(volumes: int) -> dict[str, float]:
    import pyarrow as pa

    backend = fleet(volumes)
    taken = [nanoseconds(lambda: pa.table(backend.volumes())) / volumes for _ in range(PASSES)]
    return {"ns": statistics.median(taken)}


def export_memory(volumes: int) -> dict[str, float]:
    import pyarrow as pa

    backend = fleet(volumes)
    pa.table(backend.volumes()[:1])
    before = resident("VmRSS")
    CLEAR_REFS.write_text("5", encoding="ascii")
    table = pa.table(backend.volumes())
    peak = resident("VmHWM") - before
    size = table.get_total_buffer_size()
    return {"table": size / volumes, "peak": peak / volumes, "ratio": peak / size}


WORK = {"list": list_time, "export": export_time, "memory": export_memory}

if __name__ == "__main__":
    json.dump(WORK[sys.argv[1]](int(sys.argv[2])), sys.stdout)
