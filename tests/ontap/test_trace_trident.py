"""Requests of NetApp Trident, replayed: Go's encoding, two Accept lines, an empty `fields=`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.raw import TERMINAL, Client

GIB = 2**30

INFO = (
    "fields=type%2Csize%2Ccomment%2Caggregates%2Cnas%2Cguarantee%2Csnapshot_policy%2C"
    "snapshot_directory_access_enabled%2Cspace.snapshot.used%2Cspace.snapshot.reserve_percent%2C"
    "nas.export_policy.name%2Cautosize.mode"
)
"""The fields of a volume that Trident requests."""


@pytest.fixture
def server(serve: Serve) -> OntapServer:
    """Trident supports only https."""
    return serve()


@pytest.fixture
def trident(server: OntapServer) -> Iterator[Client]:
    headers = [
        ("User-Agent", "Go-http-client/1.1"),
        ("Accept", "application/json"),
        ("Accept", "application/hal+json"),
        ("Content-Type", "application/json"),
        ("X-Dot-Client-App", "Trident/26.10.0"),
        ("Accept-Encoding", "identity"),
    ]
    with Client(server, headers) as client:
        yield client


@pytest.fixture
def svm(trident: Client) -> str:
    """The SVM's uuid, requested as Trident requests it."""
    record = trident.get("/api/svm/svms?fields=&name=svm1").record
    assert record["name"] == "svm1"
    uuid: str = record["uuid"]
    return uuid


def body_of(name: str, svm: str) -> dict[str, Any]:
    return {
        "aggregates": [{"name": "aggr1"}],
        "comment": "",
        "encryption": {"enabled": False},
        "guarantee": {"type": "none"},
        "name": name,
        "nas": {
            "export_policy": {"name": "default"},
            "security_style": "unix",
            "unix_permissions": 777,
        },
        "size": GIB,
        "snapshot_policy": {"name": "none"},
        "space": {"snapshot": {"reserve_percent": 0}},
        "state": "online",
        "style": "flexvol",
        "svm": {"uuid": svm},
        "tiering": {"policy": "none"},
    }


def create(trident: Client, svm: str, name: str = "trident_pvc_1") -> str:
    job = trident.done("POST", "/api/storage/volumes", body_of(name, svm), poll="?fields=state")
    uuid: str = job["description"].rpartition("/")[2]
    return uuid


def find(trident: Client, svm: str, name: str, fields: str = "") -> list[dict[str, Any]]:
    """Finds a volume by its name, as Trident does first."""
    return trident.get(
        f"/api/storage/volumes?fields={fields}&name={name}&style=flexvol&svm.uuid={svm}"
    ).records


def test_discovery(trident: Client, svm: str) -> None:
    cluster = trident.get("/api/cluster?fields=%2A%2A").json
    assert cluster["version"]["full"].startswith("NetApp Release 9.15.1")
    assert [cluster["version"][part] for part in ("generation", "major", "minor")] == [9, 15, 1]
    assert cluster["uuid"]
    (node,) = trident.get("/api/cluster/nodes?fields=serial_number&name=%2A").records
    assert isinstance(node["serial_number"], str)
    (lif,) = trident.get(
        f"/api/network/ip/interfaces?fields=ip.address%2Cstate&services=data_nfs&svm.uuid={svm}"
    ).records
    assert (lif["ip"]["address"], lif["state"]) == ("127.0.0.1", "up")
    one = trident.get(f"/api/svm/svms/{svm}").json
    assert (one["state"], [a["name"] for a in one["aggregates"]]) == ("running", ["aggr1"])
    disks = "/api/storage/aggregates?fields=block_storage.primary.disk_type&name=%2A"
    (aggregate,) = trident.get(disks).records
    assert isinstance(aggregate["block_storage"]["primary"]["disk_type"], str)
    (aggregate,) = trident.get(
        "/api/storage/aggregates?fields=space.footprint%2Cspace.block_storage.size%2C"
        "space.block_storage.used&name=aggr1"
    ).records
    assert isinstance(aggregate["space"]["footprint"], int)
    assert isinstance(aggregate["space"]["block_storage"]["size"], int)
    assert isinstance(aggregate["space"]["block_storage"]["used"], int)
    assert trident.get("/api/svm/peers?fields=peer.svm.name").records == []


