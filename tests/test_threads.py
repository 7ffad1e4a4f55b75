"""Threads: nothing is lost, nothing is done twice, and no reader sees half an operation."""

from __future__ import annotations

import gc
import operator
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from nessie_backend_mem import (
    MemBackend,
    NessieError,
    SnapshotBusyError,
    SnapshotNotFoundError,
    VolumeExistsError,
)
from support import (
    TIMEOUT,
    code_of,
    run_threads,
    volume_names,
    volume_with_snapshots,
    while_running,
)

pytestmark = pytest.mark.usefixtures("switch_often")

THREADS = 6


# Races with one winner -----------------------------------------------------------------------


def test_of_many_threads_creating_one_name_exactly_one_wins(backend: MemBackend) -> None:
    names = [f"v{number}" for number in range(3_000)]

    def create_all() -> list[str]:
        won = []
        for name in names:
            with suppress(VolumeExistsError):
                backend.create_volume(name)
                won.append(name)
        return won

    wins = Counter(name for won in run_threads(*[create_all] * THREADS) for name in won)
    assert wins == Counter(names)
    assert sorted(volume_names(backend)) == sorted(names)
    backend.check_invariants()


def test_of_many_threads_deleting_one_volume_exactly_one_wins(backend: MemBackend) -> None:
    uuids = [backend.create_volume(f"v{number}")["uuid"] for number in range(3_000)]

    def delete_all() -> Counter[str | None]:
        return Counter(code_of(partial(backend.delete_volume, uuid)) for uuid in uuids)

    outcomes: Counter[str | None] = sum(run_threads(*[delete_all] * THREADS), Counter())
    assert outcomes == {None: len(uuids), "volume_not_found": len(uuids) * (THREADS - 1)}
    assert len(backend) == 0
    backend.check_invariants()


def test_a_snapshot_is_cloned_or_deleted_but_never_both(backend: MemBackend) -> None:
    volume = backend.create_volume("v")["uuid"]
    snapshots = [backend.create_snapshot(volume, f"s{n}")["uuid"] for n in range(5_000)]

    def clone_all() -> list[bool]:
        cloned = []
        for number, snapshot in enumerate(snapshots):
            try:
                backend.create_clone(volume, snapshot, f"c{number}")
                cloned.append(True)
            except SnapshotNotFoundError:
                cloned.append(False)
        return cloned

    def delete_all() -> list[bool]:
        deleted = []
        for snapshot in reversed(snapshots):
            try:
                backend.delete_snapshot(volume, snapshot)
                deleted.append(True)
            except SnapshotBusyError:
                deleted.append(False)
        deleted.reverse()
        return deleted

    cloned, deleted = run_threads(clone_all, delete_all)
    assert [not each for each in cloned] == deleted
    assert len(backend) == 1 + sum(cloned)
    assert len(backend.list_snapshots(volume)) == sum(cloned)
    backend.check_invariants()


def test_a_name_freed_by_a_rename_is_used_once(backend: MemBackend) -> None:
    """Each thread renames its volume to the next name in a ring; one name is always free."""
    ring = [f"ring{number}" for number in range(THREADS + 1)]
    uuids = [backend.create_volume(name)["uuid"] for name in ring[:-1]]

    def chase(uuid: str) -> Callable[[], int]:
        def run() -> int:
            moved = 0
            for turn in range(5_000):
                name = ring[turn % len(ring)]
                moved += code_of(partial(backend.patch_volume, uuid, name=name)) is None
            return moved

        return run

    def look() -> None:
        names = volume_names(backend)
        assert len(set(names)) == len(names) == THREADS
        assert set(names) <= set(ring)

    while_running(lambda: run_threads(*map(chase, uuids)), look)
    assert {volume["uuid"] for volume in backend.list_volumes()} == set(uuids)
    backend.check_invariants()


def test_junction_paths_stay_unique_under_a_race(backend: MemBackend) -> None:
    uuids = [backend.create_volume(f"v{number}")["uuid"] for number in range(THREADS)]

    def mount(uuid: str) -> Callable[[], None]:
        def run() -> None:
            for turn in range(5_000):
                path = f"/p{turn % 3}" if turn % 2 else f"/P{turn % 3}"
                code_of(partial(backend.patch_volume, uuid, junction_path=path))

        return run

    def look() -> None:
        paths = [v["junction_path"].lower() for v in backend if "junction_path" in v]
        assert len(set(paths)) == len(paths)

    while_running(lambda: run_threads(*map(mount, uuids)), look)
    backend.check_invariants()


