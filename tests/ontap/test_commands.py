"""Commands of the command line, as the SDK, Ansible, Harvest and Manila send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, server
from ontap.raw import Client
from ontap.sdk import code_of, resources

__all__ = ["attempt", "server"]

GIB = 2**30


def populate(server: OntapServer) -> None:
    volume = server.backend.create_volume("v1", GIB)["uuid"]
    for name in ("s1", "s2"):
        server.backend.create_snapshot(volume, name)


def test_the_sdk_executes_commands(server: OntapServer, connect: Callable[..., Any]) -> None:
    populate(server)
    connect(server)
    cli = resources.CLI()

    def run(command: str, **filters: str) -> Any:
        return cli.execute(command, **filters).http_response.json()

    fields = "size,type"
    assert run("volume show", vserver="svm1", fields=fields)["records"] == [
        {"vserver": "svm1", "volume": "v1", "size": GIB, "type": "RW"}
    ]
    assert run("version show")["records"][0]["version"]["full"].startswith("NetApp Release 9.15.1")
    named = {"vserver": "svm1", "volume": "v1", "snapshot": "s1"}
    assert run("volume snapshot delete", **named)["num_records"] == 1
    assert run("volume snapshot show", **named)["records"] == []
    assert code_of(lambda: run("volume snapshot delete", **named)) == "4"
    assert code_of(lambda: run("volume restrict", vserver="svm1")) == "3"


def test_an_ansible_module_runs_commands(attempt: Run, server: OntapServer) -> None:
    for number in range(5):
        server.backend.create_volume(f"v{number}", GIB)

    def run(command: str, verb: str = "GET", **params: str) -> Any:
        return attempt("na_ontap_rest_cli", command=command, verb=verb, params=params)

    # The module follows the links to the further pages.
    found = run("volume", fields="state", max_records="2", volume="v*")
    assert found["changed"] is False
    assert [record["volume"] for record in found["msg"]["records"]] == [f"v{n}" for n in range(5)]
    assert "msg" in run("volume", "OPTIONS")
    refused = run("security/certificate")
    assert refused["failed"] is True
    assert "security certificate" in refused["msg"]


HARVEST = {
    "volume": "aggr_list,autosize_mode,clone_parent_name,clone_parent_vserver,clone_volume,"
    "instance_uuid,is_encrypted,is_sis_volume,is_space_enforcement_logical,"
    "is_space_reporting_logical,junction_path,nodes,snaplock_type,snapshot_policy,"
    "space_mgmt_try_first,state,tags,tiering_policy,tiering_minimum_cooling_days,type,"
    "volume_style_extended,vsroot,available,used,size,total,files,files_used,percent_used,"
    "percent_snapshot_space,snapshot_count,snapshot_reserve_size,snapshot_reserve_available,"
    "snapshot_space_used,size_used_by_snapshots,size_available_for_snapshots,physical_used,"
    "physical_used_percent,logical_used,logical_used_percent,logical_used_by_afs,"
    "logical_used_by_snapshots,logical_available,filesystem_size,expected_available,"
    "overwrite_reserve,overwrite_reserve_used,max_autosize,min_autosize,"
    "autosize_grow_threshold_percent,autosize_shrink_threshold_percent,dedupe_space_saved,"
    "dedupe_space_saved_percent,compression_space_saved,compression_space_saved_percent,"
    "sis_space_saved,sis_space_saved_percent,performance_tier_inactive_user_data,"
    "performance_tier_inactive_user_data_percent",
    "snapshot": "snapshot,volume,vserver,create_time,owners,snapmirror_label,tags,afs_used",
    "aggr": "uuid,node,root,state",
    "vserver": "vserver,type,operational_state,is_space_enforcement_logical,"
    "is_space_reporting_logical,anti_ransomware_default_volume_state,uuid",
    "node": "node,health,max_aggr_size,max_node_vvols,max_vol_size,vendor,cpu_busy_time",
}
"""The fields that the main templates of Harvest read."""


def test_harvest_reads_its_main_templates(client: Client, plain: OntapServer) -> None:
    populate(plain)
    read = {
        command: client.get(
            f"/api/private/cli/{command}?fields={fields}&return_timeout=120&max_records=500"
            "&ignore_unknown_fields=true"
        ).records
        for command, fields in HARVEST.items()
    }
    (volume,) = read["volume"]
    assert (volume["type"], volume["snapshot_count"], volume["files_used"]) == ("RW", 2, 0)
    assert len(volume) > 45
    assert [record["snapshot"] for record in read["snapshot"]] == ["s1", "s2"]
    assert read["node"][0]["health"] is True
    assert client.get("/api/private/cli/volume?is_constituent=*&fields=encrypt,tags").record
    assert client.get("/api/private/cli/node?health=false").records == []


def test_manila_deletes_a_snapshot_that_has_owners(client: Client, plain: OntapServer) -> None:
    populate(plain)
    version = client.get("/api/private/cli/version?fields=version").record["version"]
    assert version["full"].split(": ")[0] == "NetApp Release 9.15.1"
    target = (
        "/api/private/cli/volume/snapshot?vserver=svm1&volume=v1&snapshot=s2&ignore-owners=true"
    )
    assert client.send("DELETE", target).status == 200
    (volume,) = plain.backend
    assert [s["name"] for s in plain.backend.list_snapshots(volume["uuid"])] == ["s1"]
