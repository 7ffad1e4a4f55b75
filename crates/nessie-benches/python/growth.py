"""Ns per call on a backend of a given size, as a worker of `scaling.py`.

`python growth.py {volumes,snapshots,clones,creation} SIZE` prints the median of every row as JSON.
The objects of each call are chosen at random from all, so that a large backend has its cache
misses. The rows of `creation` are the calls by how many objects there are: at least the number in
the row's name.
"""

import json
import random
import statistics
import sys
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, ParamSpec

import calls
from harness import CALLS_PER_SAMPLE, nanoseconds
from nessie_backend_mem import MemBackend, SnapshotBusyError, VolumeBusyError, VolumeNotFoundError

P = ParamSpec("P")

SAMPLES = 40
# Calls in one sample where SIZE is the number of dependents of one volume or snapshot.
TARGETS = 1_000
# The curve of creations begins at this number of objects, and each point has so many times as many
# as the one before. A sample is short enough that a point has several.
FIRST_POINT = 10_000
POINT_STEP = 2**0.5
CREATIONS_PER_SAMPLE = 500


class Growth:
    """A backend, the times taken on it, and what the three workers have in common."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.backend = MemBackend()
        self.rng = random.Random(size)
        self.samples: dict[str, list[float]] = {}
        self._numbers = count()

    def time(
        self,
        row: str,
        calls_made: int,
        work: Callable[P, object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        elapsed = nanoseconds(work, *args, **kwargs)
        self.samples.setdefault(row, []).append(elapsed / calls_made)

    def medians(self) -> dict[str, float]:
        return {row: statistics.median(samples) for row, samples in self.samples.items()}

    def new_name(self) -> str:
        return f"new-{next(self._numbers):08d}"

    def volume_named(self, name: str) -> str:
        volume = self.backend.find_volume(name)
        assert volume is not None
        return volume["uuid"]

    def snapshot_named(self, volume: str, name: str) -> str:
        snapshot = self.backend.find_snapshot(volume, name)
        assert snapshot is not None
        return snapshot["uuid"]

    def create_owners(self, number: int) -> list[str]:
        calls.create_volumes(self.backend, [self.new_name() for _ in range(number)])
        return [volume["uuid"] for volume in self.backend]

    def take(self, members: list[str]) -> str:
        """Remove a random member and return it."""
        index = self.rng.randrange(len(members))
        members[index], members[-1] = members[-1], members[index]
        return members.pop()


class VolumeGrowth(Growth):
    """SIZE volumes with one snapshot each."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.share = min(size // 2, CALLS_PER_SAMPLE)
        self.names = [self.new_name() for _ in range(size)]
        calls.create_volumes(self.backend, self.names)
        self.uuids = [volume["uuid"] for volume in self.backend]
        self.bases = [""] * size
        self.give_bases(range(size))

    def give_bases(self, indexes: range | list[int]) -> None:
        calls.create_snapshots(self.backend, [(self.uuids[index], "base") for index in indexes])
        for index in indexes:
            self.bases[index] = self.snapshot_named(self.uuids[index], "base")

    def some(self) -> list[int]:
        return self.rng.sample(range(self.size), self.share)

    def some_uuids(self) -> list[str]:
        return [self.uuids[index] for index in self.some()]

    def some_bases(self) -> list[tuple[str, str]]:
        return [(self.uuids[index], self.bases[index]) for index in self.some()]

    def run(self) -> None:
        for _ in range(SAMPLES):
            self.reads_and_patches()
            self.snapshots()
            self.clones()
            self.replace_volumes()
        for _ in range(max(5, CALLS_PER_SAMPLE // self.size)):
            self.time("list_volumes, per volume", self.size, self.backend.list_volumes)

    def reads_and_patches(self) -> None:
        backend, share = self.backend, self.share
        self.time("get_volume", share, calls.get_volumes, backend, self.some_uuids())
        names = [self.names[index] for index in self.some()]
        self.time("find_volume", share, calls.find_volumes, backend, names)
        missing = [f"{self.rng.getrandbits(32):08x}{uuid[8:]}" for uuid in self.some_uuids()]
        loop = calls.get_missing_volumes
        self.time("get_volume, not there", share, loop, backend, missing, VolumeNotFoundError)
        size_bytes = self.rng.randrange(1, 2**40)
        uuids = self.some_uuids()
        self.time("patch_volume, size", share, calls.resize_volumes, backend, uuids, size_bytes)
        indexes = self.some()
        for index in indexes:
            self.names[index] = self.new_name()
        pairs = [(self.uuids[index], self.names[index]) for index in indexes]
        self.time("patch_volume, name", share, calls.rename_volumes, backend, pairs)

    def snapshots(self) -> None:
        backend, share = self.backend, self.share
        self.time("get_snapshot", share, calls.get_snapshots, backend, self.some_bases())
        extra = [(uuid, "extra") for uuid in self.some_uuids()]
        self.time("create_snapshot", share, calls.create_snapshots, backend, extra)
        for uuid, name in extra:
            backend.delete_snapshot(uuid, self.snapshot_named(uuid, name))
        indexes = self.some()
        bases = [(self.uuids[index], self.bases[index]) for index in indexes]
        self.time("delete_snapshot", share, calls.delete_snapshots, backend, bases)
        self.give_bases(indexes)

    def clones(self) -> None:
        backend, share = self.backend, self.share
        wanted = [(*base, self.new_name()) for base in self.some_bases()]
        self.time("create_clone", share, calls.create_clones, backend, wanted)
        clones = [self.volume_named(name) for _, _, name in wanted]
        self.rng.shuffle(clones)
        self.time("get_volume, a clone", share, calls.get_volumes, backend, clones)
        self.rng.shuffle(clones)
        self.time("delete_volume, a clone", share, calls.delete_volumes, backend, clones)

    def replace_volumes(self) -> None:
        backend, share = self.backend, self.share
        indexes = self.some()
        uuids = [self.uuids[index] for index in indexes]
        self.time("delete_volume, and its snapshot", share, calls.delete_volumes, backend, uuids)
        names = [self.new_name() for _ in indexes]
        self.time("create_volume", share, calls.create_volumes, backend, names)
        for index, name in zip(indexes, names, strict=True):
            self.names[index], self.uuids[index] = name, self.volume_named(name)
        self.give_bases(indexes)


class SnapshotGrowth(Growth):
    """SIZE snapshots on a volume: on each of a thousand if SIZE is one, else on a single volume."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        owners = self.create_owners(TARGETS if size == 1 else 1)
        self.volumes = [owners[number % len(owners)] for number in range(TARGETS)]
        self.names: dict[str, str] = {}
        self.snapshots: dict[str, list[str]] = {volume: [] for volume in owners}
        for volume in owners:
            names = [self.new_name() for _ in range(size)]
            calls.create_snapshots(self.backend, [(volume, name) for name in names])
            for snapshot in self.backend.list_snapshots(volume):
                self.names[snapshot["uuid"]] = snapshot["name"]
                self.snapshots[volume].append(snapshot["uuid"])

    def drawn(self) -> list[tuple[str, str]]:
        return [(volume, self.rng.choice(self.snapshots[volume])) for volume in self.volumes]

    def run(self) -> None:
        backend, volumes = self.backend, self.volumes
        for number in range(SAMPLES):
            self.time("get_snapshot", TARGETS, calls.get_snapshots, backend, self.drawn())
            by_name = [(volume, self.names[uuid]) for volume, uuid in self.drawn()]
            self.time("find_snapshot", TARGETS, calls.find_snapshots, backend, by_name)
            self.rename()
            self.create_restore_delete()
            self.time("get_volume", TARGETS, calls.get_volumes, backend, volumes)
            size_bytes = number + 1
            loop = calls.resize_volumes
            self.time("patch_volume, size", TARGETS, loop, backend, volumes, size_bytes)
        for _ in range(SAMPLES):
            listed = volumes[: len(self.snapshots)]
            calls_made = len(listed) * self.size
            loop_lists = calls.list_snapshots
            self.time("list_snapshots, per snapshot", calls_made, loop_lists, backend, listed)

    def rename(self) -> None:
        renamed = []
        for volume, uuid in self.drawn():
            self.names[uuid] = self.new_name()
            renamed.append((volume, uuid, self.names[uuid]))
        self.time("rename_snapshot", TARGETS, calls.rename_snapshots, self.backend, renamed)

    def create_restore_delete(self) -> None:
        backend = self.backend
        wanted = [(volume, self.new_name()) for volume in self.volumes]
        self.time("create_snapshot", TARGETS, calls.create_snapshots, backend, wanted)
        newest = {}
        for volume, name in wanted:
            newest[volume] = uuid = self.snapshot_named(volume, name)
            self.names[uuid] = name
            self.snapshots[volume].append(uuid)
        latest = [(volume, newest[volume]) for volume in self.volumes]
        self.time("restore_snapshot, the newest", TARGETS, calls.restore_snapshots, backend, latest)
        victims = [(volume, self.take(self.snapshots[volume])) for volume in self.volumes]
        self.time("delete_snapshot", TARGETS, calls.delete_snapshots, backend, victims)
        for _, uuid in victims:
            del self.names[uuid]


class CloneGrowth(Growth):
    """SIZE clones of a snapshot: of each of a thousand if SIZE is one, else of a single one."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        owners = self.create_owners(TARGETS if size == 1 else 1)
        calls.create_snapshots(self.backend, [(volume, "base") for volume in owners])
        parents = [(volume, self.snapshot_named(volume, "base")) for volume in owners]
        self.parents = [parents[number % len(parents)] for number in range(TARGETS)]
        self.clones: dict[str, list[str]] = {volume: [] for volume in owners}
        for parent in parents:
            self.create_clones([(*parent, self.new_name()) for _ in range(size)], "")

    def create_clones(self, wanted: list[tuple[str, str, str]], row: str) -> None:
        if row:
            self.time(row, len(wanted), calls.create_clones, self.backend, wanted)
        else:
            calls.create_clones(self.backend, wanted)
        for volume, _, name in wanted:
            self.clones[volume].append(self.volume_named(name))

    def run(self) -> None:
        backend, parents = self.backend, self.parents
        volumes = [volume for volume, _ in parents]
        for _ in range(SAMPLES):
            clones = [self.rng.choice(self.clones[volume]) for volume in volumes]
            self.time("get_volume, a clone", TARGETS, calls.get_volumes, backend, clones)
            self.time("get_volume, the parent", TARGETS, calls.get_volumes, backend, volumes)
            volume_names = [(volume, self.new_name()) for volume in volumes]
            loop = calls.rename_volumes
            self.time("patch_volume, the parent's name", TARGETS, loop, backend, volume_names)
            names = [(*parent, self.new_name()) for parent in parents]
            self.time(
                "rename_snapshot, the parent", TARGETS, calls.rename_snapshots, backend, names
            )
            self.refused(volumes)
            for row, remove in (
                ("delete_volume, one of the clones", calls.delete_volumes),
                ("split_clone, one of the clones", calls.split_clones),
            ):
                wanted = [(*parent, self.new_name()) for parent in parents]
                self.create_clones(wanted, "create_clone")
                victims = [self.take(self.clones[volume]) for volume in volumes]
                self.time(row, TARGETS, remove, backend, victims)

    def refused(self, volumes: list[str]) -> None:
        snapshots, volumes_loop = calls.refuse_to_delete_snapshots, calls.refuse_to_delete_volumes
        self.time(
            "delete_snapshot, refused",
            TARGETS,
            snapshots,
            self.backend,
            self.parents,
            SnapshotBusyError,
        )
        self.time(
            "delete_volume, refused", TARGETS, volumes_loop, self.backend, volumes, VolumeBusyError
        )


class CreationGrowth(Growth):
    """SIZE volumes, then one snapshot of each, created in order."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.points = [FIRST_POINT]
        while self.points[-1] < size:
            self.points.append(round(self.points[-1] * POINT_STEP))

    def run(self) -> None:
        names = [self.new_name() for _ in range(self.size)]
        self.create("create_volume", calls.create_volumes, names)
        snapshots = [(volume["uuid"], "nightly") for volume in self.backend]
        self.create("create_snapshot", calls.create_snapshots, snapshots)

    def create(self, call: str, loop: Callable[..., object], arguments: Sequence[Any]) -> None:
        for begin in range(0, self.size, CREATIONS_PER_SAMPLE):
            part = arguments[begin : begin + CREATIONS_PER_SAMPLE]
            passed = bisect(self.points, begin)
            if passed == 0:
                loop(self.backend, part)
            else:
                row = f"{call} {self.points[passed - 1]}"
                self.time(row, len(part), loop, self.backend, part)


WORKERS: dict[str, type[VolumeGrowth | SnapshotGrowth | CloneGrowth | CreationGrowth]] = {
    "volumes": VolumeGrowth,
    "snapshots": SnapshotGrowth,
    "clones": CloneGrowth,
    "creation": CreationGrowth,
}


def main() -> None:
    worker = WORKERS[sys.argv[1]](int(sys.argv[2]))
    worker.run()
    json.dump(worker.medians(), sys.stdout)


if __name__ == "__main__":
    main()
