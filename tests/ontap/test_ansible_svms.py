"""Ansible's modules for SVMs and their services, each run twice."""

from __future__ import annotations

from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, changed, server

__all__ = ["attempt", "changed", "server"]


def test_an_svm_is_created_changed_renamed_and_deleted_once(
    attempt: Run, changed: Run, server: OntapServer
) -> None:
    options = {
        "name": "svm2",
        "comment": "made by a playbook",
        "aggr_list": ["aggr1"],
        "ipspace": "Default",
        "language": "c.utf_8",
        "snapshot_policy": "none",
        "subtype": "default",
        "max_volumes": "10",
        "services": {
            "cifs": {"allowed": False},
            "nfs": {"allowed": True, "enabled": True},
        },
    }
    changed("na_ontap_svm", **options)
    changed("na_ontap_svm", **{**options, "comment": "other", "admin_state": "stopped"})
    changed("na_ontap_svm", **{**options, "comment": "other", "admin_state": "running"})
    changed("na_ontap_svm", name="svm3", from_name="svm2")
    assert list(server.backends) == ["svm1", "svm3"]
    server.backends["svm3"].create_volume("v", size_bytes=2**30)
    refused = attempt("na_ontap_svm", name="svm3", state="absent")
    assert "has volumes" in refused["msg"]
    server.backends["svm3"].delete_volume(server.backends["svm3"].find_volume("v")["uuid"])
    changed("na_ontap_svm", name="svm3", state="absent")
    assert list(server.backends) == ["svm1"]


def test_an_nfs_service_is_created_changed_and_deleted_once(changed: Run) -> None:
    svm = {"vserver": "svm1"}
    changed("na_ontap_nfs", **svm, state="absent")
    options = {
        **svm,
        "service_state": "started",
        "nfsv3": "enabled",
        "nfsv4": "enabled",
        "nfsv40_acl": "enabled",
        "tcp": "enabled",
        "udp": "enabled",
        "tcp_max_xfer_size": 131072,
        "vstorage_state": "disabled",
        "root": {"ignore_nt_acl": True},
        "security": {"chown_mode": "restricted"},
        "windows": {"default_user": "w", "map_unknown_uid_to_default_user": False},
    }
    changed("na_ontap_nfs", **options)
    changed("na_ontap_nfs", **{**options, "service_state": "stopped", "udp": "disabled"})


def test_a_dns_configuration_is_created_changed_and_deleted_once(changed: Run) -> None:
    options = {"vserver": "svm1", "domains": ["a.test", "b.test"], "nameservers": ["192.0.2.1"]}
    changed("na_ontap_dns", **options, skip_validation=True)
    changed("na_ontap_dns", **{**options, "nameservers": ["192.0.2.1", "192.0.2.2"]})
    changed("na_ontap_dns", vserver="svm1", state="absent")
