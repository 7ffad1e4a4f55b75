"""Snapshot policies, the clock that runs them, and locks of snapshots."""

from __future__ import annotations

import copy
import io
import pickle
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from nessie_backend_mem import (
    InvalidArgumentError,
    LimitExceededError,
    MemBackend,
    NessieError,
    SnapshotBusyError,
    SnapshotExistsError,
    SnapshotLockedError,
    SnapshotPolicy,
    SnapshotPolicyBusyError,
    SnapshotPolicyExistsError,
    SnapshotPolicyNotFoundError,
    SnapshotRule,
    VolumeNotFoundError,
    VolumeOfflineError,
)
from support import TIMEOUT, UNKNOWN, Index, refuses, run_python, snapshot_names

DAY = timedelta(days=1)
NIGHTLY: SnapshotRule = {"schedule": "0 0 * * *", "prefix": "nightly", "keep": 7}
HOURLY: SnapshotRule = {"schedule": "0 * * * *", "prefix": "hourly", "keep": 6}
LOCKED_UNTIL = "2000-01-02T00:00:00Z"


@pytest.fixture
def backend() -> MemBackend:
    """A volume `a` that uses the policy `p`."""
    backend = MemBackend(seed=1)
    backend.create_snapshot_policy("p", [NIGHTLY, HOURLY])
    backend.create_volume("a", snapshot_policy="p")
    return backend


def uuid_of(backend: MemBackend, name: str = "a") -> str:
    volume = backend.find_volume(name)
    assert volume is not None
    return volume["uuid"]


# Policies ------------------------------------------------------------------------------------


def test_a_policy_is_created_read_replaced_and_deleted() -> None:
    backend = MemBackend(seed=1)
    assert backend.list_snapshot_policies() == []
    made = backend.create_snapshot_policy("p", iter([NIGHTLY]))
    assert made == {"name": "p", "rules": [NIGHTLY]}
    assert list(made) == ["name", "rules"]
    assert list(made["rules"][0]) == ["schedule", "prefix", "keep"]
    made["rules"].clear()
    assert backend.get_snapshot_policy("p") == {"name": "p", "rules": [NIGHTLY]}
    backend.create_snapshot_policy("other", [{**HOURLY, "keep": Index(2)}])  # type: ignore[typeddict-item]
    changed = backend.replace_snapshot_policy("p", (HOURLY, NIGHTLY))
    assert changed == {"name": "p", "rules": [HOURLY, NIGHTLY]}
    names = [policy["name"] for policy in backend.list_snapshot_policies()]
    assert names == ["p", "other"]
    assert backend.list_snapshot_policies()[1]["rules"] == [{**HOURLY, "keep": 2}]
    backend.delete_snapshot_policy("p")
    assert [policy["name"] for policy in backend.list_snapshot_policies()] == ["other"]


def rule(**changes: Any) -> Any:
    return {**NIGHTLY, **changes}


