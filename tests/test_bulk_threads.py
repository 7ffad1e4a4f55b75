"""Bulk calls among threads and forked processes: atomic, and other threads keep running."""

from __future__ import annotations

import gc
import operator
import os
import pickle
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from nessie_backend_mem import MemBackend, Uuids, VolumeNotFoundError, _core
from nessie_backend_mem.ontap import OntapServer
from support import TIMEOUT, code_of, run_threads, volume_names, while_running

pytestmark = pytest.mark.usefixtures("switch_often")

BATCH = 300


def batch_names(turn: int) -> list[str]:
    return [f"batch{turn}-{number}" for number in range(BATCH)]


# All of a batch or nothing -------------------------------------------------------------------


def test_a_batch_of_volumes_is_atomic_for_readers(backend: MemBackend) -> None:
    backend.create_volume("always-there")
    turn = iter(range(10**9))

    def come_and_go() -> None:
        uuids = backend.create_volumes(batch_names(next(turn)))
        backend.patch_volumes(uuids, 5)
        backend.delete_volumes(uuids)

    def look() -> None:
        for _ in range(300):
            for seen in (backend.list_volumes(), list(backend), backend.fork().list_volumes()):
                assert len(seen) in {1, 1 + BATCH}
                assert len({volume["size_bytes"] for volume in seen[1:]}) <= 1
            assert len(backend) in {1, 1 + BATCH}
            backend.check_invariants()

    while_running(look, come_and_go)


def test_a_batch_of_snapshots_or_clones_is_atomic_for_readers(
    backend: MemBackend,
) -> None:
    uuids = backend.create_volumes(batch_names(0))

    def come_and_go() -> None:
        snapshots = backend.create_snapshots(uuids, "s")
        clones = backend.create_clones(uuids[0], snapshots[0], batch_names(1))
        backend.delete_volumes(clones)
        backend.delete_snapshots(uuids, "s")

    def look() -> None:
        for _ in range(200):
            seen = backend.fork()
            snapshots = sum(len(seen.list_snapshots(uuid)) for uuid in uuids)
            assert snapshots in {0, BATCH}
            assert len(seen) == BATCH or (len(seen), snapshots) == (2 * BATCH, BATCH)
            # Another call may see a later moment, but one moment only.
            shown = repr(backend)
            assert any(f"snapshots={count}," in shown for count in (0, BATCH))

    while_running(look, come_and_go)


def test_get_volumes_is_consistent(backend: MemBackend) -> None:
    uuids = backend.create_volumes(batch_names(0), 1)
    turn = iter(range(2, 10**9))

    def resize() -> None:
        backend.patch_volumes(uuids, next(turn))

    def look() -> None:
        last = 0
        for _ in range(500):
            sizes = {volume["size_bytes"] for volume in backend.get_volumes(uuids)}
            [size] = sizes
            assert size is not None
            assert size >= last
            last = size

    while_running(look, resize)


def test_a_batch_and_a_single_deletion_are_serialised(backend: MemBackend) -> None:
    """Either the batch deletes all and the single call none, or the batch fails."""
    dice = random.Random(3)
    outcomes = set()
    for turn in range(400):
        uuids = backend.create_volumes(batch_names(turn))
        place = dice.randrange(BATCH)

        def at_once(uuids: Uuids = uuids) -> int | None:
            try:
                backend.delete_volumes(uuids)
            except VolumeNotFoundError as error:
                return error.index
            return None

        single = partial(code_of, partial(backend.delete_volume, uuids[place]))
        works: list[Callable[[], Any]] = [at_once, single]
        index, code = run_threads(*works) if turn % 2 else reversed(run_threads(*works[::-1]))
        if index is None:
            assert code == "volume_not_found"
            assert len(backend) == 0
        else:
            assert (index, code) == (place, None)
            assert len(backend) == BATCH - 1
            backend.delete_volumes([*uuids[:place], *uuids[place + 1 :]])
        outcomes.add(code)
        backend.check_invariants()
    assert outcomes, "seed 3"


def test_one_of_the_batches_with_a_common_name_succeeds(backend: MemBackend) -> None:
    for turn in range(150):
        batches = [[f"own{turn}-{thread}-{n}" for n in range(50)] for thread in range(4)]
        for thread, names in enumerate(batches):
            names.insert(thread * 11, f"common{turn}")
        creations: list[Callable[[], object]] = [
            partial(backend.create_volumes, names) for names in batches
        ]
        creations.append(partial(backend.create_volume, f"common{turn}"))
        codes = run_threads(*[partial(code_of, creation) for creation in creations])
        assert sorted(codes, key=str) == [None, *["volume_exists"] * 4]
        winner = codes.index(None)
        names = [*batches, [f"common{turn}"]][winner]
        assert volume_names(backend) == names
        backend.delete_volumes([volume["uuid"] for volume in backend])
    backend.check_invariants()


