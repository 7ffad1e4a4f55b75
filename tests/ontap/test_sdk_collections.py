"""The NetApp SDK on many volumes at once: queries, order, and changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import (
    AGGREGATE,
    NetAppRestError,
    Snapshot,
    Volume,
    change,
    code_of,
    each_scheme,
    listed,
    make,
    make_clone,
    make_snapshot,
    volume,
)

MIB = 2**20
GIB = 2**30


def make_four() -> None:
    """Creates four volumes: a clone, one that is offline, three that are mounted."""
    parent = make("alpha", size="1GB", nas={"path": "/alpha"}, comment="first")
    make("beta", size="2GB", nas={"path": "/beta"})
    change(make("gamma", size="3GB", comment="third"), state="offline")
    make_clone(parent, "delta", nas={"path": "/deep/delta"})


@pytest.fixture
def seeded(plain: OntapServer, connect: Any) -> OntapServer:
    """A server with the four volumes."""
    connect(plain)
    make_four()
    return plain


@pytest.fixture(scope="module")
def shared() -> Iterator[OntapServer]:
    """The server of the tests that only read."""
    with OntapServer(MemBackend(seed=1), tls=False) as server:
        yield server


@pytest.fixture
def unchanged(shared: OntapServer, connect: Any) -> None:
    """The four volumes, for a test that changes nothing: they are created once."""
    connect(shared)
    if not len(shared.backend):
        make_four()


FOUND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a wildcard at the end": ({"name": "b*"}, ["beta"]),
    "a wildcard in front": ({"name": "*ta"}, ["beta", "delta"]),
    "a wildcard inside": ({"name": "*l*a"}, ["alpha", "delta"]),
    "either of two": ({"name": "beta|gamma"}, ["beta", "gamma"]),
    "either, with a comma": ({"name": "alpha,delta"}, ["alpha", "delta"]),
    "all but one": ({"name": "!beta"}, ["alpha", "gamma", "delta"]),
    "all but a kind": ({"name": "!*ta"}, ["alpha", "gamma"]),
    "a name in quotes": ({"name": '"beta"'}, ["beta"]),
    "another case": ({"name": "BETA"}, []),
    "an exact size": ({"size": 2 * GIB}, ["beta"]),
    "a size with a unit": ({"size": "2GB"}, ["beta"]),
    "a size with one letter": ({"size": ">1g"}, ["beta", "gamma"]),
    "its own kind in front": ({"volume.name": "beta"}, ["beta"]),
    "a hyphen in a field": ({"clone.is-flexclone": True}, ["delta"]),
    "more than": ({"size": ">1GB"}, ["beta", "gamma"]),
    "at least": ({"size": ">=2GB"}, ["beta", "gamma"]),
    "less than": ({"size": "<2GB"}, ["alpha", "delta"]),
    "at most": ({"size": "<=1073741824"}, ["alpha", "delta"]),
    "a range": ({"size": "2GB..3GB"}, ["beta", "gamma"]),
    "a state": ({"state": "offline"}, ["gamma"]),
    "not a state": ({"state": "!offline"}, ["alpha", "beta", "delta"]),
    "a boolean as Python writes it": ({"clone.is_flexclone": True}, ["delta"]),
    "a boolean as JSON writes it": ({"clone.is_flexclone": "false"}, ["alpha", "beta", "gamma"]),
    "the parent": ({"clone.parent_volume.name": "alpha"}, ["delta"]),
    "unset": ({"clone.parent_volume.name": "null"}, ["alpha", "beta", "gamma"]),
    "set": ({"clone.parent_volume.name": "!null"}, ["delta"]),
    "any value": ({"clone.parent_volume.name": "*"}, ["delta"]),
    "below a path": ({"nas.path": "/deep/*"}, ["delta"]),
    "two filters": ({"name": "*a", "size": "1GB"}, ["alpha", "delta"]),
    "an array's element": ({"aggregates.name": "aggr1|aggr2"}, ["alpha", "beta", "gamma", "delta"]),
    "encryption off": ({"encryption.enabled": False}, ["alpha", "beta", "gamma", "delta"]),
    "nothing inconsistent": (
        {"error_state.is_inconsistent": "false"},
        ["alpha", "beta", "gamma", "delta"],
    ),
    "an SVM": ({"svm.name": "svm1"}, ["alpha", "beta", "gamma", "delta"]),
    "another SVM": ({"svm.name": "svm2"}, []),
    "a style": ({"style": "flex*"}, ["alpha", "beta", "gamma", "delta"]),
    "a time": ({"create_time": ">=2000-01-01T00:00:00Z"}, ["alpha", "beta", "gamma", "delta"]),
    "an earlier time": ({"create_time": "<2000-01-01T01:00:00+01:00"}, []),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("query", "expected"), FOUND.values(), ids=FOUND.keys())
def test_filters_find_the_matching_volumes(query: dict[str, Any], expected: list[str]) -> None:
    assert listed(**query) == sorted(expected)
    assert Volume.count_collection(**query) == len(expected)


ORDERS: dict[str, list[str]] = {
    "name": ["alpha", "beta", "delta", "gamma"],
    "name desc": ["gamma", "delta", "beta", "alpha"],
    "size desc,name asc": ["gamma", "beta", "alpha", "delta"],
    "state,size desc,name": ["gamma", "beta", "alpha", "delta"],
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("order", "expected"), ORDERS.items())
@pytest.mark.parametrize("page", [None, 1, 3])
def test_the_order_is_the_requested_one(order: str, expected: list[str], page: int | None) -> None:
    assert listed(order_by=order, max_records=page) == expected


@pytest.mark.usefixtures("unchanged")
def test_without_fields_only_the_keys_are_returned() -> None:
    for found in Volume.get_collection():
        assert set(found.to_dict()) - {"_links"} == {"uuid", "name"}


@pytest.mark.usefixtures("unchanged")
def test_a_filter_s_field_is_returned_too() -> None:
    (found,) = Volume.get_collection(**{"clone.parent_volume.name": "alpha"}, fields="name")
    assert found.clone.parent_volume.name == "alpha"
    (found,) = Volume.get_collection(size="2GB")
    assert found.size == 2 * GIB


def shape(query: str, name: str = "alpha") -> dict[str, Any]:
    (found,) = Volume.get_collection(name=name, fields=query)
    record: dict[str, Any] = found.to_dict()
    return record


@pytest.mark.usefixtures("unchanged")
def test_fields_select_the_returned_fields() -> None:
    assert set(shape("size,comment")) - {"_links"} == {"uuid", "name", "size", "comment"}
    assert set(shape("space.{size,used}")["space"]) == {"size", "used"}
    assert set(shape("space.size")["space"]) == {"size"}
    assert {"size", "used", "available"} <= set(shape("space")["space"])
    assert "used" not in shape("space,!space.used")["space"]
    assert shape("nas.path,")["nas"]["path"] == "/alpha"


@pytest.mark.usefixtures("unchanged")
def test_a_star_is_the_default_set_and_two_are_everything() -> None:
    default, everything = shape("*"), shape("**")
    for name in ("state", "style", "type", "size", "svm", "aggregates", "create_time", "language"):
        assert name in default
    for name in ("guarantee", "error_state", "encryption", "is_svm_root"):
        assert name not in default
        assert name in everything
    assert "path" not in default["nas"]
    assert everything["nas"]["path"] == "/alpha"


@pytest.mark.usefixtures("unchanged")
def test_a_clone_s_origin_is_read_by_name() -> None:
    clone = shape("clone", "delta")["clone"]
    assert clone["parent_volume"]["name"] == "alpha"
    assert clone["parent_svm"]["name"] == "svm1"
    assert clone["parent_snapshot"]["name"].startswith("clone_delta.")
    assert shape("clone", "beta")["clone"]["is_flexclone"] is False
    assert "parent_volume" not in shape("clone", "beta")["clone"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"fields": "colour"}, {"262197"}),
        ({"fields": "size,nas.colour"}, {"262197"}),
        ({"fields": "space.{size"}, {"262286"}),
        ({"colour": "red"}, {"262179", "262197"}),
        ({"order_by": "colour"}, {"262197", "262268"}),
        ({"size": ">large"}, {"262197", "262220", "262222"}),
        ({"max_records": "many"}, {"262197", "262220", "262222"}),
        ({"return_timeout": 121}, {"262197", "262220", "262222"}),
    ],
    ids=str,
)
def test_an_invalid_query_is_refused(query: dict[str, str], codes: set[str]) -> None:
    assert code_of(lambda: list(Volume.get_collection(**query))) in codes


@each_scheme
@pytest.mark.usefixtures("connection")
def test_pages_hold_each_volume_once(server: OntapServer) -> None:
    for number in range(25):
        server.backend.create_volume(f"v{number:02}")
    expected = [f"v{number:02}" for number in range(25)]
    for page in (1, 7, 25, 26):
        assert listed(max_records=page) == expected
        assert listed(max_records=page, name="v1*", fields="**") == expected[10:20]
    assert Volume.count_collection(name="v1*") == 10


@pytest.mark.usefixtures("connection")
def test_pages_are_stable_while_volumes_are_created_and_deleted(server: OntapServer) -> None:
    backend = server.backend
    made = {f"v{number:02}" for number in range(20)}
    for name in sorted(made):
        backend.create_volume(name)
    pages = Volume.get_collection(max_records=5)
    first = [next(pages) for _ in range(5)]
    unseen = sorted(made - {found.name for found in first})
    # The volume after which the next page begins is deleted too.
    gone = {first[0].name, first[4].name, unseen[0], unseen[-1]}
    for found in backend.list_volumes():
        if found["name"] in gone:
            backend.delete_volume(found["uuid"])
    backend.create_volume("late")
    rest = [found.name for found in pages]
    assert sorted(name for name in rest if name != "late") == unseen[1:-1]
    assert rest.count("late") <= 1


@pytest.mark.usefixtures("connection")
def test_a_collection_is_made_at_once(server: OntapServer) -> None:
    made = Volume.post_collection([volume(f"v{n}", size="1GB") for n in range(3)], hydrate=True)
    assert sorted((v.name, v.size) for v in made) == [(f"v{n}", GIB) for n in range(3)]
    assert {v.uuid for v in made} == {v["uuid"] for v in server.backend}


@pytest.mark.usefixtures("connection")
def test_a_bad_volume_of_a_collection_is_reported(server: OntapServer) -> None:
    with pytest.raises(NetAppRestError, match="too small"):
        Volume.post_collection([volume("good"), volume("small", size=MIB)])
    assert "small" not in server.backend


def test_a_query_changes_the_matching_volumes(seeded: OntapServer) -> None:
    Volume.patch_collection({"comment": "greek"}, name="*a", state="online")
    assert listed(comment="greek") == ["alpha", "beta", "delta"]
    assert listed(comment="third") == ["gamma"]
    Volume.patch_collection({"nas": {"path": ""}}, **{"nas.path": "!null"})
    assert all("junction_path" not in v for v in seeded.backend)


@pytest.mark.usefixtures("seeded")
def test_a_query_deletes_the_matching_volumes() -> None:
    Volume.delete_collection(name="beta|gamma|delta")
    assert listed() == ["alpha"]


@pytest.mark.parametrize("page", [1, 2, 4, 5])
def test_a_change_of_a_collection_reaches_all_its_pages(seeded: OntapServer, page: int) -> None:
    Volume.patch_collection({"comment": "greek"}, name="*a", max_records=page)
    assert len(listed(comment="greek")) == 4
    for found in list(Volume.get_collection(name="alpha|delta")):
        make_snapshot(found, "s1")
        make_snapshot(found, "s2")
    everywhere = {"name": "s*", "max_records": page}
    Snapshot.patch_collection({"comment": "late"}, "*", **everywhere)
    assert len(list(Snapshot.get_collection("*", comment="late"))) == 4
    Snapshot.delete_collection("*", **everywhere)
    assert list(Snapshot.get_collection("*", name="s*")) == []
    Volume.delete_collection(name="delta|beta|gamma", max_records=page)
    assert [v["name"] for v in seeded.backend] == ["alpha"]


def test_volumes_of_the_records_are_changed_and_deleted(seeded: OntapServer) -> None:
    found = {v.name: v for v in Volume.get_collection(fields="comment")}
    found["alpha"].comment, found["beta"].comment = "one", "two"
    Volume.patch_collection({}, records=[found["alpha"], found["beta"]])
    assert listed(comment="one|two") == ["alpha", "beta"]
    Volume.delete_collection(records=[found["beta"], found["gamma"]])
    assert [v["name"] for v in seeded.backend] == ["alpha", "delta"]


def test_snapshots_of_several_volumes_are_taken_and_deleted_at_once(seeded: OntapServer) -> None:
    volumes = [v for v in seeded.backend if v["name"] in {"alpha", "beta"}]
    wanted = [
        Snapshot.from_dict({"volume": {"uuid": v["uuid"]}, "name": "nightly"}) for v in volumes
    ]
    made = Snapshot.post_collection(wanted, "*", hydrate=True)
    assert sorted(s.volume.name for s in made) == ["alpha", "beta"]
    for v in volumes:
        assert "nightly" in [s["name"] for s in seeded.backend.list_snapshots(v["uuid"])]
    records = [{"volume.uuid": s.volume.uuid, "uuid": s.uuid} for s in made]
    Snapshot("*").delete(body={"records": records})
    assert list(Snapshot.get_collection("*", name="nightly")) == []


def test_a_query_that_finds_nothing_changes_nothing(seeded: OntapServer) -> None:
    Volume.patch_collection({"comment": "none"}, name="omega")
    Volume.delete_collection(name="omega")
    assert len(seeded.backend) == 4
    assert listed(comment="none") == []


def test_everything_at_once_needs_a_filter(seeded: OntapServer) -> None:
    before = seeded.backend.list_volumes()
    assert code_of(Volume.delete_collection).startswith("262")
    assert code_of(lambda: Volume.patch_collection({"comment": "all"})).startswith("262")
    assert seeded.backend.list_volumes() == before


def test_each_refusal_of_a_query_is_reported(seeded: OntapServer) -> None:
    with pytest.raises(NetAppRestError, match="One or more jobs failed"):
        Volume.delete_collection(name="alpha|beta")
    assert "alpha" in seeded.backend


def test_svms_are_namespaces(serve: Serve, connect: Any) -> None:
    connect(serve({"svm1": MemBackend(seed=1), "svm2": MemBackend(seed=2)}, tls=False))
    here, there = make("v1"), make("v1", svm="svm2")
    assert here.uuid != there.uuid
    assert listed(**{"svm.name": "svm2"}) == ["v1"]
    assert Volume.find(name="v1", **{"svm.name": "svm2"}).uuid == there.uuid
    with pytest.raises(NetAppRestError, match="Only 1 resource was expected"):
        Volume.find(name="v1")
    disagreeing = {
        "name": "v2",
        "svm": {"name": "svm1", "uuid": there.svm.uuid},
        "aggregates": AGGREGATE,
    }
    assert code_of(Volume.from_dict(disagreeing).post) == "2621706"
