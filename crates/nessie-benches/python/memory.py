"""Bytes per volume and per snapshot, as a worker of `scaling.py`.

`python memory.py VOLUMES NIGHTS {unique,nightly}` prints them as JSON. They are the growth of
this process's private resident memory (resident minus shared pages of `/proc/self/statm`) while the
volumes are created, and then while every volume gets a snapshot, night after night. Names have 12
characters; `unique` gives every snapshot another name, `nightly` all of a night the same.

Only the backend grows during a measurement. Names and results are freed at once, so the
interpreter's own pools do not grow after the warm-up. The list of uuids for the snapshots is built
between the two measurements and counted in neither. Before each reading the collector runs and the
C allocator returns its free pages (`malloc_trim`), so the result is the memory in use, with the
holes inside used pages. It needs Linux.
"""

import ctypes
import gc
import json
import resource
import sys
from pathlib import Path

from nessie_backend_mem import MemBackend

STATM = Path("/proc/self/statm")


def private_bytes() -> int:
    """Return the resident memory of this process that no file backs."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    resident, shared = STATM.read_text(encoding="ascii").split()[1:3]
    return (int(resident) - int(shared)) * resource.getpagesize()


def create_volumes(backend: MemBackend, count: int) -> None:
    for number in range(count):
        backend.create_volume(f"vol-{number:08d}", size_bytes=2**30)


def create_snapshots(backend: MemBackend, uuids: list[str], nights: int, unique: bool) -> None:
    for night in range(nights):
        for number, uuid in enumerate(uuids):
            name = f"s{night:03d}{number:08d}" if unique else f"nightly-{night:04d}"
            backend.create_snapshot(uuid, name)


def warm_up() -> None:
    """Do everything once on a small backend, so that imports, caches and pools are filled."""
    backend = MemBackend()
    create_volumes(backend, 1_000)
    create_snapshots(backend, [volume["uuid"] for volume in backend], 2, unique=True)
    private_bytes()


def main() -> None:
    volumes, nights, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    warm_up()
    backend = MemBackend()
    empty = private_bytes()
    create_volumes(backend, volumes)
    with_volumes = private_bytes()
    uuids = [volume["uuid"] for volume in backend]
    with_uuids = private_bytes()
    create_snapshots(backend, uuids, nights, unique=names == "unique")
    with_snapshots = private_bytes()
    result = {
        "volume": (with_volumes - empty) / volumes,
        "snapshot": (with_snapshots - with_uuids) / (volumes * nights),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
