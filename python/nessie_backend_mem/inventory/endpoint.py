"""An ONTAP endpoint that serves a loaded inventory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from nessie_backend_mem.ontap import OntapServer

from .nas import creations

if TYPE_CHECKING:
    from .document import SvmEntry
    from .nas import Creation
    from .result import Attributes, Inventory, Omission

__all__ = ["aggregates_of", "apply", "serve"]
__dir__ = __all__.copy


def serve(inventory: Inventory, **options: Any) -> OntapServer:
    """Return an endpoint with the SVMs of an inventory, the names of its cluster and aggregates.

    It also has what the backends do not store: comments, labels, encryption, the aggregates of
    volumes, export policies with their rules, QoS policies, qtrees and quota rules. What it refuses
    of that is added to the `omitted` of the inventory.

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
    svms = {svm["name"]: list(creations(svm)) for svm in inventory.document["svms"]}
    for of_svm in svms.values():
        for each in of_svm:
            if each["kind"] not in OF_VOLUMES:
                create(inventory, server, each)
    for entry in inventory.attributes:
        target = f"/api/storage/volumes/{entry['volume_uuid']}"
        if "snapshot_uuid" in entry:
            target += f"/snapshots/{entry['snapshot_uuid']}"
        reply = send(server, "PATCH", target, entry["fields"])
        if message := refusal(reply):
            inventory.omitted.append(refused(entry, message))
    for svm, of_svm in svms.items():
        for each in of_svm:
            volume = each["body"].get("volume", {}).get("name")
            if each["kind"] in OF_VOLUMES and volume in inventory.backends[svm]:
                create(inventory, server, each)
    for svm_entry in inventory.document["svms"]:
        turn_quotas_on(inventory, server, svm_entry)


OF_VOLUMES = {"qtree", "quota_rule"}
"""The kinds of objects that belong to volumes."""


def create(inventory: Inventory, server: OntapServer, creation: Creation) -> None:
    """Create an object."""
    path = creation["path"]
    if creation["kind"] == "export_rule":
        query = {"svm.name": creation["svm"], "name": creation["name"]}
        records = send(server, "GET", f"{path}?{urlencode(query)}", {})[1]["records"]
        if not records:
            return  # Its policy was refused, and is listed.
        path = f"{path}/{records[0]['id']}/rules"
    message = refusal(send(server, "POST", path, creation["body"]))
    if message:
        inventory.omitted.append(
            {
                "svm": creation["svm"],
                "kind": creation["kind"],
                "name": creation["name"],
                "reason": f"the endpoint refuses it: {message}",
            }
        )


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


def send(server: OntapServer, method: str, target: str, body: Any) -> tuple[int, Any]:
    """Send a request to the endpoint, and return its status and its reply."""
    mark = "&" if "?" in target else "?"
    text = b"" if method == "GET" else json.dumps(body).encode()
    status, _, reply = server._cluster.handle(method, f"{target}{mark}return_timeout=120", text)
    return status, json.loads(reply)


def refusal(answer: tuple[int, Any]) -> str | None:
    """Return the message of a refusal."""
    status, reply = answer
    return reply["error"]["message"] if status >= BAD_REQUEST else None


BAD_REQUEST = 400


def refused(entry: Attributes, message: str) -> Omission:
    """Return the omission of attributes that the endpoint refuses."""
    return {
        "svm": entry["svm"],
        "kind": "snapshot" if "snapshot_uuid" in entry else "volume",
        "name": entry["name"],
        "field": ", ".join(entry["fields"]),
        "reason": f"the endpoint refuses it: {message}",
    }
