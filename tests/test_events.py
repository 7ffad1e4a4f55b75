"""Logs of events, and the differences of two backends."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dict_backends import DictVolumes, ModelBackend
from nessie_backend_mem import (
    Fault,
    FaultyBackend,
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotLockedError,
    Uuids,
    VolumeExistsError,
)
from nessie_backend_mem.events import Change, Diff, EventLog, diff
from support import run_threads

START = "2000-01-01T00:00:00Z"
DAILY: Any = {"schedule": "0 0 * * *", "prefix": "daily", "keep": 1}

# Logs -----------------------------------------------------------------------------------------


@pytest.fixture(params=[0, 1], ids=["events", "FaultyBackend"])
def backend(request: pytest.FixtureRequest) -> Any:
    """A `MemBackend` that records itself, and one with a backend around it."""
    return [MemBackend(seed=1), FaultyBackend(MemBackend(seed=1), seed=1)][request.param]


def test_an_event_has_the_call_and_its_outcome(backend: Any) -> None:
    with backend.events() as log:
        volume = backend.create_volume("db", size_bytes=5)["uuid"]
        backend.get_volume(volume)
        with pytest.raises(VolumeExistsError):
            backend.create_volume("db")
        with pytest.raises(TypeError):
            backend.create_volume(5)
        with backend.inject(Fault(error="timeout")), suppress(NessieError):
            backend.delete_volume(volume)
    backend.create_volume("unrecorded")
    shared = {"time": START, "cause": "call"}
    created = {"operation": "create_volume", "arguments": {"name": "db", "size_bytes": 5}}
    assert list(log) == [
        {"seq": 0, **shared, **created, "result": volume, "error": None},
        {
            "seq": 1,
            **shared,
            "operation": "create_volume",
            "arguments": {"name": "db"},
            "result": None,
            "error": "volume_exists",
        },
        {
            "seq": 2,
            **shared,
            "operation": "delete_volume",
            "arguments": {"uuid": volume},
            "result": None,
            "error": "timeout",
            "fault": "before",
        },
    ]
    keys = ["seq", "time", "operation", "arguments", "result", "error", "cause"]
    assert [list(event) for event in log] == [keys, keys, [*keys, "fault"]]


def test_a_bulk_call_is_one_event_with_columns(backend: Any) -> None:
    with backend.events() as log:
        volumes = backend.create_volumes(["a", "b"])
        backend.create_snapshots(iter(volumes), "s")
        assert backend.delete_snapshots(volumes, "s") == []
    assert [event["operation"] for event in log] == [
        *("create_volumes", "create_snapshots", "delete_snapshots")
    ]
    assert (log[0]["result"], log[0]["arguments"]) == (volumes, {"names": ["a", "b"]})
    assert isinstance(log[0]["result"], Uuids)
    assert list(log[1]["arguments"]["vol_uuids"]) == list(volumes)


def test_a_run_of_a_rule_is_one_event() -> None:
    backend = MemBackend(seed=1)
    backend.create_snapshot_policy("p", [DAILY])
    volumes = [backend.create_volume(name, snapshot_policy="p")["uuid"] for name in "ab"]
    backend.patch_volume(volumes[1], state="offline")
    with backend.events() as log:
        backend.advance(86_400)
    assert [(event["operation"], event["cause"]) for event in log] == [
        *(("advance", "call"), ("run_rule", "policy"))
    ]
    run: Any = log[1]
    assert list(run["result"]) == [s["uuid"] for s in backend.list_snapshots(volumes[0])]
    assert run["arguments"]["name"] == "daily.2000-01-02_0000"
    assert [each["code"] for each in run["arguments"]["passed_over"]] == ["volume_offline"]


def test_a_log_is_read_by_number_and_by_pattern(backend: Any) -> None:
    log = backend.events()
    for name in ("db-1", "web", "db-2"):
        backend.create_snapshot(backend.create_volume(name)["uuid"], "nightly")
    assert len(log) == 6
    assert [event["seq"] for event in log.since(4)] == [4, 5]
    assert log.since(6) == log.since(2**64 - 1) == []
    assert log[-1] == log[5]
    with pytest.raises(IndexError):
        log[6]
    assert [event["seq"] for event in log.where(operation="create_v*")] == [0, 2, 4]
    assert [event["seq"] for event in log.where(operation="create_volume", name="db-?")] == [0, 4]
    assert log.where(operation="Create_*") == []
    assert log.since(0) == log.where() == list(log)


def test_a_bounded_log_keeps_the_last_events(backend: Any) -> None:
    log = backend.events(keep=2)
    for name in "abcd":
        backend.create_volume(name)
    assert [event["seq"] for event in log] == [2, 3]
    assert (len(log), log.lost, log.keep) == (2, 2, 2)
    assert [event["seq"] for event in log.since(0)] == [2, 3]
    for wrong in (0, -1, 2**64):
        with pytest.raises(InvalidArgumentError) as caught:
            backend.events(keep=wrong)
        assert caught.value.target == "keep"
    for ill_typed in ("2", 1.5, [1]):
        with pytest.raises(TypeError):
            backend.events(keep=ill_typed)


def test_a_log_records_until_it_is_closed(backend: Any) -> None:
    log, other = backend.events(), backend.events()
    backend.create_volume("a")
    log.close()
    log.close()
    backend.create_volume("b")
    assert (log.is_open, other.is_open) == (False, True)
    assert (len(log), len(other)) == (1, 2)
    del other
    backend.create_volume("c")
    assert len(log) == 1


def test_a_log_is_written_and_read(tmp_path: Path, backend: Any) -> None:
    with backend.events(keep=5) as log:
        volumes = backend.create_volumes([f"v{n}" for n in range(3)])
        for volume in volumes:
            backend.create_snapshot(volume, "s")
            with suppress(NessieError):
                backend.create_snapshot(volume, "s")
        backend.delete_volumes(volumes)
    file = io.BytesIO()
    for target in (tmp_path / "log", str(tmp_path / "text"), file):
        log.write(target)
    assert (tmp_path / "log").read_bytes() == (tmp_path / "text").read_bytes() == file.getvalue()
    first, *lines = file.getvalue().splitlines()
    assert json.loads(first)["events"] == len(lines) == 5
    again = EventLog.read(tmp_path / "log")
    assert (len(again), again.lost, again.is_open) == (5, log.lost, False)
    assert json.dumps(list(again)) == json.dumps([plain(event) for event in log])
    twice = io.BytesIO()
    again.write(twice)
    assert twice.getvalue() == file.getvalue()


def plain(event: Any) -> Any:
    """An event with lists in place of columns."""
    given = {k: list(v) if isinstance(v, Uuids) else v for k, v in event["arguments"].items()}
    result = event["result"]
    result = list(result) if isinstance(result, Uuids) else result
    return {**event, "arguments": given, "result": result}


def written() -> bytes:
    backend = MemBackend(seed=1)
    with backend.events() as log:
        for name in "abc":
            backend.create_volume(name)
    file = io.BytesIO()
    log.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: b"", "is empty"),
        (lambda text: text[:-10], "line 4 is not an event"),
        (lambda text: b"\n".join(text.splitlines()[:3]), "2 of 3 events; it was cut"),
        (lambda text: b"\n".join(text.splitlines()[1:]), "line 1 is not the first line"),
        (
            lambda text: b"\n".join([*text.splitlines()[:2], text.splitlines()[3]]),
            "line 3: event 2 is in the place of event 1",
        ),
        (lambda text: text.replace(b'"create_volume"', b'"erase"', 1), "line 2.*erase.*unknown"),
        (lambda text: text.replace(b"nessie-events", b"other"), "line 1.*other"),
        (lambda text: b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_is_not_a_whole_log_is_refused(
    change: Callable[[bytes], bytes], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        EventLog.read(io.BytesIO(change(written())))
    with pytest.raises(FileNotFoundError):
        EventLog.read(tmp_path / "nothing")
    with pytest.raises(TypeError):
        EventLog.read(5)  # type: ignore[arg-type]


def test_a_log_is_a_table_of_arrow() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(EventLog.read(io.BytesIO(written())))
    assert table.column_names == [
        *("seq", "time", "operation", "arguments", "result", "error", "cause", "fault")
    ]
    assert table["seq"].to_pylist() == [0, 1, 2]
    assert json.loads(table["arguments"][1].as_py()) == {"name": "b"}
    assert table["error"].null_count == 3


def test_the_order_is_that_in_which_calls_took_effect(backend: Any) -> None:
    with backend.events() as log:

        def create(thread: int) -> Callable[[], None]:
            def calls() -> None:
                for number in range(50):
                    backend.create_volume(f"t{thread}-{number}")

            return calls

        run_threads(*[create(thread) for thread in range(3)])
    names = [event["arguments"]["name"] for event in log]
    assert len(names) == 150
    if isinstance(backend, MemBackend):
        assert names == [volume["name"] for volume in backend.list_volumes()]


def test_single_and_bulk_calls_of_threads_share_one_log(backend: Any) -> None:
    def single(prefix: str) -> Callable[[], None]:
        def calls() -> None:
            for number in range(100):
                backend.create_volume(f"{prefix}{number}")

        return calls

    def bulk() -> None:
        for number in range(20):
            backend.create_volumes([f"bulk-{number}-{index}" for index in range(50)])

    with backend.events() as log:
        run_threads(bulk, single("a"), single("b"))
    created: list[str] = []
    for event in log:
        result: Any = event["result"]
        created += [result] if isinstance(result, str) else result
    assert len(created) == 1_200
    if isinstance(backend, MemBackend):
        assert created == [volume["uuid"] for volume in backend.list_volumes()]


# Differences ----------------------------------------------------------------------------------


def filled() -> MemBackend:
    backend = MemBackend(seed=1)
    backend.create_snapshot_policy("p", [DAILY])
    volume = backend.create_volume("db", 5)["uuid"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    backend.create_clone(volume, snapshot, "copy")
    backend.create_volume("web")
    return backend


def test_equal_backends_do_not_differ() -> None:
    for by in ("uuid", "name"):
        difference = diff(filled(), filled(), by=by)
        assert not difference
        assert difference == Diff()
        assert str(difference) == "no difference"


def test_a_difference_has_what_was_added_removed_and_changed() -> None:
    a, b = filled(), filled()
    found: list[Any] = [b.find_volume(name) for name in ("db", "web", "copy")]
    db, web, copied = found
    b.patch_volume(db["uuid"], 7, name="data")
    b.delete_volume(web["uuid"])
    added = b.create_volume("new")["uuid"]
    b.create_snapshot(added, "first")
    b.replace_snapshot_policy("p", [dict(DAILY, keep=2)])  # type: ignore[list-item]
    b.create_snapshot_policy("q", [DAILY])
    difference = diff(a, b)
    assert difference
    assert [change.name for change in difference.added] == ["new", "new/first", "q"]
    assert difference.removed == (Change("volume", "web", web["uuid"], {}),)
    data, clone, policy = difference.changed
    assert data.fields == {"name": ("db", "data"), "size_bytes": (5, 7)}
    assert (clone.name, clone.uuid, [*clone.fields]) == ("copy", copied["uuid"], ["clone"])
    assert (policy.kind, policy.uuid) == ("snapshot policy", None)
    assert str(difference).splitlines()[:4] == [
        *("- volume web", "+ volume new", "+ snapshot new/first", "+ snapshot policy q")
    ]
    assert "~ volume data: name 'db' -> 'data', size_bytes 5 -> 7" in str(difference)
    assert pickle.loads(pickle.dumps(difference)) == difference
    backwards = diff(b, a)
    assert [change.name for change in backwards.removed] == ["new", "new/first", "q"]
    assert backwards.changed[0].fields["size_bytes"] == (7, 5)


def test_by_name_other_uuids_are_the_same() -> None:
    a, b = filled(), MemBackend(start=START)
    b.create_volume("web")
    volume = b.create_volume("db", 5)["uuid"]
    b.create_clone(volume, b.create_snapshot(volume, "s")["uuid"], "copy")
    b.create_snapshot_policy("p", [DAILY])
    assert not diff(a, b, by="name")
    assert len(diff(a, b).added) == len(diff(a, b).removed) == 4
    b.patch_volume(volume, name="other")
    assert [change.name for change in diff(a, b, "name").added] == ["other", "other/s"]


def test_backends_of_others_are_compared_too() -> None:
    model, mem = ModelBackend(), MemBackend()
    for backend in (model, mem):
        volume = backend.create_volume("db")["uuid"]
        backend.create_snapshot(volume, "s")
    assert not diff(model, mem, by="name", ignore=["create_time"])
    volumes = DictVolumes()
    volumes.create_volume("db")
    difference = diff(mem, volumes, by="name", ignore=["create_time"])
    assert str(difference) == "- snapshot db/s"
    mem.create_snapshot_policy("p", [DAILY])
    assert "- snapshot policy p" in str(diff(mem, volumes, by="name"))
    assert not diff(mem, FaultyBackend(mem))


def test_a_lock_is_a_field() -> None:
    a, b = filled(), filled()
    volume: Any = b.find_volume("web")
    for backend in (a, b):
        expires = None if backend is a else "2001-01-01T00:00:00Z"
        backend.create_snapshot(volume["uuid"], "locked", expires_at=expires)
    [change] = diff(a, b).changed
    assert change.fields == {"expires_at": (None, "2001-01-01T00:00:00Z")}
    with pytest.raises(SnapshotLockedError):
        b.delete_volume(volume["uuid"])


def test_wrong_arguments_of_a_difference_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match='by \'size\' is not "uuid" or "name"'):
        diff(MemBackend(), MemBackend(), by="size")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the text 'create_time'"):
        diff(MemBackend(), MemBackend(), ignore="create_time")


def test_an_argument_that_changes_while_it_is_recorded_is_refused_as_usual() -> None:
    class Key:
        def __str__(self) -> str:
            argument.clear()
            argument.update(a=1, b=2, c=3)
            return "key"

    argument: Any = {Key(): 1, "uuid": 2}
    b = MemBackend(seed=1)
    with b.events() as log, pytest.raises(TypeError, match="uuid must be a str"):
        b.get_volume(argument)
    assert not log
