"""Snapshot policies of an endpoint: owners, comments and labels, which backends do not store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .policies import PREDEFINED
from .requests import refusal, send
from .schedules import is_cron

if TYPE_CHECKING:
    from nessie_backend_mem import MemBackend
    from nessie_backend_mem.ontap import OntapServer

    from .document import SnapshotPolicyEntry
    from .result import Inventory

__all__ = ["create_policies_of_requests"]
__dir__ = __all__.copy

PATH = "/api/storage/snapshot-policies"


def create_policies_of_requests(inventory: Inventory, server: OntapServer) -> None:
    """Create the policies of the backends again by requests, so that they have owners and labels.

    A policy that was created on a backend belongs to its SVM, and has neither a comment nor labels.
    A policy that cannot be created by a request stays as it is.
    """
    policies = inventory.document["snapshot_policies"]
    for policy in policies:
        name, owner = policy["name"], policy.get("svm")
        backends = [backend for svm, backend in inventory.backends.items() if owner in (None, svm)]
        has_others = owner is None and any(
            other["name"] == name and "svm" in other for other in policies
        )
        if is_creatable(policy) and not has_others and all(has(each, name) for each in backends):
            create(inventory, server, policy, backends)


def is_creatable(policy: SnapshotPolicyEntry) -> bool:
    """Whether a request can create the policy: its schedules have names of their own."""
    names = [copies["schedule"] for copies in policy["copies"]]
    return policy["name"] not in PREDEFINED and bool(names) and not any(map(is_cron, names))


def has(backend: MemBackend, name: str) -> bool:
    """Whether a backend has the policy of this name."""
    return any(policy["name"] == name for policy in backend.list_snapshot_policies())


def create(
    inventory: Inventory,
    server: OntapServer,
    policy: SnapshotPolicyEntry,
    backends: list[MemBackend],
) -> None:
    """Create one policy by a request. After a refusal, the backends have it as before."""
    name = policy["name"]
    before = [Use(backend, name) for backend in backends]
    for use in before:
        use.drop()
    message = refusal(send(server, "POST", PATH, body_of(policy)))
    for use in before:
        use.restore(created=message is None)
    if message is not None:
        inventory.omitted.append(
            {
                "kind": "snapshot_policy",
                "name": name,
                "field": "svm, comment, copies",
                "reason": f"the endpoint refuses it: {message}; here each SVM has one of its own",
            }
        )


class Use:
    """A policy of a backend, and the volumes that use it."""

    def __init__(self, backend: MemBackend, name: str) -> None:
        """Read the rules of the policy and its volumes."""
        self.backend, self.name = backend, name
        found = (each for each in backend.list_snapshot_policies() if each["name"] == name)
        self.rules = next(found)["rules"]
        volumes = backend.list_volumes()
        self.volumes = [each["uuid"] for each in volumes if each.get("snapshot_policy") == name]

    def drop(self) -> None:
        """Delete the policy; its volumes have none."""
        for uuid in self.volumes:
            self.backend.patch_volume(uuid, snapshot_policy="")
        self.backend.delete_snapshot_policy(self.name)

    def restore(self, *, created: bool) -> None:
        """Give the volumes the policy again; create it, unless a request has."""
        if not created:
            self.backend.create_snapshot_policy(self.name, self.rules)
        for uuid in self.volumes:
            self.backend.patch_volume(uuid, snapshot_policy=self.name)


def body_of(policy: SnapshotPolicyEntry) -> dict[str, Any]:
    """Return the body of the request that creates the policy."""
    copies = [{**each, "schedule": {"name": each["schedule"]}} for each in policy["copies"]]
    body: dict[str, Any] = {"name": policy["name"], "copies": copies}
    if "comment" in policy:
        body["comment"] = policy["comment"]
    if "svm" in policy:
        body["svm"] = {"name": policy["svm"]}
    return body