@pytest.mark.parametrize(
    ("call", "error_type", "target", "text"),
    [
        (lambda b: b.create_snapshot_policy("p", [NIGHTLY]), SnapshotPolicyExistsError, "p", "p"),
        (lambda b: b.create_snapshot_policy("p q", [NIGHTLY]), InvalidArgumentError, "name", "' '"),
        (lambda b: b.create_snapshot_policy("\ud800", [NIGHTLY]), InvalidArgumentError, "name", ""),
        (lambda b: b.create_snapshot_policy("q", []), InvalidArgumentError, "rules", "are empty"),
        (
            lambda b: b.create_snapshot_policy("q", [NIGHTLY, rule(schedule="@daily")]),
            InvalidArgumentError,
            "rules",
            'at position 1: schedule "@daily" is a nickname; write the five fields "0 0 * * *"',
        ),
        (
            lambda b: b.create_snapshot_policy("q", [rule(schedule="0 0 30 2 *")]),
            InvalidArgumentError,
            "rules",
            "is never due",
        ),
        (
            lambda b: b.create_snapshot_policy("q", [rule(schedule="0 0 L * *")]),
            InvalidArgumentError,
            "rules",
            'has the day of the month "L"',
        ),
        (
            lambda b: b.create_snapshot_policy("q", [rule(schedule="\ud800")]),
            InvalidArgumentError,
            "rules",
            "has 1 fields",
        ),
        (
            lambda b: b.create_snapshot_policy("q", [rule(prefix="a/b")]),
            InvalidArgumentError,
            "rules",
            "at position 0: prefix \"a/b\" has the character '/'",
        ),
        (
            lambda b: b.create_snapshot_policy("q", [rule(prefix="x" * 240)]),
            InvalidArgumentError,
            "rules",
            "at most 239",
        ),
        (
            lambda b: b.create_snapshot_policy("q", [NIGHTLY, NIGHTLY]),
            InvalidArgumentError,
            "rules",
            "is that of another rule",
        ),
        *(
            (
                lambda b, keep=keep: b.create_snapshot_policy("q", [rule(keep=keep)]),
                InvalidArgumentError,
                "rules",
                f"at position 0: keep {keep} is out of range",
            )
            for keep in (0, -1, 2**64)
        ),
        (lambda b: b.get_snapshot_policy("q"), SnapshotPolicyNotFoundError, "q", '"q"'),
        (lambda b: b.replace_snapshot_policy("q", []), SnapshotPolicyNotFoundError, "q", ""),
        (
            lambda b: b.replace_snapshot_policy("q", [rule(schedule="x")]),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (lambda b: b.replace_snapshot_policy("p", []), InvalidArgumentError, "rules", "are empty"),
        (lambda b: b.delete_snapshot_policy("q"), SnapshotPolicyNotFoundError, "q", ""),
        (
            lambda b: b.create_volume("/", 0, snapshot_policy="q"),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (
            lambda b: b.create_volume("v", -1, snapshot_policy="q"),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (lambda b: b.create_volume("v", snapshot_policy=""), SnapshotPolicyNotFoundError, "", ""),
        (
            lambda b: b.create_volumes(["v", "/"], -1, snapshot_policy="q"),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (
            lambda b: b.patch_volume(uuid_of(b), -1, snapshot_policy="q"),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (
            lambda b: b.patch_volume(UNKNOWN, -1, snapshot_policy="q"),
            VolumeNotFoundError,
            UNKNOWN,
            "",
        ),
        (
            lambda b: b.patch_volumes([uuid_of(b)], -1, snapshot_policy="q"),
            SnapshotPolicyNotFoundError,
            "q",
            "",
        ),
        (
            lambda b: b.patch_volumes([UNKNOWN], snapshot_policy="q"),
            VolumeNotFoundError,
            UNKNOWN,
            "",
        ),
        (
            lambda b: b.patch_volume(uuid_of(b), -1, snapshot_policy="p"),
            InvalidArgumentError,
            "size_bytes",
            "",
        ),
    ],
)
def test_bad_values_are_refused(
    backend: MemBackend,
    call: Callable[[MemBackend], Any],
    error_type: type[NessieError],
    target: str,
    text: str,
) -> None:
    with refuses(backend, error_type, target=target) as caught:
        call(backend)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (None, "rules must be an iterable"),
        (5, "rules must be an iterable"),
        ("x", "rules must be an iterable"),
        (NIGHTLY, "put a single one into a list"),
        (["x"], r"rules\[0\] must be a dict, not str"),
        ([NIGHTLY, {}], r"rules\[1\] is a dict without"),
        ([{"schedule": "* * * * *", "prefix": "x"}], 'without "keep"'),
        ([rule(count=1)], "has the key 'count'"),
        ([rule(**{"\ud800": 1})], "has the key"),
        ([dict([*NIGHTLY.items(), (5, 1)])], "has the key 5"),
        ([rule(schedule=5)], r"rules\[0\]\[\"schedule\"\] must be a str, not int"),
        ([rule(prefix=b"x")], r"rules\[0\]\[\"prefix\"\] must be a str, not bytes"),
        ([rule(keep="7")], r"rules\[0\]\[\"keep\"\] must be an int, not str"),
        ([rule(keep=True)], r"rules\[0\]\[\"keep\"\] must be an int, not bool"),
        ([rule(keep=None)], r"rules\[0\]\[\"keep\"\] must be an int, not NoneType"),
        # Types are looked at before values.
        ([rule(schedule="x"), rule(keep="7")], r"rules\[1\]\[\"keep\"\] must be an int"),
    ],
)
def test_rules_of_a_wrong_type_are_a_type_error(backend: MemBackend, rules: Any, text: str) -> None:
    for call in (backend.create_snapshot_policy, backend.replace_snapshot_policy):
        with pytest.raises(TypeError, match=text):
            call("unknown", rules)


@pytest.mark.parametrize("name", [None, 5, b"p", ["p"]])
def test_a_name_of_a_wrong_type_is_a_type_error(backend: MemBackend, name: Any) -> None:
    volume = uuid_of(backend)
    calls: list[Callable[[], Any]] = [
        lambda: backend.create_snapshot_policy(name, [NIGHTLY]),
        lambda: backend.replace_snapshot_policy(name, [NIGHTLY]),
        lambda: backend.get_snapshot_policy(name),
        lambda: backend.delete_snapshot_policy(name),
    ]
    if name is not None:
        calls += [
            lambda: backend.create_volume("v", snapshot_policy=name),
            lambda: backend.create_volumes(["v"], snapshot_policy=name),
            lambda: backend.patch_volume(volume, snapshot_policy=name),
            lambda: backend.patch_volumes([volume], snapshot_policy=name),
        ]
    for call in calls:
        with pytest.raises(TypeError, match=r"(name|snapshot_policy) must be a str"):
            call()


def test_an_exception_of_the_iterable_is_raised(backend: MemBackend) -> None:
    def broken() -> Any:
        yield NIGHTLY
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        backend.create_snapshot_policy("q", broken())
    assert len(backend.list_snapshot_policies()) == 1


def test_a_policy_in_use_cannot_be_deleted(backend: MemBackend) -> None:
    backend.create_volumes([f"v{number:02}" for number in range(20)], snapshot_policy="p")
    with refuses(backend, SnapshotPolicyBusyError, target="p") as caught:
        backend.delete_snapshot_policy("p")
    assert caught.value.dependents == ("a", *(f"v{number:02}" for number in range(15)))
    assert caught.value.dependent_count == 21
    assert "21 volumes use it: a, v00" in str(caught.value)
    backend.patch_volumes(backend, snapshot_policy="")
    backend.delete_snapshot_policy("p")


# Volumes -------------------------------------------------------------------------------------


def test_a_volume_shows_its_policy_before_its_origin(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    assert backend.get_volume(volume)["snapshot_policy"] == "p"
    assert backend.list_volumes()[0]["snapshot_policy"] == "p"
    assert backend.volumes()["snapshot_policy"] == ["p"]
    snapshot = backend.create_snapshot(volume, "s")["uuid"]
    clone = backend.create_clone(volume, snapshot, "c")
    assert "snapshot_policy" not in clone
    patched = backend.patch_volume(
        clone["uuid"], junction_path="/c", export_policy="e", snapshot_policy="p"
    )
    assert list(patched)[7:] == ["junction_path", "export_policy", "snapshot_policy", "clone"]
    backend.create_volumes(["x", "y"], [1, 2], snapshot_policy="p")
    assert backend.volumes().column("snapshot_policy") == ["p"] * 4
    assert "snapshot_policy" not in backend.patch_volume(volume, snapshot_policy="")
    assert "snapshot_policy" in backend.patch_volume(clone["uuid"], name="d")


# The clock -----------------------------------------------------------------------------------


def test_an_advance_takes_and_deletes_snapshots(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    assert backend.next_due() == "2000-01-01T01:00:00Z"
    assert backend.advance(365 * DAY) == "2000-12-31T00:00:00Z"
    assert snapshot_names(backend, volume) == [
        *(f"nightly.2000-12-{day}_0000" for day in range(25, 31)),
        *(f"hourly.2000-12-30_{hour}00" for hour in range(19, 24)),
        "nightly.2000-12-31_0000",
        "hourly.2000-12-31_0000",
    ]
    first = backend.list_snapshots(volume)[0]
    assert first["create_time"] == "2000-12-25T00:00:00Z"
    assert "expires_at" not in first


def test_one_advance_equals_several(backend: MemBackend) -> None:
    backend.create_volumes([f"v{number}" for number in range(50)], snapshot_policy="p")
    other = backend.fork()
    backend.advance(40 * DAY)
    for _ in range(480):
        other.advance(7_200)
    assert backend.state_digest() == other.state_digest()
    backend.check_invariants()


def test_a_renamed_snapshot_is_kept_and_one_made_by_hand_counts(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.replace_snapshot_policy("p", [{**NIGHTLY, "keep": 2}])
    backend.create_snapshot(volume, "nightly.1999-12-31_0000")
    backend.advance(DAY)
    first = backend.list_snapshots(volume)[1]
    backend.rename_snapshot(volume, first["uuid"], "keep-me")
    backend.create_snapshot(volume, "nightly.2000-13-01_0000")
    backend.advance(3 * DAY)
    assert snapshot_names(backend, volume) == [
        "keep-me",
        "nightly.2000-13-01_0000",
        "nightly.2000-01-04_0000",
        "nightly.2000-01-05_0000",
    ]


def test_what_cannot_be_done_is_passed_over(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.replace_snapshot_policy("p", [{**NIGHTLY, "keep": 1}])
    offline = backend.create_volume("offline", snapshot_policy="p")["uuid"]
    backend.patch_volume(offline, state="offline")
    backend.advance(DAY)
    assert snapshot_names(backend, offline) == []
    first = backend.list_snapshots(volume)[0]["uuid"]
    clone = backend.create_clone(volume, first, "clone")["uuid"]
    backend.advance(DAY)
    assert snapshot_names(backend, volume) == [f"nightly.2000-01-0{day}_0000" for day in (2, 3)]
    backend.delete_volume(clone)
    backend.advance(DAY)
    assert snapshot_names(backend, volume) == ["nightly.2000-01-04_0000"]
    # A locked one is kept until its lock has ended.
    locked = "nightly.2000-01-04_0600"
    backend.create_snapshot(volume, locked, expires_at="2000-01-05T12:00:00Z")
    backend.advance(DAY)
    assert snapshot_names(backend, volume) == [locked, "nightly.2000-01-05_0000"]
    backend.advance(DAY)
    assert snapshot_names(backend, volume) == ["nightly.2000-01-06_0000"]


def test_a_limit_is_passed_over() -> None:
    backend = MemBackend(seed=1, limits={"snapshots": 3, "snapshots_per_volume": 2})
    backend.create_snapshot_policy("p", [{**NIGHTLY, "keep": 3}])
    volumes = [backend.create_volume(name, snapshot_policy="p")["uuid"] for name in "ab"]
    backend.advance(5 * DAY)
    backend.check_invariants()
    assert [len(backend.list_snapshots(volume)) for volume in volumes] == [2, 1]
    with refuses(backend, LimitExceededError, target="snapshots"):
        backend.create_snapshot(volumes[1], "s")
    # Where the rule deletes one, there is room.
    backend.replace_snapshot_policy("p", [{**NIGHTLY, "keep": 2}])
    backend.advance(DAY)
    assert snapshot_names(backend, volumes[0])[-1] == "nightly.2000-01-07_0000"


def test_the_next_time_is_that_of_a_policy_in_use(backend: MemBackend) -> None:
    backend.create_snapshot_policy("minutely", [rule(schedule="* * * * *")])
    assert backend.next_due() == "2000-01-01T01:00:00Z"
    backend.advance(0.5)
    backend.patch_volume(uuid_of(backend), snapshot_policy="minutely")
    assert backend.next_due() == "2000-01-01T00:01:00Z"
    backend.delete_volume(uuid_of(backend))
    assert backend.next_due() is None
    assert MemBackend().next_due() is None


def test_a_standing_clock_runs_nothing_by_itself(backend: MemBackend) -> None:
    assert backend.run_due() == 0


def test_the_systems_clock_runs_what_became_due() -> None:
    backend = MemBackend()
    backend.create_snapshot_policy("p", [rule(schedule="* * * * *", keep=1)])
    volume = backend.create_volume("a", snapshot_policy="p")["uuid"]
    created = datetime.fromisoformat(backend.list_volumes()[0]["create_time"])
    due = backend.next_due()
    assert due is not None
    assert timedelta(0) < datetime.fromisoformat(due) - created <= timedelta(minutes=1)
    # Only a minute that passes since then is due.
    assert backend.run_due() in (0, 1)
    assert len(backend.list_snapshots(volume)) <= 1
    backend.check_invariants()


def test_copies_keep_policies_and_go_on_alike(backend: MemBackend) -> None:
    backend.create_snapshot(uuid_of(backend), "s", expires_at=LOCKED_UNTIL)
    backend.advance(10 * DAY + timedelta(minutes=30))
    text = io.BytesIO()
    backend.dump(text)
    loaded = MemBackend.load(io.BytesIO(text.getvalue()))
    others = (backend.fork(), copy.deepcopy(backend), pickle.loads(pickle.dumps(backend)), loaded)
    backend.advance(10 * DAY)
    for other in others:
        assert other.list_snapshot_policies() == backend.list_snapshot_policies()
        other.advance(10 * DAY)
        assert other.state_digest() == backend.state_digest()
        other.check_invariants()


def test_a_reset_deletes_policies(backend: MemBackend) -> None:
    backend.reset()
    assert backend.list_snapshot_policies() == []
    assert backend.state_digest() == MemBackend(seed=1).state_digest()


def test_threads_run_while_the_clock_advances(backend: MemBackend) -> None:
    backend.replace_snapshot_policy("p", [rule(schedule="* * * * *", keep=1)])
    backend.create_volumes([f"v{number}" for number in range(200)], snapshot_policy="p")
    seen: list[str] = []
    thread = threading.Thread(target=lambda: backend.advance(DAY))
    thread.start()
    while thread.is_alive():
        seen.append(backend.now())
    thread.join(TIMEOUT)
    assert len({*seen}) > 2, "no other thread has seen a time on the way"
    assert seen == sorted(seen)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
def test_ctrl_c_ends_an_advance_between_two_runs() -> None:
    run_python(
        """
        import signal
        from datetime import timedelta
        from nessie_backend_mem import MemBackend

        backend = MemBackend(seed=1)
        rule = {"schedule": "* * * * *", "prefix": "m", "keep": 2}
        backend.create_snapshot_policy("p", [rule])
        backend.create_volumes([f"v{n}" for n in range(5_000)], snapshot_policy="p")
        whole = backend.fork()

        def interrupt(*_):
            raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            backend.advance(timedelta(days=30_000))
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("it was not interrupted")
        now = backend.now()
        assert "2000-01-01T00:00:00Z" < now < "2000-02-01", now
        assert now.endswith(":00Z"), now
        assert backend.list_snapshots(backend.volumes()["uuid"][-1])[-1]["create_time"] == now
        backend.check_invariants()
        hour, minute = int(now[11:13]), int(now[14:16])
        days = int(now[8:10]) - 1
        whole.advance(timedelta(days=days, hours=hour, minutes=minute))
        assert whole.now() == now
        assert whole.state_digest() == backend.state_digest()
        """
    )


# Locks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        LOCKED_UNTIL,
        "2000-01-02T01:30:00+01:30",
        datetime(2000, 1, 2),
        datetime(2000, 1, 2, tzinfo=UTC),
        datetime(2000, 1, 1, 22, tzinfo=timezone(timedelta(hours=-2))),
    ],
)
def test_a_locked_snapshot_shows_when_the_lock_ends(backend: MemBackend, end: Any) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s", expires_at=end)
    assert list(snapshot) == ["uuid", "name", "create_time", "size_consumed", "expires_at"]
    assert snapshot["expires_at"] == LOCKED_UNTIL
    assert backend.list_snapshots(volume) == [snapshot]
    assert backend.get_snapshot(volume, snapshot["uuid"]) == snapshot
    assert backend.snapshots()["expires_at"] == [LOCKED_UNTIL]
    assert backend.snapshots()[0]["expires_at"] == LOCKED_UNTIL
    backend.create_volume("b")
    backend.create_snapshots([uuid_of(backend, "b")], "t", expires_at=end)
    backend.create_snapshots([uuid_of(backend, "b")], "u")
    assert backend.snapshots()["expires_at"] == [LOCKED_UNTIL, LOCKED_UNTIL, None]
    assert "expires_at" not in backend.snapshots()[2]


def test_a_lock_holds_until_its_time(backend: MemBackend) -> None:
    backend.delete_volume(uuid_of(backend))
    volume = backend.create_volume("b")["uuid"]
    old = backend.create_snapshot(volume, "old")["uuid"]
    locked = backend.create_snapshot(volume, "s", expires_at=LOCKED_UNTIL)["uuid"]
    backend.create_clone(volume, locked, "clone")
    calls: list[Callable[[], Any]] = [
        lambda: backend.delete_snapshot(volume, locked),
        lambda: backend.restore_snapshot(volume, old),
        lambda: backend.delete_volume(volume),
        lambda: backend.delete_volumes([volume]),
        lambda: backend.delete_volumes([volume], skip_busy=True),
        lambda: backend.delete_snapshots([volume], "s"),
        lambda: backend.delete_snapshots([volume], "s", skip_busy=True),
        lambda: backend.delete_snapshots([(volume, locked)]),
        lambda: backend.delete_snapshots([(volume, locked)], skip_busy=True),
    ]
    backend.advance(DAY - timedelta(microseconds=1))
    for call in calls:
        with refuses(backend, SnapshotLockedError, target=locked) as caught:
            call()
        assert caught.value.code == "snapshot_locked"
        assert caught.value.expires_at == LOCKED_UNTIL
        assert str(caught.value).endswith(f"is locked until {LOCKED_UNTIL}")
    backend.advance(timedelta(microseconds=1))
    with refuses(backend, SnapshotBusyError, target=locked):
        backend.delete_snapshot(volume, locked)
    assert backend.delete_volumes([volume], skip_busy=True) == [volume]
    backend.delete_volume(uuid_of(backend, "clone"))
    assert backend.list_snapshots(volume)[1]["expires_at"] == LOCKED_UNTIL
    backend.restore_snapshot(volume, old)


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", datetime.max.replace(tzinfo=UTC)])
def test_the_last_second_of_9999_is_never(backend: MemBackend, end: Any) -> None:
    volume = uuid_of(backend)
    snapshot = backend.create_snapshot(volume, "s", expires_at=end)["uuid"]
    backend.patch_volume(volume, snapshot_policy="")
    backend.advance(timedelta(days=365 * 7_000))
    with refuses(backend, SnapshotLockedError, target=snapshot) as caught:
        backend.delete_snapshot(volume, snapshot)
    assert str(caught.value).endswith("the lock never ends")


@pytest.mark.parametrize(
    "end",
    [
        "2000-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "yesterday",
        "",
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_a_lock_that_has_ended_already_is_refused(backend: MemBackend, end: Any) -> None:
    volume = uuid_of(backend)
    with refuses(backend, InvalidArgumentError, target="expires_at"):
        backend.create_snapshot(volume, "s", expires_at=end)
    with refuses(backend, InvalidArgumentError, target="expires_at"):
        backend.create_snapshots([volume], "s", expires_at=end)
    for call in (
        lambda: backend.create_snapshot(UNKNOWN, "s", expires_at=end),
        lambda: backend.create_snapshots([UNKNOWN], "s", expires_at=end),
    ):
        with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
            call()


@pytest.mark.parametrize("end", [5, b"2000-01-02T00:00:00Z", True, ["x"]])
def test_a_time_of_a_wrong_type_is_a_type_error(backend: MemBackend, end: Any) -> None:
    with pytest.raises(TypeError, match="expires_at must be a datetime or str"):
        backend.create_snapshot(UNKNOWN, "s", expires_at=end)
    with pytest.raises(TypeError, match="expires_at must be a datetime or str"):
        backend.create_snapshots([UNKNOWN], "s", expires_at=end)


def test_the_checks_of_a_locked_snapshot_have_their_order(backend: MemBackend) -> None:
    volume = uuid_of(backend)
    backend.create_snapshot(volume, "s")
    backend.patch_volume(volume, state="offline")
    with refuses(backend, InvalidArgumentError, target="expires_at"):
        backend.create_snapshot(volume, "s", expires_at="2000-01-01T00:00:00Z")
    with refuses(backend, VolumeOfflineError, target=volume):
        backend.create_snapshot(volume, "s", expires_at=LOCKED_UNTIL)
    backend.patch_volume(volume, state="online")
    with refuses(backend, SnapshotExistsError, target="s"):
        backend.create_snapshot(volume, "s", expires_at=LOCKED_UNTIL)


def test_the_error_of_a_lock_can_be_copied_and_pickled() -> None:
    error = SnapshotLockedError("locked", "s", LOCKED_UNTIL)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is SnapshotLockedError
        assert (other.message, other.target, other.expires_at) == ("locked", "s", LOCKED_UNTIL)
    assert f"expires_at='{LOCKED_UNTIL}'" in repr(error)
    assert SnapshotLockedError().expires_at is None


def test_an_error_of_policies_can_be_copied_and_pickled() -> None:
    error = SnapshotPolicyBusyError("busy", "p", ["a"], 3)
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (other.target, other.dependents, other.dependent_count) == ("p", ("a",), 3)
        assert other.code == "snapshot_policy_busy"


def test_the_types_of_policies_can_be_used() -> None:
    policy: SnapshotPolicy = {"name": "p", "rules": [NIGHTLY]}
    assert MemBackend().create_snapshot_policy(**policy) == policy


def test_a_year_of_many_volumes_is_one_call() -> None:
    backend = MemBackend(seed=1)
    backend.create_snapshot_policy("p", [NIGHTLY])
    backend.create_volumes([f"v{number}" for number in range(1_000)], snapshot_policy="p")
    begin = time.process_time()
    backend.advance(365 * DAY)
    assert time.process_time() - begin < 20
    assert len(backend.snapshots()) == 7_000
    backend.check_invariants()
