"""The NetApp SDK and the space that volumes, snapshots and clones use."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend, NoSpaceError

from ontap.sdk import (
    AT_ONCE,
    Aggregate,
    Snapshot,
    Svm,
    Volume,
    changed,
    listed,
    make,
    make_clone,
    make_snapshot,
    refusal,
    volume,
)

pytestmark = pytest.mark.usefixtures("sdk_server")

GIB = 2**30


@pytest.fixture
def backend() -> MemBackend:
    return MemBackend(seed=1, capacity_bytes=4 * GIB)


def read(resource: Any, fields: str) -> Any:
    """The volume or snapshot with these fields."""
    resource.get(fields=fields)
    return resource


def block_storage() -> Any:
    (aggregate,) = Aggregate.get_collection(fields="space")
    return aggregate.space.block_storage


def test_what_is_written_shows(backend: MemBackend) -> None:
    made = make("v1", size=GIB)
    backend.write(made.uuid, GIB // 2)
    made.get()
    assert made.space.used == GIB // 2
    assert made.space.available == GIB * 95 // 100 - GIB // 2
    kept = make_snapshot(made, "s1")
    backend.write(made.uuid, GIB // 4, overwrite_bytes=GIB // 4)
    space = read(made, "space").space
    assert (space.used, space.snapshot.used, space.footprint) == (GIB // 2, GIB // 4, GIB // 4 * 3)
    assert (space.percent_used, space.snapshot.reserve_percent) == (52, 5)
    assert space.snapshot.reserve_size + space.afs_total == space.size
    assert space.size_available_for_snapshots == GIB // 4
    assert space.logical_space.used == GIB // 2
    kept = read(kept, "size,reclaimable_space,delta")
    assert (kept.size, kept.reclaimable_space) == (GIB // 2, GIB // 4)
    assert kept.delta.size_consumed == GIB // 4
    storage = block_storage()
    assert (storage.size, storage.used) == (4 * GIB, GIB // 4 * 3)
    assert storage.available == storage.size - storage.used
    (svm,) = Svm.get_collection(fields="aggregates")
    assert svm.aggregates[0].available_size == storage.available


def test_volumes_are_found_and_ordered_by_their_space(backend: MemBackend) -> None:
    for number, name in enumerate(("small", "medium", "large"), 1):
        made = make(name, size=GIB)
        backend.write(made.uuid, number * GIB // 8)
        make_snapshot(made, "s1")
        backend.discard(made.uuid, number * GIB // 16)
    assert listed(**{"space.used": f">{GIB // 10}"}) == ["large", "medium"]
    assert listed(**{"space.snapshot.used": f"<{GIB // 10}"}) == ["small"]
    by_footprint = [found.name for found in Volume.get_collection(order_by="space.footprint desc")]
    assert by_footprint == ["large", "medium", "small"]
    Volume.patch_collection({"comment": "full"}, **{"space.snapshot.used": f">{GIB // 10}"})
    assert listed(comment="full") == ["large", "medium"]


def test_a_clone_and_its_split(backend: MemBackend) -> None:
    parent = make("v1", size=GIB)
    backend.write(parent.uuid, GIB)
    make_snapshot(parent, "s1")
    made = make_clone(parent, "c1", "s1")
    backend.write(made.uuid, GIB // 4, overwrite_bytes=GIB // 4)
    made = read(made, "space,clone")
    assert made.clone.inherited_physical_used == made.clone.split_estimate == GIB // 4 * 3
    assert (made.space.used, made.space.footprint) == (GIB, GIB // 4)
    assert block_storage().used == GIB // 4 * 5
    backend.set_capacity(GIB // 2 * 3)
    split = changed(made.uuid, clone={"split_initiated": True})
    assert refusal(lambda: split.patch(**AT_ONCE)) == (500, "917536")
    backend.set_capacity(2 * GIB)
    changed(made.uuid, clone={"split_initiated": True}).patch(**AT_ONCE)
    assert block_storage().used == block_storage().size == 2 * GIB


def test_the_sums_agree(backend: MemBackend) -> None:
    for number in range(3):
        parent = make(f"v{number}", size=GIB)
        backend.write(parent.uuid, GIB // 8 * (number + 1))
        make_snapshot(parent, "s1")
        clone = make_clone(parent, f"c{number}", "s1")
        backend.write(clone.uuid, GIB // 16, overwrite_bytes=GIB // 16)
        make_snapshot(clone, "s2")
        backend.discard(clone.uuid, GIB // 32)
        backend.discard(parent.uuid, GIB // 8)
    volumes = list(Volume.get_collection(fields="**"))
    assert sum(found.space.total_footprint for found in volumes) == block_storage().used
    space = backend.space()
    assert block_storage().used == space["used_bytes"]
    assert sum(found.space.snapshot.used for found in volumes) == space["snapshot_bytes"]
    for found in volumes:
        inherited = found.to_dict()["clone"].get("inherited_physical_used", 0)
        own = found.space.used - inherited + found.space.snapshot.used
        assert own == found.space.footprint
        for kept in Snapshot.get_collection(found.uuid, fields="reclaimable_space"):
            assert kept.reclaimable_space <= found.space.snapshot.used


def test_a_full_pool() -> None:
    """A volume without a guarantee may be larger than the aggregate."""
    thin = make("thin", size=8 * GIB)
    assert thin.space.available == 4 * GIB
    thick = volume("thick", size=5 * GIB, guarantee={"type": "volume"})
    assert refusal(lambda: thick.post(**AT_ONCE)) == (500, "917536")
    assert listed() == ["thin"]
    made = make("thick", size=3 * GIB, guarantee={"type": "volume"})
    assert (block_storage().used, block_storage().available) == (3 * GIB, GIB)
    bigger = changed(made.uuid, size=5 * GIB)
    assert refusal(lambda: bigger.patch(**AT_ONCE)) == (500, "917536")
    guarantee = read(made, "guarantee,space.volume_guarantee_footprint").guarantee
    assert (guarantee.type, guarantee.honored) == ("volume", True)
    changed(made.uuid, guarantee={"type": "none"}).patch(**AT_ONCE)
    assert block_storage().used == 0


def test_writes_that_do_not_fit(backend: MemBackend) -> None:
    made = make("v1", size=GIB)
    with pytest.raises(NoSpaceError):
        backend.write(made.uuid, GIB + 1)
    backend.write(made.uuid, GIB)
    smaller = changed(made.uuid, size=GIB // 2)
    assert refusal(lambda: smaller.patch(**AT_ONCE)) == (500, "917534")


def test_a_volume_grows(backend: MemBackend) -> None:
    limits = {"mode": "grow", "maximum": 2 * GIB}
    made = make("v1", size=GIB, autosize=limits)
    backend.write(made.uuid, GIB // 2 * 3)
    made.get()
    assert (made.size, made.space.used) == (GIB // 2 * 3, GIB // 2 * 3)
    with pytest.raises(NoSpaceError) as caught:
        backend.write(made.uuid, GIB)
    assert caught.value.available_bytes == GIB // 2
    changed(made.uuid, autosize={"maximum": 3 * GIB}).patch(**AT_ONCE)
    backend.write(made.uuid, GIB)
    assert read(made, "size,autosize").autosize.maximum == 3 * GIB
    changed(made.uuid, autosize={"mode": "off"}).patch(**AT_ONCE)
    with pytest.raises(NoSpaceError):
        backend.write(made.uuid, 1)