# Nothing is lost -----------------------------------------------------------------------------


def test_the_work_of_all_threads_adds_up(backend: MemBackend) -> None:
    """Each thread keeps its own account; together they are the backend."""

    def live(thread: int) -> Callable[[], dict[str, set[str]]]:
        def run() -> dict[str, set[str]]:
            kept: dict[str, set[str]] = {}
            for number in range(500):
                volume = backend.create_volume(f"t{thread}-{number}")["uuid"]
                snapshots = [backend.create_snapshot(volume, f"s{n}")["uuid"] for n in range(3)]
                backend.delete_snapshot(volume, snapshots[1])
                clone = backend.create_clone(volume, snapshots[0], f"t{thread}-{number}-clone")
                if number % 3 == 0:
                    backend.delete_volume(clone["uuid"])
                    backend.delete_volume(volume)
                else:
                    backend.split_clone(clone["uuid"])
                    kept[volume] = {snapshots[0], snapshots[2]}
                    kept[clone["uuid"]] = set()
            return kept

        return run

    expected: dict[str, set[str]] = {}
    for kept in run_threads(*map(live, range(THREADS))):
        assert expected.keys().isdisjoint(kept)
        expected |= kept
    found = {
        volume["uuid"]: {s["uuid"] for s in backend.list_snapshots(volume["uuid"])}
        for volume in backend
    }
    assert found == expected
    backend.check_invariants()


def test_identifiers_generated_by_many_threads_are_all_different() -> None:
    for backend in (MemBackend(seed=1), MemBackend()):
        volume = backend.create_volume("v")["uuid"]

        def draw(thread: int, backend: MemBackend = backend, volume: str = volume) -> list[str]:
            return [
                backend.create_snapshot(volume, f"t{thread}-{number}")["uuid"]
                for number in range(500)
            ]

        drawn = run_threads(*(lambda thread=thread: draw(thread) for thread in range(THREADS)))
        everyone = [uuid for each in drawn for uuid in each]
        assert len(set(everyone)) == len(everyone)
        listed = backend.list_snapshots(volume)
        assert sorted(snapshot["uuid"] for snapshot in listed) == sorted(everyone)
        for thread, own in enumerate(drawn):
            mine = [s["uuid"] for s in listed if s["name"].startswith(f"t{thread}-")]
            assert mine == own, "snapshots are not listed in the order of their creation"


def test_time_does_not_run_backwards_in_any_thread() -> None:
    for backend in (MemBackend(), MemBackend(start="2000-01-01T00:00:00Z")):
        standing = backend.now() == "2000-01-01T00:00:00Z"

        def watch(backend: MemBackend = backend, standing: bool = standing) -> None:
            last = backend.now().removesuffix("Z")
            for _ in range(1_000):
                if standing:
                    backend.advance(1)
                now = backend.now().removesuffix("Z")
                # As text: seconds sort before their own fractions.
                assert last <= now
                last = now

        run_threads(*[watch] * THREADS)
        if standing:
            assert backend.now() == MemBackend(seed=1).advance(THREADS * 1_000)


# Readers see whole operations ----------------------------------------------------------------


def test_a_patch_is_atomic_for_readers(backend: MemBackend) -> None:
    volume = backend.create_volume("n0", 1)["uuid"]
    turn = iter(range(2, 10**9))

    def patch() -> None:
        number = next(turn)
        backend.patch_volume(volume, number, f"/p{number}", f"e{number}", name=f"n{number}")

    def look() -> None:
        for _ in range(15_000):
            for seen in (backend.get_volume(volume), *backend.list_volumes(), *backend):
                number = seen["size_bytes"]
                if number == 1:
                    continue
                assert seen["name"] == f"n{number}"
                assert seen.get("junction_path") == f"/p{number}"
                assert seen.get("export_policy") == f"e{number}"

    while_running(look, patch)