def test_the_work_of_batches_and_single_calls_adds_up(backend: MemBackend) -> None:
    def in_batches(thread: int) -> Callable[[], set[str]]:
        def run() -> set[str]:
            kept: set[str] = set()
            for turn in range(40):
                uuids = backend.create_volumes(f"t{thread}-{turn}-{n}" for n in range(50))
                snapshots = backend.create_snapshots(uuids, "s")
                clones = backend.create_clones(
                    uuids[0], snapshots[0], [f"t{thread}-{turn}-c{n}" for n in range(50)]
                )
                backend.delete_volumes([*uuids[:10], *clones])
                kept.update(uuids[10:])
            return kept

        return run

    def one_by_one() -> set[str]:
        kept = set()
        for turn in range(1_000):
            uuid = backend.create_volume(f"single-{turn}")["uuid"]
            if turn % 2:
                backend.delete_volume(uuid)
            else:
                backend.create_snapshot(uuid, "s")
                kept.add(uuid)
        return kept

    *kept, single = run_threads(in_batches(0), in_batches(1), in_batches(2), one_by_one)
    expected = set().union(*kept, single)
    assert len(expected) == 3 * 40 * 40 + 500
    assert {volume["uuid"] for volume in backend} == expected
    assert all(len(backend.list_snapshots(uuid)) == 1 for uuid in expected)
    backend.check_invariants()


def test_a_list_that_other_threads_change_is_read_item_by_item(backend: MemBackend) -> None:
    """The batch has the items that were read from the list: all are created, or none."""
    names = [f"v{number}" for number in range(2_000)]

    def disturb() -> None:
        names.append(names.pop(0))

    def create() -> None:
        for _ in range(100):
            made = backend.fork()
            code = code_of(partial(made.create_volumes, names))
            assert code in {None, "volume_exists"}
            assert (len(made) > 0) == (code is None)

    while_running(create, disturb)


# Other threads keep running ------------------------------------------------------------------

LARGE = 150_000


def gained_during(call: Callable[[], object], *others: Callable[[], object]) -> int:
    """The number of loops of another thread during `call`.

    Each of `others` keeps one more thread busy. No bytecode runs between the call and the reading
    of the count before and after it, because another thread could run there. For the same reason
    the garbage collector, which has callbacks, is off.
    """
    ticks: list[None] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(None)
            time.sleep(0)

    def repeat(other: Callable[[], object]) -> None:
        while not done.is_set():
            other()

    threads = [threading.Thread(target=tick, daemon=True)]
    threads += [threading.Thread(target=repeat, args=(other,), daemon=True) for other in others]
    for thread in threads:
        thread.start()
    gc.disable()
    try:
        calls: list[Callable[[], Any]] = [ticks.__len__, call, ticks.__len__]
        before, _, after = map(operator.call, calls)
    finally:
        gc.enable()
        done.set()
        for thread in threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive(), "a thread is stuck"
    return int(after - before)


def large() -> tuple[MemBackend, dict[str, Callable[[MemBackend], object]]]:
    """A backend, and a large call of each kind to be made on a copy of it."""
    backend = MemBackend(seed=1)
    uuids = backend.create_volumes(f"v{number}" for number in range(LARGE))
    snapshots = backend.create_snapshots(uuids, "s")
    names = [f"new{number}" for number in range(LARGE)]
    texts = uuids.to_pylist()
    return backend, {
        "create_volumes": lambda copied: copied.create_volumes(names),
        "create_clones": lambda copied: copied.create_clones(uuids[0], snapshots[0], names),
        "create_snapshots": lambda copied: copied.create_snapshots(uuids, "t"),
        "patch_volumes": lambda copied: copied.patch_volumes(uuids, 5),
        "get_volumes": lambda copied: copied.get_volumes(uuids),
        "delete_snapshots": lambda copied: copied.delete_snapshots(uuids, "s"),
        "delete_volumes": lambda copied: copied.delete_volumes(uuids),
        "uuids as texts": lambda copied: copied.patch_volumes(texts, 5),
        "to_pylist": lambda copied: uuids.to_pylist(),
        "equality": lambda copied: uuids == texts,
    }


def test_other_threads_run_during_every_bulk_call() -> None:
    sys.setswitchinterval(1e-4)
    backend, calls = large()
    for name, call in calls.items():
        # One attempt is enough. On a busy machine the other thread may sleep during a short call.
        gained = any(gained_during(partial(call, backend.fork())) for _ in range(500))
        assert gained, f"{name} stalls every other thread"


