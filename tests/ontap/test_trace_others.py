"""Requests of the DataOps toolkit, Terraform's provider and Harvest, replayed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.raw import Client

GIB = 2**30


@pytest.fixture
def toolkit(plain: OntapServer) -> Iterator[Client]:
    """The toolkit is built on the SDK: its encoding and its headers."""
    headers = [
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("X-Dot-Client-App", "netapp-ontap-python-9.19.1.0"),
    ]
    with Client(plain, headers) as client:
        yield client


def find(toolkit: Client, name: str, fields: str = "%2A") -> dict[str, Any]:
    """The SVM is named without `.name`."""
    return toolkit.get(f"/api/storage/volumes?name={name}&svm=svm1&fields={fields}").record


def create(toolkit: Client, name: str = "project1") -> str:
    body = {
        "aggregates": [{"name": "aggr1"}],
        "guarantee": {"type": "none"},
        "name": name,
        "nas": {
            "export_policy": {"name": "default"},
            "path": f"/{name}",
            "security_style": "unix",
            "unix_permissions": "0777",
        },
        "size": GIB,
        "snapshot_policy": {"name": "none"},
        "style": "flexvol",
        "svm": {"name": "svm1"},
    }
    toolkit.done("POST", "/api/storage/volumes", body, poll="?fields=message%2Cstate")
    uuid: str = find(toolkit, name)["uuid"]
    return uuid


def test_the_toolkit_makes_and_lists(toolkit: Client) -> None:
    uuid = create(toolkit)
    assert toolkit.get("/api/storage/volumes?svm=svm2").records == []
    listed = toolkit.get("/api/storage/volumes?svm=svm1").record
    assert (listed["uuid"], listed["name"]) == (uuid, "project1")
    one = toolkit.get(
        f"/api/storage/volumes/{uuid}"
        "?fields=nas.path%2Csize%2Cstyle%2Cclone%2Cflexcache_endpoint_type%2Cspace%2Cconstituents"
    ).json
    assert (one["nas"]["path"], one["size"], one["style"]) == ("/project1", GIB, "flexvol")
    assert one["clone"]["is_flexclone"] is False
    assert one["space"]["size"] == GIB


def test_the_toolkit_clones_by_name_and_uuid(toolkit: Client, plain: OntapServer) -> None:
    parent = create(toolkit)
    snapshots = f"/api/storage/volumes/{parent}/snapshots"
    toolkit.done("POST", snapshots, {"name": "s1"})
    policy = toolkit.get("/api/storage/snapshot-policies?name=none&fields=name%2Csvm.name").record
    assert policy["name"] == "none"
    one = toolkit.get(f"/api/storage/snapshot-policies/{policy['uuid']}").json
    assert one["name"] == "none"
    taken = toolkit.get(f"{snapshots}?name=s1&fields=%2A").record["uuid"]
    body = {
        "clone": {
            "is_flexclone": True,
            "parent_snapshot": {"name": "s1", "uuid": taken},
            "parent_svm": {"name": "svm1"},
            "parent_volume": {"name": "project1", "uuid": parent},
        },
        "comment": "netapp_dataops",
        "name": "project2",
        "nas": {"path": "/project2"},
        "svm": {"name": "svm1"},
    }
    toolkit.done("POST", "/api/storage/volumes", body)
    clone = find(toolkit, "project2")
    toolkit.done(
        "PATCH",
        f"/api/storage/volumes/{clone['uuid']}",
        {"nas": {"export_policy": {"name": "default"}}, "snapshot_policy": {"name": "none"}},
    )
    stored = plain.backend.get_volume(clone["uuid"])
    assert stored["clone"]["parent_snapshot"] == "s1"
    assert stored["junction_path"] == "/project2"


def test_the_toolkit_restores_by_name_and_uuid(toolkit: Client) -> None:
    parent = create(toolkit)
    snapshots = f"/api/storage/volumes/{parent}/snapshots"
    for name in ("s1", "s2"):
        toolkit.done("POST", snapshots, {"name": name})
    taken = toolkit.get(f"{snapshots}?name=s1&fields=%2A").record["uuid"]
    toolkit.done(
        "PATCH",
        f"/api/storage/volumes/{parent}"
        f"?restore_to.snapshot.name=s1&restore_to.snapshot.uuid={taken}",
        {},
    )
    assert [s["name"] for s in toolkit.get(snapshots).records] == ["s1"]


def test_the_toolkit_deletes_a_mounted_volume(toolkit: Client, plain: OntapServer) -> None:
    create(toolkit)
    found = find(toolkit, "project1", "comment%2Cflexcache_endpoint_type%2Cnas.path")
    assert found["nas"]["path"] == "/project1"
    toolkit.done("DELETE", f"/api/storage/volumes/{found['uuid']}", {})
    assert len(plain.backend) == 0


TERRAFORM_VOLUME: dict[str, Any] = {
    "aggregates": [{"name": "aggr1"}],
    "name": "tf1",
    "size": GIB,
    "svm": {"name": "svm1"},
}


def test_terraform_makes_reads_and_deletes(terraform: Client, plain: OntapServer) -> None:
    assert terraform.get("/api/cluster").json["version"]["generation"] == 9
    assert terraform.get("/api/svm/svms?name=svm1").record["uuid"]
    made = terraform.send(
        "POST", "/api/storage/volumes?return_records=true&return_timeout=60", TERRAFORM_VOLUME
    )
    assert made.status in {201, 202}
    uuid = made.json["records"][0]["uuid"]
    assert made.headers["Location"] == f"/api/storage/volumes/{uuid}"
    read = terraform.get(
        f"/api/storage/volumes/{uuid}?fields=name,svm.name,aggregates,space.size,state,type,"
        "comment,nas,guarantee.type,snapshot_policy.name,encryption,efficiency,snaplock,"
        "tiering,qos.policy.name,analytics.state,language,space.snapshot.reserve_percent,"
        "space.logical_space"
    ).json
    assert (read["name"], read["space"]["size"], read["state"]) == ("tf1", GIB, "online")
    assert read["snaplock"]["type"] == "non_snaplock"
    changed = terraform.send(
        "PATCH", f"/api/storage/volumes/{uuid}?return_timeout=60", {"size": 2 * GIB}
    )
    assert changed.status in {200, 202}
    gone = terraform.send("DELETE", f"/api/storage/volumes/{uuid}?return_timeout=60")
    assert gone.status in {200, 202}
    assert len(plain.backend) == 0


def test_terraform_reads_a_refusal_at_once(terraform: Client, plain: OntapServer) -> None:
    refused = terraform.send(
        "POST",
        "/api/storage/volumes?return_records=true&return_timeout=60",
        {**TERRAFORM_VOLUME, "size": 1024},
    )
    assert (refused.status, refused.code) == (500, "917534")
    assert len(plain.backend) == 0


def test_terraform_reads_its_data_sources(terraform: Client) -> None:
    node = terraform.get(
        "/api/cluster/nodes?fields=name,management_interfaces,serial_number,state,version,"
        "model,location,membership,uptime"
    ).record
    assert node["management_interfaces"][0]["ip"]["address"]
    assert (node["membership"], node["uptime"] >= 0) == ("member", True)
    aggregate = terraform.get(
        "/api/storage/aggregates?name=aggr1&fields=name,node.name,uuid,state,"
        "block_storage.primary.disk_class,block_storage.primary.disk_count,"
        "block_storage.primary.raid_size,block_storage.primary.raid_type,"
        "block_storage.mirror.enabled,snaplock_type,data_encryption.software_encryption_enabled"
    ).record
    assert aggregate["block_storage"]["primary"]["raid_size"] > 0
    assert aggregate["data_encryption"] == {"software_encryption_enabled": False}
    qtrees = terraform.get(
        "/api/storage/qtrees?name=q1&svm.name=svm1&volume.name=tf1&fields=name,svm.name,"
        "security_style,nas,user.name,group.name,volume,unix_permissions,export_policy"
    )
    assert qtrees.records == []
    license_ = terraform.get(
        "/api/cluster/licensing/licenses?name=nfs&fields=name,state,licenses,scope"
    ).record
    assert license_["licenses"][0]["serial_number"].isdigit()
    policy = terraform.get(
        "/api/protocols/nfs/export-policies?name=default&svm.name=svm1&fields=name"
    ).record
    assert terraform.get(f"/api/protocols/nfs/export-policies/{policy['id']}").json["svm"]["name"]


@pytest.fixture
def harvest(plain: OntapServer) -> Iterator[Client]:
    with Client(plain, [("Accept", "application/json")]) as client:
        yield client


def test_harvest_starts(harvest: Client) -> None:
    assert harvest.get("/api/cluster?fields=*").json["version"]["generation"] == 9
    tag = "harvestTag,linux,0123abcd,25.08.0,1"
    harvest.get(f"/api/cluster?ignore_unknown_fields=true&fields={tag}")
    assert harvest.get("/api/cluster/counter/tables?return_records=false").json["num_records"] > 0
    node = harvest.get("/api/cluster/nodes?fields=serial_number,system_id").record
    assert node["system_id"]


def test_harvest_reads_statistics_of_volumes(harvest: Client, plain: OntapServer) -> None:
    plain.backend.create_volume("v1", GIB)
    read = "/api/storage/volumes?fields=name,svm.name,statistics&style=!flexgroup"
    volume = harvest.get(f"{read}&statistics.timestamp=!%22-%22").record
    assert volume["statistics"]["status"] == "ok"
    assert volume["statistics"]["iops_raw"]["total"] == 0
    assert harvest.get(f"{read}&is_constituent=true").records == []


def test_harvest_reads_events(harvest: Client, plain: OntapServer) -> None:
    names = [
        record["name"] for record in harvest.get("/api/support/ems/messages?fields=name").records
    ]
    wanted = "%7C".join(names)
    events = f"/api/support/ems/events?fields=**&message.name={wanted}"
    assert harvest.get(f"{events}&message.severity=emergency|alert|error").records == []
    with plain.backend.events():
        plain.backend.create_volume("v1", GIB)
    assert harvest.get(f"{events}&time=>=2000-01-01T00:00:00Z").status == 200


def test_scripts_read_the_samples_of_a_volume(serve: Serve) -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v1", GIB)["uuid"]
    backend.advance(3600)
    with Client(serve(backend, tls=False)) as client:
        found = client.get(
            f"/api/storage/volumes/{volume}/metrics?interval=1h&fields=iops,duration"
        )
        assert len(found.records) == 240
        newest = found.records[0]
        assert newest["timestamp"] == "2000-01-01T01:00:00+00:00"
        assert (newest["duration"], newest["iops"]["total"]) == ("PT15S", 0)
