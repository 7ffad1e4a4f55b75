"""Requests for policies and schedules of Manila, Cinder, Terraform and Harvest, replayed."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.raw import Client

QOS = "/api/storage/qos/policies"
GIB = 2**30


def test_manila_limits_a_share(administrator: Client, manila: Client, plain: OntapServer) -> None:
    fields = (
        "fields=name,object_count,fixed.max_throughput_iops,fixed.max_throughput_mbps,svm.name,"
        "fixed.min_throughput_iops,fixed.min_throughput_mbps"
    )
    name = "qos_share_1"
    assert administrator.get(f"{QOS}?name={name}&{fields}").records == []
    body = {"name": name, "svm.name": "svm1", "fixed.max_throughput_iops": 100}
    assert administrator.send("POST", QOS, body).status in {201, 202}
    plain.backend.create_volume("share_1", GIB)
    manila.done("PATCH", "/api/storage/volumes?name=share_1", {"qos.policy.name": name})
    found = administrator.get(f"{QOS}?name={name}&{fields}").record
    assert (int(found["object_count"]), found["svm"]["name"]) == (1, "svm1")
    assert found["fixed"]["max_throughput_iops"] == 100
    change = {"fixed.max_throughput_iops": 200}
    assert administrator.send("PATCH", f"{QOS}?name={name}", change).status in {200, 202}
    volume = manila.get("/api/storage/volumes?name=share_1&fields=qos.policy").record
    assert volume["qos"]["policy"]["max_throughput_iops"] == 200

    # It deletes policies later, under another name.
    renamed = f"deleted_manila_{name}"
    target = f"{QOS}/{found['uuid']}"
    assert administrator.send("PATCH", target, {"name": renamed}).status in {200, 202}
    prune = administrator.get(f"{QOS}?name=deleted_manila_*&fields=uuid,name").record
    assert prune["name"] == renamed
    assert administrator.send("DELETE", f"{QOS}/{prune['uuid']}").status in {200, 202}
    assert administrator.get(f"{QOS}?name=deleted_manila_*&fields=uuid,name").records == []


@pytest.mark.parametrize(
    "limits",
    [
        {"fixed": {"max_throughput_iops": 1000, "min_throughput_iops": 100}},
        {"fixed": {"max_throughput_mbps": 20}},
        {"adaptive": {"peak_iops": 200, "expected_iops": 100, "block_size": "any"}},
    ],
    ids=["iops", "megabytes", "adaptive"],
)
def test_cinder_limits_a_volume(administrator: Client, limits: dict[str, Any]) -> None:
    name = "openstack-1"
    collection = f"/api/{QOS.removeprefix('/api')}/"
    assert administrator.get(f"{collection}?name={name}").records == []
    body = {"name": name, **limits, "svm": {"name": "svm1"}}
    assert administrator.send("POST", collection, body).status in {201, 202}
    found = administrator.get(f"{collection}?name={name}").record
    assert found["name"] == name
    assert administrator.send("PATCH", f"{QOS}/{found['uuid']}", limits).status in {200, 202}
    renamed = {"name": f"deleted_cinder_{name}"}
    assert administrator.send("PATCH", f"{collection}?name={name}", renamed).status in {200, 202}
    for _ in range(2):
        deleted = administrator.send("DELETE", f"{collection}?name=deleted_cinder_*")
        assert deleted.status in {200, 202}
    assert administrator.get(f"{collection}?name=deleted_cinder_*").records == []


def test_terraform_creates_a_qos_policy(administrator: Client) -> None:
    body = {"name": "tf", "svm": {"name": "svm1"}, "fixed": {"max_throughput_iops": 5}}
    made = administrator.send("POST", f"{QOS}?return_records=true&return_timeout=60", body)
    assert made.status == 201
    (record,) = made.json["records"]
    read = administrator.get(f"{QOS}?name=tf&svm.name=svm1&fields=name,svm.name,scope,fixed,uuid")
    assert (read.record["uuid"], read.record["scope"]) == (record["uuid"], "svm")
    target = f"{QOS}/{record['uuid']}?return_timeout=60"
    assert administrator.send("DELETE", target).status == 200


def test_terraform_creates_a_schedule_and_a_snapshot_policy(administrator: Client) -> None:
    schedules, policies = "/api/cluster/schedules", "/api/storage/snapshot-policies"
    waiting = "?return_records=true&return_timeout=60"
    body: dict[str, Any] = {"name": "tf", "cron": {"minutes": [1, 2], "hours": [3]}}
    made = administrator.send("POST", schedules + waiting, body)
    assert made.status == 201
    fields = "fields=name,uuid,cron,interval,type,scope"
    read = administrator.get(f"{schedules}?name=tf&{fields}").record
    assert read["uuid"] == made.json["records"][0]["uuid"]
    assert (read["type"], read["cron"]) == ("cron", {"minutes": [1, 2], "hours": [3]})

    copies = [{"count": 3, "schedule": {"name": "tf"}, "snapmirror_label": "l"}]
    body = {"name": "tf", "svm": {"name": "svm1"}, "comment": "c", "copies": copies}
    made = administrator.send("POST", policies + waiting, body)
    assert made.status == 201
    uuid = made.json["records"][0]["uuid"]
    fields = "fields=name,svm.name,copies,scope,enabled,comment"
    read = administrator.get(f"{policies}?uuid={uuid}&{fields}").record
    assert (read["enabled"], read["comment"], read["svm"]["name"]) == (True, "c", "svm1")
    assert read["copies"][0]["schedule"]["name"] == "tf"
    schedule = read["copies"][0]["schedule"]["uuid"]
    busy = administrator.send("DELETE", f"{schedules}/{schedule}?return_timeout=60")
    assert (busy.status, busy.code) == (409, "459758")
    assert administrator.send("DELETE", f"{policies}/{uuid}?return_timeout=60").status == 200
    assert administrator.send("DELETE", f"{schedules}/{schedule}?return_timeout=60").status == 200


def test_trident_and_harvest_find_schedules(administrator: Client) -> None:
    found = administrator.get("/api/cluster/schedules?name=hourly")
    assert found.json["num_records"] == 1
    listed = administrator.get(
        "/api/cluster/schedules?fields=*&return_records=true&max_records=500"
    )
    assert {record["type"] for record in listed.records} == {"cron", "interval"}
