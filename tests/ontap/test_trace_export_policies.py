"""Requests for export policies of Trident, Manila and Terraform, replayed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import JSON
from ontap.raw import Client

POLICIES = "/api/protocols/nfs/export-policies"
GIB = 2**30


@pytest.fixture
def trident(plain: OntapServer) -> Iterator[Client]:
    with Client(plain, [("User-Agent", "Go-http-client/1.1"), *JSON]) as client:
        yield client


def test_trident_exports_a_volume_to_the_nodes(trident: Client, plain: OntapServer) -> None:
    svm = trident.get("/api/svm/svms?fields=&name=svm1").record["uuid"]
    found = f"{POLICIES}?fields=&name=trident-1&svm.uuid={svm}"
    assert trident.get(found).records == []
    made = trident.send("POST", POLICIES, {"name": "trident-1", "svm": {"uuid": svm}})
    assert made.status == 201
    policy = trident.get(found).record["id"]
    rules = f"{POLICIES}/{policy}/rules"
    assert trident.get(f"{rules}?fields=clients").records == []
    any_ = {name: ["any"] for name in ("ro_rule", "rw_rule", "superuser")}
    for node in ("10.0.0.1", "10.0.0.2"):
        body = {"clients": [{"match": node}], **any_, "protocols": ["nfs"]}
        assert trident.send("POST", rules, body).status == 201
        again = trident.send("POST", rules, body)
        assert (again.status, again.code) == (409, "1704070")
    uuid = plain.backend.create_volume("v1", GIB)["uuid"]
    volume = f"/api/storage/volumes/{uuid}"
    trident.done("PATCH", volume, {"nas": {"export_policy": {"name": "trident-1"}}})
    by_node = {
        rule["clients"][0]["match"]: rule["index"]
        for rule in trident.get(f"{rules}?fields=clients").records
    }
    assert by_node == {"10.0.0.1": 1, "10.0.0.2": 2}
    assert trident.send("DELETE", f"{rules}/1").status == 200
    assert trident.send("DELETE", f"{rules}/1").code == "4"
    busy = trident.send("DELETE", f"{POLICIES}/{policy}")
    assert busy.code == "1703945"
    missing = {"nas": {"export_policy": {"name": "trident-9"}}}
    assert trident.failed("PATCH", volume, missing) == 918271
    trident.done("PATCH", volume, {"nas": {"export_policy": {"name": "default"}}})
    assert trident.send("DELETE", f"{POLICIES}/{policy}").status == 200


def test_manila_grants_and_denies_access(manila: Client) -> None:
    assert manila.send("POST", f"{POLICIES}/", {"name": "policy_1"}).status == 201
    exists = manila.send("POST", f"{POLICIES}/", {"name": "policy_1"})
    assert (exists.status, exists.code) == (409, "1")
    policy = manila.get(f"{POLICIES}/?name=policy_1").record["id"]
    rules = f"{POLICIES}/{policy}/rules"
    for client, level in (("10.0.0.1", "sys"), ("10.0.1.0/24", "never")):
        body: dict[str, Any] = {
            "clients": [{"match": client}],
            "ro_rule": ["sys"],
            "rw_rule": [level],
            "superuser": ["sys"],
        }
        assert manila.send("POST", rules, body).status == 201
    (rule,) = manila.get(f"{rules}/?clients.match=10.0.1.0/24&fields=clients.match,index").records
    assert (rule["index"], rule["clients"]) == (2, [{"match": "10.0.1.0/24"}])
    unknown = {"client_match": "10.0.1.0/24", "rw_rule": ["sys"]}
    assert manila.send("PATCH", f"{rules}/2", unknown).code == "262179"
    assert manila.send("DELETE", f"{rules}/2", {"index": "2"}).status == 200
    assert [rule["index"] for rule in manila.get(f"{rules}/").records] == [1]
    renamed = {"name": "deleted_manila_policy_1"}
    assert manila.send("PATCH", f"{POLICIES}/{policy}", renamed).status == 200
    (pruned,) = manila.get(f"{POLICIES}/?name=deleted_manila_*&fields=name,svm.name").records
    assert pruned["svm"]["name"] == "svm1"
    assert manila.send("DELETE", f"{POLICIES}/{policy}").status == 200


def test_terraform_keeps_a_policy_and_a_rule(terraform: Client) -> None:
    ended = "return_timeout=60"
    body = {"name": "tf", "svm.name": "svm1"}
    made = terraform.send("POST", f"{POLICIES}?return_records=true&{ended}", body)
    assert made.status == 201
    policy = made.json["records"][0]
    rules = f"{POLICIES}/{policy['id']}/rules"
    rule = {
        "clients": [{"match": "0.0.0.0/0"}],
        "ro_rule": ["any"],
        "rw_rule": ["any"],
        "anonymous_user": "65534",
        "superuser": ["any"],
        "protocols": ["any"],
        "allow_device_creation": True,
        "ntfs_unix_security": "fail",
        "chown_mode": "restricted",
        "allow_suid": True,
    }
    made = terraform.send("POST", f"{rules}?return_records=true&{ended}", rule)
    index = made.json["records"][0]["index"]
    read = terraform.get(f"{rules}/{index}").json
    assert {name: read[name] for name in rule} == rule
    changed = {**rule, "rw_rule": ["never"]}
    assert terraform.send("PATCH", f"{rules}/{index}", changed).status == 200
    assert terraform.get(f"{rules}/{index}?fields=rw_rule").json["rw_rule"] == ["never"]
    assert terraform.send("DELETE", f"{rules}/{index}?{ended}").status == 200
    assert terraform.send("DELETE", f"{POLICIES}/{policy['id']}?{ended}").status == 200
    gone = terraform.send("GET", f"{POLICIES}/{policy['id']}")
    assert (gone.status, gone.code) == (404, "4")
