"""Requests about SVMs of Manila with share servers and of Terraform's provider, replayed."""

from __future__ import annotations

from ontap.raw import Client


def test_manila_creates_and_deletes_a_share_server(administrator: Client) -> None:
    assert administrator.get("/api/network/ipspaces/?name=Default").record["uuid"]
    body = {
        "name": "os_1",
        "nsswitch.namemap": ["files"],
        "ipspace.name": "Default",
        "aggregates": [{"name": "aggr1"}],
        "is_space_reporting_logical": "false",
        "is_space_enforcement_logical": "false",
    }
    administrator.done("POST", "/api/svm/svms", body)
    uuid = administrator.get("/api/svm/svms?name=os_1&fields=uuid").record["uuid"]
    # The field is none of ONTAP's, and the driver only logs the refusal.
    refused = administrator.send("PATCH", f"/api/svm/svms/{uuid}", {"retention_period": 12})
    assert refused.code == "262179"
    state = administrator.get(f"/api/svm/svms/{uuid}?fields=state,subtype").json
    assert (state["state"], state["subtype"]) == ("running", "default")
    sizes = administrator.get(
        "/api/svm/svms?name=os_1&fields=aggregates.available_size,aggregates.name"
    )
    assert sizes.record["aggregates"][0]["available_size"] > 0
    service = {"svm.name": "os_1", "enabled": "true"}
    assert administrator.send("POST", "/api/protocols/nfs/services/", service).status == 201
    path = f"/api/protocols/nfs/services/{uuid}"
    assert administrator.send("PATCH", path, {"protocol.v40_enabled": "true"}).status == 200
    taken = administrator.send("POST", "/api/svm/svms?return_timeout=15", body)
    assert taken.code == "13434908"
    root = administrator.get(
        "/api/storage/volumes?svm.name=os_1&fields=name,uuid,is_svm_root"
    ).record
    assert root["is_svm_root"] is True
    volume = f"/api/storage/volumes/{root['uuid']}"
    administrator.done("PATCH", volume, {"state": "offline"})
    administrator.done("DELETE", volume)
    administrator.done("DELETE", f"/api/svm/svms/{uuid}")
    assert administrator.get("/api/svm/svms?name=os_1").records == []


def test_terraform_creates_changes_and_deletes_an_svm(terraform: Client) -> None:
    svms = "/api/svm/svms"
    body = {
        "name": "tf",
        "ipspace": {"name": "Default"},
        "snapshot_policy": {"name": "default-1weekly"},
        "subtype": "default",
        "comment": "first",
        "language": "c.utf_8",
        "aggregates": [{"name": "aggr1"}],
        "max_volumes": "200",
    }
    made = terraform.send("POST", f"{svms}?return_records=true&return_timeout=60", body)
    assert made.status == 201
    uuid = made.record["uuid"]
    fields = "name,ipspace,snapshot_policy,subtype,comment,language,max_volumes,aggregates"
    read = terraform.get(f"{svms}/{uuid}?fields={fields}").json
    assert {
        key: read[key] for key in ("name", "comment", "language", "max_volumes", "subtype")
    } == {
        "name": "tf",
        "comment": "first",
        "language": "c.utf_8",
        "max_volumes": "200",
        "subtype": "default",
    }
    assert read["ipspace"]["name"] == "Default"
    assert read["snapshot_policy"]["name"] == "default-1weekly"
    patch = {"comment": "second", "max_volumes": "unlimited"}
    assert terraform.send("PATCH", f"{svms}/{uuid}?return_timeout=60", patch).status == 200
    assert terraform.get(f"{svms}?name=tf&fields=comment").record["comment"] == "second"
    assert terraform.send("DELETE", f"{svms}/{uuid}?return_timeout=60").status == 200
    assert terraform.send("GET", f"{svms}/{uuid}").code == "4"
