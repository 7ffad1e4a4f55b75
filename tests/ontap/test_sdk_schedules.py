"""The NetApp SDK, schedules and the snapshot policies that use them."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem import MemBackend

from ontap.sdk import Snapshot, change, code_of, make, names, resources, snapshots_of

pytestmark = pytest.mark.usefixtures("sdk_server")

Schedule = resources.Schedule
SnapshotPolicy = resources.SnapshotPolicy
SnapshotPolicySchedule = resources.SnapshotPolicySchedule

DAY = 86_400


@pytest.fixture
def backend() -> MemBackend:
    return MemBackend(seed=1, start="2026-01-01T00:00:00Z")


def schedule(name: str, **values: Any) -> Any:
    made = Schedule.from_dict({"name": name, **values})
    made.post(hydrate=True)
    return made


def policy(name: str, *schedules: str, **values: Any) -> Any:
    copies = [{"schedule": {"name": schedule}, "count": 2} for schedule in schedules]
    made = SnapshotPolicy.from_dict({"name": name, "copies": copies, **values})
    made.post(hydrate=True)
    return made


def test_schedules_are_created_changed_and_deleted() -> None:
    often = schedule("test_often", interval="P1W")
    assert (often.type, often.interval, often.scope) == ("interval", "P1W", "cluster")
    often.interval = "P2DT5M"
    often.patch()
    noon = schedule("test_noon", cron={"minutes": [5], "hours": [12]})
    assert (noon.cron.minutes, noon.cron.hours) == ([5], [12])
    again = Schedule(uuid=noon.uuid)
    again.cron = {"hours": [2], "weekdays": [1]}
    again.patch()
    noon.get()
    assert (noon.cron.minutes, noon.cron.hours, noon.cron.weekdays) == ([5], [2], [1])
    assert names(Schedule.get_collection(name="test*", fields="*")) == ["test_noon", "test_often"]
    Schedule.delete_collection(name="test*")
    assert names(Schedule.get_collection(name="test*")) == []
    assert len(list(Schedule.get_collection(type="interval"))) == 3


def test_a_policy_takes_and_rotates_snapshots(backend: MemBackend) -> None:
    schedule("night", cron={"minutes": [30], "hours": [3]})
    made = policy("p", "night", comment="mine")
    assert (made.scope, made.enabled, made.comment) == ("cluster", True, "mine")
    volume = make("v1", snapshot_policy={"name": "p"})
    backend.advance(4 * DAY)
    assert snapshots_of(volume) == ["night.2026-01-03_0330", "night.2026-01-04_0330"]
    assert code_of(made.delete) == "1638415"
    (night,) = Schedule.get_collection(name="night")
    assert code_of(night.delete) == "459758"
    change(volume, snapshot_policy={"name": "none"})
    made.delete()
    night.delete()


def test_the_schedules_of_a_policy_are_changed(backend: MemBackend) -> None:
    made = policy("p", "daily", svm={"name": "svm1"})
    assert (made.scope, made.svm.name) == ("svm", "svm1")
    added = SnapshotPolicySchedule.from_dict(
        {"schedule": {"name": "hourly"}, "count": 5}, made.uuid
    )
    added.post(hydrate=True)
    assert (added.prefix, added.snapmirror_label) == ("hourly", "-")
    added.count = 6
    added.snapmirror_label = "hours"
    added.patch()
    found = list(SnapshotPolicySchedule.get_collection(made.uuid, fields="*"))
    assert [(one.schedule.name, one.count) for one in found] == [("daily", 2), ("hourly", 6)]
    found[0].delete()
    assert code_of(found[1].delete) == "1638411"
    (stored,) = (p for p in backend.list_snapshot_policies() if p["name"] == "p")
    assert stored["rules"] == [{"schedule": "5 * * * *", "prefix": "hourly", "keep": 6}]


def test_a_policy_is_disabled_and_enabled(backend: MemBackend) -> None:
    made = policy("p", "daily")
    volume = make("v1", snapshot_policy={"name": "p"})
    made.enabled = False
    made.patch()
    backend.advance(2 * DAY)
    volume.get()
    assert (volume.snapshot_policy.name, snapshots_of(volume)) == ("p", [])
    made.enabled = True
    made.patch()
    backend.advance(DAY)
    assert snapshots_of(volume) == ["daily.2026-01-03_0010"]
    SnapshotPolicy.patch_collection({"comment": "x"}, name="p*")
    made.get()
    assert made.comment == "x"


def test_snapshots_have_the_labels_of_the_policy(backend: MemBackend) -> None:
    made = make("v1")
    backend.advance(DAY)
    labelled = Snapshot.get_collection(made.uuid, snapmirror_label="daily")
    assert names(labelled) == ["daily.2026-01-01_0010"]
