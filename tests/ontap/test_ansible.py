"""Ansible's netapp.ontap modules, each run twice: first it changes something, then nothing."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, changed, server

__all__ = ["attempt", "changed", "server"]

GIB = 2**30

VOLUME: dict[str, Any] = {
    "name": "v1",
    "vserver": "svm1",
    "aggregate_name": "aggr1",
    "size": 1,
    "size_unit": "gb",
    "wait_for_completion": True,
}
"""The arguments of a volume; each test adds its own."""

EVERY_OPTION: dict[str, Any] = {
    "comment": "made by a playbook",
    "encrypt": False,
    "export_policy": "default",
    "junction_path": "/v1",
    "percent_snapshot_space": 10,
    "snapshot_policy": "none",
    "space_guarantee": "none",
    "tiering_policy": "none",
    "type": "rw",
    "unix_permissions": "750",
    "volume_security_style": "unix",
}


def test_a_volume_is_made_once(changed: Run, server: OntapServer) -> None:
    changed("na_ontap_volume", **VOLUME)
    made = server.backend.find_volume("v1")
    assert made is not None
    assert made["size_bytes"] == GIB


def test_a_volume_with_every_option_is_made_once(changed: Run, server: OntapServer) -> None:
    changed("na_ontap_volume", **VOLUME, **EVERY_OPTION)
    (made,) = server.backend
    assert made["junction_path"] == "/v1"


@pytest.mark.parametrize(
    "values",
    [
        {"size": 2},
        {"size": 200, "size_unit": "mb"},
        {"comment": "another"},
        {"export_policy": "default", "junction_path": "/elsewhere"},
        {"junction_path": ""},
        {"is_online": False},
        {"space_guarantee": "volume"},
        {"snapshot_policy": "default"},
        {"percent_snapshot_space": 20},
        {"unix_permissions": "---rwxr-xr-x"},
        {"volume_security_style": "mixed"},
        {"tiering_policy": "auto"},
    ],
    ids=str,
)
def test_an_option_is_changed_once(
    attempt: Run, changed: Run, server: OntapServer, values: dict[str, Any]
) -> None:
    assert attempt("na_ontap_volume", **VOLUME, **EVERY_OPTION)["changed"] is True
    changed("na_ontap_volume", **{**VOLUME, **EVERY_OPTION, **values})
    assert len(server.backend) == 1


def test_a_volume_s_limits_are_set_once(changed: Run, server: OntapServer) -> None:
    server.backend.create_volume("v1", size_bytes=GIB)
    limits = {"mode": "grow", "maximum_size": "2g", "minimum_size": "500m"}
    changed("na_ontap_volume_autosize", volume="v1", vserver="svm1", **limits)
    limits["maximum_size"] = "1t"
    changed("na_ontap_volume_autosize", volume="v1", vserver="svm1", **limits)


def test_a_word_may_have_a_hyphen(attempt: Run, server: OntapServer) -> None:
    """The module compares the word it wrote with the word it reads, and changes it each time."""
    made = attempt("na_ontap_volume", **VOLUME, tiering_policy="snapshot-only")
    assert made.get("changed") is True, made
    told = attempt("na_ontap_rest_info", gather_subset=["storage/volumes"], fields=["tiering"])
    (record,) = told["ontap_info"]["storage/volumes"]["records"]
    assert record["tiering"]["policy"] == "snapshot_only"
    assert len(server.backend) == 1


def test_a_request_is_made_with_a_space_in_its_query(attempt: Run, server: OntapServer) -> None:
    for name in ("v1", "v2"):
        server.backend.create_volume(name, size_bytes=GIB)
    told = attempt("na_ontap_restit", api="storage/volumes", query={"order_by": "name desc"})
    assert [record["name"] for record in told["response"]["records"]] == ["v2", "v1"]


def test_a_volume_is_renamed_once(attempt: Run, changed: Run, server: OntapServer) -> None:
    made = attempt("na_ontap_volume", **VOLUME)
    assert made["changed"] is True
    changed("na_ontap_volume", **{**VOLUME, "name": "v2", "from_name": "v1"})
    assert [v["name"] for v in server.backend] == ["v2"]


@pytest.mark.parametrize("mounted", [{}, {"junction_path": "/v1"}], ids=["unmounted", "mounted"])
def test_a_volume_is_deleted_once(
    attempt: Run, changed: Run, server: OntapServer, mounted: dict[str, str]
) -> None:
    attempt("na_ontap_volume", **VOLUME, **mounted)
    assert len(server.backend) == 1
    changed("na_ontap_volume", name="v1", vserver="svm1", state="absent", wait_for_completion=True)
    assert len(server.backend) == 0


def test_a_refusal_is_reported(attempt: Run, server: OntapServer) -> None:
    small = attempt("na_ontap_volume", **{**VOLUME, "size_unit": "mb"})
    assert small["failed"] is True
    assert "too small" in small["msg"]
    nowhere = attempt("na_ontap_volume", **{**VOLUME, "vserver": "svm9"})
    assert nowhere["failed"] is True
    assert len(server.backend) == 0


def test_a_wrong_password_is_reported(attempt: Run) -> None:
    refused = attempt("na_ontap_volume", **{**VOLUME, "password": "wrong"})
    assert refused["failed"] is True


SNAPSHOT = {"snapshot": "s1", "volume": "v1", "vserver": "svm1"}


def test_a_snapshot_is_taken_changed_renamed_and_deleted_once(
    changed: Run, server: OntapServer
) -> None:
    parent = server.backend.create_volume("v1", size_bytes=GIB)["uuid"]

    def names() -> list[str]:
        return [s["name"] for s in server.backend.list_snapshots(parent)]

    changed("na_ontap_snapshot", **SNAPSHOT, comment="before", snapmirror_label="daily")
    assert names() == ["s1"]
    changed("na_ontap_snapshot", **SNAPSHOT, comment="after")
    changed("na_ontap_snapshot", **{**SNAPSHOT, "snapshot": "s2"}, from_name="s1")
    assert names() == ["s2"]
    changed("na_ontap_snapshot", **{**SNAPSHOT, "snapshot": "s2"}, state="absent")
    assert names() == []


def test_a_snapshot_with_a_clone_is_reported_as_busy(attempt: Run, server: OntapServer) -> None:
    backend = server.backend
    parent = backend.create_volume("v1", size_bytes=GIB)["uuid"]
    taken = backend.create_snapshot(parent, "s1")["uuid"]
    backend.create_clone(parent, taken, "c1")
    refused = attempt("na_ontap_snapshot", **SNAPSHOT, state="absent")
    assert refused["failed"] is True
    assert len(backend.list_snapshots(parent)) == 1


def test_a_volume_is_restored(attempt: Run, server: OntapServer) -> None:
    backend = server.backend
    parent = backend.create_volume("v1", size_bytes=GIB)["uuid"]
    for name in ("s1", "s2"):
        backend.create_snapshot(parent, name)
    restored = attempt("na_ontap_volume", **VOLUME, snapshot_restore="s1")
    assert restored.get("changed") is True, restored
    assert [s["name"] for s in backend.list_snapshots(parent)] == ["s1"]


def test_a_clone_is_made_and_split_once(changed: Run, server: OntapServer) -> None:
    backend = server.backend
    parent = backend.create_volume("v1", size_bytes=GIB)["uuid"]
    backend.create_snapshot(parent, "s1")
    clone = {
        "name": "c1",
        "vserver": "svm1",
        "parent_volume": "v1",
        "parent_snapshot": "s1",
        "junction_path": "/c1",
    }
    changed("na_ontap_volume_clone", **clone)
    made = backend.find_volume("c1")
    assert made is not None
    assert made["clone"]["parent_snapshot"] == "s1"
    assert made["junction_path"] == "/c1"
    changed("na_ontap_volume_clone", **clone, split=True)
    assert "clone" not in backend.get_volume(made["uuid"])


def test_a_clone_without_a_snapshot_is_made_and_split_at_once(
    changed: Run, server: OntapServer
) -> None:
    server.backend.create_volume("v1", size_bytes=GIB)
    changed("na_ontap_volume_clone", name="c1", vserver="svm1", parent_volume="v1", split=True)
    made = server.backend.find_volume("c1")
    assert made is not None
    assert "clone" not in made


def test_a_volume_with_the_name_of_a_new_clone_is_reported(
    attempt: Run, server: OntapServer
) -> None:
    for name in ("v1", "c1"):
        server.backend.create_volume(name, size_bytes=GIB)
    refused = attempt(
        "na_ontap_volume_clone", name="c1", vserver="svm1", parent_volume="v1", split=False
    )
    assert refused["failed"] is True
    assert len(server.backend) == 2


@pytest.mark.parametrize("page", [1024, 2])
@pytest.mark.parametrize("hal", [True, False], ids=["links", "no links"])
def test_everything_is_gathered_page_by_page(
    attempt: Run, server: OntapServer, page: int, *, hal: bool
) -> None:
    for number in range(5):
        server.backend.create_volume(f"v{number}", size_bytes=GIB)
    told = attempt(
        "na_ontap_rest_info", gather_subset=["storage/volumes"], max_records=page, hal_linking=hal
    )
    assert told["changed"] is False
    gathered = told["ontap_info"]["storage/volumes"]
    assert sorted(v["name"] for v in gathered["records"]) == [f"v{number}" for number in range(5)]


def test_the_gathered_fields_can_be_chosen(attempt: Run, server: OntapServer) -> None:
    volume = server.backend.create_volume("v1", size_bytes=GIB)
    server.backend.create_volume("other", size_bytes=GIB)
    server.backend.create_snapshot(volume["uuid"], "s1")
    told = attempt(
        "na_ontap_rest_info",
        gather_subset=["storage/volumes"],
        fields=["**"],
        parameters={"name": "v*"},
    )
    (record,) = told["ontap_info"]["storage/volumes"]["records"]
    assert (record["name"], record["size"]) == ("v1", GIB)
    assert record["guarantee"]["type"] == "none"
    told = attempt(
        "na_ontap_rest_info",
        gather_subset=["storage/volumes/snapshots"],
        owning_resource={"volume_name": "v1", "svm_name": "svm1"},
    )
    (gathered,) = told["ontap_info"].values()
    assert [s["name"] for s in gathered["records"]] == ["s1"]


SUBSETS = [
    "cluster",
    "cluster/nodes",
    "cluster/jobs",
    "network/ip/interfaces",
    "storage/aggregates",
    "storage/snapshot-policies",
    "svm/svms",
]


def test_the_cluster_is_gathered(attempt: Run) -> None:
    told = attempt("na_ontap_rest_info", gather_subset=SUBSETS, use_python_keys=True)
    info = told["ontap_info"]
    assert set(info) == {subset.replace("/", "_").replace("-", "_") for subset in SUBSETS}
    assert info["cluster"]["version"]["generation"] == 9
    assert [node["name"] for node in info["cluster_nodes"]["records"]] == ["node1"]
    assert [svm["name"] for svm in info["svm_svms"]["records"]] == ["svm1"]


def test_the_default_subsets_are_gathered(attempt: Run) -> None:
    told = attempt("na_ontap_rest_info")
    info = told["ontap_info"]
    assert info["cluster/software"]["version"] == "9.15.1"
    assert [svm["name"] for svm in info["svm/svms"]["records"]] == ["svm1"]
    assert [node["name"] for node in info["cluster/nodes"]["records"]] == ["node1"]


UNCHANGED: list[dict[str, Any]] = [
    {
        "module": "na_ontap_svm",
        "name": "svm1",
        "comment": "",
        "language": "c.utf_8",
        "ipspace": "Default",
        "snapshot_policy": "default",
        "aggr_list": ["aggr1"],
        "max_volumes": "unlimited",
        "auto_enable_analytics": False,
        "storage_limit": 0,
        "services": {"nfs": {"allowed": True}, "ndmp": {"allowed": False}},
    },
    {
        "module": "na_ontap_aggregate",
        "name": "aggr1",
        "nodes": ["node1"],
        "disk_count": 24,
        "raid_type": "raid_dp",
        "encryption": False,
        "snaplock_type": "non_snaplock",
    },
    {
        "module": "na_ontap_snapshot_policy",
        "name": "default",
        "enabled": True,
        "schedule": ["hourly", "daily", "weekly"],
        "count": [6, 2, 2],
        "snapmirror_label": ["", "daily", "weekly"],
    },
    {
        "module": "na_ontap_interface",
        "interface_name": "data_nfs",
        "vserver": "svm1",
        "home_node": "node1",
        "home_port": "e0a",
    },
]


@pytest.mark.parametrize("arguments", UNCHANGED, ids=lambda arguments: arguments["module"])
def test_an_object_that_is_as_wanted_is_left_alone(attempt: Run, arguments: dict[str, Any]) -> None:
    told = attempt(**arguments, state="present")
    assert told.get("changed") is False, told


def test_an_absent_lun_needs_no_change(attempt: Run) -> None:
    told = attempt("na_ontap_lun", name="x", vserver="svm1", flexvol_name="v1", state="absent")
    assert told.get("changed") is False, told