def test_the_heartbeat_is_accepted(trident: Client) -> None:
    report = {
        "app_version": "26.10.0",
        "autosupport_required": False,
        "category": "trident",
        "computer_name": "trident",
        "event_description": "heartbeat",
        "event_id": 0,
        "event_source": "ontap-nas",
        "severity": "notice",
    }
    target = "/api/support/ems/application-logs?return_records=true"
    assert trident.send("POST", target, report).status in {200, 201}


def test_replies_have_a_content_type_that_trident_decodes(trident: Client, svm: str) -> None:
    for target in ("/api/cluster", "/api/storage/volumes", f"/api/svm/svms/{svm}"):
        kind = trident.get(target).headers.get_content_type()
        assert kind in {"application/json", "application/hal+json"}


def test_a_volume_is_made_and_mounted(trident: Client, svm: str) -> None:
    assert find(trident, svm, "trident_pvc_1") == []
    uuid = create(trident, svm)
    (found,) = find(trident, svm, "trident_pvc_1")
    assert (found["uuid"], found["name"]) == (uuid, "trident_pvc_1")
    one = f"/api/storage/volumes/{uuid}"
    trident.done("PATCH", one, {"snapshot_directory_access_enabled": False})
    (found,) = find(trident, svm, "trident_pvc_1", "nas.path")
    assert "path" not in found.get("nas", {})
    trident.done("PATCH", one, {"nas": {"path": "/trident_pvc_1"}})
    (found,) = find(trident, svm, "trident_pvc_1", INFO.removeprefix("fields="))
    assert found["type"] == "rw"
    assert found["size"] == GIB
    assert found["comment"] == ""
    assert [a["name"] for a in found["aggregates"]] == ["aggr1"]
    assert found["nas"]["path"] == "/trident_pvc_1"
    assert found["nas"]["unix_permissions"] == 777
    assert found["nas"]["export_policy"]["name"] == "default"
    assert found["guarantee"]["type"] == "none"
    assert found["snapshot_policy"]["name"] == "none"
    assert found["snapshot_directory_access_enabled"] is False
    assert found["space"]["snapshot"]["reserve_percent"] == 0
    assert isinstance(found["space"]["snapshot"]["used"], int)
    assert found["autosize"]["mode"] == "off"


def test_a_replication_destination_is_refused(trident: Client, svm: str) -> None:
    body = {**body_of("mirror", svm), "type": "DP"}
    reply = trident.send("POST", "/api/storage/volumes", body)
    assert (reply.status, reply.code) == (400, "917628")


def test_the_error_for_a_small_volume_has_three_parts(trident: Client, svm: str) -> None:
    body = {**body_of("small", svm), "size": 1024}
    job = trident.accepted("POST", "/api/storage/volumes", body)
    assert (job["state"], job["code"]) == ("failure", 917534)
    text = f"API State: {job['state']}, Message: {job['message']}, Code: {job['code']}"
    assert len(text.split(",")) == 3


def test_lists_by_prefix_and_by_attributes(trident: Client, svm: str) -> None:
    first = create(trident, svm)
    create(trident, svm, "other")
    listing = (
        f"/api/storage/volumes?{INFO}&name=trident_%2A&state=online&style=flexvol&svm.uuid={svm}"
    )
    assert [v["uuid"] for v in trident.get(listing).records] == [first]
    by_attributes = (
        "/api/storage/volumes?aggregates.name=aggr1%7Caggr2&encryption.enabled=false"
        "&fields=name&guarantee.type=%2A&name=trident_%2A"
        "&snapshot_directory_access_enabled=true&snapshot_policy.name=none%7Cnone-DR"
        "&space.snapshot.reserve_percent=0&state=online&style=flexvol"
        f"&svm.uuid={svm}&tiering.policy=%2A&type=rw"
    )
    assert [v["uuid"] for v in trident.get(by_attributes).records] == [first]


