"""Requests for qtrees of Trident (`ontap-nas-economy`), Terraform and Harvest, replayed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.raw import Client

QTREES = "/api/storage/qtrees"
RULES = "/api/storage/quota/rules"
GIB = 2**30


@pytest.fixture
def trident(plain: OntapServer) -> Iterator[Client]:
    headers = [
        ("User-Agent", "Go-http-client/1.1"),
        ("Accept", "application/json"),
        ("Accept", "application/hal+json"),
        ("Content-Type", "application/json"),
    ]
    with Client(plain, headers) as client:
        yield client


def pool_of(trident: Client, svm: str) -> str:
    """Creates a pool for qtrees as Trident does, and returns its path."""
    body = {
        "aggregates": [{"name": "aggr1"}],
        "name": "trident_qtree_pool_1",
        "nas": {"export_policy": {"name": "default"}, "unix_permissions": 711},
        "size": GIB,
        "snapshot_policy": {"name": "none"},
        "style": "flexvol",
        "svm": {"uuid": svm},
    }
    trident.done("POST", "/api/storage/volumes", body)
    found = "/api/storage/volumes?fields=name&name=trident_qtree_pool_1&style=flexvol"
    path = f"/api/storage/volumes/{trident.get(found).record['uuid']}"
    trident.done("PATCH", path, {"nas": {"path": "/trident_qtree_pool_1"}})
    return path


def quota(trident: Client, svm: str, qtree: str, limit: int) -> None:
    body = {
        "qtree": {"name": qtree},
        "space": {"hard_limit": limit},
        "svm": {"uuid": svm},
        "type": "tree",
        "volume": {"name": "trident_qtree_pool_1"},
    }
    trident.done("POST", RULES, body)


def test_trident_keeps_volumes_in_qtrees(trident: Client) -> None:
    svm = trident.get("/api/svm/svms?fields=&name=svm1").record["uuid"]
    pool = pool_of(trident, svm)
    quota(trident, svm, "", -1)
    trident.done("PATCH", pool, {"quota": {"enabled": True}})
    state = trident.get(f"{pool}?fields=quota").json["quota"]["state"]
    assert state == "on"

    counted = f"{QTREES}?fields=name,volume,export-policy.name&name=%2A&volume.name=trident_%2A"
    assert len(trident.get(counted).records) == 1, "Trident subtracts the default qtree"
    body = {
        "export_policy": {"name": "default"},
        "name": "trident_pvc_1",
        "security_style": "unix",
        "svm": {"uuid": svm},
        "unix_permissions": 777,
        "volume": {"name": "trident_qtree_pool_1"},
    }
    trident.done("POST", QTREES, body)
    quota(trident, svm, "trident_pvc_1", GIB // 4)
    one = trident.get(
        f"{QTREES}?fields=&name=trident_pvc_1&svm.uuid={svm}&volume.name=trident_qtree_pool_1"
    ).record
    assert (one["volume"]["name"], one["id"]) == ("trident_qtree_pool_1", 1)
    path = f"{QTREES}/{one['volume']['uuid']}/{one['id']}"
    by_path = trident.get(
        f"{QTREES}?fields=export_policy.name&path=/trident_qtree_pool_1/trident_pvc_1"
    )
    assert by_path.record["export_policy"]["name"] == "default"
    (listed,) = trident.get(
        f"{QTREES}?fields=name,volume,export-policy.name&name=trident_%2A&volume.name=trident_%2A"
    ).records
    assert listed["export_policy"]["name"] == "default"

    trident.done("PATCH", pool, {"size": 2 * GIB})
    found = (
        f"{RULES}?fields=uuid,space.hard_limit&qtree.name=trident_pvc_1&svm.uuid={svm}&type=tree"
        "&volume.name=trident_qtree_pool_1"
    )
    rule = trident.get(found).record
    trident.done("PATCH", f"{RULES}/{rule['uuid']}", {"space": {"hard_limit": GIB}})
    assert trident.get(found).record["space"]["hard_limit"] == GIB
    everything = f"{RULES}?fields=space.hard_limit,uuid,qtree.name,volume.name&type=tree"
    limits = {
        rule["qtree"]["name"]: rule.get("space", {}).get("hard_limit")
        for rule in trident.get(everything).records
    }
    assert limits == {"": None, "trident_pvc_1": GIB}

    missing = {"export_policy": {"name": "trident-9"}}
    assert trident.failed("PATCH", path, missing) == 1703954
    trident.done("PATCH", path, {"name": "deleted_trident_pvc_1"})
    assert trident.get(f"{QTREES}?fields=&name=trident_pvc_1&svm.uuid={svm}").records == []
    trident.done("DELETE", path)
    assert trident.get(f"{RULES}?qtree.name=!%22%22").records == []
    trident.done("DELETE", pool)
    assert trident.get(QTREES).records == []


def test_terraform_keeps_a_qtree_and_a_quota(terraform: Client, plain: OntapServer) -> None:
    plain.backend.create_volume("v1", GIB)
    ended = "return_records=true&return_timeout=60"
    body: dict[str, Any] = {
        "name": "q1",
        "svm": {"name": "svm1"},
        "volume": {"name": "v1"},
        "unix_permissions": 755,
        "security_style": "unix",
        "user": {"name": "root"},
        "group": {"name": "root"},
    }
    made = terraform.send("POST", f"{QTREES}?{ended}&synchronous=true", body)
    assert made.status == 201
    record = made.json["records"][0]
    path = f"{QTREES}/{record['volume']['uuid']}/{record['id']}"
    read = terraform.get(
        f"{QTREES}?name=q1&svm.name=svm1&volume.name=v1&fields=name,svm.name,security_style,nas,"
        "user.name,group.name,volume,unix_permissions,export_policy"
    ).record
    assert (read["user"]["name"], read["group"]["name"]) == ("root", "root")
    rule = {
        "volume.name": "v1",
        "svm.name": "svm1",
        "type": "user",
        "users": ["ann"],
        "files": {"hard_limit": 100},
    }
    made = terraform.send("POST", f"{RULES}?{ended}", rule)
    uuid = made.json["records"][0]["uuid"]
    read = terraform.get(
        f"{RULES}?uuid={uuid}&fields=volume,svm,type,qtree,users,group,files,user_mapping,uuid"
    ).record
    assert (read["users"], read["files"]) == ([{"name": "ann"}], {"hard_limit": 100})
    assert terraform.send("DELETE", f"{RULES}/{uuid}?return_timeout=60").status == 200
    assert terraform.send("DELETE", f"{path}?return_timeout=60").status == 200


def test_harvest_reads_quota_reports(terraform: Client, plain: OntapServer) -> None:
    plain.backend.create_volume("v1", GIB)
    sent: list[tuple[str, dict[str, Any]]] = [
        (QTREES, {"name": "q1"}),
        (RULES, {"type": "tree", "qtree.name": "q1", "space.hard_limit": GIB}),
    ]
    for target, body in sent:
        given = {"svm": "svm1", "volume": "v1", **body}
        assert terraform.send("POST", f"{target}?return_timeout=9", given).status == 201
    uuid = terraform.get("/api/storage/volumes?name=v1").record["uuid"]
    on = {"quota.enabled": "true"}
    assert (
        terraform.send("PATCH", f"/api/storage/volumes/{uuid}?return_timeout=9", on).status == 200
    )
    fields = "qtree,users,type,space.used,files.used,specifier"
    report = terraform.get(f"/api/storage/quota/reports?fields={fields}").record
    assert (report["qtree"]["name"], report["type"], report["specifier"]) == ("q1", "tree", "q1")
    assert report["space"]["used"] == {"hard_limit_percent": 0, "total": 0}
    assert [q["name"] for q in terraform.get(f"{QTREES}?name=!%22%22").records] == ["q1"]
