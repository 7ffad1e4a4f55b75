"""Nothing is kept that is not needed: not arguments, not results, not errors, not dead backends.

No clock and no tracing: reference counts are exact, and a leak repeated often enough shows in the
memory of the process by far more than the allowance.
"""

from __future__ import annotations

import gc
import pickle
import sys
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from nessie_backend_mem import MemBackend, NessieError
from support import UNKNOWN, run_python, volume_with_snapshots

if hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled():
    pytest.skip("reference counts are not exact without the GIL", allow_module_level=True)


def references_gained(thing: object, call: Callable[[], object]) -> int:
    """How many references to `thing` a hundred calls leave behind, after one to warm up."""
    call()
    gc.collect()
    before = sys.getrefcount(thing)
    for _ in range(100):
        call()
    gc.collect()
    return sys.getrefcount(thing) - before


def refused(call: Callable[..., object], *arguments: Any, **named: Any) -> Callable[[], None]:
    def attempt() -> None:
        try:
            call(*arguments, **named)
        except (TypeError, NessieError):
            return
        raise AssertionError("this was expected to be refused")

    return attempt


class Index:
    def __index__(self) -> int:
        return 2**70


def unique_text(text: str) -> str:
    """An equal `str` that nothing else refers to, short or not."""
    return "".join([text[:1], text[1:]])


