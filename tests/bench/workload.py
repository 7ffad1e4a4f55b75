"""One turn of `compare.py`: the whole workload on one peer, printed as JSON of ns per call.

Run by the interpreter that has the peer: `python workload.py {package,dict} VOLUMES MANY PATTERN`.
The workload is a fleet's life in order: volumes are made, read, patched and listed, each gets a
snapshot, clones are made of some, and all goes again. Then one volume gets MANY snapshots. What
changes the backend always runs; reads run for the rows that PATTERN selects.
"""

import json
import random
import statistics
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from operator import itemgetter
from uuid import UUID

import calls
from harness import nanoseconds

PASSES = 3


def load(peer: str) -> tuple[Callable[[], calls.Peer], type[Exception]]:
    """Return the peer's class and the error with which it refuses."""
    if peer == "dict":
        import dict_peer

        return dict_peer.DictBackend, dict_peer.NotFoundError
    import nessie_backend_mem

    return nessie_backend_mem.MemBackend, nessie_backend_mem.NessieError


class Workload:
    """Runs the steps in order and keeps the time per call of each row."""

    def __init__(self, peer: str, volumes: int, many: int, pattern: str) -> None:
        self.peer = peer
        self.new_backend, self.refusal = load(peer)
        self.volumes = volumes
        self.many = many
        self.pattern = pattern
        self.rng = random.Random(volumes)
        self.samples: dict[str, list[float]] = {}

    def wants(self, row: str) -> bool:
        return fnmatchcase(row, self.pattern)

    def record(self, row: str, elapsed_ns: int, count: int) -> None:
        if self.wants(row):
            self.samples.setdefault(row, []).append(elapsed_ns / count)

    def run(self) -> dict[str, float]:
        self.fleet()
        self.many_snapshots()
        return {row: statistics.median(samples) for row, samples in self.samples.items()}

    def fleet(self) -> None:
        backend = self.new_backend()
        count = self.volumes
        names = [f"vol-{number:08d}" for number in range(count)]
        self.record("create_volume", nanoseconds(calls.create_volumes, backend, names), count)
        uuids = self.uuids_by_name(backend)
        shuffled = self.rng.sample(uuids, count)
        self.reads(backend, names, uuids, shuffled)
        snapshots = self.snapshots_and_clones(backend, uuids)

        elapsed = nanoseconds(calls.delete_snapshots, backend, snapshots)
        self.record("delete_snapshot", elapsed, count)
        half = count // 2
        elapsed = nanoseconds(calls.delete_volumes, backend, uuids[:half])
        self.record("delete_volume", elapsed, half)
        rest = self.rng.sample(uuids[half:], count - half)
        elapsed = nanoseconds(calls.delete_volumes, backend, rest)
        self.record("delete_volume_random", elapsed, count - half)

    def uuids_by_name(self, backend: calls.Peer) -> list[str]:
        """Return the uuids in order of creation, which is not the order in which 0.3.1 lists."""
        volumes = sorted(backend.list_volumes(), key=itemgetter("name"))
        if self.peer == "dict":
            return [volume["uuid"] for volume in volumes]
        # Made anew one after the other, so that walking them is as kind to the cache for 0.3.1 as
        # for the others. The dict keeps its advantage: these strings are its keys themselves.
        return [volume["uuid"].encode().decode() for volume in volumes]

    def reads(
        self, backend: calls.Peer, names: list[str], uuids: list[str], shuffled: list[str]
    ) -> None:
        count = len(uuids)
        missing = [str(UUID(int=self.rng.getrandbits(128), version=4)) for _ in uuids]
        shuffled_names = self.rng.sample(names, count)
        steps: dict[str, Callable[[int], object]] = {
            "get_volume": lambda _: calls.get_volumes(backend, uuids),
            "get_volume_random": lambda _: calls.get_volumes(backend, shuffled),
            "get_volume_missing": lambda _: calls.get_missing_volumes(
                backend, missing, self.refusal
            ),
            "find_volume_random": lambda _: calls.find_volumes(backend, shuffled_names),
            "patch_volume_random": lambda number: calls.resize_volumes(
                backend, shuffled, (2 + number) * calls.GIB
            ),
            "list_volumes": lambda _: backend.list_volumes(),
        }
        if not hasattr(backend, "find_volume"):
            del steps["find_volume_random"]
        for number in range(PASSES):
            for row, step in steps.items():
                if self.wants(row):
                    self.record(row, nanoseconds(step, number), count)

    def snapshots_and_clones(self, backend: calls.Peer, uuids: list[str]) -> list[tuple[str, str]]:
        count = len(uuids)
        nightly = [(uuid, "nightly") for uuid in uuids]
        elapsed = nanoseconds(calls.create_snapshots, backend, nightly)
        self.record("create_snapshot", elapsed, count)
        snapshots = [(uuid, backend.list_snapshots(uuid)[0]["uuid"]) for uuid in uuids]
        if self.wants("get_snapshot_random"):
            shuffled = self.rng.sample(snapshots, count)
            for _ in range(PASSES):
                elapsed = nanoseconds(calls.get_snapshots, backend, shuffled)
                self.record("get_snapshot_random", elapsed, count)

        clones = count // 10
        of_one = [(*snapshots[0], f"one-{number:08d}") for number in range(clones)]
        self.record("create_clone", nanoseconds(calls.create_clones, backend, of_one), clones)
        parents = self.rng.sample(snapshots, clones)
        of_many = [(*parent, f"any-{number:08d}") for number, parent in enumerate(parents)]
        elapsed = nanoseconds(calls.create_clones, backend, of_many)
        self.record("create_clone_spread", elapsed, clones)
        cloned = [volume["uuid"] for volume in backend.list_volumes() if "clone" in volume]
        elapsed = nanoseconds(calls.delete_volumes, backend, cloned)
        self.record("delete_volume_clone", elapsed, len(cloned))
        return snapshots

    def many_snapshots(self) -> None:
        rows = ("create_snapshot_many", "delete_snapshot_many")
        if not any(self.wants(row) for row in rows):
            return
        backend = self.new_backend()
        volume = backend.create_volume("vol", size_bytes=calls.GIB)["uuid"]
        names = [(volume, f"snap-{number:07d}") for number in range(self.many)]
        self.record(rows[0], nanoseconds(calls.create_snapshots, backend, names), self.many)
        snapshots = [(volume, snapshot["uuid"]) for snapshot in backend.list_snapshots(volume)]
        victims = self.rng.sample(snapshots, self.many // 10)
        self.record(rows[1], nanoseconds(calls.delete_snapshots, backend, victims), len(victims))


def main() -> None:
    peer, volumes, many, pattern = sys.argv[1:]
    json.dump(Workload(peer, int(volumes), int(many), pattern).run(), sys.stdout)


if __name__ == "__main__":
    main()