def test_a_volume_is_renamed_resized_and_deleted_while_mounted(
    trident: Client, svm: str, server: OntapServer
) -> None:
    uuid = create(trident, svm)
    one = f"/api/storage/volumes/{uuid}"
    trident.done("PATCH", one, {"nas": {"path": "/pvc"}})
    trident.done("PATCH", one, {"size": 2 * GIB})
    trident.done("PATCH", one, {"comment": "a" * 1023})
    trident.done("PATCH", one, {"name": "trident_pvc_2"})
    assert server.backend.get_volume(uuid)["size_bytes"] == 2 * GIB
    trident.done("DELETE", one + "?force=false")
    assert find(trident, svm, "trident_pvc_2") == []
    again = create(trident, svm)
    trident.done("DELETE", f"/api/storage/volumes/{again}?force=true")
    assert len(server.backend) == 0


def test_a_snapshot_is_taken_restored_and_deleted(trident: Client, svm: str) -> None:
    uuid = create(trident, svm)
    snapshots = f"/api/storage/volumes/{uuid}/snapshots"
    for name in ("snapshot-0f", "snapshot-1f"):
        assert len(find(trident, svm, "trident_pvc_1", INFO.removeprefix("fields="))) == 1
        trident.done("POST", snapshots, {"name": name, "svm": {"uuid": svm}})
    listing = f"{snapshots}?fields=name%2Ccreate_time&svm.uuid={svm}"
    for record in trident.get(listing).records:
        assert record["create_time"].startswith("2000-01-01T00:00:00")
    one = trident.get(listing + "&name=snapshot-0f").record
    trident.done("PATCH", f"/api/storage/volumes/{uuid}?restore_to.snapshot.name=snapshot-0f", b"")
    assert [s["name"] for s in trident.get(listing).records] == ["snapshot-0f"]
    trident.done("DELETE", f"{snapshots}/{one['uuid']}")
    assert trident.get(listing).records == []


def test_a_busy_snapshot_is_freed_by_splitting_its_clone(trident: Client, svm: str) -> None:
    uuid = create(trident, svm)
    snapshots = f"/api/storage/volumes/{uuid}/snapshots"
    trident.done("POST", snapshots, {"name": "s1", "svm": {"uuid": svm}})
    taken = trident.get(f"{snapshots}?fields=name&name=s1&svm.uuid={svm}").record["uuid"]
    reply = trident.send(
        "POST",
        "/api/storage/volumes?return_records=true",
        {
            "clone": {
                "is_flexclone": True,
                "parent_snapshot": {"name": "s1"},
                "parent_volume": {"name": "trident_pvc_1"},
            },
            "name": "clone",
            "svm": {"uuid": svm},
        },
    )
    assert reply.status == 202
    assert reply.json["num_records"] == 1
    job = trident.get(reply.json["job"]["_links"]["self"]["href"] + "?fields=%2A%2A").json
    assert job["state"] == "success"
    (clone,) = trident.get(
        f"/api/storage/volumes?fields=state&name=clone&style=flexvol&svm.uuid={svm}"
    ).records
    assert clone["state"] == "online"
    assert clone["uuid"] == reply.json["records"][0]["uuid"]

    assert trident.failed("DELETE", f"{snapshots}/{taken}") == 1638555
    (child,) = trident.get(
        "/api/storage/volumes?clone.parent_snapshot.name=s1"
        f"&clone.parent_volume.name=trident_pvc_1&fields=name&svm.uuid={svm}"
    ).records
    assert child["name"] == "clone"
    assert child["clone"]["parent_volume"]["name"] == "trident_pvc_1"
    assert child["clone"]["parent_snapshot"]["name"] == "s1"
    split = trident.send(
        "PATCH", f"/api/storage/volumes/{child['uuid']}", {"clone": {"split_initiated": True}}
    )
    assert split.status in {200, 202}
    trident.done("DELETE", f"{snapshots}/{taken}")


