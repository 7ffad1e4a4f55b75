"""The NetApp SDK and QoS policies."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.raw import Client
from ontap.sdk import AT_ONCE, Volume, change, changed, code_of, listed, make, names, resources

pytestmark = pytest.mark.usefixtures("sdk_server")

QosPolicy = resources.QosPolicy


def policy(name: str, **values: Any) -> Any:
    made = QosPolicy.from_dict({"name": name, "svm": {"name": "svm1"}, **values})
    made.post(hydrate=True)
    return made


def test_a_volume_follows_its_policy() -> None:
    made = policy("p", fixed={"max_throughput_iops": 10_000, "min_throughput_iops": 5000})
    assert (made.policy_class, made.scope, made.object_count) == ("user_defined", "svm", 0)
    assert made.fixed.capacity_shared is False
    volume = make("v1", qos={"policy": {"name": "p"}})
    made.name = "q"
    made.fixed = {"max_throughput_iops": 15_000}
    made.patch()
    made.get()
    assert (made.object_count, made.fixed.min_throughput_iops) == (1, 5000)
    volume.get(fields="qos")
    assert (volume.qos.policy.name, volume.qos.policy.uuid) == ("q", made.uuid)
    assert listed(**{"qos.policy.name": "q"}) == ["v1"]
    made.delete()
    volume.get(fields="qos")
    assert "qos" not in volume.to_dict()


def test_an_adaptive_policy_and_the_predefined_ones() -> None:
    made = policy("a", adaptive={"expected_iops": 5000, "peak_iops": 6000, "absolute_min_iops": 10})
    assert made.adaptive.peak_iops_allocation == "used_space"
    presets = names(QosPolicy.get_collection(policy_class="preset"))
    assert sorted(presets) == ["extreme", "performance", "value"]
    (extreme,) = QosPolicy.get_collection(name="extreme", fields="*")
    assert extreme.adaptive.peak_iops == 12_288
    assert code_of(lambda: extreme.delete(**AT_ONCE)) == "8454286"
    again = QosPolicy.from_dict(
        {"name": "a", "svm": {"name": "svm1"}, "fixed": {"max_throughput_iops": 1}}
    )
    assert code_of(lambda: again.post(**AT_ONCE)) == "8454278"
    QosPolicy.delete_collection(name="a")
    assert names(QosPolicy.get_collection(name="a")) == []


def test_limits_of_a_volume_are_a_policy_of_its_own(sdk_server: OntapServer) -> None:
    """The SDK sends no limits of a volume, but reads their policy."""
    volume = make("v1")
    with Client(sdk_server) as client:
        limits = {"qos.policy.max_throughput_iops": 500}
        client.done("PATCH", f"/api/storage/volumes/{volume.uuid}", limits)
    (own,) = QosPolicy.get_collection(policy_class="autovolume", fields="*")
    assert (own.object_count, own.fixed.max_throughput_iops) == (1, 500)
    unknown = changed(volume.uuid, qos={"policy": {"name": "x"}})
    assert code_of(lambda: unknown.patch(**AT_ONCE)) == "4"
    change(volume, qos={"policy": {"name": "none"}})
    assert names(QosPolicy.get_collection(policy_class="autovolume")) == []
    assert Volume(uuid=volume.uuid).get(fields="qos").http_response.json().get("qos") is None
