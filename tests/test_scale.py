"""Thousands of objects behave as three do, also across internal boundaries.

The oracle is a dict in order of creation, so that a comparison is fast. The records fill many
chunks, and slots are reused often.
"""

from __future__ import annotations

import itertools
import pickle
import random
from typing import Any

import pytest
from nessie_backend_mem import (
    MemBackend,
    SnapshotBusyError,
    SnapshotNotFoundError,
    VolumeNotFoundError,
)
from support import snapshot_names, volume_names

MANY = 5_000


def assert_same(backend: MemBackend, expected: dict[str, dict[str, Any]]) -> None:
    """`expected` has, by identifier and in order of creation, fields the volumes must have."""
    listing = backend.list_volumes()
    assert [volume["uuid"] for volume in listing] == list(expected)
    for volume in listing:
        assert volume.items() >= expected[volume["uuid"]].items()
        assert backend.get_volume(volume["uuid"]) == volume
        assert backend.find_volume(volume["name"]) == volume
    backend.check_invariants()


def long_name(number: int) -> str:
    """Different names of every valid length."""
    return f"{number}-".ljust(number % 204, "n")


def pick(dice: random.Random, volumes: dict[str, dict[str, Any]]) -> str:
    """One of the hundred oldest or newest, or, rarely, any."""
    if dice.random() < 0.02:
        return dice.choice(list(volumes))
    order = reversed(volumes) if dice.random() < 0.5 else iter(volumes)
    near_an_end = list(itertools.islice(order, 100))
    return dice.choice(near_an_end)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_calls_on_thousands_of_volumes_and_copies(seed: int) -> None:
    dice = random.Random(seed)
    backend = MemBackend(seed=seed)
    volumes: dict[str, dict[str, Any]] = {}
    dead: list[str] = []
    left_behind: list[tuple[MemBackend, dict[str, dict[str, Any]]]] = []
    for step in range(20_000):
        throw = dice.random()
        if throw < 0.45 or len(volumes) < 10:
            name = long_name(step)
            volumes[backend.create_volume(name, step + 1)["uuid"]] = {
                "name": name,
                "size_bytes": step + 1,
            }
            continue
        uuid = pick(dice, volumes)
        if throw < 0.75:
            name, size = f"{step}.{dice.randrange(10**9)}", dice.randrange(1, 2**64)
            backend.patch_volume(uuid, size, name=name)
            volumes[uuid].update(name=name, size_bytes=size)
        elif throw < 0.8:
            path, policy = f"/{step}" + "é" * (step % 300), "\U0001f4be" * (step % 256 + 1)
            backend.patch_volume(uuid, junction_path=path, export_policy=policy)
            volumes[uuid].update(junction_path=path, export_policy=policy)
        elif throw < 0.9995:
            backend.delete_volume(uuid)
            del volumes[uuid]
            dead.append(uuid)
        else:
            copied = backend.fork() if dice.random() < 0.5 else pickle.loads(pickle.dumps(backend))
            left_behind.append((backend, {uuid: {**volumes[uuid]} for uuid in volumes}))
            backend = copied
    assert len(volumes) > 1_000
    assert len(left_behind) > 1
    assert_same(backend, volumes)
    for original, expected in left_behind:
        assert_same(original, expected)
    assert len({*dead, *volumes}) == len(dead) + len(volumes)
    for uuid in dead:
        with pytest.raises(VolumeNotFoundError):
            backend.get_volume(uuid)


def test_slots_reused_a_thousand_times_never_repeat_an_identifier() -> None:
    for backend in (MemBackend(seed=1), MemBackend()):
        seen: set[str] = set()
        volume = backend.create_volume("v")["uuid"]
        for _ in range(1_000):
            made = backend.create_volume("again")["uuid"]
            snapshot = backend.create_snapshot(volume, "again")["uuid"]
            clone = backend.create_clone(volume, snapshot, "clone")["uuid"]
            for identifier in (made, snapshot, clone):
                assert identifier not in seen
                seen.add(identifier)
            backend.delete_volume(clone)
            backend.delete_snapshot(volume, snapshot)
            backend.delete_volume(made)
        backend.check_invariants()


