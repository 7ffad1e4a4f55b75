"""Requests of Manila and Cinder, replayed: raw queries, double slashes, dotted keys, only text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import JSON, TUNNEL, Serve
from ontap.raw import Client, Reply

GIB = 2**30

POLL = "?max_records=10000"


@pytest.fixture
def cinder(plain: OntapServer) -> Iterator[Client]:
    with Client(plain, [*JSON, TUNNEL]) as client:
        yield client


def share(name: str) -> dict[str, Any]:
    return {
        "type": "rw",
        "style": "flexvol",
        "aggregates": [{"name": "aggr1"}],
        "svm.name": "svm1",
        "name": name,
        "size": GIB,
        "guarantee.type": "none",
        "nas.path": f"/{name}",
        "snapshot_policy.name": "none",
        "space.snapshot.reserve_percent": "5",
    }


def look_up(manila: Client, name: str, more: str = "") -> list[dict[str, Any]]:
    """The requests of Manila before every change."""
    return manila.get(
        "/api/storage/volumes/?style=flex*&error_state.is_inconsistent=false"
        f"&fields=name,style,svm.name,svm.uuid&name={name}{more}"
    ).records


def create(manila: Client, name: str = "m1") -> str:
    manila.done("POST", "/api/storage/volumes/", share(name), poll=POLL)
    (found,) = look_up(manila, name)
    assert (found["name"], found["style"], found["svm"]["name"]) == (name, "flexvol", "svm1")
    assert found["svm"]["uuid"]
    uuid: str = found["uuid"]
    return uuid


def test_manila_discovers(administrator: Client, manila: Client) -> None:
    for client in (administrator, manila):
        version = client.get("/api/cluster/?fields=version").json["version"]
        assert [version[part] for part in ("generation", "major", "minor")] == [9, 15, 1]
        assert len(client.get("/api/cluster/nodes/").records) == 1
    svm = administrator.get("/api/svm/svms/?name=svm1").record
    assert svm["uuid"]
    state = administrator.get("/api/svm/svms/?name=svm1&fields=state,subtype").record
    assert (state["state"], state["subtype"]) == ("running", "default")
    found = manila.get(
        "/api/svm/svms/?name=svm1&fields=name,aggregates.name,aggregates.available_size"
    ).record
    (aggregate,) = found["aggregates"]
    assert aggregate["name"] == "aggr1"
    assert aggregate["available_size"] > 0
    disks = administrator.get(
        "/api/storage/aggregates/?fields=name,block_storage.primary.raid_type,"
        "block_storage.storage_type,snaplock_type"
    ).record
    assert disks["block_storage"]["primary"]["raid_type"]
    home = administrator.get(
        "/api/storage/aggregates/?name=aggr1&fields=name,home_node.name,node.name"
    ).record
    assert home["home_node"]["name"] == home["node"]["name"] == "node1"
    assert administrator.get("/api/storage/aggregates/?name=aggr1,aggr2&fields=name").record


def test_manila_sets_its_driver_up(administrator: Client) -> None:
    """The driver stops if one of these objects is missing."""

    def get(target: str) -> Reply:
        mark = "&" if "?" in target else "?"
        return administrator.get(f"/api/{target}{mark}max_records=10000")

    assert get("security/key-managers?fields=volume_encryption.*").records == []
    for name in [node["name"] for node in get("cluster/nodes").records]:
        node = get(f"cluster/nodes?name={name}").record
        clock = get(f"storage/snaplock/compliance-clocks/{node['uuid']}").json
        assert clock["time"]
    licenses = {record["name"] for record in get("cluster/licensing/licenses").records}
    assert {"nfs", "snaprestore"} <= licenses
    counter = "average_processor_busy_percent"
    table = get(
        "cluster/counter/tables/system:constituent"
        f"?counter_schemas.name={counter}&fields=counter_schemas.*"
    ).json
    assert table["counter_schemas"][0]["name"] == counter
    assert table["counter_schemas"][0]["denominator"]["name"]
    rows = get(
        f"cluster/counter/tables/system:constituent/rows?counters.name={counter}&fields=counters.*"
    )
    assert [c["name"] for c in rows.record["counters"]] == [counter]
    services = get("protocols/nfs/services/?fields=transport.*").records
    assert services[0]["transport"]["tcp_max_transfer_size"] == 65536


def test_manila_checks_its_setup(administrator: Client, manila: Client) -> None:
    assert administrator.get("/api/svm/svms?name=svm1").record
    roots = administrator.get("/api/private/cli/aggr?root=true&max_records=10000").records
    capacities = manila.get(
        "/api/svm/svms?fields=name,aggregates.name,aggregates.available_size"
    ).record["aggregates"]
    data = {a["name"] for a in capacities} - {a["aggregate"] for a in roots}
    assert data == {"aggr1"}
    assert (
        administrator.get("/api/storage/disks?aggregates.name=aggr1&fields=effective_type").json[
            "records"
        ]
        == []
    )
    event = {
        "computer_name": "host",
        "event_source": "Manila driver",
        "app_version": "1",
        "category": "provisioning",
        "severity": "notice",
        "autosupport_required": False,
        "event_id": "0",
        "event_description": "connected",
    }
    assert manila.send("POST", "/api/support/ems/application-logs", event).status == 201
    for target in (
        "protocols/nfs/export-policies?name=deleted_manila_*&fields=name,svm.name",
        "storage/volumes/*/snapshots?name=deleted_manila_*&fields=uuid,volume,owners,svm.name",
        "storage/volumes?name=deleted_manila_*&type=rw&fields=name,state,svm.name",
        "storage/qos/policies?name=deleted_manila_*&fields=uuid,name",
    ):
        assert manila.get(f"/api/{target}").records == []


@pytest.mark.parametrize(
    ("table", "counters", "labelled"),
    [
        ("system:constituent", "average_processor_busy_percent|cpu_elapsed_time", None),
        ("wafl", "total_cp_msecs|cp_phase_times", "cp_phase_times"),
        ("processor", "domain_busy_percent|elapsed_time", "domain_busy_percent"),
    ],
    ids=["system", "wafl", "processor"],
)
def test_manila_reads_how_busy_a_node_is(
    administrator: Client, table: str, counters: str, labelled: str | None
) -> None:
    rows = f"/api/cluster/counter/tables/{table}/rows"
    ids = [row["id"] for row in administrator.get(f"{rows}?id=node1:*").records]
    assert ids
    assert all(row_id.split(":")[0] == "node1" for row_id in ids)
    fields = "id,counter_table.name,counters.*"
    wanted = counters.replace("|", "%7C")
    read = administrator.get(
        f"{rows}?id={'|'.join(ids)}&counters.name={wanted}&fields={fields}"
    ).record
    assert read["counter_table"]["name"] == table
    assert {c["name"] for c in read["counters"]} == set(counters.split("|"))
    assert all(c.get("value") or c.get("values") for c in read["counters"])
    if labelled is not None:
        schema = administrator.get(
            f"/api/cluster/counter/tables/{table}?counter_schemas.name={labelled}"
            "&fields=counter_schemas.*"
        ).json["counter_schemas"][0]
        assert schema["denominator"]["name"]
        row = administrator.get(f"{rows}?counters.name={labelled}&fields=counters.*").record
        (values,) = [c["values"] for c in read["counters"] if c["name"] == labelled]
        assert len(row["counters"][0]["labels"]) == len(values)


def test_manila_reads_pools_and_addresses(administrator: Client, manila: Client) -> None:
    pool = administrator.get(
        "/api/storage/aggregates?name=aggr1"
        "&fields=name,space,data_encryption.software_encryption_enabled"
    ).record
    assert pool["space"]["block_storage"]["available"] > 0
    assert pool["data_encryption"]["software_encryption_enabled"] is False
    lif = manila.get(
        "/api/network/ip/interfaces?services=data_nfs&fields=ip.address,location.home_node.name,"
        "location.home_port.name,ip.netmask,services,svm.name,enabled"
    ).record
    assert (lif["location"]["home_port"]["name"], lif["svm"]["name"]) == ("e0a", "svm1")
    svm = administrator.get("/api/svm/svms?name=svm1&fields=uuid").record["uuid"]
    for target in (
        "storage/qos/policies?name=x&fields=name,object_count,fixed,svm.name",
        f"protocols/fpolicy/{svm}/policies?name=x&fields=name",
        "protocols/cifs/shares?name=x&fields=name",
    ):
        assert administrator.get(f"/api/{target}").records == []


def test_manila_makes_a_share(manila: Client, plain: OntapServer) -> None:
    uuid = create(manila)
    stored = plain.backend.get_volume(uuid)
    assert (stored["size_bytes"], stored["junction_path"]) == (GIB, "/m1")
    one = manila.get(f"/api/storage/volumes/{uuid}?fields=space,guarantee&max_records=10000").json
    assert one["space"]["snapshot"]["reserve_percent"] == 5
    assert one["guarantee"]["type"] == "none"
    efficiency = manila.get(
        "/api/storage/volumes/?efficiency.volume_path=/vol/m1"
        "&fields=efficiency.state,efficiency.compression"
    )
    assert len(efficiency.records) <= 1
    found = manila.get("/api/storage/volumes/?nas.path=/m1&fields=name&style=flex*").record
    assert found["name"] == "m1"
    assert manila.get("/api/storage/volumes/?nas.path=/m1/*&fields=name").records == []


def test_manila_changes_a_share(manila: Client, plain: OntapServer) -> None:
    uuid = create(manila)
    one = f"/api/storage/volumes/{uuid}"
    for body in (
        {"space.size": 2 * GIB},
        {"space.snapshot.reserve_percent": "10"},
        {"snapshot_directory_access_enabled": "false"},
        {"nas.export_policy.name": "default"},
        {"nas.path": ""},
        {"nas.path": "/elsewhere"},
        {"name": "m2"},
    ):
        manila.done("PATCH", one, body, poll=POLL)
    stored = plain.backend.get_volume(uuid)
    assert (stored["name"], stored["size_bytes"]) == ("m2", 2 * GIB)
    assert stored["junction_path"] == "/elsewhere"
    assert look_up(manila, "m1") == []


def test_manila_deletes_a_share(manila: Client, plain: OntapServer) -> None:
    uuid = create(manila)
    one = f"/api/storage/volumes/{uuid}"
    luns = manila.get("/api/storage/luns/?location.volume.name=m1&fields=name")
    assert luns.json["num_records"] == 0
    manila.done("PATCH", one, {"nas.path": ""}, poll=POLL)
    manila.done("PATCH", one, {"state": "offline"}, poll=POLL)
    assert look_up(manila, "m1", "&state=online") == []
    manila.done("DELETE", one, poll=POLL)
    assert len(plain.backend) == 0


def test_manila_takes_renames_and_deletes_a_snapshot(manila: Client) -> None:
    uuid = create(manila)
    snapshots = f"/api/storage/volumes/{uuid}/snapshots"
    manila.done("POST", snapshots, {"name": "s1"}, poll=POLL)
    read = f"{snapshots}/?name=s1&fields=name,volume,create_time,owners"
    found = manila.get(read).record
    assert (found["name"], found["volume"]["name"]) == ("s1", "m1")
    assert found["create_time"]
    assert "owners" not in found
    manila.done("PATCH", f"{snapshots}?name=s1", {"name": "s2"}, poll=POLL)
    assert manila.get(f"{snapshots}/?name=s1&fields=uuid").json["num_records"] == 0
    again = manila.get(f"{snapshots}/?name=s2&fields=uuid").record
    assert again["uuid"] == found["uuid"]
    manila.done(
        "PATCH", f"/api/storage/volumes/{uuid}", {"restore_to.snapshot.name": "s2"}, poll=POLL
    )
    manila.done("DELETE", f"{snapshots}/{again['uuid']}", poll=POLL)
    assert manila.get(snapshots + "/").records == []


def test_manila_clones_and_splits(manila: Client, plain: OntapServer) -> None:
    parent = create(manila)
    clone = {
        "name": "m2",
        "clone.parent_volume.name": "m1",
        "clone.parent_snapshot.name": None,
        "clone.is_flexclone": "true",
        "svm.name": "svm1",
        "nas.path": "/m2",
    }
    manila.done("POST", "/api/storage/volumes", clone, poll=POLL)
    snapshots = f"/api/storage/volumes/{parent}/snapshots"
    taken = manila.get(f"{snapshots}/?fields=name,owners").record
    assert taken["owners"] == ["volume_clone"]
    assert not any(owner.endswith("dependent") for owner in taken["owners"])
    children = manila.get(
        f"/api/storage/volumes/?clone.parent_volume.name=m1"
        f"&clone.parent_snapshot.name={taken['name']}&fields=name"
    )
    assert [child["name"] for child in children.records] == ["m2"]
    assert manila.failed("DELETE", f"/api/storage/volumes/{parent}", poll=POLL) == 524615
    assert manila.failed("DELETE", f"{snapshots}/{taken['uuid']}", poll=POLL) in {
        1638555,
        1638543,
    }
    child = children.records[0]["uuid"]
    split = manila.send("PATCH", f"/api/storage/volumes/{child}", {"clone.split_initiated": "true"})
    assert split.status == 202
    found = manila.get(f"/api/storage/volumes/{child}?fields=clone.is_flexclone").json
    assert found["clone"]["is_flexclone"] is False
    manila.done("DELETE", f"{snapshots}/{taken['uuid']}", poll=POLL)
    assert "clone" not in plain.backend.get_volume(child)


def test_manila_follows_the_next_link(manila: Client, plain: OntapServer) -> None:
    for number in range(5):
        plain.backend.create_volume(f"m{number}", size_bytes=GIB)
    target: str | None = "/api/storage/volumes/?style=flex*&name=m*&fields=name&max_records=2"
    seen = []
    while target is not None:
        reply = manila.get(target)
        seen += [record["name"] for record in reply.records]
        target = reply.json["_links"].get("next", {}).get("href")
        if target is not None:
            assert target.startswith("/api/")
            assert "max_records=2" in target
    assert sorted(seen) == [f"m{number}" for number in range(5)]


def test_manila_reads_why_a_job_failed(manila: Client) -> None:
    create(manila)
    reply = manila.send("POST", "/api/storage/volumes", share("m1"))
    job = manila.get(reply.json["job"]["_links"]["self"]["href"] + POLL).json
    assert job["state"] == "failure"
    assert (job["error"]["code"], bool(job["error"]["message"])) == ("917526", True)


CINDER_LIST = (
    "/api//storage/volumes/?type=rw&style=flex*&is_svm_root=false"
    "&error_state.is_inconsistent=false&state=online"
    "&fields=name,style,svm.name,svm.uuid,nas.path,type,guarantee.honored,guarantee.type,"
    "space.available,space.size,space.snapshot.reserve_percent,snapshot_policy.name,"
    "aggregates.name,encryption.enabled,tiering.policy,efficiency.state,efficiency.compression,"
    "qos.policy.name,snapshot_directory_access_enabled"
)


def test_cinder_discovers(cinder: Client) -> None:
    version = cinder.get("/api//cluster/?fields=version").json["version"]
    assert [version[part] for part in ("generation", "major", "minor")] == [9, 15, 1]
    node = cinder.get(
        "/api//cluster/nodes?fields=model,name,is_all_flash_optimized,is_all_flash_select_optimized"
    ).record
    for key in ("is_all_flash_optimized", "is_all_flash_select_optimized"):
        assert isinstance(node[key], bool)


@pytest.mark.parametrize(
    "collection",
    [
        "storage/aggregates",
        "storage/disks",
        "snapmirror/relationships",
        "storage/volumes",
    ],
)
def test_cinder_reads_its_permissions(cinder: Client, collection: str) -> None:
    cinder.get(f"/api//{collection}/?return_records=false?max_records=10000")


def test_cinder_makes_mounts_and_finds_a_volume(cinder: Client, plain: OntapServer) -> None:
    body = {
        "name": "cv1",
        "size": GIB,
        "aggregates": [{"name": "aggr1"}],
        "style": "flexvol",
        "type": "rw",
        "guarantee": {"type": "none"},
        "nas": {"path": ""},
        "snapshot_policy": {"name": "none"},
    }
    made = cinder.send("POST", "/api//storage/volumes", body)
    assert made.status == 202
    assert made.json["job"]["uuid"]
    (stored,) = plain.backend
    cinder.done("PATCH", "/api//storage/volumes?name=cv1", {"nas.path": "/cv1"}, poll=POLL)
    assert plain.backend.get_volume(stored["uuid"])["junction_path"] == "/cv1"
    found = cinder.get(CINDER_LIST).record
    assert found["name"] == "cv1"
    assert found["nas"]["path"] == "/cv1"
    assert found["svm"]["name"] == "svm1"
    assert isinstance(found["guarantee"]["honored"], bool)
    assert found["space"]["snapshot"]["reserve_percent"] == 5


def test_cinder_deletes_a_snapshot_by_its_name(cinder: Client, plain: OntapServer) -> None:
    uuid = plain.backend.create_volume("cv1", size_bytes=GIB)["uuid"]
    for name in ("s1", "s2"):
        plain.backend.create_snapshot(uuid, name)
    snapshots = f"/api//storage/volumes/{uuid}/snapshots"
    cinder.done("DELETE", f"{snapshots}?name=s1", poll=POLL)
    assert [s["name"] for s in plain.backend.list_snapshots(uuid)] == ["s2"]
    plain.backend.create_clone(uuid, plain.backend.list_snapshots(uuid)[0]["uuid"], "cv2")
    assert cinder.failed("DELETE", f"{snapshots}?name=s2", poll=POLL) == 1638555


def test_manila_changes_shares_by_their_names(manila: Client, plain: OntapServer) -> None:
    uuid = create(manila)
    volumes = "/api/storage/volumes/?name=m1"
    for body in (
        {"nas.export_policy.name": "default"},
        {"space.filesystem_size_fixed": False, "space.size": 2 * GIB},
        {"tiering.policy": "snapshot-only"},
        {"name": "m2"},
    ):
        manila.done("PATCH", volumes, body, poll=POLL)
    stored = plain.backend.get_volume(uuid)
    assert (stored["name"], stored["size_bytes"]) == ("m2", 2 * GIB)
    fields = "fields=space.filesystem_size_fixed,tiering.policy"
    found = manila.get(f"/api/storage/volumes/?name=m2&{fields}").record
    assert found["space"]["filesystem_size_fixed"] is False
    assert found["tiering"]["policy"] == "snapshot_only"


def test_manila_checks_the_licence_for_restores(manila: Client) -> None:
    for name in ("m1", "m2"):
        create(manila, name)
    body = {"restore_to.snapshot.name": ""}
    reply = manila.send("PATCH", "/api/storage/volumes?name=*", body)
    assert (reply.status, reply.code) == (400, "1638515")


def test_cinder_works_in_its_own_svm(serve: Serve) -> None:
    backends = {"svm1": MemBackend(seed=1), "svm2": MemBackend(seed=2)}
    server = serve(backends, tls=False)
    backends["svm1"].create_volume("here", size_bytes=GIB)
    backends["svm2"].create_volume("there", size_bytes=GIB)
    with Client(server, [*JSON, ("X-Dot-SVM-Name", "svm2")]) as cinder:
        assert cinder.get(CINDER_LIST).record["name"] == "there"
        body = {"name": "cv1", "size": GIB, "aggregates": [{"name": "aggr1"}]}
        assert cinder.send("POST", "/api//storage/volumes", body).status == 202
        assert cinder.get("/api//cluster/?fields=version").status == 200
        conflict = cinder.send("GET", "/api//storage/volumes?svm.name=svm1")
        assert conflict.status == 400
    assert [v["name"] for v in backends["svm2"]] == ["there", "cv1"]
    with Client(server, [*JSON, ("X-Dot-SVM-Name", "svm9")]) as cinder:
        assert cinder.send("GET", "/api//storage/volumes").status in {400, 404}


FILER = "http://www.netapp.com/filer/admin"


def call(client: Client, name: str) -> ET.Element:
    """Calls the older interface; returns its results."""
    request = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<netapp xmlns="{FILER}" version="1.0"><{name}/></netapp>'
    )
    reply = client.send(
        "POST",
        "/servlets/netapp.servlets.admin.XMLrequest_filer",
        request.encode(),
        headers=[("Content-Type", "text/xml")],
    )
    assert reply.status == 200
    assert reply.headers.get_content_type() == "text/xml"
    root = ET.fromstring(reply.body)
    assert root.tag == f"{{{FILER}}}netapp"
    results = root.find(f"{{{FILER}}}results")
    assert results is not None
    return results


def text(results: ET.Element, *path: str) -> str | None:
    return results.findtext("/".join(f"{{{FILER}}}{part}" for part in path))


@pytest.fixture
def legacy(plain: OntapServer) -> Iterator[Client]:
    with Client(plain) as client:
        yield client


def test_the_older_interface_reports_its_version(legacy: Client) -> None:
    version = call(legacy, "system-get-ontapi-version")
    assert version.get("status") == "passed"
    assert text(version, "major-version") == "1"
    assert (text(version, "minor-version") or "").isdigit()


def test_the_older_interface_reports_the_system_s_version(legacy: Client) -> None:
    version = call(legacy, "system-get-version")
    assert version.get("status") == "passed"
    assert (text(version, "version") or "").startswith("NetApp Release 9.15.1")
    parts = [
        text(version, "version-tuple", "system-version-tuple", part)
        for part in ("generation", "major", "minor")
    ]
    assert parts == ["9", "15", "1"]


def test_the_older_interface_lists_no_nodes_and_refuses_the_rest(legacy: Client) -> None:
    nodes = call(legacy, "system-node-get-iter")
    assert nodes.get("status") == "passed"
    assert text(nodes, "num-records") == "0"
    refused = call(legacy, "volume-destroy")
    assert refused.get("status") == "failed"
    assert refused.get("errno")
    assert refused.get("reason")
