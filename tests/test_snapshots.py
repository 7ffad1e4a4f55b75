"""Snapshots: what each operation does, what it refuses, and in which order it checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nessie_backend_mem import (
    BusyError,
    InvalidArgumentError,
    MemBackend,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotNotFoundError,
    VolumeNotFoundError,
    VolumeOfflineError,
    VolumeState,
)
from support import UNKNOWN, refuses, snapshot_names, volume_with_snapshots

NOT_ONLINE = ("offline", "restricted")


# create_snapshot -----------------------------------------------------------------------------


def test_a_new_snapshot_has_four_fields_in_order(backend: MemBackend) -> None:
    volume = backend.create_volume("v", 10)
    backend.advance(60)
    snapshot = backend.create_snapshot(volume["uuid"], "nightly")
    assert list(snapshot.items()) == [
        ("uuid", snapshot["uuid"]),
        ("name", "nightly"),
        ("create_time", "2000-01-01T00:01:00Z"),
        ("size_consumed", 0),
    ]


def test_a_snapshot_leaves_its_volume_as_it_was(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    assert backend.get_volume(volume["uuid"]) == volume


def test_a_taken_name_is_refused(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    with refuses(backend, SnapshotExistsError, target="s"):
        backend.create_snapshot(volume["uuid"], "s")


def test_names_are_free_across_volumes_and_differ_by_case(backend: MemBackend) -> None:
    for name in ("a", "b"):
        volume, _ = volume_with_snapshots(backend, name, "s", "S")
        assert snapshot_names(backend, volume["uuid"]) == ["s", "S"]


def test_a_volume_may_bear_the_name_of_a_snapshot(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "same", "same")
    assert snapshot_names(backend, volume["uuid"]) == ["same"]


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_no_snapshot_of_a_volume_that_is_not_online(
    backend: MemBackend, state: VolumeState
) -> None:
    volume = backend.create_volume("v")
    backend.patch_volume(volume["uuid"], state=state)
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.create_snapshot(volume["uuid"], "s")


def test_create_snapshot_checks_existence_value_state_conflict(backend: MemBackend) -> None:
    with refuses(backend, InvalidArgumentError, target="vol_uuid"):
        backend.create_snapshot("nonsense", "bad name")
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.create_snapshot(UNKNOWN, "bad name")
    volume, _ = volume_with_snapshots(backend, "v", "s")
    backend.patch_volume(volume["uuid"], state="offline")
    with refuses(backend, InvalidArgumentError, target="name"):
        backend.create_snapshot(volume["uuid"], "bad name")
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.create_snapshot(volume["uuid"], "s")
    backend.patch_volume(volume["uuid"], state="online")
    with refuses(backend, SnapshotExistsError, target="s"):
        backend.create_snapshot(volume["uuid"], "s")


# Reading -------------------------------------------------------------------------------------


def test_snapshots_are_listed_in_order_of_creation(backend: MemBackend) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "d", "a", "c", "b")
    backend.delete_snapshot(volume["uuid"], snapshots[1]["uuid"])
    backend.rename_snapshot(volume["uuid"], snapshots[0]["uuid"], "z")
    backend.create_snapshot(volume["uuid"], "a")
    assert snapshot_names(backend, volume["uuid"]) == ["z", "c", "b", "a"]


def test_get_and_find_and_list_agree(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    assert backend.get_snapshot(volume["uuid"], snapshot["uuid"]) == snapshot
    assert backend.find_snapshot(volume["uuid"], "s") == snapshot
    assert backend.list_snapshots(volume["uuid"]) == [snapshot]


@pytest.mark.parametrize("name", ["", "S", "other", "a/b", "-s", "é", "s" * 10_000, "\ud800"])
def test_find_snapshot_answers_none_for_a_name_the_volume_has_not(
    backend: MemBackend, name: str
) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    volume_with_snapshots(backend, "w", "other")
    assert backend.find_snapshot(volume["uuid"], name) is None


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_snapshots_can_be_read_renamed_and_deleted_while_the_volume_is_not_online(
    backend: MemBackend, state: VolumeState
) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    backend.patch_volume(volume["uuid"], state=state)
    assert backend.get_snapshot(volume["uuid"], snapshot["uuid"]) == snapshot
    assert backend.find_snapshot(volume["uuid"], "s") == snapshot
    renamed = backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "t")
    assert backend.list_snapshots(volume["uuid"]) == [renamed]
    backend.delete_snapshot(volume["uuid"], snapshot["uuid"])
    assert backend.list_snapshots(volume["uuid"]) == []


SNAPSHOT_CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("get_snapshot", ()),
    ("rename_snapshot", ("new",)),
    ("rename_snapshot", ("bad name",)),
    ("delete_snapshot", ()),
    ("restore_snapshot", ()),
]


@pytest.mark.parametrize(("method", "more"), SNAPSHOT_CALLS)
def test_the_volume_is_looked_for_before_the_snapshot(
    backend: MemBackend, method: str, more: tuple[Any, ...]
) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        getattr(backend, method)(UNKNOWN, UNKNOWN, *more)


@pytest.mark.parametrize(("method", "more"), SNAPSHOT_CALLS)
def test_a_snapshot_is_only_found_on_its_own_volume(
    backend: MemBackend, method: str, more: tuple[Any, ...]
) -> None:
    _, [elsewhere] = volume_with_snapshots(backend, "other", "s")
    volume, _ = volume_with_snapshots(backend, "v", "s")
    for missing in (elsewhere["uuid"], volume["uuid"], UNKNOWN):
        with refuses(backend, SnapshotNotFoundError, target=missing):
            getattr(backend, method)(volume["uuid"], missing, *more)


@pytest.mark.parametrize(("method", "more"), SNAPSHOT_CALLS)
def test_malformed_identifiers_are_found_before_anything_else(
    backend: MemBackend, method: str, more: tuple[Any, ...]
) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    with refuses(backend, InvalidArgumentError, target="vol_uuid"):
        getattr(backend, method)("nonsense", snapshot["uuid"], *more)
    with refuses(backend, InvalidArgumentError, target="snap_uuid"):
        getattr(backend, method)(volume["uuid"], "nonsense", *more)
    with refuses(backend, InvalidArgumentError, target="snap_uuid"):
        getattr(backend, method)(UNKNOWN, "nonsense", *more)


def test_listing_and_finding_on_a_missing_volume_is_not_found(backend: MemBackend) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.list_snapshots(UNKNOWN)
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.find_snapshot(UNKNOWN, "s")


# rename_snapshot -----------------------------------------------------------------------------


def test_a_renamed_snapshot_keeps_everything_but_its_name(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "old")
    renamed = backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "new")
    assert renamed == {**snapshot, "name": "new"}
    assert backend.get_snapshot(volume["uuid"], snapshot["uuid"]) == renamed


def test_a_rename_frees_the_old_name_and_takes_the_new_one(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "old")
    backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "new")
    assert backend.find_snapshot(volume["uuid"], "old") is None
    with refuses(backend, SnapshotExistsError, target="new"):
        backend.create_snapshot(volume["uuid"], "new")
    assert backend.create_snapshot(volume["uuid"], "old")["name"] == "old"


def test_a_rename_to_a_taken_name_is_refused(backend: MemBackend) -> None:
    volume, [snapshot, _] = volume_with_snapshots(backend, "v", "a", "b")
    with refuses(backend, SnapshotExistsError, target="b"):
        backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "b")


def test_a_rename_to_a_name_outside_the_grammar_is_refused(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "a")
    with refuses(backend, InvalidArgumentError, target="name"):
        backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "a/b")


def test_a_snapshot_can_be_renamed_to_its_own_name(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "a")
    assert backend.rename_snapshot(volume["uuid"], snapshot["uuid"], "a") == snapshot


# delete_snapshot -----------------------------------------------------------------------------


def test_a_deleted_snapshot_is_gone_and_its_name_is_free(backend: MemBackend) -> None:
    volume, [first, second] = volume_with_snapshots(backend, "v", "a", "b")
    backend.delete_snapshot(volume["uuid"], first["uuid"])
    assert backend.list_snapshots(volume["uuid"]) == [second]
    with refuses(backend, SnapshotNotFoundError, target=first["uuid"]):
        backend.delete_snapshot(volume["uuid"], first["uuid"])
    assert backend.create_snapshot(volume["uuid"], "a")["uuid"] != first["uuid"]


def test_a_snapshot_with_a_clone_is_busy_and_its_neighbours_are_not(backend: MemBackend) -> None:
    volume, [before, busy, after] = volume_with_snapshots(backend, "v", "a", "b", "c")
    backend.create_clone(volume["uuid"], busy["uuid"], "clone")
    with refuses(backend, SnapshotBusyError, target=busy["uuid"]) as caught:
        backend.delete_snapshot(volume["uuid"], busy["uuid"])
    assert caught.value.dependents == ("clone",)
    assert caught.value.dependent_count == 1
    backend.delete_snapshot(volume["uuid"], before["uuid"])
    backend.delete_snapshot(volume["uuid"], after["uuid"])
    assert backend.list_snapshots(volume["uuid"]) == [busy]


def test_a_busy_error_carries_the_first_sixteen_names_and_the_full_count(
    backend: MemBackend,
) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    names = [f"clone{number:02}" for number in range(20)]
    for name in names:
        backend.create_clone(volume["uuid"], snapshot["uuid"], name)
    deletes: tuple[Callable[[], None], ...] = (
        lambda: backend.delete_snapshot(volume["uuid"], snapshot["uuid"]),
        lambda: backend.delete_volume(volume["uuid"]),
    )
    for delete in deletes:
        with pytest.raises(BusyError) as caught:
            delete()
        assert caught.value.dependents == tuple(names[:16])
        assert caught.value.dependent_count == 20


def test_a_busy_error_names_clones_by_their_present_names(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "before")
    backend.patch_volume(clone["uuid"], name="after")
    with refuses(backend, SnapshotBusyError) as caught:
        backend.delete_snapshot(volume["uuid"], snapshot["uuid"])
    assert caught.value.dependents == ("after",)


# restore_snapshot ----------------------------------------------------------------------------


def test_a_restore_brings_the_size_back_and_leaves_the_rest(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s", size_bytes=10)
    changed = backend.patch_volume(volume["uuid"], 99, "/v", "open", name="w")
    restored = backend.restore_snapshot(volume["uuid"], snapshot["uuid"])
    assert restored == {**changed, "size_bytes": 10}
    assert backend.get_volume(volume["uuid"]) == restored


def test_a_restore_brings_no_quota_back(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    backend.patch_volume(volume["uuid"], 99)
    assert backend.restore_snapshot(volume["uuid"], snapshot["uuid"])["size_bytes"] is None


def test_a_restore_goes_back_to_the_size_of_the_snapshot_it_names(backend: MemBackend) -> None:
    volume = backend.create_volume("v", 1)
    snapshots = []
    for size in (10, 20, 30):
        backend.patch_volume(volume["uuid"], size)
        snapshots.append(backend.create_snapshot(volume["uuid"], f"at{size}"))
    backend.patch_volume(volume["uuid"], 40)
    for snapshot, size in zip(reversed(snapshots), (30, 20, 10), strict=True):
        restored = backend.restore_snapshot(volume["uuid"], snapshot["uuid"])
        assert restored["size_bytes"] == size


def test_a_restore_drops_the_newer_snapshots_and_keeps_the_rest(backend: MemBackend) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "a", "b", "c", "d")
    other, _ = volume_with_snapshots(backend, "w", "x")
    backend.restore_snapshot(volume["uuid"], snapshots[1]["uuid"])
    assert backend.list_snapshots(volume["uuid"]) == snapshots[:2]
    assert snapshot_names(backend, other["uuid"]) == ["x"]
    with refuses(backend, SnapshotNotFoundError, target=snapshots[2]["uuid"]):
        backend.get_snapshot(volume["uuid"], snapshots[2]["uuid"])
    assert backend.create_snapshot(volume["uuid"], "c")["name"] == "c"


def test_a_restore_to_the_newest_snapshot_keeps_them_all_and_can_be_repeated(
    backend: MemBackend,
) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "a", "b")
    for _ in range(3):
        backend.restore_snapshot(volume["uuid"], snapshots[1]["uuid"])
        assert backend.list_snapshots(volume["uuid"]) == snapshots


def test_newer_is_by_order_of_creation_not_by_the_clock(backend: MemBackend) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "z", "y", "x")
    assert len({snapshot["create_time"] for snapshot in snapshots}) == 1
    backend.restore_snapshot(volume["uuid"], snapshots[0]["uuid"])
    assert snapshot_names(backend, volume["uuid"]) == ["z"]


def test_a_restore_is_refused_while_a_newer_snapshot_has_a_clone(backend: MemBackend) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "a", "b", "c")
    backend.patch_volume(volume["uuid"], 77)
    clone = backend.create_clone(volume["uuid"], snapshots[1]["uuid"], "clone")
    with refuses(backend, SnapshotBusyError, target=snapshots[1]["uuid"]) as caught:
        backend.restore_snapshot(volume["uuid"], snapshots[0]["uuid"])
    assert caught.value.dependents == ("clone",)
    backend.delete_volume(clone["uuid"])
    backend.restore_snapshot(volume["uuid"], snapshots[0]["uuid"])
    assert snapshot_names(backend, volume["uuid"]) == ["a"]


def test_clones_of_the_snapshot_itself_and_of_older_ones_do_not_hinder_a_restore(
    backend: MemBackend,
) -> None:
    volume, [older, wanted, newer] = volume_with_snapshots(backend, "v", "a", "b", "c")
    backend.create_clone(volume["uuid"], older["uuid"], "c1")
    backend.create_clone(volume["uuid"], wanted["uuid"], "c2")
    backend.restore_snapshot(volume["uuid"], wanted["uuid"])
    assert backend.list_snapshots(volume["uuid"]) == [older, wanted]
    assert newer["uuid"] not in [s["uuid"] for s in backend.list_snapshots(volume["uuid"])]


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_restore_checks_the_state_before_the_conflict(
    backend: MemBackend, state: VolumeState
) -> None:
    volume, snapshots = volume_with_snapshots(backend, "v", "a", "b")
    backend.create_clone(volume["uuid"], snapshots[1]["uuid"], "clone")
    backend.patch_volume(volume["uuid"], state=state)
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.restore_snapshot(volume["uuid"], snapshots[0]["uuid"])


def test_a_restored_clone_is_still_a_clone(backend: MemBackend) -> None:
    parent, [origin] = volume_with_snapshots(backend, "parent", "s", size_bytes=5)
    clone = backend.create_clone(parent["uuid"], origin["uuid"], "clone")
    own = backend.create_snapshot(clone["uuid"], "own")
    backend.patch_volume(clone["uuid"], 6)
    assert backend.restore_snapshot(clone["uuid"], own["uuid"]) == clone
