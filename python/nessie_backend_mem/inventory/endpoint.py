"""An ONTAP endpoint that serves a loaded inventory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from nessie_backend_mem.ontap import OntapServer

from .nas import creations
from .policy_owners import create_policies_of_requests
from .requests import is_duplicate, refusal, send
from .schedules import is_predefined, timing_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nessie_backend_mem import MemBackend

    from .document import ScheduleEntry, SvmEntry
    from .nas import Creation
    from .result import Attributes, Inventory, Omission

__all__ = ["aggregates_of", "apply", "serve"]
__dir__ = __all__.copy


def serve(inventory: Inventory, **options: Any) -> OntapServer:
    """Return an endpoint with the SVMs of an inventory, the names of its cluster and aggregates.

    It also has what the backends do not store: comments, labels, encryption, the aggregates of
    volumes, the properties, NFS services and DNS configurations of SVMs, schedules, export policies
    with their rules, QoS policies, qtrees and quota rules. What it refuses of that is added to the
    `omitted` of the inventory.

    Args:
        inventory: What `load` returned.
        options: Further arguments of `nessie_backend_mem.ontap.OntapServer`.

    Returns:
        A server that has not been started.

    Raises:
        TypeError: As for `nessie_backend_mem.ontap.OntapServer`.
        ValueError: As for `nessie_backend_mem.ontap.OntapServer`, and if the inventory has no SVM.
    """
    if not inventory.backends:
        raise ValueError("the inventory has no SVM")
    server = OntapServer(inventory.backends, **{**cluster_options(inventory), **options})
    apply(inventory, server)
    return server


def cluster_options(inventory: Inventory) -> dict[str, Any]:
    """Return the arguments of the server that describe the cluster."""
    options: dict[str, Any] = {"name": inventory.document["cluster"]["name"]}
    if aggregates := aggregates_of(inventory):
        options["aggregates"] = aggregates
    return options


def aggregates_of(inventory: Inventory) -> dict[str, int]:
    """Return the sizes of the aggregates that have one, by name."""
    return {
        each["name"]: each["size_bytes"]
        for each in inventory.document["aggregates"]
        if each.get("size_bytes")
    }


def apply(inventory: Inventory, server: OntapServer) -> None:
    """Create what the endpoint alone stores, on a server that has the backends of an inventory.

    The objects of volumes that are not represented are left out: the volumes are listed already.
    """
    for entry in inventory.document["schedules"]:
        create_schedule(inventory, server, entry)
    create_policies_of_requests(inventory, server)
    svms = {svm["name"]: list(creations(svm)) for svm in inventory.document["svms"]}
    for of_svm in svms.values():
        for each in of_svm:
            if each["kind"] not in OF_VOLUMES:
                create(inventory, server, each)
    for attributes in inventory.attributes:
        target = f"/api/storage/volumes/{attributes['volume_uuid']}"
        if "snapshot_uuid" in attributes:
            target += f"/snapshots/{attributes['snapshot_uuid']}"
        reply = send(server, "PATCH", target, attributes["fields"])
        if message := refusal(reply):
            inventory.omitted.append(refused(attributes, message))
    for svm, of_svm in svms.items():
        with online(inventory.backends[svm]):
            for each in of_svm:
                volume = each["body"].get("volume", {}).get("name")
                if each["kind"] in OF_VOLUMES and volume in inventory.backends[svm]:
                    create(inventory, server, each)
    for svm_entry in inventory.document["svms"]:
        with online(inventory.backends[svm_entry["name"]]):
            turn_quotas_on(inventory, server, svm_entry)


OF_VOLUMES = {"qtree", "quota_rule"}
"""The kinds of objects that belong to volumes."""


@contextmanager
def online(backend: MemBackend) -> Iterator[None]:
    """Bring the volumes of a backend online meanwhile: others refuse qtrees and quotas."""
    states = {each["uuid"]: each["state"] for each in backend if each["state"] != "online"}
    for uuid in states:
        backend.patch_volume(uuid, state="online")
    yield
    for uuid, state in states.items():
        backend.patch_volume(uuid, state=state)


def create(inventory: Inventory, server: OntapServer, creation: Creation) -> None:
    """Create an object."""
    path = creation["path"]
    if creation["kind"] == "export_rule":
        query = {"svm.name": creation["svm"], "name": creation["name"]}
        records = send(server, "GET", f"{path}?{urlencode(query)}", {})[1]["records"]
        if not records:
            return  # Its policy was refused, and is listed.
        path = f"{path}/{records[0]['id']}/rules"
    if creation["kind"] == "svm":
        named = urlencode({"name": creation["svm"]})
        reply = send(server, "PATCH", f"{path}?{named}", creation["body"])
    else:
        reply = send(server, "POST", path, creation["body"])
    if creation["kind"] == "nfs_service" and is_duplicate(reply):
        body = {key: value for key, value in creation["body"].items() if key != "svm"}
        of_svm = urlencode({"svm.name": creation["svm"]})
        reply = send(server, "PATCH", f"{path}?{of_svm}", body)
    if message := refusal(reply):
        inventory.omitted.append(
            {
                "svm": creation["svm"],
                "kind": creation["kind"],
                "name": creation["name"],
                "reason": f"the endpoint refuses it: {message}",
            }
        )


def create_schedule(inventory: Inventory, server: OntapServer, entry: ScheduleEntry) -> None:
    """Create a schedule, or change the predefined one of that name."""
    path = "/api/cluster/schedules"
    name, svm = entry["name"], entry.get("svm")
    if is_predefined(entry) or entry.get("cron") == name:
        return  # The endpoint has it, or names it by its times.
    omission: Omission = {"kind": "schedule", "name": name, "reason": ""}
    if svm is not None:
        omission["svm"] = svm
    try:
        timing = timing_of(entry)
    except ValueError as error:
        inventory.omitted.append({**omission, "reason": str(error)})
        return
    owner = {} if svm is None else {"svm": {"name": svm}}
    reply = send(server, "POST", path, {"name": name, **timing, **owner})
    if is_duplicate(reply):
        owned = {"scope": "cluster"} if svm is None else {"svm.name": svm}
        query = urlencode({"name": name, **owned})
        reply = send(server, "PATCH", f"{path}?{query}", timing)
    if message := refusal(reply):
        reason = f"the endpoint refuses it: {message}"
        inventory.omitted.append({**omission, "reason": reason})


def turn_quotas_on(inventory: Inventory, server: OntapServer, svm: SvmEntry) -> None:
    """Turn the quotas on of the volumes of an SVM that have them on."""
    backend = inventory.backends[svm["name"]]
    for volume in svm["volumes"]:
        found = backend.find_volume(volume["name"]) if volume.get("quota") else None
        if found is None:
            continue
        body = {"quota.enabled": True}
        message = refusal(send(server, "PATCH", f"/api/storage/volumes/{found['uuid']}", body))
        if message:
            inventory.omitted.append(
                {
                    "svm": svm["name"],
                    "kind": "volume",
                    "name": volume["name"],
                    "field": "quota",
                    "reason": f"the endpoint refuses it: {message}",
                }
            )


def refused(entry: Attributes, message: str) -> Omission:
    """Return the omission of attributes that the endpoint refuses."""
    return {
        "svm": entry["svm"],
        "kind": "snapshot" if "snapshot_uuid" in entry else "volume",
        "name": entry["name"],
        "field": ", ".join(entry["fields"]),
        "reason": f"the endpoint refuses it: {message}",
    }
