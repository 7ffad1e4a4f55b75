"""The snapshot policies of an SVM: from copies with schedules to rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem.errors import NessieError

from . import schedules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nessie_backend_mem import MemBackend

    from .document import CopiesEntry, Document, SnapshotPolicyEntry, SvmEntry
    from .omissions import Omissions

__all__ = ["PREDEFINED", "create_policies"]
__dir__ = __all__.copy

NONE = "none"
"""The policy of volumes that have none."""

PREDEFINED = {NONE, "default", "default-1weekly"}
"""The policies that every cluster has."""


def create_policies(
    backend: MemBackend, document: Document, svm: SvmEntry, omissions: Omissions
) -> None:
    """Create the snapshot policies that an SVM sees."""
    for policy in visible(document, svm):
        name = policy["name"]
        if not policy["enabled"]:
            omissions.add("snapshot_policy", name, "it is disabled; here a policy is enabled")
            continue
        rules = []
        for copies in policy["copies"]:
            rule = rule_of(document, svm, copies)
            if isinstance(rule, str):
                reason = f"{rule}; this rule is left out"
                omissions.add("snapshot_policy", name, reason, "copies")
            else:
                rules.append(rule)
        try:
            backend.create_snapshot_policy(name, rules)
        except NessieError as error:
            omissions.add("snapshot_policy", name, str(error))


def visible(document: Document, svm: SvmEntry) -> Iterator[SnapshotPolicyEntry]:
    """Yield the policies of the SVM, and those of the cluster with other names.

    Policies without schedules, like ``none``, are left out, unless a volume uses one.
    """
    policies = document["snapshot_policies"]
    own = {policy["name"] for policy in policies if policy.get("svm") == svm["name"]}
    used = {volume.get("snapshot_policy") for volume in svm["volumes"]} - {NONE}
    for policy in policies:
        name, owner = policy["name"], policy.get("svm")
        is_seen = owner == svm["name"] or (owner is None and name not in own)
        if is_seen and name != NONE and (policy["copies"] or name in used):
            yield policy


def rule_of(document: Document, svm: SvmEntry, copies: CopiesEntry) -> Any:
    """Return a rule, or the text why its schedule cannot be represented."""
    name = copies["schedule"]
    entry = schedules.find(document["schedules"], name, svm["name"])
    if entry is None or not {"cron", "interval"} & entry.keys():
        return f"the times of the schedule {name!r} are not in the inventory"
    if "cron" not in entry:
        return f"the schedule {name!r} is an interval; here schedules have times"
    return {"schedule": entry["cron"], "prefix": copies["prefix"], "keep": copies["count"]}
