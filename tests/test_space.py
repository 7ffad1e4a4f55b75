"""The account of space: what volumes, snapshots and clones use."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    NessieError,
    NoSpaceError,
    VolumeNotFoundError,
    VolumeOfflineError,
)
from support import UNKNOWN, Index, refuses

GIB = 2**30


@pytest.fixture
def backend() -> MemBackend:
    """A pool of 100 bytes with the volume `a`, which uses 30 of its 50 bytes."""
    backend = MemBackend(seed=1, capacity_bytes=100)
    backend.write(backend.create_volume("a", 50)["uuid"], 30)
    return backend


def uuid_of(backend: MemBackend, name: str = "a") -> str:
    volume = backend.find_volume(name)
    assert volume is not None
    return volume["uuid"]


def test_a_backend_that_nobody_writes_to_shows_no_space() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("a")["uuid"]
    backend.write(volume, 0)
    backend.discard(volume, 0)
    backend.write_volumes([volume], 0)
    snapshot = backend.create_snapshot(volume, "s")
    assert "used_bytes" not in backend.get_volume(volume)
    assert "used_bytes" not in backend.create_clone(volume, snapshot["uuid"], "c")
    assert backend.volumes().to_pylist()[0].get("used_bytes") is None
    assert backend.space() == {
        "capacity_bytes": None,
        "used_bytes": 0,
        "available_bytes": None,
        "live_bytes": 0,
        "snapshot_bytes": 0,
    }


def test_used_bytes_stays_after_the_first_write_and_comes_after_the_time(
    backend: MemBackend,
) -> None:
    volume = uuid_of(backend)
    backend.patch_volume(volume, junction_path="/a", export_policy="p")
    keys = list(backend.get_volume(volume))
    assert keys[6:] == ["create_time", "used_bytes", "junction_path", "export_policy"]
    assert backend.discard(volume, 30)["used_bytes"] == 0
    assert backend.list_volumes()[0]["used_bytes"] == 0


def test_a_snapshot_keeps_what_is_overwritten(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s")
    assert snapshot["size_consumed"] == 0
    written = backend.write(volume, 12, overwrite_bytes=10)
    assert written["used_bytes"] == 32
    assert backend.get_snapshot(volume, snapshot["uuid"])["size_consumed"] == 10
    assert backend.list_snapshots(volume)[0]["size_consumed"] == 10
    assert backend.snapshots()[0]["size_consumed"] == 10
    space = backend.space()
    assert (space["live_bytes"], space["snapshot_bytes"]) == (32, 10)
    assert (space["used_bytes"], space["available_bytes"]) == (42, 58)
    backend.delete_snapshot(volume, snapshot["uuid"])
    assert backend.space()["used_bytes"] == 32


def test_a_clone_costs_what_is_written_to_it(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")
    assert clone["used_bytes"] == 30
    assert backend.space()["used_bytes"] == 30
    backend.write(clone["uuid"], 5)
    assert backend.space()["used_bytes"] == 35
    backend.split_clone(clone["uuid"])
    assert backend.space()["used_bytes"] == 65
    backend.delete_volume(volume)
    assert backend.space()["used_bytes"] == 35


def test_a_restore_brings_the_data_back_and_needs_no_space(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    backend.write(volume, 30, overwrite_bytes=30)
    backend.set_capacity(backend.space()["used_bytes"])
    assert backend.restore_snapshot(volume, snapshot)["used_bytes"] == 30
    assert backend.space()["used_bytes"] == 30


def test_ten_overwrites_equal_one_of_ten_times_the_size(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.create_snapshot(volume, "s")
    other = backend.fork()
    for _ in range(10):
        backend.write(volume, 2, overwrite_bytes=2)
    other.write(volume, 20, overwrite_bytes=20)
    assert backend.state_digest() == other.state_digest()


@pytest.mark.parametrize(
    ("call", "error_type", "target"),
    [
        (lambda b, v: b.write(UNKNOWN, 1), VolumeNotFoundError, UNKNOWN),
        (lambda b, v: b.write(UNKNOWN, -1), VolumeNotFoundError, UNKNOWN),
        (lambda b, v: b.write("x", 1), InvalidArgumentError, "vol_uuid"),
        (lambda b, v: b.write(v, -1), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.write(v, 2**64), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.write(v, 5, overwrite_bytes=6), InvalidArgumentError, "overwrite_bytes"),
        (lambda b, v: b.write(v, 40, overwrite_bytes=31), InvalidArgumentError, "overwrite_bytes"),
        (lambda b, v: b.discard(UNKNOWN, 2**64), VolumeNotFoundError, UNKNOWN),
        (lambda b, v: b.discard(v, 31), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.discard(v, -1), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.patch_volume(v, 29), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.patch_volumes([v], 29), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.set_capacity(29), InvalidArgumentError, "capacity_bytes"),
        (lambda b, v: b.set_capacity(0), InvalidArgumentError, "capacity_bytes"),
        (lambda b, v: b.set_capacity(2**64), InvalidArgumentError, "capacity_bytes"),
        (lambda b, v: b.write_volumes([v, UNKNOWN], 1), VolumeNotFoundError, UNKNOWN),
        (lambda b, v: b.write_volumes([UNKNOWN], -1), VolumeNotFoundError, UNKNOWN),
        (lambda b, v: b.write_volumes([v], [1, 2]), InvalidArgumentError, "size_bytes"),
        (lambda b, v: b.write_volumes([v], []), InvalidArgumentError, "size_bytes"),
        (
            lambda b, v: b.write_volumes([v, v], 9, overwrite_bytes=[1, 10]),
            InvalidArgumentError,
            "overwrite_bytes",
        ),
        (lambda b, v: b.discard_volumes([v, v], 20), InvalidArgumentError, "size_bytes"),
    ],
)
def test_bad_values_are_refused(
    backend: MemBackend,
    call: Callable[[MemBackend, str], Any],
    error_type: type[NessieError],
    target: str,
) -> None:
    with refuses(backend, error_type, target=target):
        call(backend, uuid_of(backend))


@pytest.mark.parametrize("value", [None, "1", 1.5, True, b"1", [None], ["1"]])
def test_a_number_of_bytes_of_a_wrong_type_is_a_type_error(backend: MemBackend, value: Any) -> None:
    volume = uuid_of(backend)
    if not isinstance(value, list):
        with pytest.raises(TypeError, match="size_bytes must be an int"):
            backend.write(volume, value)
        with pytest.raises(TypeError, match="size_bytes must be an int"):
            backend.discard(volume, value)
    with pytest.raises(TypeError, match="size_bytes"):
        backend.write_volumes([volume], value)
    with pytest.raises(TypeError, match="size_bytes"):
        backend.discard_volumes([volume], value)
    if value is not None:
        with pytest.raises(TypeError, match="capacity_bytes"):
            backend.set_capacity(value)
        with pytest.raises(TypeError, match="overwrite_bytes"):
            backend.write(volume, 1, overwrite_bytes=value)


def test_a_volume_must_be_online_and_a_bad_value_comes_first(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.patch_volume(volume, state="offline")
    with refuses(backend, VolumeOfflineError, target=volume):
        backend.write(volume, 1_000)
    with refuses(backend, VolumeOfflineError, target=volume):
        backend.discard(volume, 1)
    with refuses(backend, InvalidArgumentError, target="size_bytes"):
        backend.discard(volume, 31)
    with refuses(backend, InvalidArgumentError, target="size_bytes"):
        backend.patch_volume(volume, 29)


def test_the_quota_is_looked_at_before_the_pool(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    with refuses(backend, NoSpaceError, target=volume) as caught:
        backend.write(volume, 90)
    assert (caught.value.needed_bytes, caught.value.available_bytes) == (90, 20)
    backend.create_volume("b")
    with refuses(backend, NoSpaceError, target="pool") as caught:
        backend.write(uuid_of(backend, "b"), 71)
    assert (caught.value.needed_bytes, caught.value.available_bytes) == (71, 70)
    assert backend.write(uuid_of(backend, "b"), 70)["used_bytes"] == 70


def test_what_a_call_frees_counts_as_available(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.set_capacity(30)
    assert backend.write(volume, 30, overwrite_bytes=30)["used_bytes"] == 30
    backend.create_snapshot(volume, "s")
    with refuses(backend, NoSpaceError, target="pool") as caught:
        backend.write(volume, 4, overwrite_bytes=4)
    assert (caught.value.needed_bytes, caught.value.available_bytes) == (4, 0)


def test_a_split_needs_room_for_the_copy(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")["uuid"]
    backend.set_capacity(59)
    with refuses(backend, NoSpaceError, target="pool") as caught:
        backend.split_clone(clone)
    assert (caught.value.needed_bytes, caught.value.available_bytes) == (30, 29)


def test_an_unlimited_pool_ends_at_two_to_the_64(backend: MemBackend) -> None:
    backend.set_capacity(None)
    backend.create_volume("b")
    left = 2**64 - 1 - 30
    with refuses(backend, NoSpaceError, target="pool"):
        backend.write(uuid_of(backend, "b"), left + 1)
    backend.write(uuid_of(backend, "b"), left)
    assert backend.space()["used_bytes"] == 2**64 - 1


def test_the_error_of_a_lack_of_space_can_be_copied_and_pickled() -> None:
    error = NoSpaceError("too little", "pool", 5, 3)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is NoSpaceError
        assert (other.message, other.target, other.code) == ("too little", "pool", "no_space")
        assert (other.needed_bytes, other.available_bytes) == (5, 3)
    assert "needed_bytes=5" in repr(error)


def test_bulk_calls_equal_their_single_calls(backend: MemBackend) -> None:
    backend.create_volumes(["b", "c"])
    other = backend.fork()
    volumes = [volume["uuid"] for volume in backend]
    backend.write_volumes([*volumes, volumes[0]], [1, 2, Index(3), 4], overwrite_bytes=[1, 0, 0, 2])
    backend.discard_volumes(backend, 1)
    for volume, size, overwrite in zip(
        [*volumes, volumes[0]], [1, 2, 3, 4], [1, 0, 0, 2], strict=True
    ):
        other.write(volume, size, overwrite_bytes=overwrite)
    for volume in volumes:
        other.discard(volume, 1)
    assert backend.state_digest() == other.state_digest()


def test_a_bulk_write_happens_whole_or_not_at_all(backend: MemBackend) -> None:
    backend.create_volumes(["b", "c"])
    with refuses(backend, NoSpaceError, target="pool") as caught:
        backend.write_volumes([uuid_of(backend, name) for name in "bcb"], [30, 30, 30])
    assert caught.value.index == 2
    assert "used_bytes" not in backend.get_volume(uuid_of(backend, "b"))


def test_copies_keep_the_space(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.create_snapshot(volume, "s")
    backend.write(volume, 5, overwrite_bytes=5)
    text = io.BytesIO()
    backend.dump(text)
    loaded = MemBackend.load(io.BytesIO(text.getvalue()))
    for other in (backend.fork(), pickle.loads(pickle.dumps(backend)), loaded):
        assert other.space() == backend.space()
        assert other.list_volumes() == backend.list_volumes()
        assert other.state_digest() == backend.state_digest()
        other.check_invariants()
        other.write(volume, 1)
        assert other.space() != backend.space()


def test_a_reset_keeps_the_capacity(backend: MemBackend) -> None:
    backend.set_capacity(77)
    backend.reset()
    assert backend.space()["capacity_bytes"] == 77
    assert backend.space()["used_bytes"] == 0


@pytest.mark.parametrize("capacity", [0, -1, 2**64])
def test_a_capacity_out_of_range_is_refused(capacity: int) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MemBackend(capacity_bytes=capacity)
    assert caught.value.target == "capacity_bytes"


def test_the_tree_shows_what_is_used() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("a", 3 * GIB)["uuid"]
    backend.write(volume, GIB)
    backend.create_snapshot(volume, "s")
    backend.write(volume, GIB // 2, overwrite_bytes=GIB // 2)
    assert backend.tree().splitlines() == [
        "a  1 GiB of 3 GiB",
        "└── @s  2000-01-01T00:00:00Z  512 MiB",
    ]
