"""Replays of a log: on the same backend, on others, and what they refuse."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dict_backends import DictVolumes, ModelBackend, SmallVolumes
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    BackendTimeoutError,
    Fault,
    FaultyBackend,
    FeatureNotSupportedError,
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotBusyError,
    VolumeExistsError,
)
from nessie_backend_mem.events import EventLog, ReplayDifference, diff, replay
from nessie_backend_mem.testing import Operation, fault_plans, operations
from support import UNKNOWN

NIGHTLY: Any = {"schedule": "0 2 * * *", "prefix": "nightly", "keep": 3}
START = "2000-01-01T00:00:00Z"


def event(
    seq: int, operation: str, result: Any = None, error: str | None = None, **more: Any
) -> Any:
    """An event as a log has it."""
    return {
        "seq": seq,
        "time": START,
        "operation": operation,
        "arguments": more,
        "result": result,
        "error": error,
        "cause": "call",
    }


def work(backend: Any) -> None:
    """Calls of all kinds that a backend in Python has."""
    volume = backend.create_volume("db", size_bytes=2**30)["uuid"]
    with suppress(Exception):
        backend.create_volume("db")
    snapshot = backend.create_snapshot(volume, "nightly")["uuid"]
    clone = backend.create_clone(volume, snapshot, "copy")["uuid"]
    backend.patch_volume(clone, junction_path="/copy", state="offline")
    backend.rename_snapshot(volume, snapshot, "kept")
    refusals: list[Callable[[], object]] = [
        lambda: backend.delete_snapshot(volume, snapshot),
        lambda: backend.find_snapshot(UNKNOWN, "x"),
        lambda: backend.get_volume("not-a-uuid"),
        lambda: backend.patch_volume(volume, size_bytes=-1),
    ]
    for refused in refusals:
        with suppress(Exception):
            refused()
    backend.create_snapshot(volume, "newer")
    backend.restore_snapshot(volume, snapshot)
    backend.split_clone(clone)
    backend.delete_snapshot(volume, snapshot)
    backend.delete_volume(clone)


def bulk_work(backend: MemBackend) -> None:
    """Calls of the bulk methods, with what `skip_busy` keeps."""
    volumes = backend.create_volumes(["a", "b", "c"], [2**20, None, 2**30])
    backend.create_snapshots(volumes, "s")
    backend.write_volumes(volumes, [1, 2, 3])
    [first] = backend.snapshots([volumes[0]])["uuid"]
    clones = backend.create_clones(volumes[0], first, ["x", "y"])
    backend.patch_volumes(clones, export_policy="open")
    with suppress(VolumeExistsError):
        backend.create_volumes(["d", "a"])
    backend.discard_volumes(volumes[1:], 1)
    assert len(backend.delete_snapshots(volumes, "s", skip_busy=True)) == 1
    assert backend.delete_snapshots(backend.snapshots(), skip_busy=True) == [(volumes[0], first)]
    assert len(backend.delete_volumes([volumes[0], volumes[1], clones[0]], skip_busy=True)) == 1
    backend.delete_volumes([volumes[0], clones[1]])


def recorded(backend: Any, work: Callable[[Any], object]) -> EventLog:
    log: EventLog
    with backend.events() as log:
        work(backend)
    return log


def names(backend: Any) -> Any:
    return diff(MemBackend(), backend, by="name", ignore=["create_time", "used_bytes"])


# The same backend -----------------------------------------------------------------------------


@pytest.mark.parametrize("work", [work, bulk_work])
def test_a_replay_on_the_same_seed_gives_the_same_digest(work: Callable[[Any], object]) -> None:
    backend = MemBackend(seed=7)
    log = recorded(backend, work)
    again = MemBackend(seed=7)
    replay(log, again)
    assert again.state_digest() == backend.state_digest()
    assert not diff(backend, again)


@given(
    st.lists(operations(space=True), max_size=30),
    st.lists(operations(space=True), max_size=10),
    fault_plans(operations=["*", "create_*", "*_volume"], delays=True),
)
def test_a_replay_on_a_fork_gives_the_same_digest_also_with_faults(
    calls: list[Operation], before: list[Operation], plan: list[Fault]
) -> None:
    backend = MemBackend(seed=3)
    backend.create_snapshot_policy("p", [NIGHTLY])

    def make(calls: list[Operation]) -> None:
        for call in calls:
            with suppress(NessieError):
                call.run(backend)

    make(before)
    fork = backend.fork()
    with backend.events() as log, backend.inject(*plan):
        make(calls)
    replay(log, fork)
    assert fork.state_digest() == backend.state_digest()


def test_what_policies_did_is_made_again_by_advances() -> None:
    def work(backend: MemBackend) -> None:
        backend.create_snapshot_policy("p", [NIGHTLY])
        volume = backend.create_volume("v", snapshot_policy="p")["uuid"]
        backend.advance(86_400 * 5)
        snapshots = backend.list_snapshots(volume)
        assert len(snapshots) == 3
        backend.rename_snapshot(volume, snapshots[1]["uuid"], "kept")
        backend.create_clone(volume, snapshots[0]["uuid"], "copy")
        backend.delete_snapshots([(volume, snapshots[2]["uuid"])])
        backend.replace_snapshot_policy("p", [dict(NIGHTLY, keep=9)])  # type: ignore[list-item]

    backend = MemBackend(seed=7)
    log = recorded(backend, work)
    again = MemBackend(seed=7)
    replay(log, again)
    assert again.state_digest() == backend.state_digest()
    # The snapshots of policies have other uuids, too.
    other = MemBackend(start=START)
    replay(log, other)
    assert not diff(backend, other, by="name")


def test_delays_and_faults_of_a_log() -> None:
    backend = MemBackend(seed=7)
    with backend.events() as log:
        with backend.inject(
            Fault("create_volume", delay=90, times=1),
            Fault("create_volume", name="lost", error="timeout"),
            Fault("create_volume", name="late", error=ConnectionResetError, when="after"),
            Fault("get_volume", error="substrate", when="after"),
        ):
            first = backend.create_volume("v")["uuid"]
            for name in ("lost", "late"):
                with pytest.raises((BackendTimeoutError, ConnectionResetError)):
                    backend.create_volume(name)
            with pytest.raises(NessieError):
                backend.get_volume(first)
        backend.delete_volume(first)
    assert [each["cause"] for each in log][:2] == ["delay", "call"]
    again = MemBackend(seed=7)
    replay(log, again)
    assert again.now() == "2000-01-01T00:01:30Z"
    assert again.state_digest() == backend.state_digest()
    without_a_clock = DictVolumes()
    replay(log, without_a_clock)
    assert [each["name"] for each in without_a_clock.list_volumes()] == ["late"]


def test_a_log_that_was_written_and_read_is_the_same(tmp_path: Path) -> None:
    def both(backend: MemBackend) -> None:
        work(backend)
        bulk_work(backend)
        backend.set_capacity(2**50)
        backend.set_capacity(None)

    backend = MemBackend(seed=7)
    recorded(backend, both).write(tmp_path / "log")
    log = EventLog.read(tmp_path / "log")
    for again in (MemBackend(seed=7), MemBackend(start=START)):
        replay(log, again)
        assert not diff(backend, again, by="name")
    replay(log, again := MemBackend(seed=7))
    assert again.state_digest() == backend.state_digest()


def test_a_log_may_be_that_of_the_backend_itself() -> None:
    backend = MemBackend(seed=7)
    log = backend.events()
    backend.create_volume("a")
    backend.reset()
    replay(log, backend)
    assert len(log) == 4


# Other backends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        MemBackend,
        ModelBackend,
        lambda: FaultyBackend(ModelBackend()),  # type: ignore[type-var]
        lambda: FaultyBackend(MemBackend()),
    ],
    ids=["MemBackend", "ModelBackend", "Faulty model", "Faulty mem"],
)
def test_a_backend_with_other_uuids_ends_with_the_same_objects(make: Callable[[], Any]) -> None:
    for calls in (work, bulk_work):
        backend = MemBackend(seed=7)
        log = recorded(backend, calls)
        other = make()
        if calls is bulk_work and not hasattr(other, "write_volumes"):
            # It has no account of space.
            log = [
                each
                for each in log
                if each["operation"] not in ("write_volumes", "discard_volumes")
            ]  # type: ignore[assignment]
            log = [{**each, "seq": seq} for seq, each in enumerate(log)]  # type: ignore[assignment]
        replay(log, other)
        assert str(names(other)) == str(names(backend))


def test_a_log_of_another_backend_replays_on_the_reference() -> None:
    backend: Any = FaultyBackend(ModelBackend())
    log = recorded(backend, work)
    other = MemBackend()
    replay(log, other)
    assert str(names(other)) == str(names(backend))


def test_a_backend_without_find_methods_is_searched() -> None:
    small = SmallVolumes()
    log = [
        event(0, "create_volume", "11111111-1111-4111-8111-111111111111", name="a"),
        {
            **event(1, "find_volume", "11111111-1111-4111-8111-111111111111", name="a"),
            "error": "timeout",
            "fault": "after",
        },
    ]
    replay(log, small)
    with pytest.raises(ReplayDifference, match="event 1, find_volume"):
        replay([log[0], {**log[1], "result": UNKNOWN}], SmallVolumes())


# Differences ----------------------------------------------------------------------------------


def test_a_backend_in_another_state_gives_the_first_difference() -> None:
    backend = MemBackend(seed=7)
    log = recorded(backend, work)
    other = MemBackend(seed=7)
    other.create_volume("db")
    with pytest.raises(ReplayDifference) as caught:
        replay(log, other)
    error = caught.value
    assert error.event["seq"] == 0
    assert error.expected == {"result": log[0]["result"], "error": None}
    assert error.actual == {"result": None, "error": "volume_exists"}
    assert isinstance(error.__cause__, VolumeExistsError)
    assert str(error) == (
        "event 0, create_volume(name='db', size_bytes=1073741824): "
        f"expected the result '{log[0]['result']}', not the error volume_exists"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.event, again.expected, again.actual) == (
        *(str(error), error.event),
        *(error.expected, error.actual),
    )


def test_a_call_that_was_refused_and_now_succeeds_is_a_difference() -> None:
    log = [event(0, "delete_volume", error="volume_not_found", uuid=UNKNOWN)]
    replay(log, MemBackend())
    backend = MemBackend(seed=1)
    log[0]["arguments"]["uuid"] = backend.create_volume("v")["uuid"]
    with pytest.raises(ReplayDifference, match="expected the error volume_not_found, not success"):
        replay(log, backend)


def test_a_bulk_result_of_another_length_is_a_difference() -> None:
    log = recorded(MemBackend(seed=7), bulk_work)

    class Forgetful:
        def __init__(self) -> None:
            self.backend = MemBackend()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.backend, name)

        def create_volumes(self, *arguments: Any, **keywords: Any) -> Any:
            return self.backend.create_volumes(*arguments, **keywords)[:2]

        def delete_snapshots(self, *arguments: Any, **keywords: Any) -> Any:
            self.backend.delete_snapshots(*arguments, **keywords)
            return []

    with pytest.raises(ReplayDifference, match="event 0, create_volumes"):
        replay(log, Forgetful())
    del Forgetful.create_volumes
    with pytest.raises(ReplayDifference, match=r"delete_snapshots.* not success"):
        replay(log, Forgetful())


def test_a_change_of_another_object_is_a_difference() -> None:
    class Confused(DictVolumes):
        def patch_volume(self, uuid: str, *arguments: Any, **keywords: Any) -> Any:
            return {**super().patch_volume(uuid, *arguments, **keywords), "uuid": UNKNOWN}

    backend = MemBackend(seed=1)

    def calls(backend: MemBackend) -> None:
        backend.patch_volume(backend.create_volume("v")["uuid"], state="offline")

    log = recorded(backend, calls)
    with pytest.raises(
        ReplayDifference, match=f"event 1, patch_volume.*not the result '{UNKNOWN}'"
    ):
        replay(log, Confused())


# Refusals -------------------------------------------------------------------------------------


def test_a_log_that_lost_events_is_refused() -> None:
    backend = MemBackend()
    with backend.events(keep=2) as log:
        for name in "abc":
            backend.create_volume(name)
    other = MemBackend()
    with pytest.raises(InvalidArgumentError, match=r"lost its first 1 events.*without `keep`"):
        replay(log, other)
    assert not other


def test_a_log_with_a_loaded_dump_is_refused() -> None:
    events = [event(0, "create_volume", name="a"), event(1, "load", digest="00")]
    backend = MemBackend()
    with pytest.raises(InvalidArgumentError, match=r"event 1 .*a dump.*log\.since\(2\)"):
        replay(events, backend)
    assert not backend


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (
            [event(0, "create_volume", name="a"), event(2, "create_volume", name="b")],
            "1 is missing",
        ),
        (
            [event(0, "create_volume", name="a"), event(0, "create_volume", name="b")],
            "1 is missing",
        ),
        ([event(0, "create_volume", name="a"), "line"], "item 1 of the log is not an event"),
        ([event(0, "create_volume", name="a"), {}], "item 1 of the log is not an event"),
        ([event(0, "create_volume", name="a"), event(1, "fork")], "event 1: .*'fork' is unknown"),
    ],
)
def test_what_is_not_a_log_is_refused_before_the_first_call(log: Any, message: str) -> None:
    backend = MemBackend()
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        replay(iter(log), backend)
    assert caught.value.target == "log"
    assert not backend


def test_a_missing_method_is_named() -> None:
    log = recorded(MemBackend(seed=1), work)
    with pytest.raises(FeatureNotSupportedError) as caught:
        replay(log, DictVolumes())
    assert str(caught.value).endswith(
        "cannot be performed: DictVolumes has no method create_snapshot"
    )
    assert caught.value.target == "create_snapshot"
    with pytest.raises(FeatureNotSupportedError, match="no method advance"):
        replay([event(0, "advance", delta=5)], DictVolumes())


def test_a_missing_method_that_was_refused_is_no_difference() -> None:
    log = [event(0, "split_clone", error="feature_not_supported", vol_uuid=UNKNOWN)]
    replay(log, DictVolumes())


def test_another_exception_has_a_note_with_the_event() -> None:
    log = [event(0, "create_volume", UNKNOWN, name="v", snapshot_policy="p")]
    with pytest.raises(TypeError) as caught:
        replay(log, DictVolumes())
    assert caught.value.__notes__ == [
        "event 0, create_volume(name='v', snapshot_policy='p'), was performed in a replay"
    ]


def test_busy_errors_are_compared_by_code() -> None:
    backend = MemBackend(seed=1)

    def calls(backend: MemBackend) -> None:
        volume = backend.create_volume("v")["uuid"]
        snapshot = backend.create_snapshot(volume, "s")["uuid"]
        backend.create_clone(volume, snapshot, "c")
        with pytest.raises(SnapshotBusyError):
            backend.delete_snapshot(volume, snapshot)

    replay(recorded(backend, calls), MemBackend())
