"""The NetApp SDK through the life of volumes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.sdk import (
    AGGREGATE,
    AT_ONCE,
    NetAppRestError,
    Volume,
    change,
    changed,
    code_of,
    each_scheme,
    listed,
    make,
    refusal,
    resources,
    volume,
)

pytestmark = pytest.mark.usefixtures("connection")

MIB = 2**20
GIB = 2**30
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@each_scheme
def test_a_volume_is_made_and_read_back(server: OntapServer) -> None:
    made = make("v1", size="1GB", comment="of the SDK", nas={"path": "/v1"})
    assert (made.name, made.size, made.comment) == ("v1", GIB, "of the SDK")
    assert (made.state, made.style, made.type) == ("online", "flexvol", "rw")
    assert (made.svm.name, [a.name for a in made.aggregates]) == ("svm1", ["aggr1"])
    assert made.space.size == GIB
    assert made.clone.is_flexclone is False
    assert made.tiering.policy == "none"
    assert made.snapshot_policy.name == "default"
    assert made.nas.export_policy.name == "default"
    assert made.create_time == datetime(2000, 1, 1, tzinfo=UTC)
    stored = server.backend.get_volume(made.uuid)
    assert stored["name"] == "v1"
    assert stored["size_bytes"] == GIB
    assert stored["junction_path"] == "/v1"


def test_missing_fields_have_their_defaults() -> None:
    made = make("v1")
    made.get(fields="**")
    assert made.size == 20 * MIB
    assert made.guarantee.type == "none"
    assert made.encryption.enabled is False
    assert made.nas.security_style == "unix"
    assert made.nas.unix_permissions == 755
    assert made.space.snapshot.reserve_percent == 5
    assert made.is_svm_root is False
    assert made.error_state.is_inconsistent is False
    assert "path" not in made.to_dict()["nas"]


def test_given_fields_are_kept() -> None:
    given: dict[str, Any] = {
        "comment": "kept",
        "encryption": {"enabled": True},
        "guarantee": {"type": "none"},
        "language": "en_us.utf_8",
        "nas": {"security_style": "ntfs", "unix_permissions": 700, "path": "/kept"},
        "size": 2 * GIB,
        "snapshot_policy": {"name": "none"},
        "space": {"snapshot": {"reserve_percent": 10}},
        "tiering": {"policy": "auto"},
    }
    made = make("v1", **given)
    made.get(fields="**")
    read = made.to_dict()

    def includes(whole: Any, part: Any) -> bool:
        if isinstance(part, dict):
            return all(key in whole and includes(whole[key], part[key]) for key in part)
        return bool(whole == part)

    for key, value in given.items():
        assert includes(read[key], value), key


def test_the_instance_is_read_by_its_fields() -> None:
    made = make("v1", nas={"path": "/v1"})
    one = Volume(uuid=made.uuid)
    one.get(fields="nas")
    assert one.nas.path == "/v1"
    assert one.nas.security_style == "unix"
    one = Volume(uuid=made.uuid)
    one.get(fields="size")
    assert one.to_dict() == {"uuid": made.uuid, "name": "v1", "size": made.size} | {
        key: value for key, value in one.to_dict().items() if key == "_links"
    }


def test_a_volume_grows_and_shrinks(server: OntapServer) -> None:
    made = make("v1", size="1GB")
    for size in (2 * GIB, 20 * MIB):
        change(made, size=size)
        assert (made.size, made.space.size) == (size, size)
        assert server.backend.get_volume(made.uuid)["size_bytes"] == size


def test_a_patch_sends_only_changed_fields(server: OntapServer) -> None:
    made = make("v1", size="1GB", comment="before")
    server.backend.patch_volume(made.uuid, size_bytes=3 * GIB)
    made.comment = "after"
    made.patch(hydrate=True)
    assert (made.comment, made.size) == ("after", 3 * GIB)


def test_a_rename_keeps_the_uuid_and_frees_the_name(server: OntapServer) -> None:
    made = make("v1")
    change(made, name="v2")
    assert server.backend.get_volume(made.uuid)["name"] == "v2"
    assert listed() == ["v2"]
    make("v1")


def test_a_volume_is_set_offline_and_online(server: OntapServer) -> None:
    made = make("v1")
    for state in ("offline", "online", "restricted", "online"):
        change(made, state=state)
        assert made.state == state
        assert server.backend.get_volume(made.uuid)["state"] == state
    assert listed(state="offline") == []


def test_a_volume_is_mounted_and_unmounted(server: OntapServer) -> None:
    made = make("v1")
    change(made, nas={"path": "/there"})
    made.get(fields="nas.path")
    assert made.nas.path == "/there"
    assert listed(**{"nas.path": "/there"}) == ["v1"]
    change(made, nas={"path": ""})
    assert "junction_path" not in server.backend.get_volume(made.uuid)
    assert listed(**{"nas.path": "null"}) == ["v1"]


@pytest.mark.parametrize("query", [{}, {"force": True}, AT_ONCE], ids=str)
def test_a_volume_is_deleted_with_its_name(server: OntapServer, query: dict[str, Any]) -> None:
    made = make("v1", nas={"path": "/v1"})
    made.delete(**query)
    assert len(server.backend) == 0
    assert refusal(made.get) == (404, "4")
    make("v1", nas={"path": "/v1"})


def test_find_returns_one_or_none_and_refuses_two() -> None:
    make("v1", size="1GB")
    make("v2")
    found = Volume.find(name="v1")
    assert (found.name, found.size) == ("v1", GIB)
    assert Volume.find(name="v3") is None
    with pytest.raises(NetAppRestError, match="Only 1 resource was expected"):
        Volume.find(name="v*")


def test_an_unknown_volume_is_not_found() -> None:
    assert refusal(Volume(uuid=UNKNOWN).get) == (404, "4")
    assert code_of(lambda: Volume(uuid=UNKNOWN).delete(**AT_ONCE)) == "4"
    missing = changed(UNKNOWN, comment="x")
    assert code_of(lambda: missing.patch(**AT_ONCE)) == "4"


ON_SVM1: dict[str, Any] = {"svm": {"name": "svm1"}, "aggregates": AGGREGATE}

REFUSED_AT_CREATION: dict[str, tuple[dict[str, Any], str]] = {
    "a taken name": ({"name": "taken", **ON_SVM1}, "917526"),
    "a digit first": ({"name": "1st", **ON_SVM1}, "917887"),
    "a hyphen": ({"name": "with-dash", **ON_SVM1}, "917888"),
    "too small": ({"name": "v1", "size": 20 * MIB - 1, **ON_SVM1}, "917534"),
    "no SVM": ({"name": "v1", "aggregates": AGGREGATE}, "2621707"),
    "an unknown SVM": (
        {"name": "v1", "svm": {"name": "nowhere"}, "aggregates": AGGREGATE},
        "2621462",
    ),
    "no aggregate": ({"name": "v1", "svm": {"name": "svm1"}}, "787140"),
    "an unknown aggregate": (
        {"name": "v1", "svm": {"name": "svm1"}, "aggregates": [{"name": "aggr9"}]},
        "917508",
    ),
    "an aggregate that is another": (
        {
            "name": "v1",
            "svm": {"name": "svm1"},
            "aggregates": [{"name": "aggr1", "uuid": UNKNOWN}],
        },
        "787141",
    ),
    "two aggregates": (
        {
            "name": "v1",
            "svm": {"name": "svm1"},
            "aggregates": [{"name": "aggr1"}, {"name": "aggr2"}],
            "style": "flexvol",
        },
        "918242",
    ),
    "too much reserve": (
        {"name": "v1", **ON_SVM1, "space": {"snapshot": {"reserve_percent": 91}}},
        "917835",
    ),
    "an unknown snapshot policy": (
        {"name": "v1", **ON_SVM1, "snapshot_policy": {"name": "nightly"}},
        "917551",
    ),
    "an unknown export policy": (
        {"name": "v1", **ON_SVM1, "nas": {"export_policy": {"name": "nobody"}}},
        "918271",
    ),
    "a path that is not absolute": ({"name": "v1", **ON_SVM1, "nas": {"path": "v1"}}, "918252"),
    "a path that ends in a slash": ({"name": "v1", **ON_SVM1, "nas": {"path": "/v1/"}}, "918252"),
    "a path with an empty part": ({"name": "v1", **ON_SVM1, "nas": {"path": "//v1"}}, "918252"),
    "a taken path": ({"name": "v1", **ON_SVM1, "nas": {"path": "/TAKEN"}}, "918252"),
    "the state error": ({"name": "v1", **ON_SVM1, "state": "error"}, "918652"),
    "a clone's field without a clone": (
        {"name": "v1", **ON_SVM1, "clone": {"parent_volume": {"name": "taken"}}},
        "918247",
    ),
}


@pytest.mark.parametrize(
    ("body", "code"), REFUSED_AT_CREATION.values(), ids=REFUSED_AT_CREATION.keys()
)
def test_a_bad_creation_is_refused_and_leaves_nothing(
    server: OntapServer, body: dict[str, Any], code: str
) -> None:
    make("taken", nas={"path": "/taken"})
    assert code_of(lambda: Volume.from_dict(body).post(**AT_ONCE)) == code
    assert [v["name"] for v in server.backend] == ["taken"]


def test_the_text_for_a_volume_that_is_too_small_has_no_comma() -> None:
    small = volume("v1", size=MIB)
    with pytest.raises(NetAppRestError) as caught:
        small.post(**AT_ONCE)
    assert caught.value.status_code == 500
    message = caught.value.response_body["error"]["message"]
    assert "1048576B" in message
    assert "20971520B" in message
    assert "," not in message


def test_pairs_of_uuid_and_name_must_agree() -> None:
    here = make("v1")
    assert here.svm.uuid != UNKNOWN
    body = {
        "name": "v2",
        "svm": {"name": "svm1", "uuid": UNKNOWN},
        "aggregates": AGGREGATE,
    }
    assert code_of(lambda: Volume.from_dict(body).post(**AT_ONCE)) == "2621706"
    agreeing = {
        "name": "v2",
        "svm": here.svm.to_dict(),
        "aggregates": [a.to_dict() for a in here.aggregates],
    }
    Volume.from_dict(agreeing).post()
    assert listed(order_by="name") == ["v1", "v2"]


REFUSED_AT_CHANGE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a taken name": ({"name": "taken"}, {"917526"}),
    "a digit first": ({"name": "1st"}, {"917887"}),
    "a hyphen": ({"name": "with-dash"}, {"917888"}),
    "too small": ({"size": MIB}, {"917534"}),
    "a path that is not absolute": ({"nas": {"path": "v1"}}, {"918252"}),
    "a taken path": ({"nas": {"path": "/Taken"}}, {"918252"}),
    "the state error": ({"state": "error"}, {"918652"}),
    "an unknown export policy": ({"nas": {"export_policy": {"name": "nobody"}}}, {"918271"}),
    "an unknown snapshot policy": ({"snapshot_policy": {"name": "nightly"}}, {"917551"}),
    "a split of an ordinary volume": ({"clone": {"split_initiated": True}}, {"918248"}),
    "nothing at all": ({}, {"262190"}),
}


@pytest.mark.parametrize(
    ("values", "codes"), REFUSED_AT_CHANGE.values(), ids=REFUSED_AT_CHANGE.keys()
)
def test_a_bad_change_is_refused_and_leaves_nothing(
    server: OntapServer, values: dict[str, Any], codes: set[str]
) -> None:
    make("taken", nas={"path": "/taken"})
    made = make("v1")
    before = server.backend.list_volumes()
    other = changed(made.uuid, **values)
    assert code_of(lambda: other.patch(**AT_ONCE)) in codes
    assert server.backend.list_volumes() == before


def test_an_offline_volume_is_not_resized(server: OntapServer) -> None:
    made = make("v1", size="1GB")
    change(made, state="offline")
    bigger = changed(made.uuid, size=2 * GIB)
    assert code_of(lambda: bigger.patch(**AT_ONCE)) in {"917533", "917775", "9437885"}
    assert server.backend.get_volume(made.uuid)["size_bytes"] == GIB


def test_the_sdk_reads_a_volume_created_in_python(server: OntapServer) -> None:
    backend = server.backend
    first = backend.create_volume("with-dash", size_bytes=4096)
    backend.patch_volume(first["uuid"], junction_path="/there", export_policy="mine")
    backend.create_volume("unlimited")
    backend.patch_volume(first["uuid"], state="offline")
    assert listed() == ["unlimited", "with-dash"]
    found = Volume.find(name="with-dash")
    assert (found.uuid, found.size, found.state) == (first["uuid"], 4096, "offline")
    found.get(fields="**")
    assert found.nas.export_policy.name == "mine"
    assert Volume.find(name="unlimited").svm.name == "svm1"
    found.delete()
    assert [v["name"] for v in backend] == ["unlimited"]


def test_python_reads_a_volume_created_by_the_sdk(server: OntapServer) -> None:
    made = make("v1", size="1GB")
    stored = server.backend.find_volume("v1")
    assert stored is not None
    assert stored["uuid"] == made.uuid
    assert stored["vol_type"] == "rw"
    server.backend.delete_volume(made.uuid)
    assert Volume.find(name="v1") is None


def test_files_are_neither_copied_nor_moved() -> None:
    make("v1")
    place = {"svm": {"name": "svm1"}, "volume": {"name": "v1"}, "path": "a"}
    copy = resources.FileCopy.from_dict(
        {"files_to_copy": [{"source": place, "destination": place}]}
    )
    assert code_of(lambda: copy.post(**AT_ONCE)) == "7012358"
    move = resources.FileMove()
    move.files_to_move = {"sources": [place], "destinations": [place]}
    assert code_of(lambda: move.post(**AT_ONCE)) == "7012358"
    assert list(resources.FileMove.get_collection()) == []
