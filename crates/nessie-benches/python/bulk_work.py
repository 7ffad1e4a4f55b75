"""One measurement of `bulk.py`, printed as JSON.

    python bulk_work.py life {bulk,loop} COUNT REPEATS   ns per item by row, medians of the repeats
    python bulk_work.py threads COUNT ROUNDS             throughput of two threads relative to one
    python bulk_work.py memory COUNT NIGHTS              bytes; see memory.py for what is counted

A life is the same for both. COUNT volumes are created, resized and read; a snapshot of each is
created and deleted; the volumes are deleted. Then COUNT clones of one snapshot are created and
deleted. `bulk` does each step in one call, with the result of the previous call as its argument;
`loop` does it in single calls, for the published wheel.
"""

import gc
import json
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import calls
from harness import nanoseconds
from nessie_backend_mem import MemBackend

GIB = calls.GIB


def names_of(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number:08d}" for number in range(count)]


class BulkLife:
    """A life in bulk calls. Every step uses the results of the step before."""

    def __init__(self, count: int) -> None:
        self.names = names_of("vol", count)
        self.clone_names = names_of("cln", count)
        self.backend = MemBackend()
        self.parents = MemBackend()
        self.parent = self.parents.create_volume("parent", size_bytes=GIB)["uuid"]
        self.snapshot = self.parents.create_snapshot(self.parent, "base")["uuid"]
        self.steps: dict[str, Callable[[], object]] = {
            "create_volumes": self.create_volumes,
            "patch_volumes": lambda: self.backend.patch_volumes(self.uuids, size_bytes=2 * GIB),
            "get_volumes": lambda: self.backend.get_volumes(self.uuids),
            "create_snapshots": lambda: self.backend.create_snapshots(self.uuids, "nightly"),
            "delete_snapshots": lambda: self.backend.delete_snapshots(self.uuids, "nightly"),
            "delete_volumes": lambda: self.backend.delete_volumes(self.uuids),
            "create_clones": self.create_clones,
            "delete_clones": lambda: self.parents.delete_volumes(self.clones),
        }

    def create_volumes(self) -> None:
        self.uuids = self.backend.create_volumes(self.names, size_bytes=GIB)

    def create_clones(self) -> None:
        self.clones = self.parents.create_clones(self.parent, self.snapshot, self.clone_names)


class LoopLife:
    """The same life in single calls. Everything else is prepared outside the measurement."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.names = names_of("vol", count)
        self.backend: Any = MemBackend()
        self.steps: dict[str, Callable[[], object]] = {
            "create_volumes": lambda: calls.create_volumes(self.backend, self.names),
            "patch_volumes": lambda: calls.resize_volumes(self.backend, self.uuids, 2 * GIB),
            "get_volumes": lambda: [self.backend.get_volume(uuid) for uuid in self.uuids],
            "create_snapshots": lambda: calls.create_snapshots(self.backend, self.nightly),
            "delete_snapshots": lambda: calls.delete_snapshots(self.backend, self.snapshots),
            "delete_volumes": lambda: calls.delete_volumes(self.backend, self.uuids),
            "create_clones": lambda: calls.create_clones(self.backend, self.clone_arguments),
            "delete_clones": lambda: calls.delete_volumes(self.backend, self.uuids),
        }
        self.preparations: dict[str, Callable[[], None]] = {
            "patch_volumes": self.learn_uuids,
            "delete_snapshots": self.learn_snapshots,
            "create_clones": self.make_parent,
            "delete_clones": self.learn_uuids,
        }

    def learn_uuids(self) -> None:
        """Note the uuids in order of creation, which is not the order in which 0.3.1 lists."""
        volumes = sorted(self.backend.list_volumes(), key=itemgetter("name"))
        # Copies created in sequence, so that a loop over them has few cache misses.
        self.uuids = [v["uuid"].encode().decode() for v in volumes if v["name"] != "parent"]
        self.nightly = [(uuid, "nightly") for uuid in self.uuids]

    def learn_snapshots(self) -> None:
        first = self.backend.list_snapshots
        self.snapshots = [(uuid, first(uuid)[0]["uuid"]) for uuid in self.uuids]

    def make_parent(self) -> None:
        self.backend = MemBackend()
        parent = self.backend.create_volume("parent", size_bytes=GIB)["uuid"]
        snapshot = self.backend.create_snapshot(parent, "base")["uuid"]
        self.clone_arguments = [(parent, snapshot, name) for name in names_of("cln", self.count)]


def live_in_bulk(count: int) -> dict[str, float]:
    """Return ns per item by row."""
    life = BulkLife(count)
    return {row: nanoseconds(step) / count for row, step in life.steps.items()}


def live_in_loops(count: int) -> dict[str, float]:
    """Return ns per item by row."""
    life = LoopLife(count)
    taken = {}
    for row, step in life.steps.items():
        life.preparations.get(row, lambda: None)()
        taken[row] = nanoseconds(step) / count
    return taken


def medians(live: Callable[[int], dict[str, float]], count: int, repeats: int) -> dict[str, float]:
    lives = [live(count) for _ in range(repeats)]
    return {row: statistics.median(life[row] for life in lives) for row in lives[0]}


def seconds(threads: int, count: int) -> float:
    """Return the time that `threads` concurrent threads need for a life each, without the dicts."""
    lives = [BulkLife(count) for _ in range(threads)]
    start = threading.Barrier(threads + 1)

    def run(life: BulkLife) -> None:
        start.wait()
        for row, step in life.steps.items():
            if row != "get_volumes":
                step()

    workers = [threading.Thread(target=run, args=(life,)) for life in lives]
    for worker in workers:
        worker.start()
    gc.disable()
    start.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - begin


def speedup(count: int, rounds: int) -> dict[str, float]:
    """Return the throughput of two threads relative to one. The measurements alternate."""
    seconds(2, count)
    ratios = [2 * seconds(1, count) / seconds(2, count) for _ in range(rounds)]
    return {"median": statistics.median(ratios), "best": max(ratios)}


def memory(count: int, nights: int) -> dict[str, float]:
    """Return bytes per volume, bytes per snapshot and the peak resident memory of the process."""
    from memory import private_bytes, warm_up

    warm_up()
    backend = MemBackend()
    empty = private_bytes()
    uuids = backend.create_volumes((f"vol-{number:08d}" for number in range(count)), 2**30)
    with_volumes = private_bytes()
    for night in range(nights):
        backend.create_snapshots(uuids, f"nightly-{night:04d}")
    with_snapshots = private_bytes()
    # The backend must also work at this size.
    backend.patch_volumes(uuids, 2**31)
    backend.delete_snapshots(uuids, "nightly-0000")
    backend.create_snapshots(uuids, f"nightly-{nights:04d}")
    return {
        # The memory of the uuids belongs to the caller.
        "volume": (with_volumes - empty) / count - 16,
        "snapshot": (with_snapshots - with_volumes) / (count * nights),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    match sys.argv[1:]:
        case ["life", "bulk", count, repeats]:
            result = medians(live_in_bulk, int(count), int(repeats))
        case ["life", "loop", count, repeats]:
            result = medians(live_in_loops, int(count), int(repeats))
        case ["threads", count, rounds]:
            result = speedup(int(count), int(rounds))
        case ["memory", count, nights]:
            result = memory(int(count), int(nights))
        case _:
            sys.exit(__doc__)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