def test_arguments_are_not_kept(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    name, path, policy = unique_text("name-of-it"), unique_text("/a/path"), unique_text("policy!")
    text, wrong = unique_text(volume["uuid"]), unique_text("no uuid at all")
    snap, obj, big = unique_text(snapshot["uuid"]), uuid.UUID(volume["uuid"]), Index()
    unknown, number = unique_text(UNKNOWN), 2**63 + 12345

    def full_round() -> None:
        made = backend.create_volume(name, number)
        backend.patch_volume(made["uuid"], number, path, policy, name=name)
        backend.delete_volume(made["uuid"])
        own = backend.create_snapshot(text, name)
        backend.rename_snapshot(text, own["uuid"], name)
        backend.delete_snapshot(text, own["uuid"])
        backend.delete_volume(backend.create_clone(text, snap, name)["uuid"])
        backend.get_volume(obj)
        backend.find_volume(name)
        backend.find_snapshot(text, name)
        backend.get_snapshot(text, snap)
        for thing in (name, text, obj, wrong, big):
            thing in backend  # noqa: B015
        refused(backend.get_volume, wrong)()
        refused(backend.get_volume, unknown)()
        refused(backend.create_volume, wrong)()
        refused(backend.create_volume, name, big)()
        refused(backend.create_volume, big)()
        refused(backend.patch_volume, text, junction_path=wrong)()
        refused(backend.patch_volume, text, state=wrong)()
        refused(MemBackend, seed=big)()
        refused(MemBackend, start=wrong)()
        refused(backend.advance, big)()

    for thing in (name, path, policy, text, wrong, snap, obj, big, unknown, number):
        assert references_gained(thing, full_round) == 0, repr(thing)


def test_a_name_in_use_is_not_the_callers_string(backend: MemBackend) -> None:
    name = unique_text("a-name-kept-for-long")
    before = sys.getrefcount(name)
    backend.create_volume(name)
    backend.find_volume(name)
    gc.collect()
    assert sys.getrefcount(name) == before


def test_no_references_to_shared_objects_are_gained(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")

    def full_round() -> None:
        backend.list_volumes()
        list(backend)
        next(iter(backend))
        backend.get_volume(volume["uuid"])
        backend.list_snapshots(volume["uuid"])
        backend.get_snapshot(volume["uuid"], snapshot["uuid"])
        backend.capabilities()
        backend.access_handle(volume["uuid"])
        backend.tree()
        repr(backend)
        pickle.loads(pickle.dumps(backend)).fork()
        refused(backend.get_volume, UNKNOWN)()
        refused(backend.create_volume, 5)()

    for shared in (MemBackend, NessieError, uuid.UUID, backend, object):
        assert abs(references_gained(shared, full_round)) <= 2, repr(shared)


def test_results_and_errors_are_freed(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    gc.collect()

    def objects_alive() -> int:
        gc.collect()
        return len(gc.get_objects())

    def full_round() -> None:
        backend.list_volumes()
        list(backend)
        backend.list_snapshots(volume["uuid"])
        refused(backend.delete_volume, volume["uuid"])()
        refused(backend.get_volume, UNKNOWN)()
        backend.fork()

    full_round()
    before = objects_alive()
    for _ in range(200):
        full_round()
    assert objects_alive() - before < 50


def test_a_backend_in_a_cycle_is_collected() -> None:
    class Holder:
        backend: MemBackend
        myself: Holder

    gone = []
    for _ in range(3):
        holder = Holder()
        holder.backend, holder.myself = MemBackend(), holder
        gone.append(weakref.ref(holder.backend))
        del holder
    gc.collect()
    assert [reference() for reference in gone] == [None] * 3


MEMORY = """
import gc, os, pickle, sys
from nessie_backend_mem import MemBackend, NessieError

def resident():
    gc.collect()
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def build(volumes):
    backend = MemBackend(seed=1)
    for number in range(volumes):
        uuid = backend.create_volume(f"volume-{number:07}")["uuid"]
        snapshot = backend.create_snapshot(uuid, "nightly")["uuid"]
        if number % 10 == 0:
            backend.create_clone(uuid, snapshot, f"clone-{number:07}")
    return backend
"""


def growth(program: str) -> float:
    """Mebibytes that `program` prints as its last word."""
    done = run_python("-c", MEMORY + program)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is read from /proc/self/statm"
)


@linux
def test_a_dropped_backend_gives_its_memory_back() -> None:
    """Each backend takes tens of mebibytes; were they kept, ten of them would show."""
    program = """
build(50_000)
before = resident()
for _ in range(10):
    build(50_000)
print(resident() - before)
"""
    assert growth(program) < 40


@linux
def test_deleting_everything_leaves_no_ever_growing_rest() -> None:
    """Create and delete, over and over: the places of the dead are used again."""
    program = """
backend = MemBackend(seed=1)
def churn():
    for number in range(20_000):
        uuid = backend.create_volume(f"volume-{number:07}")["uuid"]
        snapshots = [backend.create_snapshot(uuid, f"s{n}")["uuid"] for n in range(3)]
        clone = backend.create_clone(uuid, snapshots[0], "clone")["uuid"]
        backend.delete_snapshot(uuid, snapshots[1])
        backend.delete_volume(clone)
        backend.delete_volume(uuid)
churn()
before = resident()
for _ in range(10):
    churn()
assert len(backend) == 0
print(resident() - before)
"""
    assert growth(program) < 20


@linux
def test_refusals_forks_and_pickles_leave_nothing_behind() -> None:
    program = """
backend = build(2_000)
unknown = "00000000-0000-4000-8000-000000000000"
def attempt(call, *arguments):
    try:
        call(*arguments)
    except (TypeError, NessieError):
        pass
def round():
    for _ in range(2_000):
        attempt(backend.create_volume, "volume-0000001")
        attempt(backend.create_volume, "x" * 10_000)
        attempt(backend.create_volume, 10**1000)
        attempt(backend.get_volume, unknown)
        attempt(backend.get_volume, "y" * 10_000)
        attempt(MemBackend, 5)
    for _ in range(20):
        backend.fork().create_volume("one-more")
        pickle.loads(pickle.dumps(backend))
        list(backend)
        next(iter(backend))
        backend.tree()
round()
before = resident()
for _ in range(10):
    round()
print(resident() - before)
"""
    assert growth(program) < 20


@linux
def test_a_fork_shares_what_it_does_not_change() -> None:
    """A hundred full copies would take gigabytes."""
    program = """
backend = build(50_000)
before = resident()
forks = [backend.fork() for _ in range(100)]
for number, fork in enumerate(forks):
    fork.create_volume(f"only-in-{number}")
print(resident() - before)
"""
    assert growth(program) < 300
