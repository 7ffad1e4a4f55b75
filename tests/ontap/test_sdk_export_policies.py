"""The NetApp SDK, export policies and their rules."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.sdk import changed, code_of, make, names, resources

pytestmark = pytest.mark.usefixtures("sdk_server")

ExportPolicy = resources.ExportPolicy
ExportRule = resources.ExportRule
ExportClient = resources.ExportClient

SVM = {"name": "svm1"}
WORDS = {"ro_rule": ["sys"], "rw_rule": ["never"]}


def policy(name: str, **values: Any) -> Any:
    made = ExportPolicy.from_dict({"name": name, "svm": SVM, **values})
    made.post(hydrate=True)
    return made


def rule(of: Any, client: str, **values: Any) -> Any:
    made = ExportRule.from_dict({"clients": [{"match": client}], **WORDS, **values}, of.id)
    made.post(hydrate=True)
    return made


def clients(of: Any) -> list[tuple[int, list[str]]]:
    rules = ExportRule.get_collection(of.id, fields="clients")
    return [(rule.index, [client.match for client in rule.clients]) for rule in rules]


def test_the_life_of_a_policy() -> None:
    first = policy("p", rules=[{"clients": [{"match": "host1"}], **WORDS}])
    assert [rule.clients[0].match for rule in first.rules] == ["host1"]
    rule(first, "10.0.0.0/8", index=1)
    assert clients(first) == [(1, ["10.0.0.0/8"]), (2, ["host1"])]
    one = ExportRule(first.id, index=2)
    one.get()
    assert (one.superuser, one.anonymous_user) == (["any"], "65534")
    one.superuser = ["sys"]
    one.patch(new_index=7)
    assert [index for index, _ in clients(first)] == [1, 7]
    added = ExportClient.from_dict({"match": "@eng"}, first.id, 7)
    added.post()
    assert clients(first)[1] == (7, ["host1", "@eng"])
    ExportRule(first.id, index=1).delete()
    renamed = ExportPolicy(id=first.id)
    renamed.name = "q"
    renamed.patch()
    found = ExportPolicy.get_collection(**{"svm.name": "svm1", "rules.clients.match": "@eng"})
    assert names(found) == ["q"]
    ExportPolicy(id=first.id).delete()
    assert names(ExportPolicy.get_collection()) == ["default"]


def test_volumes_follow_their_policy(sdk_server: OntapServer) -> None:
    made = policy("p")
    volume = make("v1", nas={"export_policy": {"name": "p"}})
    assert code_of(ExportPolicy(id=made.id).delete) == "1703945"
    renamed = ExportPolicy(id=made.id)
    renamed.name = "q"
    renamed.patch()
    assert sdk_server.backend.get_volume(volume.uuid)["export_policy"] == "q"
    volume.get(fields="nas.export_policy")
    assert (volume.nas.export_policy.name, volume.nas.export_policy.id) == ("q", made.id)
    changed(volume.uuid, nas={"export_policy": {"name": "default"}}).patch()
    ExportPolicy(id=made.id).delete()


def test_refusals_have_the_codes_of_ontap() -> None:
    first = policy("p")
    assert code_of(lambda: policy("p")) == "1"
    assert code_of(lambda: policy("a b")) == "1703952"
    rule(first, "host1")
    assert code_of(lambda: rule(first, "host1")) == "1704070"
    assert code_of(lambda: rule(first, "host2", index=0)) == "3277162"
    assert code_of(lambda: rule(first, "10.0.0.1/8")) == "1704040"
    assert code_of(ExportRule(first.id, index=9).get) == "4"
    (default,) = ExportPolicy.get_collection(name="default")
    assert code_of(default.delete) == "1703947"


def test_policies_are_deleted_by_a_query() -> None:
    for name in ("a1", "a2", "b"):
        policy(name)
    ExportPolicy.delete_collection(name="a*")
    assert names(ExportPolicy.get_collection()) == ["default", "b"]
