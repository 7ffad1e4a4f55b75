"""Clones: what each operation does, what it refuses, and how origins follow their parents."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    SnapshotBusyError,
    SnapshotNotFoundError,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
    VolumeState,
)
from support import UNKNOWN, refuses, volume_names, volume_with_snapshots

NOT_ONLINE = ("offline", "restricted")


# create_clone --------------------------------------------------------------------------------


def test_a_clone_is_an_online_volume_with_its_origin_recorded(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s", size_bytes=10)
    backend.advance(1)
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    assert list(clone.items()) == [
        ("uuid", clone["uuid"]),
        ("name", "clone"),
        ("size_bytes", 10),
        ("state", "online"),
        ("style", "flexvol"),
        ("vol_type", "rw"),
        ("create_time", "2000-01-01T00:00:01Z"),
        (
            "clone",
            {
                "parent_volume": "parent",
                "parent_snapshot": "s",
                "parent_volume_uuid": parent["uuid"],
                "parent_snapshot_uuid": snapshot["uuid"],
            },
        ),
    ]
    assert backend.get_volume(clone["uuid"]) == clone


def test_a_clone_takes_size_and_export_policy_and_no_junction_and_no_snapshots(
    backend: MemBackend,
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.patch_volume(parent["uuid"], 20, "/parent", "open")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    assert clone["size_bytes"] == 20
    assert clone["export_policy"] == "open"
    assert "junction_path" not in clone
    assert backend.list_snapshots(clone["uuid"]) == []


def test_a_clone_is_listed_after_what_was_created_before_it(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.create_volume("b")
    backend.create_clone(parent["uuid"], snapshot["uuid"], "a")
    assert volume_names(backend) == ["parent", "b", "a"]


def test_clone_and_parent_are_independent(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s", size_bytes=10)
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.patch_volume(clone["uuid"], 30, "/c", "closed", state="restricted")
    assert backend.get_volume(parent["uuid"]) == parent
    before = backend.get_volume(clone["uuid"])
    backend.patch_volume(parent["uuid"], 40, "/p", "open", state="offline")
    assert backend.get_volume(clone["uuid"]) == before


def test_one_snapshot_can_have_many_clones(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    for number in range(50):
        backend.create_clone(parent["uuid"], snapshot["uuid"], f"c{number}")
    assert len(backend) == 51


def test_create_clone_checks_existence_value_state_conflict(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    with refuses(backend, InvalidArgumentError, target="parent_vol_uuid"):
        backend.create_clone("nonsense", snapshot["uuid"], "bad name")
    with refuses(backend, InvalidArgumentError, target="parent_snap_uuid"):
        backend.create_clone(UNKNOWN, "nonsense", "bad name")
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.create_clone(UNKNOWN, snapshot["uuid"], "bad name")
    with refuses(backend, SnapshotNotFoundError, target=UNKNOWN):
        backend.create_clone(parent["uuid"], UNKNOWN, "bad name")
    backend.patch_volume(parent["uuid"], state="offline")
    with refuses(backend, InvalidArgumentError, target="new_name"):
        backend.create_clone(parent["uuid"], snapshot["uuid"], "bad name")
    with refuses(backend, VolumeOfflineError, target=parent["uuid"]):
        backend.create_clone(parent["uuid"], snapshot["uuid"], "parent")
    backend.patch_volume(parent["uuid"], state="online")
    with refuses(backend, VolumeExistsError, target="parent"):
        backend.create_clone(parent["uuid"], snapshot["uuid"], "parent")


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_a_parent_that_is_not_online_is_not_cloned(backend: MemBackend, state: VolumeState) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.patch_volume(parent["uuid"], state=state)
    with refuses(backend, VolumeOfflineError, target=parent["uuid"]):
        backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")


def test_a_snapshot_of_another_volume_is_not_found(backend: MemBackend) -> None:
    parent, _ = volume_with_snapshots(backend, "parent", "s")
    _, [elsewhere] = volume_with_snapshots(backend, "other", "s")
    with refuses(backend, SnapshotNotFoundError, target=elsewhere["uuid"]):
        backend.create_clone(parent["uuid"], elsewhere["uuid"], "clone")


def test_a_deleted_clones_name_and_snapshot_are_free(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    for _ in range(3):
        clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
        backend.delete_volume(clone["uuid"])
    backend.delete_snapshot(parent["uuid"], snapshot["uuid"])
    assert backend.list_volumes() == [parent]


# Origins -------------------------------------------------------------------------------------


def origin(backend: MemBackend, uuid: str) -> Any:
    return backend.get_volume(uuid).get("clone")


def test_an_origin_follows_the_names_of_its_parents(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.patch_volume(parent["uuid"], name="renamed")
    renamed = backend.rename_snapshot(parent["uuid"], snapshot["uuid"], "t")
    expected = {
        "parent_volume": "renamed",
        "parent_snapshot": renamed["name"],
        "parent_volume_uuid": parent["uuid"],
        "parent_snapshot_uuid": snapshot["uuid"],
    }
    assert origin(backend, clone["uuid"]) == expected
    assert backend.list_volumes()[1].get("clone") == expected
    found = backend.find_volume("clone")
    assert found is not None
    assert found.get("clone") == expected


def test_a_clone_of_a_clone_names_its_direct_parent(backend: MemBackend) -> None:
    first, [snapshot] = volume_with_snapshots(backend, "first", "s1")
    second = backend.create_clone(first["uuid"], snapshot["uuid"], "second")
    inner = backend.create_snapshot(second["uuid"], "s2")
    third = backend.create_clone(second["uuid"], inner["uuid"], "third")
    assert origin(backend, third["uuid"]) == {
        "parent_volume": "second",
        "parent_snapshot": "s2",
        "parent_volume_uuid": second["uuid"],
        "parent_snapshot_uuid": inner["uuid"],
    }
    with refuses(backend, VolumeBusyError, target=second["uuid"]) as caught:
        backend.delete_volume(second["uuid"])
    assert caught.value.dependents == ("third",)


# split_clone ---------------------------------------------------------------------------------


def test_a_split_clone_is_a_plain_volume_and_keeps_all_else(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s", size_bytes=10)
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    patched: dict[str, Any] = dict(backend.patch_volume(clone["uuid"], 20, "/c", "open"))
    own = backend.create_snapshot(clone["uuid"], "own")
    split = backend.split_clone(clone["uuid"])
    del patched["clone"]
    assert split == patched
    assert backend.get_volume(clone["uuid"]) == split
    assert backend.list_snapshots(clone["uuid"]) == [own]


def test_a_split_frees_the_parents_snapshot(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    first = backend.create_clone(parent["uuid"], snapshot["uuid"], "first")
    second = backend.create_clone(parent["uuid"], snapshot["uuid"], "second")
    backend.split_clone(first["uuid"])
    with refuses(backend, SnapshotBusyError, target=snapshot["uuid"]) as caught:
        backend.delete_snapshot(parent["uuid"], snapshot["uuid"])
    assert caught.value.dependents == ("second",)
    backend.split_clone(second["uuid"])
    backend.delete_snapshot(parent["uuid"], snapshot["uuid"])
    backend.delete_volume(parent["uuid"])
    assert volume_names(backend) == ["first", "second"]


def test_a_split_leaves_the_clones_own_clones_in_place(backend: MemBackend) -> None:
    first, [snapshot] = volume_with_snapshots(backend, "first", "s1")
    second = backend.create_clone(first["uuid"], snapshot["uuid"], "second")
    inner = backend.create_snapshot(second["uuid"], "s2")
    third = backend.create_clone(second["uuid"], inner["uuid"], "third")
    backend.split_clone(second["uuid"])
    assert backend.get_volume(third["uuid"]) == third
    with refuses(backend, VolumeBusyError, target=second["uuid"]):
        backend.delete_volume(second["uuid"])
    backend.delete_volume(first["uuid"])


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_a_clone_can_be_split_in_any_state(backend: MemBackend, state: VolumeState) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.patch_volume(clone["uuid"], state=state)
    backend.patch_volume(parent["uuid"], state=state)
    split = backend.split_clone(clone["uuid"])
    assert split["state"] == state
    assert "clone" not in split


def test_what_is_no_clone_cannot_be_split(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.split_clone(clone["uuid"])
    for plain in (parent["uuid"], clone["uuid"]):
        with refuses(backend, InvalidArgumentError, target="vol_uuid"):
            backend.split_clone(plain)


def test_a_missing_volume_cannot_be_split(backend: MemBackend) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.split_clone(UNKNOWN)
    with refuses(backend, InvalidArgumentError, target="vol_uuid"):
        backend.split_clone("nonsense")
