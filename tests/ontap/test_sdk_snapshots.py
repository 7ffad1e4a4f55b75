"""The NetApp SDK through the life of snapshots."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.ontap.backends import new_backend

from ontap.conftest import Serve
from ontap.sdk import (
    AT_ONCE,
    Snapshot,
    Volume,
    change,
    code_of,
    each_scheme,
    listed,
    make,
    make_clone,
    make_snapshot,
    refusal,
    snapshots_of,
)

pytestmark = pytest.mark.usefixtures("connection")

GIB = 2**30
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def restore(parent: Any, **query: Any) -> None:
    Volume(uuid=parent.uuid).patch(**query)


@each_scheme
def test_a_snapshot_is_made_and_read_back(server: OntapServer) -> None:
    parent = make("v1")
    made = make_snapshot(parent, "s1", comment="before", snapmirror_label="daily")
    assert made.name == "s1"
    assert made.create_time == datetime(2000, 1, 1, tzinfo=UTC)
    assert (made.volume.uuid, made.volume.name) == (parent.uuid, "v1")
    assert made.svm.name == "svm1"
    made.get(fields="comment,snapmirror_label")
    assert (made.comment, made.snapmirror_label) == ("before", "daily")
    assert "owners" not in made.to_dict()
    (stored,) = server.backend.list_snapshots(parent.uuid)
    assert (stored["uuid"], stored["name"]) == (made.uuid, "s1")


def test_names_that_volumes_may_not_have() -> None:
    parent = make("v1")
    given = ["snapshot-0c5d", "daily.2026-01-01_0010", "1st", "s" * 255]
    for name in given:
        make_snapshot(parent, name)
    assert snapshots_of(parent) == sorted(given)


def test_snapshots_are_found_counted_and_paged(server: OntapServer) -> None:
    parent = make("v1")
    for number in range(10):
        server.backend.create_snapshot(parent.uuid, f"s{number}")
    expected = [f"s{number}" for number in range(10)]
    assert snapshots_of(parent) == expected
    assert snapshots_of(parent, max_records=3) == expected
    assert snapshots_of(parent, name="s1|s2", order_by="name desc") == ["s2", "s1"]
    assert Snapshot.count_collection(parent.uuid) == 10
    assert Snapshot.find(parent.uuid, name="s7").volume.name == "v1"
    assert Snapshot.find(parent.uuid, name="s10") is None
    parent.get(fields="snapshot_count")
    assert parent.snapshot_count == 10


def test_snapshots_of_all_volumes_are_listed() -> None:
    first, second = make("v1"), make("v2")
    make_snapshot(first, "s1")
    make_snapshot(second, "s1")
    make_snapshot(second, "s2")
    found = Snapshot.get_collection("*", name="s1", fields="volume")
    assert sorted(s.volume.name for s in found) == ["v1", "v2"]
    assert Snapshot.count_collection("*") == 3


def test_a_snapshot_is_renamed_and_annotated(server: OntapServer) -> None:
    parent = make("v1")
    made = make_snapshot(parent, "s1")
    made.name = "s2"
    made.comment = "renamed"
    made.expiry_time = datetime(2030, 1, 1, tzinfo=UTC)
    made.snapmirror_label = "weekly"
    made.patch()
    again = Snapshot(parent.uuid, uuid=made.uuid)
    again.get(fields="**")
    assert (again.name, again.comment, again.snapmirror_label) == ("s2", "renamed", "weekly")
    assert again.expiry_time == datetime(2030, 1, 1, tzinfo=UTC)
    assert [s["name"] for s in server.backend.list_snapshots(parent.uuid)] == ["s2"]


def test_a_snapshot_is_deleted(server: OntapServer) -> None:
    parent = make("v1")
    make_snapshot(parent, "s1").delete()
    made = make_snapshot(parent, "s1")
    made.delete(force=True)
    assert server.backend.list_snapshots(parent.uuid) == []
    assert refusal(made.get) == (404, "4")


def test_snapshots_are_renamed_and_deleted_by_query() -> None:
    parent = make("v1")
    for name in ("s1", "s2", "t1"):
        make_snapshot(parent, name)
    Snapshot.patch_collection({"name": "t2"}, parent.uuid, name="s2")
    Snapshot.delete_collection(parent.uuid, name="s*")
    assert snapshots_of(parent) == ["t1", "t2"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("s1", {"525059"}),
        ("a/b", {"1638518"}),
        ("a:b", {"1638518"}),
        ("a*b", {"1638518"}),
        ("a b", {"1638518"}),
        ("s" * 257, {"1638518"}),
        ("snapmirror.1", {"1638477"}),
    ],
)
def test_a_bad_name_is_refused_and_leaves_nothing(name: str, codes: set[str]) -> None:
    parent = make("v1")
    made = make_snapshot(parent, "s1")
    other = make_snapshot(parent, "s2")
    assert code_of(lambda: Snapshot(parent.uuid, name=name).post(**AT_ONCE)) in codes
    if name != "s1":
        made.name = name
        assert code_of(lambda: made.patch(**AT_ONCE)) in codes | {"524508"}
    other.name = "s1"
    assert code_of(lambda: other.patch(**AT_ONCE)) in {"525059", "524508"}
    assert snapshots_of(parent) == ["s1", "s2"]


def test_missing_snapshots_are_not_found() -> None:
    parent = make("v1")
    other = make_snapshot(make("v2"), "s1")
    missing = Snapshot(parent.uuid, uuid=UNKNOWN)
    assert refusal(missing.get) == (404, "4")
    assert code_of(lambda: missing.delete(**AT_ONCE)) in {"4", "1638600"}
    missing.name = "s2"
    assert code_of(lambda: missing.patch(**AT_ONCE)) in {"4", "1638600"}
    elsewhere = Snapshot(parent.uuid, uuid=other.uuid)
    assert refusal(elsewhere.get) == (404, "4")
    nowhere = Snapshot(UNKNOWN, name="s1")
    assert code_of(lambda: nowhere.post(**AT_ONCE)) in {"4", "918235"}
    assert code_of(lambda: list(Snapshot.get_collection(UNKNOWN))) in {"4", "918235"}


def test_an_offline_volume_refuses_snapshots() -> None:
    parent = make("v1")
    make_snapshot(parent, "s1")
    change(parent, state="offline")
    assert code_of(lambda: Snapshot(parent.uuid, name="s2").post(**AT_ONCE)) == "524479"
    assert snapshots_of(parent) == ["s1"]


def test_a_volume_of_a_new_server_has_at_most_1023_snapshots(serve: Serve, connect: Any) -> None:
    server = serve(new_backend(), tls=False)
    connect(server)
    parent = make("v1")
    for number in range(1022):
        server.backend.create_snapshot(parent.uuid, f"s{number}")
    make_snapshot(parent, "last")
    assert code_of(lambda: Snapshot(parent.uuid, name="more").post(**AT_ONCE)) == "525062"
    assert Snapshot.count_collection(parent.uuid) == 1023


def test_a_snapshot_that_has_not_expired_stays(serve: Any, connect: Any) -> None:
    backend = MemBackend(seed=1, start="2026-01-01T00:00:00Z")
    connect(serve(backend, tls=False))
    parent = make("v1", snapshot_policy={"name": "none"})
    made = make_snapshot(parent, "s1", expiry_time="2026-01-02T00:00:00+00:00")
    assert code_of(lambda: made.delete(**AT_ONCE)) == "1638555"
    assert snapshots_of(parent) == ["s1"]
    backend.advance(24 * 3600 + 1)
    made.delete()
    assert snapshots_of(parent) == []


def test_a_clone_s_snapshot_has_an_owner_and_stays() -> None:
    parent = make("v1")
    made = make_snapshot(parent, "s1")
    clone = make_clone(parent, "c1", "s1")
    made.get(fields="owners")
    assert made.owners == ["volume_clone"]
    assert snapshots_of(parent, owners="volume_clone") == ["s1"]
    assert code_of(lambda: made.delete(**AT_ONCE)) in {"1638555", "1638543"}
    assert snapshots_of(parent) == ["s1"]
    clone.delete(force=True)
    again = Snapshot(parent.uuid, uuid=made.uuid)
    again.get(fields="owners")
    assert "owners" not in again.to_dict()
    made.delete()


@pytest.mark.parametrize("by", ["name", "uuid"])
def test_a_restore_deletes_newer_snapshots(by: str) -> None:
    parent = make("v1", size="1GB")
    first = make_snapshot(parent, "s1")
    make_snapshot(parent, "s2")
    change(parent, size=2 * GIB)
    make_snapshot(parent, "s3")
    restore(parent, **{f"restore_to.snapshot.{by}": "s1" if by == "name" else first.uuid})
    assert snapshots_of(parent) == ["s1"]
    parent.get()
    assert parent.size == GIB


def test_an_impossible_restore_is_refused(server: OntapServer) -> None:
    parent = make("v1")
    for name in ("s1", "s2"):
        make_snapshot(parent, name)
    to_first = {"restore_to.snapshot.name": "s1", **AT_ONCE}
    unknown = {"restore_to.snapshot.name": "s9", **AT_ONCE}
    assert code_of(lambda: restore(parent, **unknown)) in {"524511", "542797", "1638600"}
    clone = make_clone(parent, "c1", "s2")
    assert code_of(lambda: restore(parent, **to_first)) == "9437886"
    clone.delete(force=True)
    change(parent, state="offline")
    assert code_of(lambda: restore(parent, **to_first)) == "9437885"
    assert [s["name"] for s in server.backend.list_snapshots(parent.uuid)] == ["s1", "s2"]
    change(parent, state="online")
    restore(parent, **to_first)
    assert snapshots_of(parent) == ["s1"]


def test_snapshots_are_deleted_with_their_volume() -> None:
    parent = make("v1")
    make_snapshot(parent, "s1")
    parent.delete()
    assert Snapshot.count_collection("*") == 0
    assert listed() == []


def test_the_sdk_reads_a_snapshot_created_in_python(server: OntapServer) -> None:
    parent = server.backend.create_volume("with-dash")
    taken = server.backend.create_snapshot(parent["uuid"], "a:b")
    found = Snapshot.find(parent["uuid"], name="a:b")
    assert found.uuid == taken["uuid"]
    found.name = "renamed"
    found.patch()
    assert server.backend.find_snapshot(parent["uuid"], "renamed") is not None
    found.delete()
    assert server.backend.list_snapshots(parent["uuid"]) == []
