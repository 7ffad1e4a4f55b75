"""An ONTAP endpoint that serves a loaded inventory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.ontap import OntapServer

if TYPE_CHECKING:
    from .result import Attributes, Inventory, Omission

__all__ = ["aggregates_of", "apply", "serve"]
__dir__ = __all__.copy


def serve(inventory: Inventory, **options: Any) -> OntapServer:
    """Return an endpoint with the SVMs of an inventory, the names of its cluster and aggregates.

    It also has what the backends do not store: comments, labels, encryption, and the aggregates of
    volumes. What it refuses of that is added to the `omitted` of the inventory.

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
    """Set the attributes of the inventory on a server that has its backends."""
    for entry in inventory.attributes:
        target = f"/api/storage/volumes/{entry['volume_uuid']}"
        if "snapshot_uuid" in entry:
            target += f"/snapshots/{entry['snapshot_uuid']}"
        body = json.dumps(entry["fields"]).encode()
        status, _, reply = server._cluster.handle("PATCH", f"{target}?return_timeout=120", body)
        if status >= 400:
            inventory.omitted.append(refused(entry, json.loads(reply)))


def refused(entry: Attributes, reply: dict[str, Any]) -> Omission:
    """Return the omission of attributes that the endpoint refuses."""
    return {
        "svm": entry["svm"],
        "kind": "snapshot" if "snapshot_uuid" in entry else "volume",
        "name": entry["name"],
        "field": ", ".join(entry["fields"]),
        "reason": f"the endpoint refuses it: {reply['error']['message']}",
    }
