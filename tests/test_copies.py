"""Copies: `fork`, `copy`, pickle and processes; independent, with the same state at first."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotNotFoundError,
    VolumeNotFoundError,
)
from support import UNKNOWN, everything, volume_names, volume_with_snapshots

Copier = Callable[[MemBackend], MemBackend]


def through_pickle(protocol: int) -> Copier:
    return lambda backend: pickle.loads(pickle.dumps(backend, protocol))


COPIERS: dict[str, Copier] = {
    "fork": lambda backend: backend.fork(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle-{p}": through_pickle(p) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)},
}
copies = pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS)

BACKENDS: dict[str, Callable[[], MemBackend]] = {
    "seeded": lambda: MemBackend(seed=1),
    "started": lambda: MemBackend(start="2020-01-01T00:00:00Z"),
    "seeded-and-started": lambda: MemBackend(seed=2**64 - 1, start="2020-01-01T00:00:00.5Z"),
    "system": lambda: MemBackend(),
}
kinds = pytest.mark.parametrize("make", BACKENDS.values(), ids=BACKENDS)


def populate(backend: MemBackend) -> MemBackend:
    """Volumes with every field, clones of clones, and slots that were used and are vacant again."""
    volume, [first, second, gone] = volume_with_snapshots(backend, "v", "s", "t", "u", size_bytes=9)
    backend.patch_volume(volume["uuid"], 2**64 - 1, "/V", "policy é")
    backend.delete_snapshot(volume["uuid"], gone["uuid"])
    clone = backend.create_clone(volume["uuid"], first["uuid"], "c")
    inner = backend.create_snapshot(clone["uuid"], "s")
    backend.create_clone(clone["uuid"], inner["uuid"], "cc")
    backend.create_clone(volume["uuid"], second["uuid"], "c2")
    backend.delete_volume(backend.create_volume("gone")["uuid"])
    offline = backend.create_volume("offline")
    backend.patch_volume(offline["uuid"], state="offline")
    return backend


def go_on(backend: MemBackend) -> list[Any]:
    """Makes the same further calls on any backend. Returns identifiers, which ignore the clock."""
    volume = backend.find_volume("v")
    assert volume is not None
    snapshot = backend.create_snapshot(volume["uuid"], "later")
    made = [
        snapshot["uuid"],
        backend.create_volume("new")["uuid"],
        backend.create_clone(volume["uuid"], snapshot["uuid"], "new-clone")["uuid"],
    ]
    backend.delete_volume(made[2])
    backend.delete_volume(made[1])
    return [*made, *(backend.create_volume(f"n{number}")["uuid"] for number in range(50))]


# In one process ------------------------------------------------------------------------------


@copies
@kinds
def test_a_copy_has_the_same_contents(make: Callable[[], MemBackend], copier: Copier) -> None:
    backend = populate(make())
    copied = copier(backend)
    assert copied is not backend
    assert type(copied) is MemBackend
    assert everything(copied) == everything(backend)
    copied.check_invariants()


@copies
@kinds
def test_an_empty_backend_can_be_copied(make: Callable[[], MemBackend], copier: Copier) -> None:
    backend = make()
    copied = copier(backend)
    assert len(copied) == 0
    assert copied.create_volume("a")["uuid"] == backend.create_volume("a")["uuid"]


@copies
@kinds
def test_both_behave_identically_afterwards(make: Callable[[], MemBackend], copier: Copier) -> None:
    backend = populate(make())
    copied = copier(backend)
    assert go_on(copied) == go_on(backend)
    backend.check_invariants()
    copied.check_invariants()


@copies
def test_both_behave_identically_until_calls_differ(copier: Copier) -> None:
    backend = populate(MemBackend(seed=1))
    backend.advance(1)
    copied = copier(backend)
    for each in (backend, copied):
        each.advance(2)
    assert copied.create_volume("same") == backend.create_volume("same")
    copied.create_volume("only-here")
    copied.advance(1)
    assert "only-here" not in backend
    assert backend.now() == "2000-01-01T00:00:03Z"
    assert copied.now() == "2000-01-01T00:00:04Z"


@copies
@pytest.mark.parametrize("change_the_copy", [True, False])
def test_a_change_of_one_does_not_change_the_other(copier: Copier, change_the_copy: bool) -> None:
    original = populate(MemBackend(seed=1))
    copied = copier(original)
    changed, kept = (copied, original) if change_the_copy else (original, copied)
    before = everything(kept)
    for volume in changed.list_volumes():
        changed.patch_volume(
            volume["uuid"], 1, "", "other", name=volume["name"] + "x", state="online"
        )
        for snapshot in changed.list_snapshots(volume["uuid"]):
            changed.rename_snapshot(volume["uuid"], snapshot["uuid"], snapshot["name"] + "x")
    for volume in reversed(changed.list_volumes()):
        changed.delete_volume(volume["uuid"])
    assert len(changed) == 0
    assert everything(kept) == before
    for backend in (changed, kept):
        backend.check_invariants()


@copies
def test_a_copy_outlives_its_original(copier: Copier) -> None:
    original = populate(MemBackend(seed=1))
    expected = everything(original)
    copied = copier(original)
    del original
    assert everything(copied) == expected


@copies
def test_a_copy_of_a_copy_of_a_copy_is_the_same(copier: Copier) -> None:
    backend = populate(MemBackend(seed=1))
    last = backend
    for _ in range(20):
        last = copier(last)
    assert everything(last) == everything(backend)
    assert go_on(last) == go_on(backend)


@copies
def test_a_big_backend_can_be_copied(copier: Copier) -> None:
    backend = MemBackend(seed=1)
    for number in range(5_000):
        volume = backend.create_volume(f"v{number}", number + 1)
        if number % 3 == 0:
            backend.create_snapshot(volume["uuid"], "s")
        if number % 7 == 0:
            backend.delete_volume(volume["uuid"])
    copied = copier(backend)
    assert copied.list_volumes() == backend.list_volumes()
    backend.delete_volume(backend.list_volumes()[2_000]["uuid"])
    assert len(copied) == len(backend) + 1
    copied.check_invariants()
    backend.check_invariants()


def test_many_forks_of_one_backend_are_independent() -> None:
    base = populate(MemBackend(seed=1))
    forks = [base.fork() for _ in range(50)]
    for number, fork in enumerate(forks):
        fork.create_volume(f"only-{number}")
    for number, fork in enumerate(forks):
        assert [name for name in volume_names(fork) if name.startswith("only-")] == [
            f"only-{number}"
        ]
    assert not [name for name in volume_names(base) if name.startswith("only-")]


def test_a_deepcopied_container_has_one_copy_of_a_backend() -> None:
    backend = populate(MemBackend(seed=1))
    first, second = copy.deepcopy([backend, backend])
    assert first is second
    assert first is not backend


def test_a_backend_pickles_within_other_things() -> None:
    backend = populate(MemBackend(seed=1))
    again = pickle.loads(pickle.dumps({"backend": backend, "again": [backend]}))
    assert again["backend"] is again["again"][0]
    assert everything(again["backend"]) == everything(backend)


def test_pickles_of_the_same_state_are_the_same_bytes() -> None:
    one, two = populate(MemBackend(seed=1)), populate(MemBackend(seed=1))
    assert pickle.dumps(one) == pickle.dumps(two)
    assert pickle.dumps(pickle.loads(pickle.dumps(one))) == pickle.dumps(one)


# Damaged pickles -----------------------------------------------------------------------------


def reduced(backend: MemBackend) -> tuple[Callable[[bytes], MemBackend], bytes]:
    """How a pickle rebuilds the backend from bytes, and the bytes."""
    reduction: Any = backend.__reduce_ex__(2)
    rebuild, arguments = reduction[:2]
    [position] = [i for i, argument in enumerate(arguments) if isinstance(argument, bytes)]

    def from_bytes(state: Any) -> MemBackend:
        made: MemBackend = rebuild(*arguments[:position], state, *arguments[position + 1 :])
        return made

    return from_bytes, arguments[position]


@pytest.fixture(scope="module", name="small")
def small_state() -> tuple[Callable[[bytes], MemBackend], bytes]:
    backend = MemBackend(seed=1)
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    backend.patch_volume(volume["uuid"], 5, "/v", "p")
    return reduced(backend)


def assert_refused(from_bytes: Callable[[bytes], MemBackend], state: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        from_bytes(state)


def test_the_whole_state_is_accepted(small: tuple[Callable[[bytes], MemBackend], bytes]) -> None:
    from_bytes, state = small
    from_bytes(state).check_invariants()


def test_a_state_cut_short_is_refused(small: tuple[Callable[[bytes], MemBackend], bytes]) -> None:
    from_bytes, state = small
    for length in range(len(state)):
        assert_refused(from_bytes, state[:length])


def test_a_state_with_trailing_bytes_is_refused(
    small: tuple[Callable[[bytes], MemBackend], bytes],
) -> None:
    from_bytes, state = small
    for more in (b"\0", b"\xff", b"x" * 100, state):
        assert_refused(from_bytes, state + more)


def test_a_state_with_one_bit_flipped_is_refused(
    small: tuple[Callable[[bytes], MemBackend], bytes],
) -> None:
    from_bytes, state = small
    for position in range(len(state)):
        for bit in range(8):
            damaged = bytearray(state)
            damaged[position] ^= 1 << bit
            assert_refused(from_bytes, bytes(damaged))


def test_a_state_with_bytes_swapped_out_is_refused(
    small: tuple[Callable[[bytes], MemBackend], bytes],
) -> None:
    from_bytes, state = small
    dice = random.Random(5)
    for _ in range(2_000):
        start = dice.randrange(len(state))
        damaged = state[:start] + dice.randbytes(dice.randrange(1, 16)) + state[start + 8 :]
        if damaged != state:
            assert_refused(from_bytes, damaged)


@given(noise=st.binary(max_size=200))
def test_foreign_bytes_are_refused(noise: bytes) -> None:
    from_bytes, _ = reduced(MemBackend(seed=1))
    assert_refused(from_bytes, noise)


def test_a_state_of_0_4_0_is_refused_by_name() -> None:
    from_bytes, _ = reduced(MemBackend(seed=1))
    with pytest.raises(InvalidArgumentError, match=r"one of nessie-backend-mem 0\.4\.0"):
        from_bytes(b"NESSIEMB\1\0\0\0" + bytes(40))


@pytest.mark.parametrize("state", [None, 5, "text", [1, 2], {}, object(), MemBackend])
def test_a_state_that_is_not_bytes_is_refused(state: Any) -> None:
    from_bytes, _ = reduced(MemBackend(seed=1))
    with pytest.raises((TypeError, NessieError)):
        from_bytes(state)


# Other processes -----------------------------------------------------------------------------


def work_elsewhere(backend: MemBackend) -> tuple[list[Any], list[Any], MemBackend]:
    """Runs in its own process."""
    before = everything(backend)
    return before, go_on(backend), backend


def fail_elsewhere(backend: MemBackend) -> None:
    backend.get_volume(UNKNOWN)


def test_a_backend_and_its_errors_travel_through_spawned_processes() -> None:
    backend = populate(MemBackend(seed=1))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        before, made, returned = pool.submit(work_elsewhere, backend).result(timeout=120)
        with pytest.raises(VolumeNotFoundError) as caught:
            pool.submit(fail_elsewhere, backend).result(timeout=120)
    assert caught.value.target == UNKNOWN
    assert before == everything(backend)
    assert made == go_on(backend)
    assert everything(returned) == everything(backend)


can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")


def in_forked_child(work: Callable[[], Any]) -> Any:
    """The result of `work` in a forked child; it must be JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return json.loads(text)


