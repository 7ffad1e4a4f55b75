"""The objects around volumes: how they are recorded, and the requests that create them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .document import (
        DnsEntry,
        ExportRuleEntry,
        NfsEntry,
        QosPolicyEntry,
        QtreeEntry,
        QuotaRuleEntry,
        SvmEntry,
    )
    from .record import Record, Recorder

__all__ = ["Creation", "creations", "record_nas"]
__dir__ = __all__.copy

RULE_FIELDS = (
    "index,clients,protocols,ro_rule,rw_rule,superuser,anonymous_user,allow_suid,"
    "allow_device_creation,chown_mode,ntfs_unix_security"
)
RULE_TEXTS = ("anonymous_user", "chown_mode", "ntfs_unix_security")
RULE_FLAGS = ("allow_suid", "allow_device_creation")
RULE_LISTS = ("protocols", "ro_rule", "rw_rule", "superuser")

FIXED = (
    "max_throughput_iops",
    "max_throughput_mbps",
    "min_throughput_iops",
    "min_throughput_mbps",
)
ADAPTIVE = ("expected_iops", "peak_iops", "absolute_min_iops")
ADAPTIVE_TEXTS = ("expected_iops_allocation", "peak_iops_allocation", "block_size")

LIMITS = ("space.hard_limit", "space.soft_limit", "files.hard_limit", "files.soft_limit")


PROPERTIES = ("comment", "language", "snapshot_policy", "max_volumes")
"""The keys of an SVM that a request changes."""


class Creation(TypedDict):
    """An object that only the endpoint stores.

    Attributes:
        svm: Name of its SVM.
        kind: What it is, such as ``"export_policy"``.
        name: Its name, or that of its volume or policy.
        path: Path of its collection; a rule of an export policy has that of the policies.
        body: The fields of the request that creates it.
    """

    svm: str
    kind: str
    name: str
    path: str
    body: dict[str, Any]


NFS = {
    "enabled": "enabled",
    "v3_enabled": "protocol.v3_enabled",
    "v40_enabled": "protocol.v40_enabled",
    "v41_enabled": "protocol.v41_enabled",
    "showmount_enabled": "showmount_enabled",
    "vstorage_enabled": "vstorage_enabled",
}
"""The flags of an NFS service: the keys of an entry, and the fields."""

NFS_DOMAIN = "protocol.v4_id_domain"
NFS_SIZE = "transport.tcp_max_transfer_size"

ROOT = "root"
"""The owner and the group of a qtree without others."""

NAMED = {"volume", "export_policy", "qos_policy", "user", "group"}
"""The keys of a qtree whose values are names of objects."""


def record_nas(recorder: Recorder, svm_of: Callable[[Record], SvmEntry]) -> None:
    """Add the objects around volumes to the SVMs, as far as the cluster has and shows them."""
    policies = "/api/protocols/nfs/export-policies"
    for found in recorder.readable(policies, fields="name,svm.name,id"):
        svm, policy = svm_of(found), recorder.required(found, "name")
        svm["export_policies"].append(policy)
        if number := recorder.number(found, "id"):
            rules = recorder.readable(f"{policies}/{number}/rules", fields=RULE_FIELDS)
            for rule in rules:
                svm.setdefault("export_rules", []).append(export_rule(recorder, policy, rule))
    fields = ",".join(["svm.name", *NFS.values(), NFS_DOMAIN, NFS_SIZE])
    for found in recorder.readable("/api/protocols/nfs/services", fields=fields):
        svm_of(found)["nfs"] = nfs_service(recorder, found)
    fields = "svm.name,domains,servers,attempts,timeout"
    for found in recorder.readable("/api/name-services/dns", fields=fields):
        # The cluster has a configuration without an SVM.
        if recorder.text(found, "svm.name") is not None:
            svm_of(found)["dns"] = dns(recorder, found)
    fields = "name,scope,svm.name,fixed,adaptive"
    for found in recorder.readable("/api/storage/qos/policies", fields=fields):
        if recorder.text(found, "svm.name") is not None:
            svm_of(found).setdefault("qos_policies", []).append(qos_policy(recorder, found))
    fields = (
        "name,svm.name,volume.name,security_style,unix_permissions,export_policy.name,user.name,"
        "group.name,qos_policy.name"
    )
    for found in recorder.readable("/api/storage/qtrees", fields=fields):
        # The default qtree of a volume has no name.
        if recorder.text(found, "name") is not None:
            svm_of(found).setdefault("qtrees", []).append(qtree(recorder, found))
    fields = "svm.name,volume.name,type,qtree.name,users.name,group.name,user_mapping,space,files"
    for found in recorder.readable("/api/storage/quota/rules", fields=fields):
        svm_of(found).setdefault("quota_rules", []).append(quota_rule(recorder, found))


def in_order(svm: SvmEntry) -> None:
    """Sort the objects of an SVM."""
    svm["export_policies"].sort()
    if "export_rules" in svm:
        svm["export_rules"].sort(key=lambda rule: (rule["policy"], rule["index"]))
    if "qos_policies" in svm:
        svm["qos_policies"].sort(key=lambda policy: policy["name"])
    if "qtrees" in svm:
        svm["qtrees"].sort(key=lambda qtree: (qtree["volume"], qtree["name"]))


def export_rule(recorder: Recorder, policy: str, found: Record) -> ExportRuleEntry:
    """Return a rule of an export policy."""
    entry: Any = {
        "policy": policy,
        "index": recorder.number(found, "index") or 0,
        "clients": [
            recorder.required(each, "match") for each in recorder.objects(found, "clients")
        ],
    }
    entry |= {key: recorder.texts(found, key) for key in RULE_LISTS if key in found}
    entry |= {key: text for key in RULE_TEXTS if (text := recorder.text(found, key))}
    flags = {key: recorder.flag(found, key) for key in RULE_FLAGS}
    entry |= {key: flag for key, flag in flags.items() if flag is not None}
    return cast("ExportRuleEntry", entry)


def nfs_service(recorder: Recorder, found: Record) -> NfsEntry:
    """Return an NFS service."""
    entry: Any = {key: recorder.flag(found, path) for key, path in NFS.items()}
    entry["v4_id_domain"] = recorder.text(found, NFS_DOMAIN)
    entry["tcp_max_transfer_size"] = recorder.number(found, NFS_SIZE)
    present = {key: value for key, value in entry.items() if value is not None}
    return cast("NfsEntry", present)


def dns(recorder: Recorder, found: Record) -> DnsEntry:
    """Return a DNS configuration."""
    entry: Any = {key: recorder.texts(found, key) for key in ("domains", "servers")}
    for key in ("attempts", "timeout"):
        number = recorder.number(found, key)
        if number is not None:
            entry[key] = number
    return cast("DnsEntry", entry)


def qos_policy(recorder: Recorder, found: Record) -> QosPolicyEntry:
    """Return a QoS policy."""
    kind = "adaptive" if "adaptive" in found else "fixed"
    entry: Any = {"name": recorder.required(found, "name"), "kind": kind}
    for key in ADAPTIVE if kind == "adaptive" else FIXED:
        # Zero means that there is no limit.
        if number := recorder.number(found, f"{kind}.{key}"):
            entry[key] = number
    for key in ADAPTIVE_TEXTS:
        if text := recorder.text(found, f"adaptive.{key}"):
            entry[key] = text
    if recorder.flag(found, "fixed.capacity_shared"):
        entry["capacity_shared"] = True
    return cast("QosPolicyEntry", entry)


def qtree(recorder: Recorder, found: Record) -> QtreeEntry:
    """Return a qtree."""
    entry: Any = {
        "name": recorder.required(found, "name"),
        "volume": recorder.required(found, "volume.name"),
        "security_style": recorder.text(found, "security_style"),
        "unix_permissions": recorder.number(found, "unix_permissions"),
        "export_policy": recorder.text(found, "export_policy.name"),
        "qos_policy": recorder.text(found, "qos_policy.name"),
    }
    for key in ("user", "group"):
        name = recorder.text(found, f"{key}.name")
        entry[key] = None if name == ROOT else name
    present = {key: value for key, value in entry.items() if value is not None}
    return cast("QtreeEntry", present)


def quota_rule(recorder: Recorder, found: Record) -> QuotaRuleEntry:
    """Return a quota rule."""
    entry: Any = {
        "volume": recorder.required(found, "volume.name"),
        "type": recorder.required(found, "type"),
    }
    # An empty name is one: it means all.
    for key in ("qtree", "group"):
        name = recorder.value(found, f"{key}.name", str)
        if name is not None:
            entry[key] = name
    if users := recorder.objects(found, "users"):
        entry["users"] = [recorder.value(user, "name", str) or "" for user in users]
    if recorder.flag(found, "user_mapping"):
        entry["user_mapping"] = True
    for limit in LIMITS:
        number = recorder.number(found, limit)
        if number is not None:
            entry[limit.replace(".", "_")] = number
    return cast("QuotaRuleEntry", entry)


def creations(svm: SvmEntry) -> Iterator[Creation]:
    """Yield the objects of an SVM in an order in which each finds those that it refers to."""
    yield from of_svm(svm)
    name = svm["name"]
    owner = {"svm": {"name": name}}

    def creation(kind: str, of: str, path: str, body: dict[str, Any]) -> Creation:
        return {"svm": name, "kind": kind, "name": of, "path": path, "body": body}

    policies = "/api/protocols/nfs/export-policies"
    for policy in svm["export_policies"]:
        if policy != "default":
            yield creation("export_policy", policy, policies, {"name": policy, **owner})
    for rule in svm.get("export_rules", []):
        body: dict[str, Any] = {key: value for key, value in rule.items() if key != "policy"}
        body["clients"] = [{"match": client} for client in rule["clients"]]
        yield creation("export_rule", rule["policy"], policies, body)
    for qos in svm.get("qos_policies", []):
        limits = {key: value for key, value in qos.items() if key not in ("name", "kind")}
        body = {"name": qos["name"], **owner, qos["kind"]: limits}
        yield creation("qos_policy", qos["name"], "/api/storage/qos/policies", body)
    for tree in svm.get("qtrees", []):
        body = {
            key: {"name": value} if key in NAMED else value for key, value in tree.items()
        } | owner
        yield creation("qtree", f"{tree['volume']}/{tree['name']}", "/api/storage/qtrees", body)
    for quota in svm.get("quota_rules", []):
        body = {"type": quota["type"], "volume": {"name": quota["volume"]}, **owner}
        if "qtree" in quota:
            body["qtree"] = {"name": quota["qtree"]}
        if "group" in quota:
            body["group"] = {"name": quota["group"]}
        if "user_mapping" in quota:
            body["user_mapping"] = quota["user_mapping"]
        if "users" in quota:
            body["users"] = [{"name": user} for user in quota["users"]]
        for limit in LIMITS:
            number = quota.get(limit.replace(".", "_"))
            if number is not None:
                body[limit] = number
        yield creation("quota_rule", quota["volume"], "/api/storage/quota/rules", body)


def of_svm(svm: SvmEntry) -> Iterator[Creation]:
    """Yield the properties and the services of an SVM."""
    name = svm["name"]
    owner = {"svm": {"name": name}}
    properties: dict[str, Any] = {key: value for key, value in svm.items() if key in PROPERTIES}
    if policy := properties.get("snapshot_policy"):
        properties["snapshot_policy"] = {"name": policy}
    bodies: list[tuple[str, str, dict[str, Any]]] = [("svm", "/api/svm/svms", properties)]
    if nfs := svm.get("nfs"):
        fields = {**NFS, "v4_id_domain": NFS_DOMAIN, "tcp_max_transfer_size": NFS_SIZE}
        service = {fields[key]: value for key, value in nfs.items()}
        bodies.append(("nfs_service", "/api/protocols/nfs/services", {**service, **owner}))
    if found := svm.get("dns"):
        bodies.append(("dns", "/api/name-services/dns", {**found, **owner}))
    for kind, path, body in bodies:
        if body:
            yield {"svm": name, "kind": kind, "name": name, "path": path, "body": body}