def assert_consistent(volumes: list[Any]) -> None:
    """A listing is consistent: names are unique, and it has every origin with its name."""
    by_uuid = {volume["uuid"]: volume for volume in volumes}
    assert len(by_uuid) == len(volumes)
    assert len({volume["name"] for volume in volumes}) == len(volumes)
    for volume in volumes:
        origin = volume.get("clone")
        if origin:
            assert by_uuid[origin["parent_volume_uuid"]]["name"] == origin["parent_volume"]


def test_every_listing_and_iteration_is_consistent(backend: MemBackend) -> None:
    parents = [volume_with_snapshots(backend, f"p{number}-0", "s") for number in range(40)]
    clones: list[str] = []
    turn = iter(range(1, 10**9))

    def rename_and_clone() -> None:
        number = next(turn)
        parent, [snapshot] = parents[number % len(parents)]
        backend.patch_volume(parent["uuid"], name=f"p{number % len(parents)}-{number}")
        clones.append(backend.create_clone(parent["uuid"], snapshot["uuid"], f"c{number}")["uuid"])
        if len(clones) > 50:
            backend.delete_volume(clones.pop(number % 50))

    def look() -> None:
        for _ in range(1_500):
            assert_consistent(backend.list_volumes())
            assert_consistent(list(backend))
            assert_consistent(backend.fork().list_volumes())
            backend.check_invariants()

    while_running(look, rename_and_clone)


def test_replacing_a_volume_never_lists_none_or_three(backend: MemBackend) -> None:
    """There is always a volume: each is created before the previous one is deleted."""
    alive = [backend.create_volume("v0")["uuid"]]
    turn = iter(range(1, 10**9))

    def replace() -> None:
        alive.append(backend.create_volume(f"v{next(turn)}")["uuid"])
        backend.delete_volume(alive.pop(0))

    def look() -> None:
        for _ in range(15_000):
            assert len(backend.list_volumes()) in (1, 2)
            assert len(list(backend)) in (1, 2)
            assert len(backend) in (1, 2)
            assert 1 <= len(backend.tree().split("v")) - 1 <= 3

    while_running(look, replace)


def test_an_iteration_has_the_state_at_its_start(backend: MemBackend) -> None:
    for number in range(100):
        backend.create_volume(f"v{number}")
    iteration = iter(backend)
    expected = backend.list_volumes()
    seen = [next(iteration) for _ in range(50)]
    for volume in backend.list_volumes():
        backend.patch_volume(volume["uuid"], 5, name=volume["name"] + "-renamed")
    for volume in backend.list_volumes()[::2]:
        backend.delete_volume(volume["uuid"])
    backend.create_volume("late")
    seen.extend(iteration)
    assert seen == expected


def test_one_iteration_shared_by_threads_yields_every_volume_once(backend: MemBackend) -> None:
    for number in range(2_000):
        backend.create_volume(f"v{number}")
    iteration = iter(backend)
    seen = run_threads(*[lambda: [volume["name"] for volume in iteration]] * THREADS)
    assert sorted(name for names in seen for name in names) == sorted(volume_names(backend))


def test_copies_under_load_are_consistent(backend: MemBackend) -> None:
    turn = iter(range(10**9))
    alive: list[str] = []

    def churn() -> None:
        number = next(turn)
        volume, [snapshot] = volume_with_snapshots(backend, f"v{number}", "s")
        clone = backend.create_clone(volume["uuid"], snapshot["uuid"], f"c{number}")
        alive.extend((volume["uuid"], clone["uuid"]))
        if len(alive) > 200:
            parent_and_clone = alive[:2]
            del alive[:2]
            for uuid in reversed(parent_and_clone):
                backend.delete_volume(uuid)

    def look() -> None:
        for _ in range(500):
            copied = backend.fork()
            copied.check_invariants()
            before = copied.list_volumes()
            assert_consistent(before)
            copied.create_volume("mine")
            assert copied.list_volumes()[:-1] == before

    while_running(look, churn)
    backend.check_invariants()


