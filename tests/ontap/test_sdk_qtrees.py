"""The NetApp SDK, qtrees and quotas."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.sdk import AT_ONCE, changed, code_of, make, names, resources

pytestmark = pytest.mark.usefixtures("sdk_server")

Qtree = resources.Qtree
QuotaRule = resources.QuotaRule
QuotaReport = resources.QuotaReport
Metric = resources.PerformanceQtreeMetric

SVM = {"name": "svm1"}
V1 = {"name": "v1"}


def qtree(name: str, **values: Any) -> Any:
    made = Qtree.from_dict({"name": name, "svm": SVM, "volume": V1, **values})
    made.post(hydrate=True)
    return made


def rule(**values: Any) -> Any:
    made = QuotaRule.from_dict({"svm": SVM, "volume": V1, **values})
    made.post(hydrate=True)
    return made


def one(made: Any, **values: Any) -> Any:
    """A qtree whose next patch sends only `values`."""
    resource = Qtree(volume={"uuid": made.volume.uuid}, id=made.id)
    for name, value in values.items():
        setattr(resource, name, value)
    return resource


def listed(**query: Any) -> list[str]:
    return names(Qtree.get_collection(**query))


def test_the_life_of_a_qtree() -> None:
    volume = make("v1", nas={"path": "/v1"})
    made = qtree("q1", unix_permissions=700, security_style="unix")
    assert (made.id, made.unix_permissions, made.path) == (1, 700, "/v1/q1")
    assert made.volume.uuid == volume.uuid
    one(made, name="q2", security_style="mixed").patch()
    made.get()
    assert (made.name, made.security_style) == ("q2", "mixed")
    assert listed(**{"volume.name": "v1"}) == ["", "q2"]
    assert listed(name='"q2"') == ["q2"]
    assert listed(name='!""') == ["q2"]
    made.delete()
    assert listed() == [""]


def test_many_qtrees_are_found_and_deleted_with_their_volume() -> None:
    volume = make("v1")
    for number in range(5):
        qtree(f"q{number}")
    assert Qtree.count_collection(**{"volume.name": "v1"}) == 6
    assert listed(name="q*", order_by="name desc", max_records=2) == ["q4", "q3", "q2", "q1", "q0"]
    volume.delete()
    assert listed() == []


def test_refusals_of_qtrees_have_the_codes_of_ontap() -> None:
    make("v1")
    made = qtree("q1")
    qtree("q2")

    assert code_of(lambda: one(made, name="q2").patch(**AT_ONCE)) == "5242972"
    missing = one(made, export_policy={"name": "nosuch"})
    assert code_of(lambda: missing.patch(**AT_ONCE)) == "1703954"
    default = Qtree(volume={"uuid": made.volume.uuid}, id=0)
    assert code_of(lambda: default.delete(**AT_ONCE)) == "5242894"


def test_quotas_are_set_turned_on_and_reported() -> None:
    volume = make("v1")
    qtree("q1")
    on = {"quota": {"enabled": True}}
    assert code_of(lambda: changed(volume.uuid, **on).patch(**AT_ONCE)) == "460770"
    tree = rule(type="tree", qtree={"name": "q1"}, space={"hard_limit": 1 << 30})
    user = rule(type="user", users=[{"name": "ann"}], files={"soft_limit": 10})
    assert (tree.qtree.id, tree.space.hard_limit) == (1, 1 << 30)
    assert [found.name for found in user.users] == ["ann"]
    changed(volume.uuid, **on).patch()
    volume.get(fields="quota")
    assert volume.quota.state == "on"
    reports = list(QuotaReport.get_collection(fields="*"))
    assert [report.specifier for report in reports] == ["ann", "q1"]
    assert reports[1].space.used.total == 0
    smaller = QuotaRule(uuid=tree.uuid)
    smaller.space = {"hard_limit": 1 << 20}
    smaller.patch()
    (found,) = QuotaReport.get_collection(type="tree", fields="space")
    assert found.space.hard_limit == 1 << 20
    user.delete()
    again = QuotaRule.from_dict({"svm": SVM, "volume": V1, "type": "tree", "qtree": {"name": "q1"}})
    assert code_of(lambda: again.post(**AT_ONCE)) == "1"
    assert QuotaRule.count_collection() == 1


def test_samples_of_a_qtree_are_zero(sdk_server: OntapServer) -> None:
    volume = make("v1")
    made = qtree("q1")
    sdk_server.backend.advance(1000)
    samples = list(Metric.get_collection(volume.uuid, made.id, interval="1h", fields="*"))
    assert len(samples) == 4
    assert {(sample.qtree.name, sample.iops.total) for sample in samples} == {("q1", 0)}
