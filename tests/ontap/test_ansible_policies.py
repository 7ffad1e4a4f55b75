"""Ansible's modules for schedules, snapshot policies and QoS policies, each run twice."""

from __future__ import annotations

from typing import Any

from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, changed, server

__all__ = ["attempt", "changed", "server"]

GIB = 2**30
SVM = {"vserver": "svm1"}


def test_a_cron_schedule_is_created_changed_and_deleted_once(changed: Run) -> None:
    nightly: dict[str, Any] = {"name": "nightly", "job_minutes": [30], "job_hours": [2]}
    changed("na_ontap_job_schedule", **nightly)
    changed("na_ontap_job_schedule", **nightly | {"job_minutes": [-1], "job_months": [1, 7]})
    changed("na_ontap_job_schedule", **nightly, job_days_of_week=[0, 6])
    changed("na_ontap_job_schedule", name="nightly", state="absent")


def test_an_interval_schedule_of_an_svm_is_created_and_changed_once(changed: Run) -> None:
    changed("na_ontap_job_schedule", **SVM, name="often", interval="PT7M30S")
    changed("na_ontap_job_schedule", **SVM, name="often", interval="P1D")


def test_a_snapshot_policy_is_created_changed_and_deleted_once(
    changed: Run, server: OntapServer
) -> None:
    policy: dict[str, Any] = {"name": "p", "enabled": True, "comment": "made by a playbook"}
    one = {"schedule": ["hourly"], "count": [4]}
    two = {
        "schedule": ["hourly", "daily"],
        "count": [4, 7],
        "prefix": ["hourly", "daily"],
        "snapmirror_label": ["hours", ""],
        "retention_period": ["PT0S", "P7D"],
    }
    changed("na_ontap_snapshot_policy", **policy, **one)
    changed("na_ontap_snapshot_policy", **policy, **two)
    (stored,) = (p for p in server.backend.list_snapshot_policies() if p["name"] == "p")
    assert [(rule["prefix"], rule["keep"]) for rule in stored["rules"]] == [
        ("hourly", 4),
        ("daily", 7),
    ]
    changed("na_ontap_snapshot_policy", **policy, schedule=["weekly"], count=["2"])
    changed(
        "na_ontap_snapshot_policy", **policy | {"enabled": False}, schedule=["weekly"], count=[2]
    )
    changed("na_ontap_snapshot_policy", name="p", state="absent")


def test_a_snapshot_policy_of_an_svm_that_is_used_is_kept(
    attempt: Run, changed: Run, server: OntapServer
) -> None:
    policy = {**SVM, "name": "p", "enabled": True, "schedule": ["daily"], "count": [1]}
    changed("na_ontap_snapshot_policy", **policy)
    server.backend.create_volume("v1", size_bytes=GIB)
    changed("na_ontap_volume", **SVM, name="v1", snapshot_policy="p")
    busy = attempt("na_ontap_snapshot_policy", **SVM, name="p", state="absent")
    assert busy["failed"] is True
    assert "1638415" in busy["msg"]


def test_a_fixed_qos_policy_is_created_renamed_changed_and_deleted_once(
    changed: Run, server: OntapServer
) -> None:
    limits = {"max_throughput_iops": 800, "max_throughput_mbps": 200}
    changed("na_ontap_qos_policy_group", **SVM, name="p", fixed_qos_options=limits)
    changed("na_ontap_qos_policy_group", **SVM, name="q", from_name="p")
    limits["min_throughput_iops"] = 100
    changed("na_ontap_qos_policy_group", **SVM, name="q", fixed_qos_options=limits)
    server.backend.create_volume("v1", size_bytes=GIB)
    changed("na_ontap_volume", **SVM, name="v1", qos_policy_group="q")
    changed("na_ontap_qos_policy_group", **SVM, name="q", state="absent")


def test_an_adaptive_qos_policy_is_created_and_changed_once(changed: Run) -> None:
    limits: dict[str, Any] = {"absolute_min_iops": 50, "expected_iops": 150, "peak_iops": 220}
    changed("na_ontap_qos_policy_group", **SVM, name="a", adaptive_qos_options=limits)
    limits |= {"peak_iops": 300, "block_size": "32k"}
    changed("na_ontap_qos_policy_group", **SVM, name="a", adaptive_qos_options=limits)
