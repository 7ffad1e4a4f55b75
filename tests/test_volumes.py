"""Volumes: what each operation does, what it refuses, and in which order it checks."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from nessie_backend_mem import (
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
    VolumeState,
)
from support import UNKNOWN, refuses, snapshot_names, volume_names, volume_with_snapshots

CANONICAL_V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
STATES = ("online", "offline", "restricted")
NOT_ONLINE = ("offline", "restricted")


# create_volume -------------------------------------------------------------------------------


def test_a_new_volume_is_online_read_write_without_quota_and_without_optional_fields(
    backend: MemBackend,
) -> None:
    volume = backend.create_volume("cache")
    assert list(volume.items()) == [
        ("uuid", volume["uuid"]),
        ("name", "cache"),
        ("size_bytes", None),
        ("state", "online"),
        ("style", "flexvol"),
        ("vol_type", "rw"),
        ("create_time", "2000-01-01T00:00:00Z"),
    ]
    assert backend.list_snapshots(volume["uuid"]) == []


def test_a_record_with_every_field_has_the_keys_in_the_order_of_the_contract(
    backend: MemBackend,
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    full: dict[str, Any] = dict(
        backend.patch_volume(clone["uuid"], 1, junction_path="/c", export_policy="p")
    )
    assert list(full) == [
        "uuid",
        "name",
        "size_bytes",
        "state",
        "style",
        "vol_type",
        "create_time",
        "junction_path",
        "export_policy",
        "clone",
    ]
    assert list(full["clone"]) == [
        "parent_volume",
        "parent_snapshot",
        "parent_volume_uuid",
        "parent_snapshot_uuid",
    ]


def test_a_size_is_kept_as_given(backend: MemBackend) -> None:
    assert backend.create_volume("a", size_bytes=50 * 2**30)["size_bytes"] == 50 * 2**30
    assert backend.create_volume("b", 1)["size_bytes"] == 1


def test_every_identifier_is_new_and_a_canonical_version_4_uuid(backend: MemBackend) -> None:
    seen: set[str] = set()
    for round_number in range(300):
        volume = backend.create_volume(f"v{round_number}")
        snapshot = backend.create_snapshot(volume["uuid"], "s")
        for identifier in (volume["uuid"], snapshot["uuid"]):
            assert CANONICAL_V4.fullmatch(identifier)
            assert identifier not in seen
            seen.add(identifier)
        if round_number % 2:
            backend.delete_volume(volume["uuid"])


def test_a_taken_name_is_refused(backend: MemBackend) -> None:
    backend.create_volume("a")
    with refuses(backend, VolumeExistsError, target="a"):
        backend.create_volume("a", 5)


def test_a_clones_name_is_a_volume_name_and_taken_too(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    with refuses(backend, VolumeExistsError, target="clone"):
        backend.create_volume("clone")


def test_a_bad_value_is_found_before_a_taken_name(backend: MemBackend) -> None:
    backend.create_volume("a")
    with refuses(backend, InvalidArgumentError, target="size_bytes"):
        backend.create_volume("a", 0)


def test_names_differ_by_case(backend: MemBackend) -> None:
    backend.create_volume("cache")
    backend.create_volume("Cache")
    assert volume_names(backend) == ["cache", "Cache"]


def test_a_refused_create_does_not_use_up_an_identifier() -> None:
    troubled, calm = MemBackend(seed=5), MemBackend(seed=5)
    for backend in (troubled, calm):
        backend.create_volume("a")
    for _ in range(3):
        with refuses(troubled, VolumeExistsError):
            troubled.create_volume("a")
    assert troubled.create_volume("b") == calm.create_volume("b")


# Reading -------------------------------------------------------------------------------------


def test_volumes_are_listed_in_order_of_creation_whatever_happens_between(
    backend: MemBackend,
) -> None:
    uuids = [backend.create_volume(name)["uuid"] for name in ("d", "a", "c", "b")]
    backend.delete_volume(uuids[1])
    backend.patch_volume(uuids[0], name="z", state="offline")
    backend.create_volume("a")
    assert volume_names(backend) == ["z", "c", "b", "a"]


def test_an_empty_backend_lists_nothing(backend: MemBackend) -> None:
    assert backend.list_volumes() == []


def test_get_and_find_and_list_agree(backend: MemBackend) -> None:
    created = backend.create_volume("a", 7)
    assert backend.get_volume(created["uuid"]) == created
    assert backend.find_volume("a") == created
    assert backend.list_volumes() == [created]


def test_an_unknown_uuid_is_not_found(backend: MemBackend) -> None:
    backend.create_volume("a")
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.get_volume(UNKNOWN)


def test_not_found_names_the_uuid_in_its_canonical_spelling(backend: MemBackend) -> None:
    other = "ABCDEF00-0000-4000-8000-000000000000"
    with refuses(backend, VolumeNotFoundError, target=other.lower()):
        backend.get_volume("{" + other + "}")


def test_a_snapshots_uuid_is_no_volume(backend: MemBackend) -> None:
    _, [snapshot] = volume_with_snapshots(backend, "a", "s")
    with refuses(backend, VolumeNotFoundError, target=snapshot["uuid"]):
        backend.get_volume(snapshot["uuid"])


def test_an_identifier_of_another_backend_is_not_found(backend: MemBackend) -> None:
    volume = MemBackend().create_volume("a")
    backend.create_volume("a")
    with refuses(backend, VolumeNotFoundError, target=volume["uuid"]):
        backend.get_volume(volume["uuid"])


def test_a_near_miss_of_an_identifier_is_not_found(backend: MemBackend) -> None:
    known = uuid.UUID(backend.create_volume("a")["uuid"])
    for bit in range(128):
        with pytest.raises(VolumeNotFoundError):
            backend.get_volume(uuid.UUID(int=known.int ^ (1 << bit)))


@pytest.mark.parametrize(
    "name", ["", "b", "A", "a ", " a", "a/b", "-a", "é", "a" * 10_000, "\ud800"]
)
def test_find_volume_answers_none_for_a_name_nobody_has(backend: MemBackend, name: str) -> None:
    backend.create_volume("a")
    assert backend.find_volume(name) is None


# patch_volume --------------------------------------------------------------------------------


def test_a_patch_changes_only_what_it_gives(backend: MemBackend) -> None:
    before = backend.create_volume("a", 10)
    backend.patch_volume(before["uuid"], junction_path="/a", export_policy="default")
    after = backend.patch_volume(before["uuid"], size_bytes=20)
    assert after == {
        **before,
        "size_bytes": 20,
        "junction_path": "/a",
        "export_policy": "default",
    }
    assert backend.get_volume(before["uuid"]) == after


def test_a_patch_that_gives_nothing_changes_nothing_and_succeeds(backend: MemBackend) -> None:
    volume = backend.create_volume("a", 10)
    assert backend.patch_volume(volume["uuid"]) == volume
    assert backend.patch_volume(volume["uuid"], None, None, None, name=None, state=None) == volume


def test_an_empty_patch_of_a_missing_volume_is_not_found(backend: MemBackend) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.patch_volume(UNKNOWN)


def test_growing_and_shrinking_both_work(backend: MemBackend) -> None:
    uuid_text = backend.create_volume("a", 10)["uuid"]
    for size in (20, 1, 2**64 - 1, 5):
        assert backend.patch_volume(uuid_text, size)["size_bytes"] == size


def test_all_fields_can_change_at_once(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    patched = backend.patch_volume(volume["uuid"], 9, "/x", "open", name="b", state="restricted")
    assert patched == {
        **volume,
        "name": "b",
        "size_bytes": 9,
        "state": "restricted",
        "junction_path": "/x",
        "export_policy": "open",
    }


def test_a_patch_with_one_bad_value_changes_none_of_its_fields(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    with refuses(backend, InvalidArgumentError, target="junction_path"):
        backend.patch_volume(volume["uuid"], 9, "no-slash", "open", name="b", state="offline")


def test_a_patch_with_one_conflict_changes_none_of_its_fields(backend: MemBackend) -> None:
    taken = backend.create_volume("taken")
    backend.patch_volume(taken["uuid"], junction_path="/taken")
    volume = backend.create_volume("a")
    with refuses(backend, VolumeExistsError, target="taken"):
        backend.patch_volume(volume["uuid"], 9, "/x", "open", name="taken", state="offline")
    with refuses(backend, JunctionPathExistsError, target="/TAKEN"):
        backend.patch_volume(volume["uuid"], 9, "/TAKEN", "open", name="b", state="offline")


@pytest.mark.parametrize(
    "bad",
    [
        {"size_bytes": 0},
        {"size_bytes": 2**64},
        {"size_bytes": -(10**40)},
        {"junction_path": "x"},
        {"junction_path": "/\ud800"},
        {"export_policy": ""},
        {"name": ""},
        {"name": "\ud800"},
        {"state": "broken"},
    ],
    ids=repr,
)
def test_a_patch_looks_for_the_volume_before_it_looks_at_values(
    backend: MemBackend, bad: dict[str, Any]
) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.patch_volume(UNKNOWN, **bad)


def test_a_malformed_uuid_is_found_before_anything_else(backend: MemBackend) -> None:
    with refuses(backend, InvalidArgumentError, target="uuid"):
        backend.patch_volume("nonsense", 0)


def test_a_patch_checks_value_then_state_then_conflict(backend: MemBackend) -> None:
    backend.create_volume("taken")
    volume = backend.create_volume("a")
    backend.patch_volume(volume["uuid"], state="offline")
    with refuses(backend, InvalidArgumentError, target="name"):
        backend.patch_volume(volume["uuid"], 5, name="bad/name")
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.patch_volume(volume["uuid"], 5, name="taken")
    with refuses(backend, VolumeExistsError, target="taken"):
        backend.patch_volume(volume["uuid"], name="taken")


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_a_volume_that_is_not_online_cannot_be_resized(
    backend: MemBackend, state: VolumeState
) -> None:
    volume = backend.create_volume("a", 10)
    backend.patch_volume(volume["uuid"], state=state)
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.patch_volume(volume["uuid"], 20)


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_a_patch_that_brings_a_volume_online_may_resize_it(
    backend: MemBackend, state: VolumeState
) -> None:
    volume = backend.create_volume("a", 10)
    backend.patch_volume(volume["uuid"], state=state)
    patched = backend.patch_volume(volume["uuid"], 20, state="online")
    assert patched == {**volume, "size_bytes": 20}


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_everything_but_the_size_can_change_while_a_volume_is_not_online(
    backend: MemBackend, state: VolumeState
) -> None:
    volume = backend.create_volume("a")
    backend.patch_volume(volume["uuid"], state=state)
    patched = backend.patch_volume(volume["uuid"], None, "/a", "open", name="b")
    assert patched == {
        **volume,
        "name": "b",
        "state": state,
        "junction_path": "/a",
        "export_policy": "open",
    }


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_every_state_can_follow_every_state(
    backend: MemBackend, before: VolumeState, after: VolumeState
) -> None:
    uuid_text = backend.create_volume("a")["uuid"]
    assert backend.patch_volume(uuid_text, state=before)["state"] == before
    assert backend.patch_volume(uuid_text, state=after)["state"] == after


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_an_offline_volume_keeps_snapshots_clones_junction_and_name(
    backend: MemBackend, state: VolumeState
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.patch_volume(parent["uuid"], junction_path="/p")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    offline = backend.patch_volume(parent["uuid"], state=state)
    assert (offline["name"], offline.get("junction_path")) == ("parent", "/p")
    assert backend.list_snapshots(parent["uuid"]) == [snapshot]
    assert backend.get_volume(clone["uuid"]) == clone
    with refuses(backend, VolumeExistsError, target="parent"):
        backend.create_volume("parent")
    with refuses(backend, JunctionPathExistsError, target="/P"):
        backend.patch_volume(clone["uuid"], junction_path="/P")


def test_a_rename_frees_the_old_name_and_takes_the_new_one(backend: MemBackend) -> None:
    volume = backend.create_volume("old")
    assert backend.patch_volume(volume["uuid"], name="new") == {**volume, "name": "new"}
    assert backend.find_volume("old") is None
    with refuses(backend, VolumeExistsError, target="new"):
        backend.create_volume("new")
    assert backend.create_volume("old")["uuid"] != volume["uuid"]


def test_a_volume_can_be_renamed_to_its_own_name(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    assert backend.patch_volume(volume["uuid"], name="a") == volume


def test_a_rename_to_another_case_is_a_rename(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    assert backend.patch_volume(volume["uuid"], name="A")["name"] == "A"
    assert backend.find_volume("a") is None


def test_junction_paths_are_unique_ignoring_ascii_case_and_kept_as_given(
    backend: MemBackend,
) -> None:
    first = backend.create_volume("a")["uuid"]
    second = backend.create_volume("b")["uuid"]
    assert backend.patch_volume(first, junction_path="/Vol/One")["junction_path"] == "/Vol/One"
    for taken in ("/Vol/One", "/vol/one", "/VOL/ONE"):
        with refuses(backend, JunctionPathExistsError, target=taken):
            backend.patch_volume(second, junction_path=taken)
    assert backend.patch_volume(second, junction_path="/Vol/One/sub")["name"] == "b"


def test_beyond_ascii_the_case_of_a_junction_path_counts(backend: MemBackend) -> None:
    paths = ("/é", "/É", "/ß", "/ss", "/k", "/\N{KELVIN SIGN}", "/i", "/\u0130", "/\u0131")
    for number, path in enumerate(paths):
        volume = backend.create_volume(f"v{number}")
        assert backend.patch_volume(volume["uuid"], junction_path=path)["junction_path"] == path


def test_a_volume_can_change_the_case_of_its_own_junction_path(backend: MemBackend) -> None:
    uuid_text = backend.create_volume("a")["uuid"]
    backend.patch_volume(uuid_text, junction_path="/a")
    assert backend.patch_volume(uuid_text, junction_path="/A")["junction_path"] == "/A"
    assert backend.patch_volume(uuid_text, junction_path="/A")["junction_path"] == "/A"


def test_the_empty_junction_path_unmounts(backend: MemBackend) -> None:
    first = backend.create_volume("a")
    second = backend.create_volume("b")
    backend.patch_volume(first["uuid"], junction_path="/a")
    assert backend.patch_volume(first["uuid"], junction_path="") == first
    assert backend.patch_volume(first["uuid"], junction_path="") == first
    assert backend.patch_volume(second["uuid"], junction_path="/A")["junction_path"] == "/A"


def test_moving_or_deleting_a_volume_frees_its_junction_path(backend: MemBackend) -> None:
    first = backend.create_volume("a")["uuid"]
    second = backend.create_volume("b")["uuid"]
    backend.patch_volume(first, junction_path="/a")
    backend.patch_volume(first, junction_path="/moved")
    backend.patch_volume(second, junction_path="/a")
    backend.delete_volume(first)
    backend.patch_volume(second, junction_path="/moved")
    third = backend.create_volume("c")["uuid"]
    assert backend.patch_volume(third, junction_path="/a")["junction_path"] == "/a"


def test_two_volumes_can_share_an_export_policy(backend: MemBackend) -> None:
    for name in ("a", "b"):
        volume = backend.create_volume(name)
        patched = backend.patch_volume(volume["uuid"], export_policy="default")
        assert patched["export_policy"] == "default"


# delete_volume -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_a_volume_is_deleted_in_any_state_with_its_snapshots(
    backend: MemBackend, state: VolumeState
) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "a", "s")
    backend.patch_volume(volume["uuid"], state=state)
    assert backend.delete_volume(volume["uuid"]) is None  # type: ignore[func-returns-value]
    assert backend.list_volumes() == []
    with refuses(backend, VolumeNotFoundError, target=volume["uuid"]):
        backend.get_snapshot(volume["uuid"], snapshot["uuid"])


def test_a_volume_is_deleted_once(backend: MemBackend) -> None:
    uuid_text = backend.create_volume("a")["uuid"]
    backend.delete_volume(uuid_text)
    with refuses(backend, VolumeNotFoundError, target=uuid_text):
        backend.delete_volume(uuid_text)


def test_a_deleted_volumes_name_is_free_and_its_identifier_is_not(backend: MemBackend) -> None:
    old = backend.create_volume("a")["uuid"]
    backend.delete_volume(old)
    new = backend.create_volume("a")["uuid"]
    assert new != old
    with refuses(backend, VolumeNotFoundError, target=old):
        backend.get_volume(old)


def test_a_volume_with_a_clone_is_busy_and_the_error_names_the_clones(backend: MemBackend) -> None:
    parent, snapshots = volume_with_snapshots(backend, "parent", "s0", "s1")
    for number, snapshot in enumerate(snapshots):
        backend.create_clone(parent["uuid"], snapshot["uuid"], f"clone{number}")
    with refuses(backend, VolumeBusyError, target=parent["uuid"]) as caught:
        backend.delete_volume(parent["uuid"])
    assert set(caught.value.dependents) == {"clone0", "clone1"}
    assert caught.value.dependent_count == 2


def test_a_volume_is_busy_in_every_state_of_it_and_of_its_clone(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.patch_volume(parent["uuid"], state="offline")
    backend.patch_volume(clone["uuid"], state="offline")
    with refuses(backend, VolumeBusyError, target=parent["uuid"]):
        backend.delete_volume(parent["uuid"])


def test_a_volume_is_free_again_when_its_clones_are_gone(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    backend.delete_volume(clone["uuid"])
    backend.delete_volume(parent["uuid"])
    assert len(backend) == 0


def test_deleting_one_volume_leaves_the_others_whole(backend: MemBackend) -> None:
    kept, _ = volume_with_snapshots(backend, "kept", "s0", "s1")
    gone, _ = volume_with_snapshots(backend, "gone", "s0", "s1")
    backend.delete_volume(gone["uuid"])
    assert backend.list_volumes() == [kept]
    assert snapshot_names(backend, kept["uuid"]) == ["s0", "s1"]


# access_handle and capabilities --------------------------------------------------------------


def test_the_access_handle_says_in_memory(backend: MemBackend) -> None:
    uuid_text = backend.create_volume("a")["uuid"]
    assert backend.access_handle(uuid_text) == {"kind": "in_memory"}


@pytest.mark.parametrize("state", NOT_ONLINE)
def test_a_volume_that_is_not_online_has_no_access_handle(
    backend: MemBackend, state: VolumeState
) -> None:
    volume = backend.create_volume("a")
    backend.patch_volume(volume["uuid"], state=state)
    with refuses(backend, VolumeOfflineError, target=volume["uuid"]):
        backend.access_handle(volume["uuid"])
    backend.patch_volume(volume["uuid"], state="online")
    assert backend.access_handle(volume["uuid"]) == {"kind": "in_memory"}


def test_a_missing_volume_has_no_access_handle(backend: MemBackend) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.access_handle(UNKNOWN)


def test_capabilities_are_what_the_backend_does(backend: MemBackend) -> None:
    assert list(backend.capabilities().items()) == [
        ("snapshots", True),
        ("clones", True),
        ("replication", False),
    ]