def test_a_missing_object_is_reported_by_status_and_code(trident: Client) -> None:
    missing = "/api/storage/volumes/00000000-0000-4000-8000-000000000000"
    reply = trident.send("GET", missing + "?fields=%2A")
    assert (reply.status, reply.code) == (404, "4")
    assert reply.json["error"]["message"] == "entry doesn't exist"
    gone = trident.send("PATCH", missing, {"comment": "x"})
    if gone.status == 202:
        href = gone.json["job"]["_links"]["self"]["href"]
        assert trident.get(href + "?fields=%2A%2A").json["code"] == 4
    else:
        assert (gone.status, gone.code) == (404, "4")


def test_export_policies(trident: Client, svm: str) -> None:
    record = trident.get(
        f"/api/protocols/nfs/export-policies?fields=&name=default&svm.uuid={svm}"
    ).record
    assert record["name"] == "default"
    rules = trident.get(f"/api/protocols/nfs/export-policies/{record['id']}/rules?fields=%2A")
    assert isinstance(rules.records, list)


def ended(trident: Client, method: str, target: str, body: Any = None) -> int:
    """Sends a change, polls its job until it has ended, and returns the job's code."""
    reply = trident.send(method, target, body)
    assert reply.status == 202, (target, reply.status, reply.body)
    job = reply.json["job"]["_links"]["self"]["href"]
    while trident.get(job + "?fields=state").json["state"] not in TERMINAL:
        pass
    code: int = trident.get(job + "?fields=%2A%2A").json["code"]
    return code


@pytest.mark.parametrize("job_polls", [None, 3])
def test_the_life_of_a_volume_from_its_creation_to_its_deletion(
    serve: Serve, job_polls: int | None
) -> None:
    server = serve(tls=False, job_polls=job_polls)
    volumes = "/api/storage/volumes"
    with Client(server, [("Accept", "application/json"), ("Accept", "application/hal+json")]) as it:
        svm = it.get("/api/svm/svms?fields=&name=svm1").record["uuid"]
        assert ended(it, "POST", volumes, body_of("trident_pvc_1", svm)) == 0
        (found,) = find(it, svm, "trident_pvc_1", "state")
        one = f"{volumes}/{found['uuid']}"
        for change in (
            {"snapshot_directory_access_enabled": False},
            {"nas": {"path": "/trident_pvc_1"}},
            {"nas": {"export_policy": {"name": "default"}}},
            {"size": 2 * GIB},
        ):
            assert ended(it, "PATCH", one, change) == 0
        for name in ("snapshot-0f", "snapshot-1f"):
            taken = {"name": name, "svm": {"uuid": svm}}
            assert ended(it, "POST", f"{one}/snapshots", taken) == 0
        assert ended(it, "PATCH", f"{one}?restore_to.snapshot.name=snapshot-0f", b"") == 0
        kept = it.get(f"{one}/snapshots?fields=name%2Ccreate_time&svm.uuid={svm}").record
        clone = {
            "clone": {
                "is_flexclone": True,
                "parent_snapshot": {"name": kept["name"]},
                "parent_volume": {"name": "trident_pvc_1"},
            },
            "name": "trident_pvc_2",
            "svm": {"uuid": svm},
        }
        assert ended(it, "POST", f"{volumes}?return_records=true", clone) == 0
        assert ended(it, "DELETE", f"{one}/snapshots/{kept['uuid']}") == 1638555
        (child,) = find(it, svm, "trident_pvc_2")
        split = {"clone": {"split_initiated": True}}
        assert ended(it, "PATCH", f"{volumes}/{child['uuid']}", split) == 0
        assert ended(it, "DELETE", f"{one}/snapshots/{kept['uuid']}") == 0
        for uuid in (found["uuid"], child["uuid"]):
            peers = it.get(
                "/api/snapmirror/relationships"
                "?fields=source.path%2Cdestination.path&list_destinations_only=true"
            )
            assert peers.records == []
            assert ended(it, "DELETE", f"{volumes}/{uuid}?force=false") == 0
        assert find(it, svm, "trident_pvc_%2A") == []
    assert len(server.backend) == 0
