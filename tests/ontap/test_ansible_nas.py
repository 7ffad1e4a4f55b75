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