def test_mixed_work_of_many_threads_keeps_the_invariants(backend: MemBackend) -> None:
    """All operations concurrently on the same few objects raise only documented errors."""

    def toil(thread: int) -> Callable[[], None]:
        def run() -> None:
            for turn in range(1_000):
                volumes = backend.list_volumes()
                if len(volumes) < 4:
                    code_of(partial(backend.create_volume, f"v{thread}-{turn}"))
                    continue
                uuid = volumes[(turn * 7 + thread) % len(volumes)]["uuid"]
                for step in (
                    lambda u, t: backend.create_snapshot(u, f"s{t % 5}"),
                    lambda u, t: backend.create_clone(
                        u, backend.list_snapshots(u)[-1]["uuid"], f"c{t % 30}"
                    ),
                    lambda u, t: backend.rename_snapshot(
                        u, backend.list_snapshots(u)[0]["uuid"], f"s{t % 6}"
                    ),
                    lambda u, t: backend.restore_snapshot(u, backend.list_snapshots(u)[0]["uuid"]),
                    lambda u, t: backend.delete_snapshot(u, backend.list_snapshots(u)[0]["uuid"]),
                    lambda u, t: backend.split_clone(u),
                    lambda u, t: backend.patch_volume(u, t + 1, f"/p{t % 5}", name=f"n{t % 20}"),
                    lambda u, t: backend.delete_volume(u),
                )[turn % 3 :: 2]:
                    with suppress(NessieError, IndexError):
                        step(uuid, turn)

        return run

    run_threads(*map(toil, range(THREADS)))
    backend.check_invariants()
    assert_consistent(backend.list_volumes())


# Threads during a listing --------------------------------------------------------------------


def test_other_threads_run_during_a_long_listing(backend: MemBackend) -> None:
    """The count grows only during the listing.

    No bytecode runs between the listing and the reading of the count before and after it, because
    another thread could run there. For the same reason the garbage collector is off.
    """
    sys.setswitchinterval(1e-4)
    for number in range(200_000):
        backend.create_volume(f"volume-{number}")
    ticks: list[None] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(None)
            time.sleep(0)

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    gc.disable()
    try:
        gained = 0
        for _ in range(20):
            calls: list[Callable[[], Any]] = [ticks.__len__, backend.list_volumes, ticks.__len__]
            before, listing, after = map(operator.call, calls)
            assert len(listing) == 200_000
            gained += after - before
            if gained:
                break
        assert gained, "a listing stalls every other thread"
    finally:
        gc.enable()
        done.set()
        ticker.join(TIMEOUT)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
def test_a_long_listing_can_be_interrupted(backend: MemBackend) -> None:
    """No bytecode runs between the calls, so that only a listing can raise the interrupt.

    The garbage collector is off, because its callbacks would swallow the exception.
    """
    for number in range(50_000):
        backend.create_volume(f"volume-{number}")
    finished: list[object] = []
    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    gc.disable()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(KeyboardInterrupt):
            finished.extend(map(operator.call, [backend.list_volumes] * 20))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
        gc.enable()
    assert len(finished) < 20
    assert len(backend.list_volumes()) == 50_000


# Threads and forked processes ----------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_process_forked_while_other_threads_work_is_not_stuck() -> None:
    """A lock that a thread holds during the fork is free in the child."""
    backend = MemBackend()
    for number in range(20_000):
        backend.create_volume(f"v{number}")
    turn = iter(range(10**9))

    def churn() -> None:
        backend.delete_volume(backend.create_volume(f"busy{next(turn)}")["uuid"])

    def fork_often() -> None:
        for _ in range(25):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    volume = backend.create_volume("of-the-child")
                    backend.patch_volume(volume["uuid"], 5)
                    backend.fork().delete_volume(volume["uuid"])
                    status = 0 if len(backend) == len(backend.list_volumes()) else 2
                finally:
                    os._exit(status)
            deadline = time.monotonic() + TIMEOUT / 2
            while True:
                finished, state = os.waitpid(child, os.WNOHANG)
                if finished:
                    break
                if time.monotonic() > deadline:
                    os.kill(child, 9)
                    os.waitpid(child, 0)
                    pytest.fail("the forked process is stuck")
                threading.Event().wait(0.002)
            assert os.waitstatus_to_exitcode(state) == 0

    while_running(fork_often, backend.list_volumes, backend.fork, churn)
    backend.check_invariants()