def draw(backend: MemBackend, prefix: str, count: int = 200) -> list[str]:
    """Creates objects and returns their identifiers; leaves vacant slots for the next draw."""
    volumes = [backend.create_volume(f"{prefix}{number}")["uuid"] for number in range(count)]
    snapshots = [backend.create_snapshot(volume, "s")["uuid"] for volume in volumes]
    for volume in volumes[::3]:
        backend.delete_volume(volume)
    return volumes + snapshots


UNSEEDED: dict[str, Callable[[], MemBackend]] = {
    "system": lambda: MemBackend(),
    "started": lambda: MemBackend(start="2000-01-01T00:00:00Z"),
    "forked": lambda: MemBackend().fork(),
    "unpickled": lambda: pickle.loads(pickle.dumps(MemBackend())),
}


@can_fork
@pytest.mark.parametrize("make", UNSEEDED.values(), ids=UNSEEDED)
def test_a_forked_process_never_generates_its_parents_identifiers(
    make: Callable[[], MemBackend],
) -> None:
    backend = populate(make())
    before = set(draw(backend, "before"))

    def family() -> list[list[str]]:
        """A child, then its own child, then the first child again."""
        own = draw(backend, "child")
        grandchild = in_forked_child(lambda: draw(backend, "grandchild"))
        return [own, grandchild, draw(backend, "child-again")]

    generations: list[list[str]] = [
        *in_forked_child(family),
        draw(backend, "parent"),
        *in_forked_child(family),
        draw(backend, "parent-again"),
    ]
    everyone = [identifier for generation in generations for identifier in generation]
    assert len(set(everyone)) == len(everyone)
    assert before.isdisjoint(everyone)
    backend.check_invariants()