def test_a_volume_with_thousands_of_snapshots(backend: MemBackend) -> None:
    volume = backend.create_volume("v", 1)["uuid"]
    uuids = {f"s{n}": backend.create_snapshot(volume, f"s{n}")["uuid"] for n in range(MANY)}
    kept = [f"s{number}" for number in range(MANY) if number % 3]
    for number in range(0, MANY, 3):
        backend.delete_snapshot(volume, uuids[f"s{number}"])
    assert snapshot_names(backend, volume) == kept
    for number in range(MANY):
        found = backend.find_snapshot(volume, f"s{number}")
        assert (found and found["uuid"]) == (uuids[f"s{number}"] if number % 3 else None)
    for name in kept[::5]:
        backend.rename_snapshot(volume, uuids[name], name + ".renamed")
    renamed = [name + ".renamed" if number % 5 == 0 else name for number, name in enumerate(kept)]
    assert snapshot_names(backend, volume) == renamed
    backend.check_invariants()
    middle = len(kept) // 2
    backend.restore_snapshot(volume, uuids[kept[middle]])
    assert snapshot_names(backend, volume) == renamed[: middle + 1]
    with pytest.raises(SnapshotNotFoundError):
        backend.get_snapshot(volume, uuids[kept[middle + 1]])
    backend.check_invariants()
    backend.delete_volume(volume)
    assert len(backend) == 0
    backend.check_invariants()


def test_a_snapshot_with_thousands_of_clones(backend: MemBackend) -> None:
    volume = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clones = [backend.create_clone(volume, snapshot, f"c{n}")["uuid"] for n in range(MANY)]
    for clone in clones[1::2]:
        backend.delete_volume(clone)
    for clone in clones[::4]:
        backend.split_clone(clone)
    left = [f"c{number}" for number in range(2, MANY, 4)]
    with pytest.raises(SnapshotBusyError) as caught:
        backend.delete_snapshot(volume, snapshot)
    assert caught.value.dependents == tuple(left[:16])
    assert caught.value.dependent_count == len(left)
    backend.check_invariants()
    backend.patch_volume(volume, name="renamed")
    backend.rename_snapshot(volume, snapshot, "renamed-too")
    origins = [volume["clone"] for volume in backend if "clone" in volume]
    assert len(origins) == len(left)
    assert {origin["parent_volume"] for origin in origins} == {"renamed"}
    assert {origin["parent_snapshot"] for origin in origins} == {"renamed-too"}
    for clone in clones[2::4]:
        backend.delete_volume(clone)
    backend.delete_snapshot(volume, snapshot)
    assert volume_names(backend) == ["renamed", *(f"c{number}" for number in range(0, MANY, 4))]
    backend.check_invariants()


def test_long_texts_of_many_volumes_are_kept_through_many_changes(backend: MemBackend) -> None:
    """The longest valid names and policies, on every volume, repeatedly."""
    uuids = [backend.create_volume(f"v{number}")["uuid"] for number in range(600)]
    for turn in range(8):
        for number, uuid in enumerate(uuids):
            backend.patch_volume(
                uuid,
                name=f"{turn}.{number}.".ljust(203, "n"),
                export_policy=chr(0x1F400 + turn) * 256,
            )
        backend.check_invariants()
    for number, volume in enumerate(backend):
        assert volume["name"] == f"7.{number}.".ljust(203, "n")
        assert volume["export_policy"] == chr(0x1F407) * 256


def test_a_thousand_forks_are_independent() -> None:
    backend = MemBackend(seed=1)
    uuids = [backend.create_volume(f"v{number}")["uuid"] for number in range(2_000)]
    forks = []
    for number in range(1_000):
        fork = backend.fork()
        fork.patch_volume(uuids[number], number + 1)
        fork.delete_volume(uuids[number + 1])
        forks.append(fork)
    for number, fork in enumerate(forks):
        assert len(fork) == 1_999
        assert fork.get_volume(uuids[number])["size_bytes"] == number + 1
        assert uuids[number + 1] not in fork
        assert uuids[number] in backend
    assert {volume["size_bytes"] for volume in backend} == {None}
