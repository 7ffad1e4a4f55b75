"""Dicts in lists share their keys, which halves their memory. They behave like any other dict."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from nessie_backend_mem import MemBackend


def every_shape() -> MemBackend:
    """A backend with volumes of each state and set of optional keys, and two snapshots of one."""
    backend = MemBackend(seed=1)
    parent = backend.create_volume("parent", 10)["uuid"]
    snapshot = backend.create_snapshot(parent, "first")["uuid"]
    backend.advance(0.5)
    backend.create_snapshot(parent, "second")
    states, either = ("online", "offline", "restricted"), (False, True)
    for number, (state, clone, path, policy) in enumerate(product(states, either, either, either)):
        name = f"v{number}"
        created = (
            backend.create_clone(parent, snapshot, name) if clone else backend.create_volume(name)
        )
        patch: dict[str, Any] = {"state": state, "size_bytes": number + 1}
        if path:
            patch["junction_path"] = f"/{name}"
        if policy:
            patch["export_policy"] = f"policy{number}"
        backend.patch_volume(created["uuid"], **patch)
    return backend


def parent_of(backend: MemBackend) -> str:
    return next(iter(backend))["uuid"]


Call = Callable[[MemBackend], list[Any]]
LISTS: dict[str, Call] = {
    "list_volumes": lambda b: b.list_volumes(),
    "get_volumes": lambda b: b.get_volumes(b),
    "iter": lambda b: list(b),
    "list_snapshots": lambda b: b.list_snapshots(parent_of(b)),
}
each_list = pytest.mark.parametrize("call", LISTS.values(), ids=LISTS)


def in_order(record: dict[str, Any]) -> list[tuple[str, Any]]:
    """The items of a record and of the dict in it, in order."""
    return [(k, in_order(v) if isinstance(v, dict) else v) for k, v in record.items()]


@each_list
def test_a_listed_dict_has_the_items_of_a_single_one_in_the_same_order(call: Call) -> None:
    backend = every_shape()
    parent = parent_of(backend)
    for listed in call(backend):
        single: Any
        if "size_consumed" in listed:
            single = backend.get_snapshot(parent, listed["uuid"])
        else:
            single = backend.get_volume(listed["uuid"])
        assert type(listed) is dict
        assert listed == single
        assert in_order(listed) == in_order(single)


@each_list
def test_changes_of_a_listed_dict_change_no_other(call: Call) -> None:
    backend = every_shape()
    expected = [in_order(record) for record in call(backend)]
    for place in range(len(expected)):
        records = call(backend)
        changed = records[place]
        changed.get("clone", {}).clear()
        del changed["name"]
        changed["uuid"] = "changed"
        changed["more"] = "added"
        others = [in_order(record) for record in records]
        del others[place]
        assert others == expected[:place] + expected[place + 1 :]
        assert [in_order(record) for record in call(backend)] == expected


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="other dicts have no shared keys")
@each_list
def test_a_listed_dict_takes_less_memory_than_its_copy_with_keys_of_its_own(call: Call) -> None:
    for record in call(every_shape()):
        assert sys.getsizeof(record) < sys.getsizeof(dict(record.items()))
        if "clone" in record:
            origin = record["clone"]
            assert sys.getsizeof(origin) < sys.getsizeof(dict(origin.items()))
