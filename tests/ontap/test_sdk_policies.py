"""The NetApp SDK, snapshot policies, and locks of snapshots."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend, SnapshotLockedError, SnapshotRule
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.sdk import (
    AT_ONCE,
    Snapshot,
    Volume,
    change,
    changed,
    code_of,
    listed,
    make,
    make_clone,
    make_snapshot,
    names,
    resources,
    snapshots_of,
    volume,
)

pytestmark = pytest.mark.usefixtures("sdk_server")

SnapshotPolicy = resources.SnapshotPolicy

DAY = 86_400
NONE = {"name": "none"}
#: The dump of a backend with the system's clock. Since 2001 a policy of its volume takes a snapshot
#: each New Year, and no rule was ever run. It is a real dump with other times and their checksum.
DUE_SINCE_2001 = Path(__file__).parent / "yearly-policy.jsonl"
NIGHTLY: list[SnapshotRule] = [{"schedule": "30 1 * * *", "prefix": "nightly", "keep": 3}]


@pytest.fixture
def backend() -> MemBackend:
    return MemBackend(seed=1, start="2026-01-01T00:00:00Z")


def policies(**query: Any) -> list[str]:
    return names(SnapshotPolicy.get_collection(**query))


def test_a_week_takes_the_snapshots_of_the_policy_default(backend: MemBackend) -> None:
    made, quiet = make("v1"), make("v2", snapshot_policy=NONE)
    assert snapshots_of(made) == []
    backend.advance(7 * DAY + 6 * 3600)
    assert snapshots_of(made) == [
        "daily.2026-01-07_0010",
        "daily.2026-01-08_0010",
        *(f"hourly.2026-01-08_0{hour}05" for hour in range(6)),
        "weekly.2026-01-04_0015",
    ]
    (weekly,) = Snapshot.get_collection(made.uuid, name="weekly*", fields="create_time")
    assert weekly.create_time == datetime(2026, 1, 4, 0, 15, tzinfo=UTC)
    assert snapshots_of(quiet) == []


def test_policies_are_those_of_the_backend(backend: MemBackend) -> None:
    assert [policy["name"] for policy in backend.list_snapshot_policies()] == [
        "default",
        "default-1weekly",
    ]
    backend.create_snapshot_policy("mine", NIGHTLY)
    assert policies() == ["default", "default-1weekly", "mine", "none"]
    (mine,) = SnapshotPolicy.get_collection(name="mine", fields="copies,scope,svm")
    (copies,) = mine.copies
    assert (copies.schedule.name, copies.prefix, copies.count) == ("30 1 * * *", "nightly", 3)
    assert (mine.scope, mine.svm.name) == ("svm", "svm1")
    again = SnapshotPolicy(uuid=mine.uuid)
    again.get()
    assert again.name == "mine"
    backend.delete_snapshot_policy("mine")
    assert policies(scope="svm") == []


def test_the_policy_of_a_volume_is_that_of_the_backend(backend: MemBackend) -> None:
    backend.create_snapshot_policy("mine", NIGHTLY)
    made = make("v1", snapshot_policy={"name": "mine"})
    assert backend.get_volume(made.uuid)["snapshot_policy"] == "mine"
    assert make_clone(made, "c1").snapshot_policy.name == "default"
    change(made, snapshot_policy=NONE)
    assert made.snapshot_policy.name == "none"
    assert "snapshot_policy" not in backend.get_volume(made.uuid)
    backend.patch_volume(made.uuid, snapshot_policy="mine")
    backend.create_volume("v2")
    assert listed(**{"snapshot_policy.name": "mine"}) == ["v1"]
    assert listed(**{"snapshot_policy.name": "none"}) == ["v2"]
    (mine,) = SnapshotPolicy.get_collection(name="mine")
    made.get()
    assert made.snapshot_policy.uuid == mine.uuid


def test_an_unknown_policy_is_refused(backend: MemBackend) -> None:
    made = make("v1")
    before = backend.state_digest()
    unknown = {"name": "nightly"}
    assert code_of(lambda: volume("v2", snapshot_policy=unknown).post(**AT_ONCE)) == "917551"
    patch = changed(made.uuid, snapshot_policy=unknown, comment="lost")
    assert code_of(lambda: patch.patch(**AT_ONCE)) == "917551"
    assert backend.state_digest() == before


def test_a_deleted_policy_of_ontap_comes_back_for_a_new_volume(backend: MemBackend) -> None:
    backend.delete_snapshot_policy("default")
    assert make("v1").snapshot_policy.name == "default"
    backend.reset()
    assert make("v1").snapshot_policy.name == "default"


def test_an_expiry_time_is_a_lock(backend: MemBackend) -> None:
    made = make("v1", snapshot_policy=NONE)
    first = make_snapshot(made, "s1")
    second = make_snapshot(made, "s2", expiry_time="2026-01-02T00:00:00+00:00")
    assert backend.get_snapshot(made.uuid, second.uuid)["expires_at"] == "2026-01-02T00:00:00Z"
    with pytest.raises(SnapshotLockedError):
        backend.delete_snapshot(made.uuid, second.uuid)
    assert code_of(lambda: second.delete(**AT_ONCE)) == "1638555"
    restore = {"restore_to.snapshot.name": "s1"}
    assert code_of(lambda: Volume(uuid=made.uuid).patch(**restore, **AT_ONCE)) == "9437886"
    assert code_of(lambda: made.delete(**AT_ONCE)) == "460770"

    backend.create_snapshot(made.uuid, "s3", expires_at="2026-01-03T00:00:00Z")
    (third,) = Snapshot.get_collection(made.uuid, name="s3", fields="expiry_time")
    assert third.expiry_time == datetime(2026, 1, 3, tzinfo=UTC)
    first.expiry_time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=1)
    first.patch()
    assert code_of(lambda: first.delete(**AT_ONCE)) == "1638555"
    backend.advance(2 * DAY)
    made.delete()


def test_an_expiry_time_that_has_passed_is_refused(backend: MemBackend) -> None:
    made = make("v1")
    first = make_snapshot(made, "s1")
    before = backend.state_digest()
    past = datetime(2026, 1, 1, tzinfo=UTC)
    new = Snapshot.from_dict({"name": "s2", "expiry_time": past.isoformat()}, made.uuid)
    assert code_of(lambda: new.post(**AT_ONCE)) == "262197"
    first.name, first.expiry_time = "s0", past
    assert code_of(lambda: first.patch(**AT_ONCE)) == "1638554"
    assert backend.state_digest() == before


def test_a_dump_keeps_policies_and_locks(
    backend: MemBackend, serve: Serve, connect: Callable[..., Any], tmp_path: Path
) -> None:
    backend.create_snapshot_policy("mine", NIGHTLY)
    made = make("v1", snapshot_policy={"name": "mine"})
    make_snapshot(made, "s1", expiry_time="2026-01-02T00:00:00+00:00")
    backend.dump(tmp_path / "dump")
    connect(serve(MemBackend.load(tmp_path / "dump"), tls=False))
    again = Volume(uuid=made.uuid)
    again.get()
    assert again.snapshot_policy.name == "mine"
    (snapshot,) = Snapshot.get_collection(made.uuid, fields="expiry_time")
    assert snapshot.expiry_time == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_server_that_runs_policies_answers(serve: Serve, connect: Callable[..., Any]) -> None:
    backend = MemBackend()
    connect(serve(backend, tls=False, run_policies=True))
    made = make("v1")
    assert backend.next_due() is not None
    change(made, snapshot_policy=NONE)
    assert (made.snapshot_policy.name, backend.next_due()) == ("none", None)


@pytest.mark.parametrize("runs", [True, False])
def test_a_request_runs_the_rules_that_are_due(
    serve: Serve, connect: Callable[..., Any], runs: bool
) -> None:
    backend = MemBackend.load(DUE_SINCE_2001)
    connect(serve(backend, tls=False, run_policies=runs))
    (found,) = Volume.get_collection()
    taken = snapshots_of(found)
    assert len(taken) == runs
    assert all(re.fullmatch(r"yearly\.20\d\d-01-01_0000", name) for name in taken)
    assert snapshots_of(found) == taken, "the rule is due once"


@pytest.mark.parametrize("given", [None, 1, "yes"])
def test_run_policies_is_a_bool(given: Any) -> None:
    with pytest.raises(TypeError, match="run_policies: expected a bool, not"):
        OntapServer(MemBackend(seed=1), run_policies=given)
