"""Operations as Python sees them: dicts and their keys, identifiers, order of checks.

The conformance suite checks results and refusals; `test_conformance.py` runs it on `MemBackend`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from nessie_backend_mem import (
    BusyError,
    InvalidArgumentError,
    MemBackend,
    VolumeExistsError,
    VolumeNotFoundError,
)
from support import UNKNOWN, refuses, volume_with_snapshots

# Records -------------------------------------------------------------------------------------


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


def test_a_clone_has_its_origin_and_a_full_record_the_keys_in_the_order_of_the_contract(
    backend: MemBackend,
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s", size_bytes=10)
    backend.advance(1)
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
    full = backend.patch_volume(clone["uuid"], 1, junction_path="/c", export_policy="p")
    assert list(full.items()) == [
        ("uuid", clone["uuid"]),
        ("name", "clone"),
        ("size_bytes", 1),
        ("state", "online"),
        ("style", "flexvol"),
        ("vol_type", "rw"),
        ("create_time", "2000-01-01T00:00:01Z"),
        ("junction_path", "/c"),
        ("export_policy", "p"),
        ("clone", full.get("clone")),
    ]
    assert full.get("clone") == clone.get("clone")
    assert list((full.get("clone") or {}).items()) == [
        ("parent_volume", "parent"),
        ("parent_snapshot", "s"),
        ("parent_volume_uuid", parent["uuid"]),
        ("parent_snapshot_uuid", snapshot["uuid"]),
    ]


def test_clones_in_turn_name_their_own_parents(backend: MemBackend) -> None:
    parents = [
        (volume, snapshot)
        for name in ("a", "b")
        for volume, snapshots in [volume_with_snapshots(backend, name, "s", "t")]
        for snapshot in snapshots
    ]
    # Each parent follows each parent, so that some or all values equal those of the clone before.
    in_turn = [parent for two in product(parents, parents) for parent in two]
    origins = [
        {
            "parent_volume": volume["name"],
            "parent_snapshot": snapshot["name"],
            "parent_volume_uuid": volume["uuid"],
            "parent_snapshot_uuid": snapshot["uuid"],
        }
        for volume, snapshot in in_turn
    ]
    clones = [
        backend.create_clone(volume["uuid"], snapshot["uuid"], f"clone{number}")
        for number, (volume, snapshot) in enumerate(in_turn)
    ]
    assert [clone.get("clone") for clone in clones] == origins
    assert [volume["clone"] for volume in backend if "clone" in volume] == origins


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


def test_the_access_handle_is_in_memory(backend: MemBackend) -> None:
    uuid_text = backend.create_volume("a")["uuid"]
    assert backend.access_handle(uuid_text) == {"kind": "in_memory"}


def test_capabilities_are_those_of_the_backend(backend: MemBackend) -> None:
    assert list(backend.capabilities().items()) == [
        ("snapshots", True),
        ("clones", True),
        ("replication", False),
    ]


def test_a_delete_returns_none(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    deletes: list[Callable[[], object]] = [
        lambda: backend.delete_snapshot(volume["uuid"], snapshot["uuid"]),
        lambda: backend.delete_volume(volume["uuid"]),
    ]
    assert [delete() for delete in deletes] == [None, None]


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


# Identifiers ---------------------------------------------------------------------------------


def test_a_refused_create_does_not_use_up_an_identifier() -> None:
    troubled, calm = MemBackend(seed=5), MemBackend(seed=5)
    for backend in (troubled, calm):
        backend.create_volume("a")
    for _ in range(3):
        with refuses(troubled, VolumeExistsError):
            troubled.create_volume("a")
    assert troubled.create_volume("b") == calm.create_volume("b")


def test_not_found_names_the_uuid_in_its_canonical_spelling(backend: MemBackend) -> None:
    other = "ABCDEF00-0000-4000-8000-000000000000"
    with refuses(backend, VolumeNotFoundError, target=other.lower()):
        backend.get_volume("{" + other + "}")


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


# Values that only Python can pass ------------------------------------------------------------


def test_nothing_is_found_under_a_lone_surrogate(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    assert backend.find_volume("\ud800") is None
    assert backend.find_snapshot(volume["uuid"], "\ud800") is None


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
def test_a_patch_finds_the_volume_before_it_checks_values(
    backend: MemBackend, bad: dict[str, Any]
) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.patch_volume(UNKNOWN, **bad)


def test_a_malformed_uuid_is_refused_before_anything_else(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    with refuses(backend, InvalidArgumentError, target="uuid"):
        backend.patch_volume("nonsense", 0)
    with refuses(backend, InvalidArgumentError, target="vol_uuid"):
        backend.create_snapshot("nonsense", "bad name")
    with refuses(backend, InvalidArgumentError, target="parent_vol_uuid"):
        backend.create_clone("nonsense", snapshot["uuid"], "bad name")
    with refuses(backend, InvalidArgumentError, target="parent_snap_uuid"):
        backend.create_clone(UNKNOWN, "nonsense", "bad name")
    for method, more in (
        ("get_snapshot", ()),
        ("rename_snapshot", ("bad name",)),
        ("delete_snapshot", ()),
        ("restore_snapshot", ()),
    ):
        with refuses(backend, InvalidArgumentError, target="vol_uuid"):
            getattr(backend, method)("nonsense", snapshot["uuid"], *more)
        for vol_uuid in (volume["uuid"], UNKNOWN):
            with refuses(backend, InvalidArgumentError, target="snap_uuid"):
                getattr(backend, method)(vol_uuid, "nonsense", *more)
