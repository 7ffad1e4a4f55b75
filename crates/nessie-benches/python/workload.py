"""One turn of `compare.py`: the whole workload on one peer, printed as JSON of ns per call.

Run by the interpreter that has the peer: `python workload.py {package,dict} VOLUMES MANY PATTERN`.
The workload is a fleet's life in order: volumes are created, read, patched and listed, each gets a
snapshot, some are cloned, and everything is deleted. Then one volume gets MANY snapshots. Changes
always run; reads run for the rows that PATTERN selects.
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
from harness import nanoseconds, samples

PASSES = 3


def load(peer: str) -> tuple[Callable[[], calls.Peer], type[Exception]]:
    """Return the peer's class and the class of its errors."""
    if peer == "dict":
        import dict_baseline

        return dict_baseline.DictBackend, dict_baseline.NotFoundError
    import nessie_backend_mem

    return nessie_backend_mem.MemBackend, nessie_backend_mem.NessieError


class Workload:
    """Runs the steps in order and stores the samples of each row, in ns per call."""

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

    def record(self, row: str, taken: list[float]) -> None:
        if self.wants(row):
            self.samples.setdefault(row, []).extend(taken)

    def run(self) -> dict[str, float]:
        self.fleet()
        self.many_snapshots()
        return {row: statistics.median(taken) for row, taken in self.samples.items()}

    def fleet(self) -> None:
        backend = self.new_backend()
        count = self.volumes
        names = [f"vol-{number:08d}" for number in range(count)]
        self.record("create_volume", samples(calls.create_volumes, backend, names))
        uuids = self.uuids_by_name(backend)
        self.reads_and_patches(backend, names, uuids)
        snapshots = self.snapshots_and_clones(backend, uuids)

        self.record("delete_snapshot", samples(calls.delete_snapshots, backend, snapshots))
        half = count // 2
        self.record("delete_volume", samples(calls.delete_volumes, backend, uuids[:half]))
        rest = self.rng.sample(uuids[half:], count - half)
        self.record("delete_volume_random", samples(calls.delete_volumes, backend, rest))

    def uuids_by_name(self, backend: calls.Peer) -> list[str]:
        """Return the uuids in order of creation, which is not the order in which 0.3.1 lists."""
        volumes = sorted(backend.list_volumes(), key=itemgetter("name"))
        if self.peer == "dict":
            return [volume["uuid"] for volume in volumes]
        # Copies created in sequence, so that a loop over them has as few cache misses for 0.3.1 as
        # for the others. The dict keeps its advantage: these strings are its keys themselves.
        return [volume["uuid"].encode().decode() for volume in volumes]

    def reads_and_patches(self, backend: calls.Peer, names: list[str], uuids: list[str]) -> None:
        count = len(uuids)
        shuffled = self.rng.sample(uuids, count)
        shuffled_names = self.rng.sample(names, count)
        missing = [str(UUID(int=self.rng.getrandbits(128), version=4)) for _ in uuids]
        for number in range(PASSES):
            size = (2 + number) * calls.GIB
            if self.wants("get_volume"):
                self.record("get_volume", samples(calls.get_volumes, backend, uuids))
            if self.wants("get_volume_random"):
                self.record("get_volume_random", samples(calls.get_volumes, backend, shuffled))
            if self.wants("get_volume_missing"):
                taken = samples(calls.get_missing_volumes, backend, missing, self.refusal)
                self.record("get_volume_missing", taken)
            if self.wants("find_volume_random") and hasattr(backend, "find_volume"):
                taken = samples(calls.find_volumes, backend, shuffled_names)
                self.record("find_volume_random", taken)
            if self.wants("patch_volume_random"):
                taken = samples(calls.resize_volumes, backend, shuffled, size)
                self.record("patch_volume_random", taken)
            if self.wants("list_volumes"):
                self.record("list_volumes", [nanoseconds(backend.list_volumes) / count])

    def snapshots_and_clones(self, backend: calls.Peer, uuids: list[str]) -> list[tuple[str, str]]:
        count = len(uuids)
        nightly = [(uuid, "nightly") for uuid in uuids]
        self.record("create_snapshot", samples(calls.create_snapshots, backend, nightly))
        snapshots = [(uuid, backend.list_snapshots(uuid)[0]["uuid"]) for uuid in uuids]
        if self.wants("get_snapshot_random"):
            shuffled = self.rng.sample(snapshots, count)
            for _ in range(PASSES):
                self.record("get_snapshot_random", samples(calls.get_snapshots, backend, shuffled))

        clones = count // 10
        of_one = [(*snapshots[0], f"one-{number:08d}") for number in range(clones)]
        self.record("create_clone", samples(calls.create_clones, backend, of_one))
        parents = self.rng.sample(snapshots, clones)
        of_many = [(*parent, f"any-{number:08d}") for number, parent in enumerate(parents)]
        self.record("create_clone_spread", samples(calls.create_clones, backend, of_many))
        cloned = [volume["uuid"] for volume in backend.list_volumes() if "clone" in volume]
        self.record("delete_volume_clone", samples(calls.delete_volumes, backend, cloned))
        return snapshots

    def many_snapshots(self) -> None:
        rows = ("create_snapshot_many", "delete_snapshot_many")
        if not any(self.wants(row) for row in rows):
            return
        backend = self.new_backend()
        volume = backend.create_volume("vol", size_bytes=calls.GIB)["uuid"]
        names = [(volume, f"snap-{number:07d}") for number in range(self.many)]
        self.record(rows[0], samples(calls.create_snapshots, backend, names))
        snapshots = [(volume, snapshot["uuid"]) for snapshot in backend.list_snapshots(volume)]
        victims = self.rng.sample(snapshots, self.many // 10)
        self.record(rows[1], samples(calls.delete_snapshots, backend, victims))


def main() -> None:
    peer, volumes, many, pattern = sys.argv[1:]
    json.dump(Workload(peer, int(volumes), int(many), pattern).run(), sys.stdout)


if __name__ == "__main__":
    main()