def test_a_thread_that_waits_for_a_bulk_call_does_not_make_others_wait() -> None:
    """Single calls on the same backend wait for the lock without the interpreter."""
    sys.setswitchinterval(1e-4)
    backend, calls = large()
    uuid = backend.create_volume("single")["uuid"]

    def gained(call: Callable[[MemBackend], object]) -> int:
        copied = backend.fork()
        turn = iter(range(1, 10**9))

        def write() -> None:
            copied.patch_volume(uuid, next(turn))

        def read() -> None:
            assert copied.get_volume(uuid)["uuid"] == uuid
            assert len(copied) > 0
            assert uuid in copied

        return gained_during(partial(call, copied), write, read)

    for name, call in calls.items():
        assert any(gained(call) for _ in range(500)), f"{name} stalls every other thread"


def test_copying_calls_wait_for_a_bulk_call_without_the_interpreter() -> None:
    """The backend is empty before and after, so that only the wait takes long."""
    sys.setswitchinterval(1e-4)
    backend = MemBackend(seed=1)
    # A column is read without the interpreter too, so that the wait has no other reason.
    names = pa.array([*(f"v{number}" for number in range(2 * LARGE)), "v0"])
    calls: dict[str, Callable[[], object]] = {
        "dump": lambda: backend.dump(os.devnull),
        "state_digest": backend.state_digest,
        "pickle": lambda: pickle.dumps(backend),
        "fork": backend.fork,
        "volumes": backend.volumes,
        "now": backend.now,
    }

    def fail() -> None:
        assert code_of(lambda: backend.create_volumes(names)) == "volume_exists"

    def gained(call: Callable[[], object]) -> int:
        creation = threading.Thread(target=fail)
        creation.start()
        most = 0
        while creation.is_alive():
            most = max(most, gained_during(call))
        creation.join(TIMEOUT)
        return most

    for name, call in calls.items():
        # A call that need not wait may still give the other thread some turns.
        assert any(gained(call) > 200 for _ in range(50)), f"{name} stalls every other thread"


def test_a_thread_that_waits_for_an_endpoint_does_not_make_others_wait() -> None:
    """The endpoint works on the same backend without the interpreter."""
    sys.setswitchinterval(1e-4)
    many = MemBackend(seed=1)
    volume = many.create_volume("v")["uuid"]
    for number in range(2 * LARGE):
        many.create_snapshot(volume, f"s{number}")
    many.patch_volume(volume, state="offline")

    def gained() -> int:
        backend = many.fork()
        server = OntapServer(backend, tls=False)

        def delete() -> None:
            status, _, _ = server._cluster.handle("DELETE", f"/api/storage/volumes/{volume}", b"")
            assert status == 202

        deletion = threading.Thread(target=delete)
        deletion.start()
        most = 0
        while deletion.is_alive():
            most = max(most, gained_during(backend.now))
        deletion.join(TIMEOUT)
        assert len(backend) == 0
        return most

    assert any(gained() > 100 for _ in range(50)), "now stalls every other thread"


def test_other_threads_run_while_many_objects_are_deleted_or_freed() -> None:
    sys.setswitchinterval(1e-4)
    many = MemBackend(seed=1)
    volume = many.create_volume("v")["uuid"]
    first = many.create_snapshot(volume, "first")["uuid"]
    for number in range(30_000):
        many.create_snapshot(volume, f"s{number}")
    uuids = Uuids.from_bytes(bytes(16 * 500_000))
    box: list[object] = []

    def full(keep: Callable[[MemBackend], object]) -> Callable[[], object]:
        made = MemBackend(seed=2)
        made.create_volumes(f"v{number}" for number in range(LARGE))
        box.append(keep(made))
        return box.clear

    calls: dict[str, Callable[[], Callable[[], object]]] = {
        "restore_snapshot": lambda: partial(many.fork().restore_snapshot, volume, first),
        "delete_volume": lambda: partial(many.fork().delete_volume, volume),
        "the end of a backend": lambda: full(lambda made: made),
        "the end of a table": lambda: full(lambda made: made.volumes(name="v1")),
        "the end of an iteration": lambda: full(iter),
        "to_bytes": lambda: uuids.to_bytes,
        "reversal": lambda: partial(operator.getitem, uuids, slice(None, None, -1)),
    }
    for name, make in calls.items():
        gained = any(gained_during(make()) for _ in range(200))
        assert gained, f"{name} stalls every other thread"


