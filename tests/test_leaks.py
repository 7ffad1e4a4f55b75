"""No memory leaks: arguments, results, errors and deleted backends are freed.

The tests use neither a clock nor tracing. Reference counts are exact, and a leak that is repeated
often enough grows the memory of the process by far more than the allowance.
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
from nessie_backend_mem import MemBackend, NessieError, Uuids
from support import UNKNOWN, growth, reads_memory, volume_with_snapshots

if hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled():
    pytest.skip("reference counts are not exact without the GIL", allow_module_level=True)


def references_gained(call: Callable[[], object], *things: object) -> list[int]:
    """New references to each thing after a hundred calls, following one warm-up call."""
    call()
    gc.collect()
    before = [sys.getrefcount(thing) for thing in things]
    for _ in range(100):
        call()
    gc.collect()
    after = [sys.getrefcount(thing) for thing in things]
    return [has - had for has, had in zip(after, before, strict=True)]


def assert_nothing_gained(call: Callable[[], object], *things: object) -> None:
    gained = references_gained(call, *things)
    kept = [repr(thing) for thing, more in zip(things, gained, strict=True) if more]
    assert not kept, kept


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
    """An equal `str` with no other references, even if it is short."""
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

    assert_nothing_gained(
        full_round, name, path, policy, text, wrong, snap, obj, big, unknown, number
    )


def test_batches_and_their_items_are_not_kept(backend: MemBackend) -> None:
    texts = [unique_text("first-name"), unique_text("second-name")]
    sizes: list[int | None] = [2**63 + 12345, None]
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    ids = [unique_text(volume["uuid"])]
    objects, unknown, big = [uuid.UUID(volume["uuid"])], [unique_text(UNKNOWN)], Index()
    name, wrong = unique_text("of-a-snapshot"), [unique_text("no uuid at all"), object()]

    def full_round() -> None:
        uuids = backend.create_volumes(texts, sizes)
        backend.patch_volumes(uuids, sizes, export_policy=name)
        backend.get_volumes(uuids)
        backend.create_snapshots(uuids, name)
        backend.delete_snapshots(uuids, name)
        backend.delete_volumes(uuids)
        clones = backend.create_clones(ids[0], snapshot["uuid"], texts)
        backend.delete_volumes(clones)
        for batch in (ids, objects):
            backend.get_volumes(batch)
            backend.create_snapshots(batch, name)
            backend.delete_snapshots(batch, name)
        assert uuids[:1] != ids
        assert ids[0] not in uuids
        refused(backend.create_volumes, [*texts, texts[0]])()
        refused(backend.create_volumes, wrong)()
        refused(backend.create_volumes, texts, sizes * 2)()
        refused(backend.create_volumes, texts, big)()
        for bad in (unknown, wrong, wrong[1:], big):
            refused(backend.get_volumes, bad)()
            refused(backend.delete_volumes, bad)()
        refused(backend.patch_volumes, ids, sizes, junction_path=name)()

    things = (texts, sizes, ids, objects, unknown, wrong)
    items = [item for batch in things for item in batch]
    wanted = (thing for thing in (*things, *items, name, big) if thing is not None)
    assert_nothing_gained(full_round, *wanted)


def test_uuids_keep_nothing_and_are_freed() -> None:
    uuids = Uuids.from_bytes(bytes(range(160)))
    text, data = unique_text(uuids[3]), uuids.to_bytes()

    def full_round() -> None:
        list(uuids)
        iter(uuids)
        uuids[2:5][::-1].to_pylist()
        pickle.loads(pickle.dumps(uuids))
        Uuids.from_bytes(data)
        assert uuids != [text]
        assert uuids.count(text) == 1
        assert uuids.index(text) == 3

    assert_nothing_gained(full_round, uuids, text, data)
    assert abs(references_gained(full_round, Uuids)[0]) <= 2


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

    shared = (MemBackend, NessieError, uuid.UUID, backend, object)
    for thing, gained in zip(shared, references_gained(full_round, *shared), strict=True):
        assert abs(gained) <= 2, repr(thing)


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


BUILD = """
import os, pickle, sys
from nessie_backend_mem import MemBackend, NessieError, Uuids

def build(volumes):
    backend = MemBackend(seed=1)
    for number in range(volumes):
        uuid = backend.create_volume(f"volume-{number:07}")["uuid"]
        snapshot = backend.create_snapshot(uuid, "nightly")["uuid"]
        if number % 10 == 0:
            backend.create_clone(uuid, snapshot, f"clone-{number:07}")
    return backend
"""


@reads_memory
def test_a_dropped_backend_is_freed() -> None:
    """Each backend needs tens of mebibytes, so that a leak of ten would show."""
    program = """
build(50_000)
before = resident()
for _ in range(10):
    build(50_000)
print(resident() - before)
"""
    assert growth(BUILD + program) < 40


@reads_memory
def test_memory_of_deleted_objects_is_reused() -> None:
    """The slots of deleted objects are reused."""
    program = """
backend = MemBackend(seed=1)
def churn():
    for number in range(10_000):
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
    assert growth(BUILD + program) < 10


@reads_memory
def test_refusals_forks_and_pickles_are_freed() -> None:
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
    for _ in range(5):
        backend.fork().create_volume("one-more")
        pickle.loads(pickle.dumps(backend))
        list(backend)
        next(iter(backend))
        backend.tree()
for _ in range(3):
    round()
before = resident()
for _ in range(10):
    round()
print(resident() - before)
"""
    assert growth(BUILD + program) < 5  # Mebibytes; fifty texts of the tree have six.


@reads_memory
def test_a_fork_shares_unchanged_memory() -> None:
    """A hundred full copies would need gigabytes."""
    program = """
backend = build(50_000)
before = resident()
forks = [backend.fork() for _ in range(100)]
for number, fork in enumerate(forks):
    fork.create_volume(f"only-in-{number}")
print(resident() - before)
"""
    assert growth(BUILD + program) < 300


@reads_memory
def test_uuids_need_sixteen_bytes_each_and_slices_nothing() -> None:
    program = """
from nessie_backend_mem import Uuids
before = resident()
uuids = Uuids.from_bytes(bytes(16 << 22))
parts = [uuids[number:] for number in range(1000)]
print(resident() - before)
"""
    assert growth(BUILD + program) < 70  # Mebibytes; the bytes themselves are 64.


@reads_memory
def test_bulk_calls_and_their_refusals_are_freed() -> None:
    program = """
backend = build(2_000)
names = [f"batch-{number}" for number in range(20_000)]
def attempt(call, *arguments):
    try:
        call(*arguments)
    except (TypeError, NessieError):
        pass
def round():
    uuids = backend.create_volumes(names, range(1, 20_001))
    snapshots = backend.create_snapshots(uuids, "s")
    clones = backend.create_clones(uuids[0], snapshots[0], map("clone-".__add__, names))
    attempt(backend.create_volumes, ["new", *names])
    attempt(backend.create_snapshots, uuids, "s")
    attempt(backend.create_clones, uuids[0], snapshots[0], names)
    attempt(backend.delete_volumes, uuids)
    attempt(backend.patch_volumes, [*uuids, "no uuid"], 5)
    attempt(backend.delete_snapshots, uuids, "none")
    attempt(backend.create_volumes, [*names, None])
    backend.patch_volumes(uuids, 5)
    backend.get_volumes(uuids)
    backend.delete_snapshots(uuids[1:], "s")
    backend.delete_volumes([*uuids, *clones])
for _ in range(3):
    round()
before = resident()
for _ in range(10):
    round()
print(resident() - before)
"""
    assert growth(BUILD + program) < 10
