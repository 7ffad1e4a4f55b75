"""Bulk calls: each has the effect of single calls for its items, atomically, or none."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import length_hint
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    NessieError,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotNotFoundError,
    Uuids,
    VolumeBusyError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
)
from support import (
    UNKNOWN,
    everything,
    refuses,
    snapshot_names,
    volume_names,
    volume_with_snapshots,
)

START = "2000-01-01T00:00:00Z"


def fleet(backend: MemBackend, count: int = 3) -> Uuids:
    return backend.create_volumes([f"v{number}" for number in range(count)])


# Effects -------------------------------------------------------------------------------------


def test_create_volumes_creates_one_of_each_name_in_order(backend: MemBackend) -> None:
    uuids = backend.create_volumes(["c", "a", "b"])
    assert type(uuids) is Uuids
    assert backend.list_volumes() == [
        {
            "uuid": uuid,
            "name": name,
            "size_bytes": None,
            "state": "online",
            "style": "flexvol",
            "vol_type": "rw",
            "create_time": START,
        }
        for uuid, name in zip(uuids, "cab", strict=True)
    ]
    backend.check_invariants()


@pytest.mark.parametrize(
    ("given_sizes", "expected"),
    [
        (None, [None, None]),
        (7, [7, 7]),
        ([7, 2**64 - 1], [7, 2**64 - 1]),
        ((None, 1), [None, 1]),
        (iter([5, None]), [5, None]),
        (range(1, 3), [1, 2]),
        ({3: "a", 4: "b"}, [3, 4]),
    ],
    ids=str,
)
def test_there_is_one_size_or_one_per_volume(
    backend: MemBackend, given_sizes: Any, expected: list[int | None]
) -> None:
    uuids = backend.create_volumes(["a", "b"], given_sizes)
    assert [volume["size_bytes"] for volume in backend.get_volumes(uuids)] == expected


def test_create_snapshots_creates_one_on_each_volume(backend: MemBackend) -> None:
    uuids = fleet(backend)
    backend.advance(60)
    snapshots = backend.create_snapshots(uuids, "nightly")
    assert type(snapshots) is Uuids
    for uuid, snapshot in zip(uuids, snapshots, strict=True):
        assert backend.list_snapshots(uuid) == [
            {
                "uuid": snapshot,
                "name": "nightly",
                "create_time": "2000-01-01T00:01:00Z",
                "size_consumed": 0,
            }
        ]
    backend.check_invariants()


def test_create_clones_creates_clones_of_one_snapshot(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s", size_bytes=9)
    backend.patch_volume(parent["uuid"], junction_path="/p", export_policy="open")
    clones = backend.create_clones(parent["uuid"], UUID(snapshot["uuid"]), ["x", "y"])
    for clone, name in zip(backend.get_volumes(clones), "xy", strict=True):
        assert clone["name"] == name
        assert clone["size_bytes"] == 9
        assert clone["export_policy"] == "open"
        assert "junction_path" not in clone
        assert clone["clone"] == {
            "parent_volume": "parent",
            "parent_snapshot": "s",
            "parent_volume_uuid": parent["uuid"],
            "parent_snapshot_uuid": snapshot["uuid"],
        }
    backend.check_invariants()


def test_delete_snapshots_deletes_that_name_on_each_volume(backend: MemBackend) -> None:
    uuids = fleet(backend)
    backend.create_snapshots(uuids, "old")
    backend.create_snapshots(uuids, "new")
    assert backend.delete_snapshots(uuids[1:], "old") == []
    assert [snapshot_names(backend, uuid) for uuid in uuids] == [["old", "new"], ["new"], ["new"]]
    backend.check_invariants()


def test_delete_volumes_accepts_clones_and_parents_in_any_order(backend: MemBackend) -> None:
    for in_order in (list, lambda uuids: list(reversed(uuids)), lambda u: [u[1], u[2], u[0]]):
        kept = backend.create_volume("kept")
        parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
        clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")
        inner = backend.create_snapshot(clone["uuid"], "s")
        of_clone = backend.create_clone(clone["uuid"], inner["uuid"], "of-clone")
        family = in_order([parent["uuid"], clone["uuid"], of_clone["uuid"]])
        assert backend.delete_volumes(family) == []
        assert volume_names(backend) == ["kept"]
        backend.check_invariants()
        backend.delete_volume(kept["uuid"])


def test_patch_volumes_changes_the_given_fields_of_each(backend: MemBackend) -> None:
    uuids = backend.create_volumes(["a", "b", "c"], 5)
    result = backend.patch_volumes(uuids[:2], export_policy="open", state="offline")  # type: ignore[func-returns-value]
    assert result is None
    patched = [(v["size_bytes"], v.get("export_policy"), v["state"]) for v in backend]
    assert patched == [(5, "open", "offline"), (5, "open", "offline"), (5, None, "online")]
    backend.patch_volumes(uuids, state="online")
    backend.patch_volumes(uuids, 8)
    assert [volume["size_bytes"] for volume in backend] == [8, 8, 8]
    backend.patch_volumes(uuids, [1, None, 3])
    assert [volume["size_bytes"] for volume in backend] == [1, 8, 3]
    backend.patch_volumes(uuids[2:], None, "/mnt", name="renamed")
    assert backend.get_volume(uuids[2])["junction_path"] == "/mnt"
    assert volume_names(backend) == ["a", "b", "renamed"]
    backend.check_invariants()


def test_get_volumes_keeps_the_order_and_repeats(backend: MemBackend) -> None:
    uuids = fleet(backend)
    wanted = [uuids[2], uuids[0], uuids[2]]
    result = backend.get_volumes(wanted)
    assert result == [backend.get_volume(uuid) for uuid in wanted]
    assert result[0] is not result[2]
    result[0]["name"] = "changed"
    assert result[2]["name"] == "v2"
    assert backend.get_volume(uuids[2])["name"] == "v2"


def test_an_empty_batch_does_nothing(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "v", "s")
    before = pickle.dumps(backend)
    empties: list[Any] = [[], (), iter([]), Uuids.from_bytes(b""), {}, set()]
    for empty in empties:
        assert backend.create_volumes(empty, None) == []
        assert backend.create_volumes(empty, []) == []
        assert backend.create_snapshots(empty, "n") == []
        assert backend.create_clones(parent["uuid"], snapshot["uuid"], empty) == []
        backend.delete_snapshots(empty, "s")
        backend.delete_volumes(empty)
        backend.patch_volumes(empty, 5, name="n")
        assert backend.get_volumes(empty) == []
    assert pickle.dumps(backend) == before


@pytest.mark.parametrize("make", [MemBackend, lambda: MemBackend(seed=1)], ids=["system", "seed"])
def test_a_batch_has_one_time(make: Callable[[], MemBackend]) -> None:
    backend = make()
    uuids = backend.create_volumes(f"v{number}" for number in range(20_000))
    assert len({volume["create_time"] for volume in backend}) == 1
    snapshots = backend.create_snapshots(uuids, "s")
    times = {snapshot["create_time"] for u in uuids for snapshot in backend.list_snapshots(u)}
    assert len(times) == 1
    clones = backend.create_clones(uuids[0], snapshots[0], (f"c{n}" for n in range(20_000)))
    assert len({volume["create_time"] for volume in backend.get_volumes(clones)}) == 1
    assert len({*uuids, *snapshots, *clones}) == 60_000
    backend.check_invariants()


def test_the_same_batches_give_the_same_uuids_from_the_same_seed() -> None:
    def life(backend: MemBackend) -> bytes:
        uuids = fleet(backend, 1000)
        backend.create_snapshots(uuids, "s")
        backend.delete_volumes(uuids[::3])
        return pickle.dumps(backend)

    assert life(MemBackend(seed=5)) == life(MemBackend(seed=5))
    assert life(MemBackend(seed=5)) != life(MemBackend(seed=6))


def test_bulk_calls_on_a_copy_do_not_change_the_original(backend: MemBackend) -> None:
    uuids = fleet(backend, 1000)
    backend.create_snapshots(uuids, "s")
    copied = backend.fork()
    before = everything(copied)
    backend.create_snapshots(uuids, "t")
    backend.patch_volumes(uuids, 5)
    backend.delete_snapshots(uuids, "s")
    backend.delete_volumes(uuids[::2])
    fleet_of_copy = copied.create_volumes(["new"])
    copied.delete_volumes(fleet_of_copy)
    assert everything(copied) == before
    copied.check_invariants()
    backend.check_invariants()


# As the loop of single calls -----------------------------------------------------------------


class World:
    """Volumes with and without snapshots, clones of clones, an offline one, and reused slots.

    The lists have the identifiers that a batch may contain, with deleted and unknown ones.
    """

    def __init__(self) -> None:
        self.backend = MemBackend(seed=11)
        parent, snapshots = volume_with_snapshots(self.backend, "a", "s", "t", size_bytes=7)
        plain, [of_plain] = volume_with_snapshots(self.backend, "b", "s")
        offline = self.backend.create_volume("c", 5)
        gone, _ = volume_with_snapshots(self.backend, "gone", "s")
        self.backend.patch_volume(parent["uuid"], junction_path="/a", export_policy="p")
        clone = self.backend.create_clone(parent["uuid"], snapshots[0]["uuid"], "d")
        of_clone = self.backend.create_snapshot(clone["uuid"], "s")
        grandchild = self.backend.create_clone(clone["uuid"], of_clone["uuid"], "e")
        self.backend.patch_volume(offline["uuid"], state="offline")
        self.backend.delete_volume(gone["uuid"])
        self.many = self.backend.create_volumes([f"m{n}" for n in range(40)], range(1, 41))
        self.backend.create_snapshots(self.many[::2], "s")
        self.special = [
            *(v["uuid"] for v in (parent, plain, offline, clone, grandchild, gone)),
            UNKNOWN,
        ]
        self.snapshots = [
            (parent["uuid"], snapshots[0]["uuid"]),
            (parent["uuid"], snapshots[1]["uuid"]),
            (plain["uuid"], of_plain["uuid"]),
            (clone["uuid"], of_clone["uuid"]),
        ]


WORLD = World()


def outcome_of(call: Callable[[], object]) -> tuple[Any, NessieError | None]:
    try:
        return call(), None
    except NessieError as error:
        return None, error


Item = TypeVar("Item")


def check(
    bulk: Callable[[MemBackend], Any],
    items: Sequence[Item],
    single: Callable[[MemBackend, Item], Any],
    *,
    argument: dict[str | None, str] | None = None,
    shared: tuple[str, ...] = (),
) -> None:
    """Runs the bulk call on one copy and the single calls on another, and compares everything.

    `argument` maps arguments of the single call to those of the bulk call. `shared` has the
    arguments that are common to all items: an error about one of these has no index.
    """
    at_once, one_by_one = WORLD.backend.fork(), WORLD.backend.fork()
    before = pickle.dumps(at_once)
    expected: list[Any] = []
    failure = None
    for item in items:
        result, failure = outcome_of(partial(single, one_by_one, item))
        if failure is not None:
            break
        expected.append(result)
    found, error = outcome_of(lambda: bulk(at_once))
    at_once.check_invariants()
    if failure is None:
        assert error is None
        assert found is None or list(found) == expected
        assert pickle.dumps(at_once) == pickle.dumps(one_by_one)
        return
    assert error is not None
    assert type(error) is type(failure)
    assert error.code == failure.code
    assert error.target == (argument or {}).get(failure.target, failure.target)
    if not (error.index is None and error.target in shared):
        assert error.index == len(expected)
        assert str(error) == f"item {error.index}: {failure}" or error.target != failure.target
    assert pickle.dumps(at_once) == before


containers: st.SearchStrategy[Callable[[Sequence[Any]], Any]] = st.sampled_from(
    [list, tuple, iter, lambda items: (item for item in items), lambda items: map(str, items)]
)
spellings: st.SearchStrategy[Callable[[str], Any]] = st.sampled_from(
    [str, str.upper, UUID, lambda uuid: uuid.replace("-", ""), lambda uuid: f"{{{uuid}}}"]
)


@st.composite
def uuid_batches(draw: st.DrawFn, least: int = 0) -> tuple[list[str], Any]:
    """Volumes of the world, some of them odd, and the same as an argument."""
    begin, end = sorted(draw(st.tuples(st.integers(0, 40), st.integers(0, 40))))
    uuids = WORLD.many[begin : end : draw(st.sampled_from([1, 2]))].to_pylist()
    for uuid in draw(st.lists(st.sampled_from([*WORLD.special, WORLD.many[7]]), max_size=4)):
        uuids.insert(draw(st.integers(0, len(uuids))), uuid)
    if len(uuids) < least:
        uuids.append(WORLD.many[0])
    if draw(st.booleans()):
        return uuids, Uuids.from_bytes(b"".join(UUID(uuid).bytes for uuid in uuids))
    spell = draw(spellings)
    return uuids, draw(containers)([spell(uuid) for uuid in uuids])


name_batches = st.lists(
    st.one_of(
        *[st.from_regex(r"[a-z]{5}", fullmatch=True)] * 6,
        st.from_regex(r"n[0-9]", fullmatch=True),
        st.sampled_from(["a", "m7", "gone", "", "a/b", "-x", "é", "n" * 204, "\ud800"]),
    ),
    max_size=30,
)
size_values = st.one_of(st.none(), st.integers(1, 2**64 - 1), st.sampled_from([1, 0, 2**64 - 1]))


size_batches = st.one_of(size_values, st.lists(size_values, min_size=30, max_size=30))


@given(name_batches, size_batches, containers)
def test_creating_volumes_is_creating_each(names: list[str], sizes: Any, box: Any) -> None:
    each = sizes[: len(names)] if isinstance(sizes, list) else [sizes] * len(names)
    check(
        lambda backend: backend.create_volumes(
            box(names), iter(each) if isinstance(sizes, list) else sizes
        ),
        list(zip(names, each, strict=True)),
        lambda backend, item: backend.create_volume(*item)["uuid"],
        argument={"name": "names"},
    )


@given(name_batches, st.sampled_from(WORLD.snapshots), spellings, containers)
def test_creating_clones_is_creating_each(
    names: list[str], parent: tuple[str, str], spell: Any, box: Any
) -> None:
    check(
        lambda backend: backend.create_clones(spell(parent[0]), spell(parent[1]), box(names)),
        names,
        lambda backend, name: backend.create_clone(*parent, name)["uuid"],
        argument={"new_name": "names"},
    )


@given(uuid_batches(), st.sampled_from(["s", "t", "new", "", "a b", "n" * 255, "n" * 256]))
def test_creating_snapshots_is_creating_each(batch: tuple[list[str], Any], name: str) -> None:
    uuids, argument = batch
    check(
        lambda backend: backend.create_snapshots(argument, name),
        uuids,
        lambda backend, uuid: backend.create_snapshot(uuid, name)["uuid"],
    )


@given(uuid_batches(), st.sampled_from(["s", "s", "t", "none"]))
def test_deleting_snapshots_is_deleting_each(batch: tuple[list[str], Any], name: str) -> None:
    def delete(backend: MemBackend, uuid: str) -> None:
        snapshot = backend.find_snapshot(uuid, name)
        if snapshot is None:
            raise SnapshotNotFoundError(f"volume {uuid} has no snapshot {name!r}", name)
        backend.delete_snapshot(uuid, snapshot["uuid"])

    uuids, argument = batch
    # An error that no single call raises is compared by class, index and target.
    at_once, one_by_one = WORLD.backend.fork(), WORLD.backend.fork()
    before = pickle.dumps(at_once)
    _, error = outcome_of(lambda: at_once.delete_snapshots(argument, name))
    for index, uuid in enumerate(uuids):
        _, failure = outcome_of(partial(delete, one_by_one, uuid))
        if failure is not None:
            assert error is not None
            assert (type(error), error.code) == (type(failure), failure.code)
            assert (error.index, error.target) == (index, failure.target)
            assert pickle.dumps(at_once) == before
            return
    assert error is None
    assert pickle.dumps(at_once) == pickle.dumps(one_by_one)
    at_once.check_invariants()


@given(
    uuid_batches(least=1),
    st.one_of(size_values, st.lists(size_values, min_size=60, max_size=60)),
    st.fixed_dictionaries(
        {},
        optional={
            "junction_path": st.sampled_from(["", "/a", "/new", "bad"]),
            "export_policy": st.sampled_from(["open", ""]),
            "name": st.sampled_from(["a", "fresh", "a/b"]),
            "state": st.sampled_from(["online", "offline", "restricted", "broken"]),
        },
    ),
)
def test_patching_volumes_is_patching_each(
    batch: tuple[list[str], Any], sizes: Any, fields: dict[str, Any]
) -> None:
    uuids, argument = batch
    each = sizes[: len(uuids)] if isinstance(sizes, list) else [sizes] * len(uuids)
    check(
        lambda backend: backend.patch_volumes(
            argument, iter(each) if isinstance(sizes, list) else sizes, **fields
        ),
        list(zip(uuids, each, strict=True)),
        lambda backend, item: backend.patch_volume(*item, **fields),
        shared=("state",),
    )


@given(uuid_batches())
def test_getting_volumes_is_getting_each(batch: tuple[list[str], Any]) -> None:
    uuids, argument = batch
    check(
        lambda backend: backend.get_volumes(argument),
        uuids,
        lambda backend, uuid: backend.get_volume(uuid),
    )


@given(uuid_batches())
def test_deleting_volumes_is_deleting_the_youngest_first(batch: tuple[list[str], Any]) -> None:
    """A clone is younger than its parent. Missing objects are refused before busy ones."""
    uuids, argument = batch
    backend = WORLD.backend.fork()
    clones: dict[str, list[str]] = {}
    order = []
    for volume in backend:
        order.append(volume["uuid"])
        if "clone" in volume:
            clones.setdefault(volume["clone"]["parent_volume_uuid"], []).append(volume["uuid"])
    missing = [n for n, uuid in enumerate(uuids) if uuid not in order or uuid in uuids[:n]]
    busy = [n for n, uuid in enumerate(uuids) if any(c not in uuids for c in clones.get(uuid, []))]
    before = pickle.dumps(backend)
    _, error = outcome_of(lambda: backend.delete_volumes(argument))
    if missing or busy:
        assert error is not None
        assert type(error) is (VolumeNotFoundError if missing else VolumeBusyError)
        assert error.index == min(missing or busy)
        assert error.target == uuids[error.index]
        assert pickle.dumps(backend) == before
        return
    assert error is None
    one_by_one = WORLD.backend.fork()
    for uuid in sorted(uuids, key=order.index, reverse=True):
        one_by_one.delete_volume(uuid)
    assert everything(backend) == everything(one_by_one)
    backend.check_invariants()


def test_a_batch_of_thousands_is_the_loop_of_them(backend: MemBackend) -> None:
    """The same, with more items than the implementation processes at once."""
    single = backend.fork()
    names = [f"volume-{number}" for number in range(3000)]
    uuids = backend.create_volumes(names, range(1, 3001))
    assert uuids == [single.create_volume(n, 1 + i)["uuid"] for i, n in enumerate(names)]
    for night in ("mon", "tue"):
        snapshots = backend.create_snapshots(reversed(uuids), night)
        assert snapshots == [single.create_snapshot(u, night)["uuid"] for u in reversed(uuids)]
    newest = backend.list_snapshots(uuids[9])[-1]["uuid"]
    clones = backend.create_clones(uuids[9], newest, (f"c{n}" for n in range(3000)))
    assert clones == [single.create_clone(uuids[9], newest, f"c{n}")["uuid"] for n in range(3000)]
    backend.patch_volumes(clones, range(5, 3005), state="restricted")
    for number, uuid in enumerate(clones):
        single.patch_volume(uuid, 5 + number, state="restricted")
    backend.delete_snapshots(uuids, "mon")
    for uuid in uuids:
        single.delete_snapshot(uuid, single.list_snapshots(uuid)[0]["uuid"])
    assert pickle.dumps(backend) == pickle.dumps(single)
    backend.delete_volumes([*uuids[::2], *clones, *uuids[1::2]])
    assert len(backend) == 0
    backend.check_invariants()


# Refusals ------------------------------------------------------------------------------------


def test_a_refused_creation_names_the_first_bad_item(backend: MemBackend) -> None:
    uuids = fleet(backend, 4)
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    backend.create_snapshot(uuids[2], "s")
    backend.patch_volume(uuids[3], state="offline")
    with refuses(backend, VolumeExistsError, target="v1") as caught:
        backend.create_volumes(["new", "v1", "v0", ""])
    assert caught.value.index == 1
    with refuses(backend, VolumeExistsError, target="twice") as caught:
        backend.create_volumes(["twice", "once", "twice", "v0"])
    assert caught.value.index == 2
    with refuses(backend, InvalidArgumentError, target="names") as caught:
        backend.create_volumes(["new", "a/b", "v0"])
    assert caught.value.index == 1
    assert '"a/b"' in str(caught.value)
    with refuses(backend, VolumeExistsError, target="v3") as caught:
        backend.create_clones(parent["uuid"], snapshot["uuid"], ["new", "newer", "v3"])
    assert caught.value.index == 2
    with refuses(backend, SnapshotExistsError, target="s") as caught:
        backend.create_snapshots([uuids[0], uuids[2], UNKNOWN], "s")
    assert caught.value.index == 1
    with refuses(backend, SnapshotExistsError, target="t") as caught:
        backend.create_snapshots([uuids[0], uuids[1], uuids[0]], "t")
    assert caught.value.index == 2
    with refuses(backend, VolumeOfflineError, target=uuids[3]) as caught:
        backend.create_snapshots(uuids, "t")
    assert caught.value.index == 3


def test_a_refused_deletion_or_patch_names_the_first_bad_item(backend: MemBackend) -> None:
    uuids = fleet(backend, 4)
    parent, [snapshot] = volume_with_snapshots(backend, "parent", "s")
    clone = backend.create_clone(parent["uuid"], snapshot["uuid"], "clone")["uuid"]
    backend.create_snapshot(uuids[2], "s")
    backend.patch_volume(uuids[3], state="offline")
    with refuses(backend, SnapshotNotFoundError, target="s") as caught:
        backend.delete_snapshots([uuids[2], uuids[1]], "s")
    assert caught.value.index == 1
    with refuses(backend, SnapshotBusyError, target=snapshot["uuid"]) as caught:
        backend.delete_snapshots([uuids[2], parent["uuid"]], "s")
    assert caught.value.index == 1
    assert caught.value.dependents == ("clone",)
    with refuses(backend, VolumeBusyError, target=parent["uuid"]) as caught:
        backend.delete_volumes([uuids[0], parent["uuid"]])
    assert (caught.value.index, caught.value.dependents) == (1, ("clone",))
    for call in (backend.delete_volumes, backend.get_volumes, backend.patch_volumes):
        with refuses(backend, VolumeNotFoundError, target=UNKNOWN) as caught:
            call([clone, parent["uuid"], UNKNOWN])
        assert caught.value.index == 2
    with refuses(backend, VolumeNotFoundError, target=clone) as caught:
        backend.delete_volumes([clone, clone])
    assert caught.value.index == 1
    with refuses(backend, JunctionPathExistsError, target="/one") as caught:
        backend.patch_volumes(uuids, junction_path="/one")
    assert caught.value.index == 1
    with refuses(backend, VolumeExistsError, target="one") as caught:
        backend.patch_volumes(uuids, name="one")
    assert caught.value.index == 1
    with refuses(backend, VolumeOfflineError, target=uuids[3]) as caught:
        backend.patch_volumes(uuids, [1, 2, 3, 4])
    assert caught.value.index == 3


def test_an_error_about_a_common_argument_has_no_index(backend: MemBackend) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "v", "s")
    other = backend.create_volume("w")["uuid"]
    for volume, snap, error_type, target in (
        (UNKNOWN, snapshot["uuid"], VolumeNotFoundError, UNKNOWN),
        (parent["uuid"], UNKNOWN, SnapshotNotFoundError, UNKNOWN),
        (other, snapshot["uuid"], SnapshotNotFoundError, snapshot["uuid"]),
        ("no uuid", snapshot["uuid"], InvalidArgumentError, "parent_vol_uuid"),
        (parent["uuid"], "no uuid", InvalidArgumentError, "parent_snap_uuid"),
    ):
        with refuses(backend, error_type, target=target) as caught:
            backend.create_clones(volume, snap, ["a", "b"])
        assert caught.value.index is None
    assert NessieError("one call").index is None


@pytest.mark.parametrize("bad", ["", "no uuid", UNKNOWN[:-1], "\ud800", UNKNOWN + "0"])
def test_malformed_uuids_are_refused_first_and_with_their_index(
    backend: MemBackend, bad: str
) -> None:
    [uuid] = fleet(backend, 1)
    for call in (
        lambda ids: backend.create_snapshots(ids, "a b"),
        lambda ids: backend.delete_snapshots(ids, "none"),
        backend.delete_volumes,
        backend.patch_volumes,
        backend.get_volumes,
    ):
        with refuses(backend, InvalidArgumentError, target="vol_uuids") as caught:
            call([UNKNOWN, uuid, bad, UNKNOWN])
        assert caught.value.index == 2


@pytest.mark.parametrize(
    ("sizes", "index"),
    [
        ([1, 0, 1], 1),
        ([1, 2, -1], 2),
        ([2**64, 1, 1], 0),
        ([1, 10**1000, 0], 1),
        ([1, 2], None),
        ([1, 2, 3, 4], None),
        ([], None),
        (0, 0),
        (2**64, None),
        (-1, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_sizes_and_numbers_of_sizes_are_refused(
    backend: MemBackend, sizes: Any, index: int | None
) -> None:
    uuids = fleet(backend)
    with refuses(backend, InvalidArgumentError, target="size_bytes") as caught:
        backend.create_volumes(["a", "b", "c"], sizes)
    assert caught.value.index == index
    with refuses(backend, InvalidArgumentError, target="size_bytes") as caught:
        backend.patch_volumes(uuids, sizes)
    assert caught.value.index == index
    # A bad value for a missing volume is "not found".
    missing = [uuids[0], uuids[1], uuids[2]]
    missing[index or 0] = UNKNOWN
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN) as caught:
        backend.patch_volumes(missing, sizes)
    assert caught.value.index == (index or 0)


def test_an_endless_column_of_sizes_is_too_long_and_not_read_to_its_end(
    backend: MemBackend,
) -> None:
    def ones() -> Iterator[int]:
        while True:
            read.append(1)
            yield 1

    read: list[int] = []
    with refuses(backend, InvalidArgumentError, target="size_bytes") as caught:
        backend.create_volumes(["a", "b"], ones())
    assert "more sizes for 2 volumes" in str(caught.value)
    assert len(read) == 3


@pytest.mark.slow
def test_how_many_items_a_batch_can_have_is_bounded(backend: MemBackend) -> None:
    with refuses(backend, InvalidArgumentError, target="names") as caught:
        backend.create_volumes(repeat("name"))
    assert "more than 16777216 items" in str(caught.value)
    with refuses(backend, InvalidArgumentError, target="vol_uuids") as caught:
        backend.delete_volumes(repeat(UNKNOWN))
    assert "more than 16777216 items" in str(caught.value)


def test_how_many_bytes_a_batch_can_have_is_bounded(backend: MemBackend) -> None:
    with refuses(backend, InvalidArgumentError, target="names") as caught:
        backend.create_volumes(repeat("n" * 2**26))
    assert "more than 1073741824 bytes" in str(caught.value)


WRONG_BATCHES = [None, 5, 1.5, "a-text", b"bytes", object(), UUID(UNKNOWN), type]


@pytest.mark.parametrize("wrong", WRONG_BATCHES, ids=repr)
def test_an_argument_that_is_not_iterable_is_a_type_error(backend: MemBackend, wrong: Any) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "v", "s")
    before = pickle.dumps(backend)
    calls: list[Callable[[], object]] = [
        lambda: backend.create_volumes(wrong),
        lambda: backend.create_clones(parent["uuid"], snapshot["uuid"], wrong),
        lambda: backend.create_snapshots(wrong, "t"),
        lambda: backend.delete_snapshots(wrong, "s"),
        lambda: backend.delete_volumes(wrong),
        lambda: backend.patch_volumes(wrong, 5),
        lambda: backend.get_volumes(wrong),
    ]
    for call in calls:
        with pytest.raises(
            TypeError, match=f"must be an iterable of str.*, not {type(wrong).__name__}"
        ):
            call()
    assert pickle.dumps(backend) == before


@pytest.mark.parametrize("wrong", [None, 5, b"v", ["v"], object()], ids=repr)
def test_an_item_of_a_wrong_type_is_a_type_error_with_its_index(
    backend: MemBackend, wrong: Any
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "v", "s")
    before = pickle.dumps(backend)
    found = type(wrong).__name__
    with pytest.raises(TypeError, match=rf"names\[1\] must be a str, not {found}"):
        backend.create_volumes(["new", wrong, ""])
    with pytest.raises(TypeError, match=rf"names\[2\] must be a str, not {found}"):
        backend.create_clones(parent["uuid"], snapshot["uuid"], ("x", "y", wrong))
    calls: list[Callable[[Any], object]] = [
        backend.get_volumes,
        backend.delete_volumes,
        backend.patch_volumes,
        lambda uuids: backend.create_snapshots(uuids, "t"),
        lambda uuids: backend.delete_snapshots(uuids, "s"),
    ]
    for call in calls:
        with pytest.raises(
            TypeError, match=rf"vol_uuids\[1\] must be a str or uuid.UUID, not {found}"
        ):
            call([parent["uuid"], wrong])
    assert pickle.dumps(backend) == before


@pytest.mark.parametrize("wrong", ["12", b"\x01\x02", 1.5, object(), True, [1, "2"], [1, True]])
def test_sizes_of_a_wrong_type_are_a_type_error(backend: MemBackend, wrong: Any) -> None:
    uuids = fleet(backend, 2)
    before = pickle.dumps(backend)
    where = r"size_bytes\[1\]" if isinstance(wrong, list) else "size_bytes"
    for call in (
        lambda: backend.create_volumes(["a", "b"], wrong),
        lambda: backend.patch_volumes(uuids, wrong),
    ):
        with pytest.raises(TypeError, match=f"{where} must be an int, not "):
            call()
    assert pickle.dumps(backend) == before


class BrokenError(Exception):
    pass


def broken_after(items: Iterable[Any]) -> Iterator[Any]:
    yield from items
    raise BrokenError


class Broken:
    """Its `__iter__` raises."""

    def __iter__(self) -> Iterator[Any]:
        raise BrokenError


@pytest.mark.parametrize("broken", [broken_after, lambda items: Broken()], ids=["half-way", "iter"])
def test_an_exception_of_an_iterable_is_raised_and_nothing_is_changed(
    backend: MemBackend, broken: Callable[[Iterable[Any]], Any]
) -> None:
    uuids = fleet(backend, 5)
    snapshots = backend.create_snapshots(uuids, "s")
    before = pickle.dumps(backend)
    calls: list[Callable[[], object]] = [
        lambda: backend.create_volumes(broken("xyz")),
        lambda: backend.create_volumes(["x", "y"], broken([1])),
        lambda: backend.create_clones(uuids[0], snapshots[0], broken("xyz")),
        lambda: backend.create_snapshots(broken(uuids), "t"),
        lambda: backend.delete_snapshots(broken(uuids), "s"),
        lambda: backend.delete_volumes(broken(uuids)),
        lambda: backend.patch_volumes(broken(uuids), 5),
        lambda: backend.patch_volumes(uuids, broken([1, 2])),
        lambda: backend.get_volumes(broken(uuids)),
    ]
    for call in calls:
        with pytest.raises(BrokenError):
            call()
    assert pickle.dumps(backend) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, StopIteration, MemoryError])
def test_an_exception_that_ends_the_program_is_raised(
    backend: MemBackend, error: type[BaseException]
) -> None:
    class Raising:
        def __iter__(self) -> Raising:
            return self

        def __next__(self) -> str:
            if error is StopIteration:
                raise RuntimeError from error()
            raise error

    with pytest.raises(RuntimeError if error is StopIteration else error):
        backend.create_volumes(Raising())
    assert len(backend) == 0


class Liar:
    """An iterator with a wrong length hint."""

    def __init__(self, items: Iterable[str], hint: Any) -> None:
        self.items = iter(items)
        self.hint = hint

    def __iter__(self) -> Liar:
        return self

    def __next__(self) -> str:
        return next(self.items)

    def __length_hint__(self) -> Any:
        return self.hint

    def __len__(self) -> Any:
        return self.hint


@pytest.mark.parametrize("hint", [0, 1, 10**6, 2**62, -1, "many"])
def test_a_wrong_length_hint_does_not_matter(backend: MemBackend, hint: Any) -> None:
    names = ["a", "b", "c"]
    uuids = backend.create_volumes(Liar(names, hint), Liar([5, 6, 7], hint))  # type: ignore[list-item, arg-type]
    assert [(v["name"], v["size_bytes"]) for v in backend] == [("a", 5), ("b", 6), ("c", 7)]
    assert len(backend.create_snapshots(Liar(uuids, hint), "s")) == 3
    assert len(backend.get_volumes(Liar(uuids, hint))) == 3
    backend.delete_volumes(Liar(uuids, hint))
    assert len(backend) == 0


def test_a_uuid_object_of_more_than_128_bits_is_refused(backend: MemBackend) -> None:
    wide = UUID(UNKNOWN)
    object.__setattr__(wide, "int", 2**200)
    with refuses(backend, InvalidArgumentError, target="uuid") as error:
        backend.get_volume(wide)
    assert "more than 128 bits" in error.value.message
    with refuses(backend, InvalidArgumentError, target="vol_uuids") as in_batch:
        backend.delete_volumes([wide])
    assert in_batch.value.index == 0
    assert wide not in backend.create_volumes(["v"])


class Text(str):
    __slots__ = ()


class Indexable:
    def __index__(self) -> int:
        return 77


def test_any_iterable_and_any_spelling_is_accepted(backend: MemBackend) -> None:
    uuids = backend.create_volumes({"a": 1, "b": 2}.keys(), {"a": 1, "b": 2}.values())
    assert [(v["name"], v["size_bytes"]) for v in backend] == [("a", 1), ("b", 2)]
    backend.create_volumes({Text("c")}, [Indexable()])
    assert backend.find_volume("c")["size_bytes"] == 77  # type: ignore[index]
    first, second = uuids
    mixed: list[str | UUID] = [
        UUID(first),
        second.upper(),
        Text(first),
        f"urn:uuid:{second}",
        second.replace("-", ""),
    ]
    assert [v["uuid"] for v in backend.get_volumes(mixed)] == [first, second, first, second, second]
    assert len(backend.create_snapshots(set(uuids), "s")) == 2
    assert len(backend.create_snapshots(frozenset(map(UUID, uuids)), "t")) == 2
    backend.delete_snapshots(dict.fromkeys(uuids), "s")
    backend.patch_volumes((uuid for uuid in uuids), map(int, "34"))
    assert [volume["size_bytes"] for volume in backend.get_volumes(reversed(uuids))] == [4, 3]


def test_a_generator_argument_may_use_the_backend(backend: MemBackend) -> None:
    """It runs before the batch begins, so its own changes stay even if the batch fails."""
    uuids = fleet(backend)

    def deleting() -> Iterator[str]:
        for uuid in uuids:
            backend.delete_volume(uuid)
            yield uuid

    with pytest.raises(VolumeNotFoundError) as caught:
        backend.delete_volumes(deleting())
    assert caught.value.index == 0
    assert len(backend) == 0

    def creating() -> Iterator[str]:
        for name in ("a", "b"):
            yield name
            backend.create_volumes([f"{name}{name}"])

    backend.create_volumes(creating())
    assert volume_names(backend) == ["aa", "bb", "a", "b"]


def test_an_iterator_is_read_once_and_to_its_end(backend: MemBackend) -> None:
    names = iter(["a", "b", "c"])
    backend.create_volumes(names)
    assert length_hint(names) == 0
    assert next(names, "empty") == "empty"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_errors_keep_their_index_when_pickled_and_copied(
    backend: MemBackend, protocol: int
) -> None:
    parent, [snapshot] = volume_with_snapshots(backend, "v", "s")
    backend.create_clone(parent["uuid"], snapshot["uuid"], "c")
    other = backend.create_volume("w")["uuid"]
    for call in (
        lambda: backend.create_volumes(["new", "v"]),
        lambda: backend.get_volumes([other, UNKNOWN]),
        lambda: backend.delete_volumes([other, parent["uuid"]]),
        lambda: backend.create_volumes(["x", ""]),
    ):
        with pytest.raises(NessieError) as caught:
            call()
        error = caught.value
        assert error.index == 1
        for again in (
            pickle.loads(pickle.dumps(error, protocol)),
            copy.copy(error),
            copy.deepcopy(error),
        ):
            assert type(again) is type(error)
            assert vars(again) == vars(error)
            assert (str(again), again.index) == (str(error), 1)


def test_arguments_can_be_given_by_name_and_bad_ones_are_refused(backend: MemBackend) -> None:
    uuids = backend.create_volumes(names=["a"], size_bytes=5)
    [snapshot] = backend.create_snapshots(vol_uuids=uuids, name="s")
    clones = backend.create_clones(parent_vol_uuid=uuids[0], parent_snap_uuid=snapshot, names=["c"])
    backend.patch_volumes(
        vol_uuids=clones, size_bytes=6, junction_path="/c", export_policy="p", state="online"
    )
    assert len(backend.get_volumes(vol_uuids=clones)) == 1
    backend.delete_volumes(vol_uuids=clones)
    backend.delete_snapshots(vol_uuids=uuids, name="s")
    before = pickle.dumps(backend)
    wrong: Any = backend
    calls: list[Callable[[], object]] = [
        lambda: wrong.create_volumes(),
        lambda: wrong.create_volumes(["x"], 1, 2),
        lambda: wrong.create_snapshots(uuids),
        lambda: wrong.create_snapshots(uuids, 5),
        lambda: wrong.delete_snapshots(uuids, None),
        lambda: wrong.patch_volumes(uuids, None, None, None, "positional"),
        lambda: wrong.patch_volumes(uuids, junction_path=["/a"]),
        lambda: wrong.create_clones(uuids[0], 5, ["x"]),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()
    assert pickle.dumps(backend) == before
