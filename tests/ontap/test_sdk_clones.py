"""The NetApp SDK through the life of FlexClones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import (
    AT_ONCE,
    Snapshot,
    Volume,
    change,
    clone_of,
    code_of,
    listed,
    make,
    make_clone,
    make_snapshot,
    snapshots_of,
)

GIB = 2**30
UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.usefixtures("connection")


def origin(name: str) -> dict[str, Any]:
    """The origin of a clone, without links."""
    (found,) = Volume.get_collection(name=name, fields="clone")
    clone: dict[str, Any] = found.to_dict()["clone"]
    return {
        key: value["name"] if isinstance(value, dict) else value for key, value in clone.items()
    }


def test_a_clone_is_made_of_a_snapshot(server: OntapServer) -> None:
    parent = make("v1", size="3GB", comment="the parent", nas={"path": "/v1"}, language="en")
    taken = make_snapshot(parent, "s1")
    clone = make_clone(parent, "c1", "s1")
    assert clone.clone.is_flexclone is True
    assert (clone.clone.parent_volume.name, clone.clone.parent_volume.uuid) == ("v1", parent.uuid)
    assert (clone.clone.parent_snapshot.name, clone.clone.parent_snapshot.uuid) == (
        "s1",
        taken.uuid,
    )
    assert clone.clone.parent_svm.name == "svm1"
    assert (clone.size, clone.state, clone.style) == (3 * GIB, "online", "flexvol")
    assert clone.language == "en"
    assert [a.name for a in clone.aggregates] == ["aggr1"]
    assert clone.to_dict().get("comment", "") == ""
    clone.get(fields="nas.path")
    assert "path" not in clone.to_dict().get("nas", {})
    stored = server.backend.get_volume(clone.uuid)
    assert stored["clone"]["parent_snapshot_uuid"] == taken.uuid


def test_without_a_snapshot_one_is_taken() -> None:
    parent = make("v1")
    make_clone(parent, "c1")
    (taken,) = Snapshot.get_collection(parent.uuid, fields="owners")
    assert re.fullmatch(r"clone_c1\.\d{4}-\d\d-\d\d_\d{6}\.\d+", taken.name)
    assert taken.owners == ["volume_clone"]
    assert origin("c1")["parent_snapshot"] == taken.name


def test_a_clone_is_mounted_and_commented_at_once(server: OntapServer) -> None:
    clone = make_clone(make("v1"), "c1", comment="a copy", nas={"path": "/c1"})
    assert clone.comment == "a copy"
    assert server.backend.get_volume(clone.uuid)["junction_path"] == "/c1"


def test_origins_follow_a_rename() -> None:
    parent = make("v1")
    taken = make_snapshot(parent, "s1")
    make_clone(parent, "c1", "s1")
    change(parent, name="v2")
    taken.name = "s2"
    taken.patch()
    assert origin("c1")["parent_volume"] == "v2"
    assert origin("c1")["parent_snapshot"] == "s2"
    assert listed(**{"clone.parent_volume.name": "v2", "clone.parent_snapshot.name": "s2"}) == [
        "c1"
    ]


def test_clones_of_clones() -> None:
    first = make("v1")
    second = make_clone(first, "c1")
    make_clone(second, "c2")
    assert origin("c2")["parent_volume"] == "c1"
    assert listed(**{"clone.is_flexclone": True}) == ["c1", "c2"]
    assert code_of(lambda: second.delete(**AT_ONCE)) in {"524615", "460770"}


def test_clones_are_as_deep_as_the_limit_of_the_backend(serve: Serve, connect: Any) -> None:
    connect(serve(MemBackend(seed=1, limits={"clone_depth": 1}), tls=False))
    first = make("v1")
    second = make_clone(first, "c1")
    assert code_of(lambda: clone_of(second, "c2").post(**AT_ONCE)) == "524819"
    assert listed() == ["c1", "v1"]
    assert snapshots_of(second) == []
    change(second, clone={"split_initiated": True})
    make_clone(second, "c2")


def test_parent_and_clone_are_independent() -> None:
    parent = make("v1", size="1GB")
    clone = make_clone(parent, "c1")
    change(clone, size=2 * GIB)
    parent.get()
    assert parent.size == GIB
    change(parent, state="offline")
    clone.get()
    assert (clone.size, clone.state) == (2 * GIB, "online")


def test_a_parent_stays_while_it_has_clones(server: OntapServer) -> None:
    parent = make("v1")
    clone = make_clone(parent, "c1")
    for query in ({}, {"force": True}):
        assert code_of(lambda: parent.delete(**AT_ONCE, **query)) in {"524615", "460770"}  # noqa: B023 (called at once)
    assert len(server.backend) == 2
    clone.delete()
    parent.delete()
    assert len(server.backend) == 0


def test_a_split_frees_the_parent(server: OntapServer) -> None:
    parent = make("v1")
    taken = make_snapshot(parent, "s1")
    clone = make_clone(parent, "c1", "s1")
    clone.clone.split_initiated = True
    clone.patch()
    assert origin("c1")["is_flexclone"] is False
    assert not any(key.startswith("parent_") for key in origin("c1"))
    assert "clone" not in server.backend.get_volume(clone.uuid)
    taken.delete()
    parent.delete()
    assert listed() == ["c1"]


def test_a_split_with_a_new_object() -> None:
    parent = make("v1")
    clone = make_clone(parent, "c1")
    change(clone, clone={"split_initiated": True})
    assert listed(**{"clone.is_flexclone": True}) == []


def body(name: str, **origin: Any) -> dict[str, Any]:
    return {"name": name, "svm": {"name": "svm1"}, "clone": origin}


def uuid_named(uuid: str, name: str) -> dict[str, str]:
    return {"uuid": uuid, "name": name}


def test_a_clone_by_uuid_and_by_both() -> None:
    parent = make("v1")
    taken = make_snapshot(parent, "s1")
    by_uuid = body(
        "c1",
        is_flexclone=True,
        parent_volume={"uuid": parent.uuid},
        parent_snapshot={"uuid": taken.uuid},
    )
    by_both = body(
        "c2",
        is_flexclone=True,
        parent_volume=uuid_named(parent.uuid, "v1"),
        parent_snapshot=uuid_named(taken.uuid, "s1"),
        parent_svm={"name": "svm1"},
    )
    for one in (by_uuid, by_both):
        Volume.from_dict(one).post()
    for name in ("c1", "c2"):
        assert origin(name)["parent_snapshot"] == "s1"


PARENT = {"name": "v1"}

REFUSED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no parent": (body("c1", is_flexclone=True), {"918246", "918247"}),
    "an unknown parent": (body("c1", is_flexclone=True, parent_volume={"name": "v9"}), {"524601"}),
    "a parent that is another": (
        body("c1", is_flexclone=True, parent_volume=uuid_named(UNKNOWN, "v1")),
        {"918236"},
    ),
    "an unknown snapshot": (
        body("c1", is_flexclone=True, parent_volume=PARENT, parent_snapshot={"name": "s9"}),
        {"1638400", "4", "1638600"},
    ),
    "a snapshot that is another": (
        body(
            "c1",
            is_flexclone=True,
            parent_volume=PARENT,
            parent_snapshot=uuid_named(UNKNOWN, "s1"),
        ),
        {"918243"},
    ),
    "a clone that is not one": (body("c1", parent_volume=PARENT), {"918247"}),
    "a taken name": (body("v1", is_flexclone=True, parent_volume=PARENT), {"917526"}),
    "an illegal name": (body("c-1", is_flexclone=True, parent_volume=PARENT), {"917888"}),
    "a taken path": (
        {**body("c1", is_flexclone=True, parent_volume=PARENT), "nas": {"path": "/v1"}},
        {"918252"},
    ),
    "a type that clones have not": (
        {**body("c1", is_flexclone=True, parent_volume=PARENT), "type": "ls"},
        {"918244"},
    ),
    "no SVM": (
        {"name": "c1", "clone": {"is_flexclone": True, "parent_volume": PARENT}},
        {"2621707"},
    ),
    "another SVM": (
        {
            "name": "c1",
            "svm": {"name": "svm9"},
            "clone": {"is_flexclone": True, "parent_volume": PARENT},
        },
        {"2621462"},
    ),
}


@pytest.mark.parametrize(("values", "codes"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_clone_is_refused_and_leaves_nothing(
    server: OntapServer, values: dict[str, Any], codes: set[str]
) -> None:
    parent = make("v1", nas={"path": "/v1"})
    make_snapshot(parent, "s1")
    assert code_of(lambda: Volume.from_dict(values).post(**AT_ONCE)) in codes
    assert [v["name"] for v in server.backend] == ["v1"]
    assert snapshots_of(parent) == ["s1"]


def test_an_offline_parent_is_not_cloned(server: OntapServer) -> None:
    parent = make("v1")
    make_snapshot(parent, "s1")
    change(parent, state="offline")
    for snapshot in ("s1", None):
        clone = clone_of(parent, "c1", snapshot)
        assert code_of(lambda: clone.post(**AT_ONCE)) == "917775"  # noqa: B023 (called at once)
    assert len(server.backend) == 1
    assert snapshots_of(parent) == ["s1"]


def test_a_path_with_a_parent_in_another_svm_is_refused(serve: Serve, connect: Any) -> None:
    backends = {"svm1": MemBackend(seed=1), "svm2": MemBackend(seed=2)}
    connect(serve(backends, tls=False))
    make("v1")
    values = {
        "name": "c1",
        "svm": {"name": "svm2"},
        "clone": {
            "is_flexclone": True,
            "parent_volume": PARENT,
            "parent_svm": {"name": "svm1"},
        },
        "nas": {"path": "/c1"},
    }
    assert code_of(lambda: Volume.from_dict(values).post(**AT_ONCE)) == "1520442"
    assert len(backends["svm2"]) == 0


def test_the_sdk_reads_a_clone_created_in_python(server: OntapServer) -> None:
    backend = server.backend
    parent = backend.create_volume("with-dash")
    taken = backend.create_snapshot(parent["uuid"], "s1")
    clone = backend.create_clone(parent["uuid"], taken["uuid"], "a-clone")
    assert listed(**{"clone.is_flexclone": True}) == ["a-clone"]
    assert origin("a-clone")["parent_volume"] == "with-dash"
    change(Volume(uuid=clone["uuid"]), clone={"split_initiated": True})
    assert "clone" not in backend.get_volume(clone["uuid"])
