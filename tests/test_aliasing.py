"""Results are fresh: changing one changes neither the backend nor other results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from support import everything


def furnished() -> tuple[MemBackend, dict[str, str]]:
    """A backend whose records have every field, and the identifiers in it."""
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v", 10)["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")["uuid"]
    own = backend.create_snapshot(clone, "own")["uuid"]
    backend.patch_volume(clone, 20, "/c", "open")
    return backend, {"volume": volume, "snapshot": snapshot, "clone": clone, "own": own}


READS: dict[str, Callable[[MemBackend, dict[str, str]], Any]] = {
    "list_volumes": lambda b, ids: b.list_volumes(),
    "iter": lambda b, ids: list(b),
    "get_volume": lambda b, ids: b.get_volume(ids["clone"]),
    "find_volume": lambda b, ids: b.find_volume("c"),
    "patch_nothing": lambda b, ids: b.patch_volume(ids["clone"]),
    "restore_newest": lambda b, ids: b.restore_snapshot(ids["volume"], ids["snapshot"]),
    "list_snapshots": lambda b, ids: b.list_snapshots(ids["volume"]),
    "get_snapshot": lambda b, ids: b.get_snapshot(ids["volume"], ids["snapshot"]),
    "find_snapshot": lambda b, ids: b.find_snapshot(ids["volume"], "s"),
    "rename_to_same": lambda b, ids: b.rename_snapshot(ids["volume"], ids["snapshot"], "s"),
    "access_handle": lambda b, ids: b.access_handle(ids["clone"]),
    "capabilities": lambda b, ids: b.capabilities(),
}
WRITES: dict[str, Callable[[MemBackend, dict[str, str]], Any]] = {
    "create_volume": lambda b, ids: b.create_volume("new", 5),
    "create_snapshot": lambda b, ids: b.create_snapshot(ids["volume"], "new"),
    "create_clone": lambda b, ids: b.create_clone(ids["clone"], ids["own"], "new"),
    "patch_volume": lambda b, ids: b.patch_volume(ids["clone"], 30, name="new"),
    "rename_snapshot": lambda b, ids: b.rename_snapshot(ids["volume"], ids["snapshot"], "new"),
    "restore_snapshot": lambda b, ids: b.restore_snapshot(ids["clone"], ids["own"]),
    "split_clone": lambda b, ids: b.split_clone(ids["clone"]),
}
CALLS = READS | WRITES


def spoil(result: Any) -> None:
    """Changes every dict and list in `result`, however deep."""
    if isinstance(result, dict):
        for value in result.values():
            spoil(value)
        for key in list(result):
            result[key] = "spoiled"
        result["more"] = "spoiled"
    elif isinstance(result, list):
        for item in result:
            spoil(item)
        result.clear()


def dicts_in(result: Any) -> list[int]:
    """The identities of all dicts and lists in `result`."""
    if isinstance(result, dict):
        return [id(result), *(i for value in result.values() for i in dicts_in(value))]
    if isinstance(result, list):
        return [id(result), *(i for item in result for i in dicts_in(item))]
    return []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_changing_a_result_does_not_change_the_backend(
    call: Callable[[MemBackend, dict[str, str]], Any],
) -> None:
    spoiled_one, ids = furnished()
    spoil(call(spoiled_one, ids))
    untouched, ids = furnished()
    call(untouched, ids)
    assert everything(spoiled_one) == everything(untouched)
    spoiled_one.check_invariants()


@pytest.mark.parametrize("call", READS.values(), ids=READS)
def test_changing_a_result_does_not_change_the_next_result(
    call: Callable[[MemBackend, dict[str, str]], Any],
) -> None:
    backend, ids = furnished()
    expected = repr(call(backend, ids))
    spoil(call(backend, ids))
    assert repr(call(backend, ids)) == expected


@pytest.mark.parametrize("call", READS.values(), ids=READS)
def test_two_results_share_no_dict(call: Callable[[MemBackend, dict[str, str]], Any]) -> None:
    backend, ids = furnished()
    one, two = call(backend, ids), call(backend, ids)
    assert set(dicts_in(one)).isdisjoint(dicts_in(two))


def test_the_records_of_one_listing_share_no_dict() -> None:
    backend, ids = furnished()
    for number in range(5):
        backend.create_clone(ids["volume"], ids["snapshot"], f"c{number}")
        backend.create_snapshot(ids["volume"], f"s{number}")
    for listing in (backend.list_volumes(), list(backend), backend.list_snapshots(ids["volume"])):
        identities = dicts_in(listing)
        assert len(set(identities)) == len(identities)


def test_changing_a_record_of_an_iteration_does_not_change_later_records() -> None:
    backend, _ = furnished()
    expected = backend.list_volumes()
    seen = []
    for volume in backend:
        seen.append({**volume})
        spoil(volume)
    assert [volume["name"] for volume in seen] == [volume["name"] for volume in expected]
    assert backend.list_volumes() == expected


def test_a_result_does_not_follow_later_changes() -> None:
    backend, ids = furnished()
    listing = backend.list_volumes()
    before = repr(listing)
    backend.patch_volume(ids["volume"], 99, name="renamed")
    backend.delete_volume(ids["clone"])
    assert repr(listing) == before


def test_deleting_a_key_of_capabilities_does_not_change_the_backend() -> None:
    backend, _ = furnished()
    backend.capabilities()["clones"] = False
    assert backend.capabilities()["clones"] is True
