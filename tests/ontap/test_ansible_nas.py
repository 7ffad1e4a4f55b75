"""Ansible's modules for the resources around a NAS volume, each run twice."""

from __future__ import annotations

from typing import Any

from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, changed, server

__all__ = ["attempt", "changed", "server"]

GIB = 2**30
SVM = {"vserver": "svm1"}
RULE: dict[str, Any] = {
    **SVM,
    "policy_name": "p",
    "client_match": ["10.0.0.0/8", "host1"],
    "ro_rule": ["sys", "krb5"],
    "rw_rule": ["sys"],
    "super_user_security": ["none"],
    "protocol": ["nfs3", "nfs4"],
}


def test_an_export_policy_is_created_renamed_and_deleted_once(changed: Run) -> None:
    changed("na_ontap_export_policy", **SVM, name="p")
    changed("na_ontap_export_policy", **SVM, name="q", from_name="p")
    changed("na_ontap_export_policy", **SVM, name="q", state="absent")


def test_a_rule_of_an_export_policy_is_created_moved_changed_and_deleted_once(changed: Run) -> None:
    changed("na_ontap_export_policy_rule", **RULE, rule_index=10)
    changed("na_ontap_export_policy_rule", **RULE, rule_index=20, from_rule_index=10)
    more = {"anonymous_user_id": "65534", "allow_suid": False, "chown_mode": "unrestricted"}
    changed("na_ontap_export_policy_rule", **RULE, **more, rule_index=20)
    changed("na_ontap_export_policy_rule", **RULE, **more, state="absent")


def test_a_volume_is_moved_to_another_export_policy_once(
    attempt: Run, changed: Run, server: OntapServer
) -> None:
    assert attempt("na_ontap_export_policy", **SVM, name="p")["changed"] is True
    server.backend.create_volume("v1", size_bytes=GIB)
    changed("na_ontap_volume", **SVM, name="v1", export_policy="p")
    (volume,) = server.backend
    assert volume["export_policy"] == "p"
    busy = attempt("na_ontap_export_policy", **SVM, name="p", state="absent")
    assert busy["failed"] is True
    assert "1703945" in busy["msg"]


def test_a_qtree_is_created_changed_renamed_and_deleted_once(
    changed: Run, server: OntapServer
) -> None:
    server.backend.create_volume("v1", size_bytes=GIB)
    qtree = {**SVM, "flexvol_name": "v1"}
    changed("na_ontap_qtree", **qtree, name="q1", unix_permissions="755", security_style="unix")
    options = {"export_policy": "default", "unix_permissions": "---rwx------"}
    changed("na_ontap_qtree", **qtree, name="q1", **options, security_style="mixed")
    changed("na_ontap_qtree", **qtree, name="q2", from_name="q1", unix_user="ann")
    changed("na_ontap_qtree", **qtree, name="q2", state="absent", force_delete=True)


def test_quotas_are_set_changed_and_deleted_once(
    attempt: Run, changed: Run, server: OntapServer
) -> None:
    server.backend.create_volume("v1", size_bytes=GIB)
    made = attempt("na_ontap_qtree", **SVM, flexvol_name="v1", name="q1")
    assert made["changed"] is True
    volume = {**SVM, "volume": "v1"}
    tree = {**volume, "type": "tree", "quota_target": "q1"}
    changed("na_ontap_quotas", **tree, disk_limit="1GB", file_limit="100", set_quota_status=True)
    changed("na_ontap_quotas", **tree, disk_limit="2GB", file_limit="-")
    user = {**volume, "type": "user", "quota_target": "ann,bob", "qtree": ""}
    changed("na_ontap_quotas", **user, soft_disk_limit="5MB")
    changed("na_ontap_quotas", **user, state="absent")
    changed("na_ontap_quotas", **volume, set_quota_status=False)
    changed("na_ontap_quotas", **tree, state="absent")


def test_a_flexgroup_is_provisioned_and_grown_once(changed: Run, server: OntapServer) -> None:
    volume = {**SVM, "name": "fg", "auto_provision_as": "flexgroup", "size_unit": "gb"}
    changed("na_ontap_volume", **volume, size=4, wait_for_completion=True)
    changed("na_ontap_volume", **volume, size=8, wait_for_completion=True)
    (made,) = server.backend
    assert made["size_bytes"] == 8 * GIB
    changed("na_ontap_volume", **SVM, name="fg", state="absent", wait_for_completion=True)


def test_a_flexgroup_is_created_on_aggregates_once(changed: Run) -> None:
    changed(
        "na_ontap_volume",
        **SVM,
        name="fg",
        aggr_list=["aggr1", "aggr1"],
        aggr_list_multiplier=2,
        size=4,
        size_unit="gb",
        wait_for_completion=True,
    )
