"""One measurement of `space.py`, printed as JSON.

python space_work.py single VOLUMES          ns per single call by row
python space_work.py bulk VOLUMES REPEATS    ns per item of a bulk call by row, medians
python space_work.py memory VOLUMES NIGHTS {plain,written}   bytes per snapshot
python space_work.py year VOLUMES DAYS KEEP  seconds, and operations per second
"""

import json
import random
import statistics
import sys
import time

import calls
from harness import nanoseconds, samples
from nessie_backend_mem import MemBackend, Uuids

GIB = calls.GIB
MIB = 2**20
PASSES = 3


def fleet(count: int) -> tuple[MemBackend, Uuids]:
    """Return a backend with that many volumes, and their uuids."""
    backend = MemBackend(seed=1)
    return backend, backend.create_volumes([f"vol-{n:08d}" for n in range(count)], 2 * GIB)


def single(count: int) -> dict[str, float]:
    """Return ns per call. Volumes are in random order, and every row alternates with the others."""
    backend, uuids = fleet(count)
    shuffled = random.Random(count).sample(list(uuids), count)
    backend.write_volumes(uuids, MIB)
    backend.create_snapshots(uuids, "nightly")
    rows: dict[str, list[float]] = {"patch_volume": [], "write": [], "overwrite": [], "discard": []}
    for number in range(PASSES):
        size = (2 + number) * GIB
        rows["patch_volume"] += samples(calls.resize_volumes, backend, shuffled, size)
        rows["write"] += samples(calls.write, backend, shuffled, 4096)
        rows["overwrite"] += samples(calls.overwrite, backend, shuffled, 4096)
        rows["discard"] += samples(calls.discard, backend, shuffled, 4096)
    return {row: statistics.median(taken) for row, taken in rows.items()}


def life(count: int) -> dict[str, float]:
    """Return ns per item of each bulk call."""
    backend, uuids = fleet(count)
    sizes = [4096 + number % 7 for number in range(count)]
    steps = {
        "write_volumes, first": lambda: backend.write_volumes(uuids, MIB),
        "write_volumes": lambda: backend.write_volumes(uuids, 4096),
        "write_volumes, a size each": lambda: backend.write_volumes(uuids, sizes),
        "write_volumes, overwriting": lambda: backend.write_volumes(
            uuids, 4096, overwrite_bytes=4096
        ),
        "discard_volumes": lambda: backend.discard_volumes(uuids, 4096),
        "create_snapshots": lambda: backend.create_snapshots(uuids, "nightly"),
        "delete_snapshots": lambda: backend.delete_snapshots(uuids, "nightly"),
    }
    return {row: nanoseconds(step) / count for row, step in steps.items()}


def bulk(count: int, repeats: int) -> dict[str, float]:
    lives = [life(count) for _ in range(repeats)]
    return {row: statistics.median(each[row] for each in lives) for row in lives[0]}


def memory(count: int, nights: int, is_written: bool) -> float:
    """Return bytes per snapshot, on volumes that have data or never had."""
    from memory import private_bytes, warm_up

    warm_up()
    backend, uuids = fleet(count)
    if is_written:
        backend.write_volumes(uuids, MIB)
    before = private_bytes()
    for night in range(nights):
        backend.create_snapshots(uuids, f"nightly-{night:04d}")
    return (private_bytes() - before) / (count * nights)


def year(count: int, days: int, keep: int) -> dict[str, float]:
    """Return the time of nightly writes and snapshots, of which some are kept."""
    backend, uuids = fleet(count)
    backend.write_volumes(uuids, GIB)
    operations = 0
    begin = time.perf_counter()
    for day in range(days):
        backend.write_volumes(uuids, MIB, overwrite_bytes=MIB)
        backend.create_snapshots(uuids, f"nightly-{day}")
        operations += 2 * count
        if day >= keep:
            backend.delete_snapshots(uuids, f"nightly-{day - keep}")
            operations += count
    seconds = time.perf_counter() - begin
    backend.check_invariants()
    return {"seconds": seconds, "per_second": operations / seconds}


def main() -> None:
    match sys.argv[1:]:
        case ["single", count]:
            result: object = single(int(count))
        case ["bulk", count, repeats]:
            result = bulk(int(count), int(repeats))
        case ["memory", count, nights, ("plain" | "written") as data]:
            result = memory(int(count), int(nights), data == "written")
        case ["year", count, days, keep]:
            result = year(int(count), int(days), int(keep))
        case _:
            sys.exit(__doc__)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