@can_fork
def test_an_identifier_of_a_forked_process_is_unknown_in_its_parent() -> None:
    """Even though both use the same slots."""
    backend = populate(MemBackend())
    volume = backend.list_volumes()[0]["uuid"]

    def make() -> dict[str, str]:
        return {
            backend.create_volume(f"v{number}")["uuid"]: backend.create_snapshot(
                volume, f"later{number}"
            )["uuid"]
            for number in range(1_500)
        }

    in_child = in_forked_child(make)
    make()
    for vol_uuid, snap_uuid in in_child.items():
        assert vol_uuid not in backend
        with pytest.raises(VolumeNotFoundError):
            backend.get_volume(vol_uuid)
        with pytest.raises(SnapshotNotFoundError):
            backend.get_snapshot(volume, snap_uuid)


@can_fork
def test_a_forked_process_has_the_old_objects_and_shares_no_new_ones() -> None:
    backend = populate(MemBackend())
    expected = json.loads(json.dumps(everything(backend)))

    def child() -> Any:
        seen = everything(backend)
        draw(backend, "child")
        backend.check_invariants()
        return seen

    assert in_forked_child(child) == expected
    assert json.loads(json.dumps(everything(backend))) == expected


@can_fork
def test_a_seeded_backend_stays_deterministic_across_a_process_fork() -> None:
    backend = populate(MemBackend(seed=1))
    in_child = in_forked_child(lambda: draw(backend, "x"))
    assert in_child == draw(backend, "x")