def test_another_backend_is_free_during_a_bulk_call(backend: MemBackend) -> None:
    other = MemBackend(seed=2)
    made: list[str] = []
    turn = iter(range(10**9))

    def live() -> None:
        uuid = other.create_volume(f"v{next(turn)}")["uuid"]
        other.create_snapshot(uuid, "s")
        made.append(uuid)

    sys.setswitchinterval(1e-4)
    uuids = backend.create_volumes(f"v{number}" for number in range(LARGE))
    gained: list[Any] = []
    while_running(
        lambda: gained.extend(
            map(
                operator.call,
                [made.__len__, lambda: backend.create_snapshots(uuids, "s"), made.__len__],
            )
        ),
        live,
    )
    before, _, after = gained
    assert after > before, "calls on another backend wait"
    assert [volume["uuid"] for volume in other] == made


def test_an_endless_iterator_can_be_interrupted(backend: MemBackend) -> None:
    """The iterator runs no bytecode, so that only the call itself can check for the signal."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no interval timer")
    from itertools import repeat

    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        calls: list[Callable[[], object]] = [
            lambda: backend.create_volumes(repeat("name")),
            lambda: backend.delete_volumes(repeat("00000000-0000-4000-8000-000000000000")),
        ]
        for call in calls:
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            with pytest.raises(KeyboardInterrupt):
                call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
    assert len(backend) == 0


# Forked processes ----------------------------------------------------------------------------

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")
among_threads = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def in_a_child(work: Callable[[], object]) -> None:
    """Runs `work` in a forked process, which an alarm ends if it is stuck."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(TIMEOUT)
            work()
            status = 0
        finally:
            os._exit(status)
    _, state = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(state)
    assert status != -signal.SIGALRM, "the forked process is stuck"
    assert status == 0


def every_bulk_call(backend: MemBackend) -> None:
    before = len(backend)
    uuids = backend.create_volumes(["of-the-child-1", "of-the-child-2"], [1, 2])
    snapshots = backend.create_snapshots(uuids, "s")
    clones = backend.create_clones(uuids[0], snapshots[0], ["of-the-child-3"])
    backend.patch_volumes(uuids, 5)
    assert [volume["size_bytes"] for volume in backend.get_volumes(uuids)] == [5, 5]
    backend.delete_snapshots(uuids[1:], "s")
    backend.delete_volumes([*uuids, *clones])
    assert len(backend) == before
    backend.delete_volume(backend.create_volume("of-the-child")["uuid"])


def check_others_go_on(backend: MemBackend, uuids: Uuids) -> None:
    sys.setswitchinterval(1e-4)
    gained = any(gained_during(lambda: backend.patch_volumes(uuids, 5)) for _ in range(500))
    assert gained, "other threads do not run"


@needs_fork
@among_threads
def test_a_process_forked_during_bulk_calls_can_use_the_backend() -> None:
    """A lock that a thread holds during the fork is free in the child."""
    backend = MemBackend()
    uuids = backend.create_volumes(f"v{number}" for number in range(20_000))
    turn = iter(range(10**9))

    def snapshots() -> None:
        backend.create_snapshots(uuids, "s")
        backend.delete_snapshots(uuids, "s")

    def volumes() -> None:
        backend.delete_volumes(backend.create_volumes(batch_names(next(turn))))

    def single() -> None:
        backend.patch_volume(uuids[0], 1 + next(turn))

    def fork_often() -> None:
        for _ in range(20):
            in_a_child(lambda: every_bulk_call(backend))

    while_running(fork_often, snapshots, volumes, single)
    assert len(backend) == len(uuids)
    backend.check_invariants()


@needs_fork
@among_threads
def test_threads_that_fork_at_the_same_time_do_not_block_their_children() -> None:
    backend = MemBackend()
    uuids = backend.create_volumes(f"v{number}" for number in range(5_000))

    def patch() -> None:
        backend.patch_volumes(uuids, 5)

    def fork_often() -> None:
        for _ in range(15):
            in_a_child(lambda: every_bulk_call(backend))

    while_running(lambda: run_threads(fork_often, fork_often, fork_often), patch)


@needs_fork
@among_threads
def test_a_child_forgets_the_forks_of_other_threads() -> None:
    """If the child waited for them, its bulk calls would never release the interpreter."""
    backend = MemBackend()
    uuids = backend.create_volumes(f"v{number}" for number in range(LARGE))
    _core._before_fork()  # As in another thread that is about to fork.
    try:
        in_a_child(lambda: check_others_go_on(backend, uuids))
    finally:
        _core._after_fork_in_parent()
    check_others_go_on(backend, uuids)
