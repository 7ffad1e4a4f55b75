"""Faults: values, what they hit, and backends around other backends."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from typing import Any

import nessie_backend_mem as nessie
import pytest
from dict_backends import DictVolumes, ModelBackend, SmallVolumes
from nessie_backend_mem import (
    Backend,
    BackendTimeoutError,
    Fault,
    FaultyBackend,
    FullBackend,
    InvalidArgumentError,
    LimitExceededError,
    MemBackend,
    NessieError,
    NoSpaceError,
    SnapshotBackend,
    SnapshotLockedError,
    SubstrateError,
    VolumeBackend,
    VolumeExistsError,
    VolumeNotFoundError,
    conformance,
    errors,
)
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client
from support import UNKNOWN, run_python, run_threads

START = "2000-01-01T00:00:00Z"


class Odd(Exception):
    """An exception of the test's own."""


# Values ---------------------------------------------------------------------------------------


def test_a_fault_shows_what_is_not_the_default() -> None:
    assert repr(Fault()) == "Fault()"
    assert repr(Fault("*", name="*", every=1)) == "Fault()"
    full = Fault(
        "create_*", name="db?", error="timeout", delay=1.5, when="after", after=1, times=2, every=3
    )
    assert repr(full) == (
        "Fault('create_*', name='db?', error='timeout', delay=1.5, when='after', "
        "after=1, times=2, every=3)"
    )
    assert eval(repr(full)) == full
    assert repr(Fault(error=ConnectionError)) == "Fault(error=ConnectionError)"
    assert repr(Fault(probability=0.0)) == "Fault(probability=0.0)"


def test_faults_are_compared_by_their_values_and_pickled() -> None:
    fault = Fault("write*", error=TimeoutError, delay=timedelta(minutes=1), times=0)
    assert fault == Fault("write*", error=TimeoutError, delay=timedelta(minutes=1), times=0)
    assert fault != Fault("write*")
    assert len({fault, replace(fault)}) == 1
    for again in (pickle.loads(pickle.dumps(fault)), copy.copy(fault), copy.deepcopy(fault)):
        assert again == fault
    with pytest.raises(FrozenInstanceError):
        fault.times = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "target", "message"),
    [
        ({"operation": "rename_volume"}, "operation", "rename_volume.*matches no operation"),
        ({"operation": ""}, "operation", "matches no operation"),
        ({"operation": "advance"}, "operation", "faults cannot hit"),
        ({"operation": "create_snapshot_policy"}, "operation", "faults cannot hit"),
        ({"operation": "Create_volume"}, "operation", "matches no operation"),
        ({"name": ""}, "name", r"is empty; \* matches every name"),
        ({"error": "no_such_code"}, "error", "no_such_code.*volume_not_found.*substrate"),
        ({"error": ""}, "error", "is not the code of an error"),
        ({"delay": -1}, "delay", "-1"),
        ({"delay": timedelta(days=-1)}, "delay", "delay"),
        ({"delay": float("nan")}, "delay", "delay"),
        ({"delay": float("inf")}, "delay", "delay"),
        ({"when": "during"}, "when", 'during.*is not "before" or "after"'),
        ({"after": -1}, "after", "-1.*outside 0"),
        ({"after": 2**64}, "after", "outside 0"),
        ({"times": -3}, "times", "-3"),
        ({"every": 0}, "every", "1 hits every call"),
        ({"every": -1}, "every", "-1"),
        ({"probability": -0.1}, "probability", "-0.1 is outside 0 to 1"),
        ({"probability": 1.01}, "probability", "is outside 0 to 1"),
        ({"probability": float("nan")}, "probability", "is outside 0 to 1"),
    ],
    ids=repr,
)
def test_a_bad_value_is_refused_with_the_rule(
    arguments: dict[str, Any], target: str, message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        Fault(**arguments)
    assert caught.value.target == target
    with pytest.raises(InvalidArgumentError):
        replace(Fault(), **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"operation": None},
        {"operation": 5},
        {"name": b"db"},
        {"name": None},
        {"error": 5},
        {"error": object()},
        {"error": object},
        {"error": KeyboardInterrupt},
        {"error": SystemExit()},
        {"error": ["timeout"]},
        {"delay": "1"},
        {"delay": True},
        {"when": None},
        {"after": 1.5},
        {"after": True},
        {"times": "2"},
        {"every": 1.0},
        {"probability": "0.5"},
        {"probability": True},
        {"unknown": 1},
    ],
    ids=repr,
)
def test_a_value_of_a_wrong_type_is_a_type_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Fault(**arguments)
    with pytest.raises(TypeError):
        Fault("*", "db")  # type: ignore[call-arg]


def backends() -> list[Any]:
    return [MemBackend(seed=1), FaultyBackend(MemBackend(seed=1), seed=1)]


@pytest.mark.parametrize("backend", backends(), ids=["inject", "FaultyBackend"])
@pytest.mark.parametrize("wrong", [None, "timeout", [Fault()], Fault], ids=repr)
def test_only_faults_are_injected_and_then_all_or_none(backend: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match="a Fault"):
        backend.inject(Fault(error="timeout"), wrong)
    backend.list_volumes()


# What is hit ----------------------------------------------------------------------------------


@pytest.fixture(params=[0, 1], ids=["inject", "FaultyBackend"])
def backend(request: pytest.FixtureRequest) -> Any:
    """A `MemBackend` that takes faults itself, and one with a backend around it."""
    return backends()[request.param]


def outcomes(calls: int, call: Callable[[], object]) -> str:
    """A letter for each call: x if it is hit."""
    found = ""
    for _ in range(calls):
        try:
            call()
        except Odd:
            found += "x"
        else:
            found += "."
    return found


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, "xxxxxxxxx"),
        ({"after": 2}, "..xxxxxxx"),
        ({"times": 2}, "xx......."),
        ({"times": 0}, "........."),
        ({"every": 3}, "..x..x..x"),
        ({"after": 1, "every": 3, "times": 2}, "...x..x.."),
        ({"probability": 0.0}, "........."),
        ({"probability": 1.0, "every": 2}, ".x.x.x.x."),
    ],
    ids=repr,
)
def test_counts_decide_which_calls_are_hit(
    backend: Any, counts: dict[str, Any], expected: str
) -> None:
    with backend.inject(Fault("list_volumes", error=Odd, **counts)) as plan:
        backend.space()
        assert outcomes(9, backend.list_volumes) == expected
    assert len(plan.hits) == expected.count("x")
    assert outcomes(2, backend.list_volumes) == ".."


def test_names_and_uuids_select_the_objects(backend: Any) -> None:
    volume = backend.create_volume("db-1")["uuid"]
    other = backend.create_volume("web")["uuid"]
    snapshot = backend.create_snapshot(volume, "nightly")["uuid"]
    for name, hit, missed in (
        ("db-?", lambda: backend.get_volume(volume), lambda: backend.get_volume(other)),
        (volume, lambda: backend.get_volume(volume), lambda: backend.get_volume(other)),
        ("night*", lambda: backend.get_snapshot(volume, snapshot), backend.list_volumes),
        ("DB-1", backend.list_volumes, lambda: backend.get_volume(volume)),
        ("web", lambda: backend.find_volume("web"), lambda: backend.find_volume("db-1")),
        (
            "web",
            lambda: backend.get_volumes([volume, other]),
            lambda: backend.get_volumes([volume]),
        ),
        ("new", lambda: backend.create_volumes(["old", "new"]), backend.space),
    ):
        with backend.inject(Fault(name=name, error=Odd, times=1)) as plan:
            missed()
            if name != "DB-1":
                with pytest.raises(Odd):
                    hit()
                assert len(plan.hits) == 1
        assert (plan.unused == list(plan.faults)) == (name == "DB-1")


CODES: dict[str, tuple[type[NessieError], dict[str, Any]]] = {
    "volume_not_found": (VolumeNotFoundError, {}),
    "volume_exists": (VolumeExistsError, {}),
    "volume_busy": (nessie.VolumeBusyError, {"dependents": (), "dependent_count": 0}),
    "snapshot_locked": (SnapshotLockedError, {}),
    "no_space": (NoSpaceError, {"needed_bytes": 0, "available_bytes": 0}),
    "limit_exceeded": (LimitExceededError, {"limit": 0}),
    "timeout": (BackendTimeoutError, {}),
    "substrate": (SubstrateError, {}),
}


@pytest.mark.parametrize("code", CODES)
def test_a_code_raises_its_error_about_the_object(backend: Any, code: str) -> None:
    volume = backend.create_volume("v")["uuid"]
    kind, attributes = CODES[code]
    with backend.inject(Fault("delete_volume", error=code)), pytest.raises(kind) as caught:
        backend.delete_volume(volume)
    assert type(caught.value) is kind
    assert caught.value.code == code
    for name, value in attributes.items():
        assert getattr(caught.value, name) == value
    if code in ("volume_not_found", "volume_busy"):
        assert caught.value.target == volume
    backend.get_volume(volume)


def test_every_code_can_be_injected(backend: Any) -> None:
    for name in errors.__all__:
        code = getattr(errors, name).code
        if code is not None:
            with backend.inject(Fault(error=code)), pytest.raises(getattr(errors, name)):
                backend.create_volume("v")


def test_an_exception_and_a_class_are_raised(backend: Any) -> None:
    error = Odd("mine")
    with backend.inject(Fault("space", error=error), Fault("list_volumes", error=Odd)):
        for _ in range(2):
            with pytest.raises(Odd) as caught:
                backend.space()
            assert caught.value is error
        with pytest.raises(Odd) as first:
            backend.list_volumes()
        with pytest.raises(Odd) as second:
            backend.list_volumes()
        assert first.value is not second.value


def test_a_class_that_needs_arguments_raises_its_type_error(backend: Any) -> None:
    class Needy(Exception):
        def __init__(self, what: str) -> None:
            super().__init__(what)

    with backend.inject(Fault(error=Needy)), pytest.raises(TypeError, match="what"):
        backend.create_volume("v")
    assert backend.list_volumes() == []


def test_before_changes_nothing_and_after_has_happened(backend: Any) -> None:
    with backend.inject(Fault("create_volume", error=Odd, times=1)), pytest.raises(Odd):
        backend.create_volume("v")
    assert backend.list_volumes() == []
    with (
        backend.inject(Fault("create_volume", error=Odd, when="after")) as plan,
        pytest.raises(Odd),
    ):
        backend.create_volume("v")
    assert [volume["name"] for volume in backend.list_volumes()] == ["v"]
    # A call that is refused by itself keeps its error, and is not counted.
    with backend.inject(Fault("create_volume", error=Odd, when="after")) as plan:
        with pytest.raises(VolumeExistsError):
            backend.create_volume("v")
        assert (plan.hits, plan.unused) == ([], list(plan.faults))


def test_the_first_error_ends_a_call_and_delays_add_up() -> None:
    backend = MemBackend(seed=1)
    with (
        backend.inject(
            Fault("space", delay=5),
            Fault("space", delay=timedelta(seconds=10), error=Odd),
            Fault("space", delay=100),
        ) as first,
        backend.inject(Fault("space", error="timeout")) as second,
        pytest.raises(Odd),
    ):
        backend.space()
    assert backend.now() == "2000-01-01T00:00:15Z"
    assert [hit["fault"] for hit in first.hits] == [0, 1]
    assert (second.hits, second.unused) == ([], list(second.faults))


def test_a_delay_is_a_wait_where_no_clock_stands() -> None:
    backend = FaultyBackend(DictVolumes())  # type: ignore[type-var]
    with backend.inject(Fault("list_volumes", delay=0.02)):
        began = time.monotonic()
        backend.list_volumes()
        assert time.monotonic() - began >= 0.02


def test_a_hit_says_which_call_and_when(backend: Any) -> None:
    with backend.inject(Fault("space", error=Odd), Fault("create_*", name="d*", times=1)) as plan:
        backend.create_volume("db")
        with pytest.raises(Odd):
            backend.space()
    assert plan.hits == [
        {"fault": 1, "operation": "create_volume", "name": "db", "time": START},
        {"fault": 0, "operation": "space", "name": None, "time": START},
    ]


def test_the_same_seed_hits_the_same_calls_and_changes_no_uuid() -> None:
    def run(make: Callable[[], Any]) -> tuple[str, list[str]]:
        backend = make()
        with backend.inject(
            Fault("list_volumes", error=Odd, probability=0.5),
            Fault("space", error=Odd, probability=0.5),
        ):
            found = outcomes(40, backend.list_volumes) + outcomes(40, backend.space)
        return found, [backend.create_volume(name)["uuid"] for name in "ab"]

    plain = MemBackend(seed=4)
    first = run(lambda: MemBackend(seed=4))
    assert first == run(lambda: MemBackend(seed=4))
    assert first[1] == [plain.create_volume(name)["uuid"] for name in "ab"]
    assert first[0][:40] != first[0][40:]
    assert 20 < first[0].count("x") < 60
    assert first[0] != run(lambda: MemBackend(seed=5))[0]
    around = run(lambda: FaultyBackend(MemBackend(), seed=4))
    assert around[0] == run(lambda: FaultyBackend(MemBackend(), seed=4))[0] == first[0]


def test_faults_stay_until_they_are_removed(backend: Any) -> None:
    plan = backend.inject(Fault("space", error=Odd))
    for _ in range(2):
        with pytest.raises(Odd):
            backend.space()
    plan.remove()
    plan.remove()
    backend.space()
    assert len(plan.hits) == 2
    assert plan.faults == (Fault("space", error=Odd),)


def test_copies_and_pickles_have_no_faults_and_no_log(backend: Any) -> None:
    backend.create_volume("v")
    with backend.inject(Fault(error=Odd)), backend.events() as log:
        for twin in (copy.deepcopy(backend), pickle.loads(pickle.dumps(backend)), backend.fork()):
            assert len(twin.list_volumes()) == 1
            twin.create_volume("w")
        assert len(log) == 0
        with pytest.raises(Odd):
            backend.list_volumes()


def test_a_call_in_many_threads_is_counted_once(backend: Any) -> None:
    with backend.inject(Fault("list_volumes", error=Odd, every=2, times=100)) as plan:
        found = run_threads(*[lambda: outcomes(100, backend.list_volumes)] * 4)
    assert "".join(found).count("x") == len(plan.hits) == 100


def test_an_exception_that_calls_the_backend_is_no_deadlock(backend: Any) -> None:
    class Calling(Exception):
        def __init__(self) -> None:
            super().__init__(len(backend.list_volumes()))
            backend.create_volume("made-by-the-exception")

    calling = Fault("space", error=Calling)
    with backend.events() as log, backend.inject(calling), pytest.raises(Calling):
        backend.space()
    assert [event["operation"] for event in log] == ["space", "create_volume"]


# A backend around another one -----------------------------------------------------------------

QUICK: dict[str, Any] = {"objects": 20, "rounds": 1, "sequences": 2, "steps": 20}


@pytest.mark.parametrize(
    ("make", "is_active"),
    [(MemBackend, True), (DictVolumes, False), (DictVolumes, True), (SmallVolumes, True)],
)
def test_it_passes_the_conformance_suite_if_the_backend_does(make: Any, is_active: bool) -> None:
    used: list[object] = []

    def faulty() -> Any:
        backend = FaultyBackend(make())
        if is_active:
            # Nothing is hit, but everything is looked at.
            used.append(backend.inject(Fault(name="no-such-name", error=Odd)))
            used.append(backend.events(keep=10))
        return backend

    heavy = ("concurrency.", "histories.", "model.", "names.", "scale.")
    chosen = [case.name for case in conformance.cases() if not case.name.startswith(heavy)]
    report = conformance.run(faulty, cases=chosen, **QUICK)
    assert report, f"\n{report}"
    assert sum(result.outcome == "passed" for result in report.results) > 20


def test_it_has_the_methods_of_the_backend_and_no_others() -> None:
    volumes: Any = FaultyBackend(DictVolumes())
    assert isinstance(volumes, VolumeBackend)
    assert not isinstance(volumes, SnapshotBackend)
    assert not hasattr(volumes, "create_snapshot")
    assert not hasattr(volumes, "write")
    assert volumes.capabilities() == {"snapshots": False, "clones": False, "replication": False}
    full = FaultyBackend(MemBackend())
    assert isinstance(full, FullBackend)
    assert isinstance(FaultyBackend(ModelBackend()), Backend)  # type: ignore[type-var]
    # Before Python 3.12, `isinstance` asks `__getattr__`; later only what is found statically.
    assert {"create_snapshot", "write", "volumes"} <= {*vars(full)}
    assert "create_snapshot" not in vars(volumes)
    assert {*dir(MemBackend())} <= {*dir(full)}
    assert full.now() == full.backend.now()
    with pytest.raises(AttributeError, match="nothing"):
        full.nothing  # noqa: B018


def test_it_names_the_backend_and_its_seed() -> None:
    backend = MemBackend(seed=1)
    assert repr(FaultyBackend(backend)) == f"FaultyBackend({backend!r})"
    assert repr(FaultyBackend(backend, seed=5)) == f"FaultyBackend({backend!r}, seed=5)"
    faulty = FaultyBackend(backend)
    assert faulty.backend is backend
    assert faulty != FaultyBackend(backend)


@pytest.mark.parametrize("wrong", [None, 5, object(), "backend", {}], ids=repr)
def test_what_is_not_a_backend_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="is not a backend: it has no method capabilities"):
        FaultyBackend(wrong)


def test_a_class_is_refused_and_so_is_a_bad_seed() -> None:
    with pytest.raises(TypeError, match="MemBackend is a class; pass one of its instances"):
        FaultyBackend(MemBackend)  # type: ignore[type-var]
    with pytest.raises(InvalidArgumentError):
        FaultyBackend(MemBackend(), seed=-1)
    with pytest.raises(TypeError):
        FaultyBackend(MemBackend(), seed="x")  # type: ignore[arg-type]


def test_one_around_another_counts_for_itself() -> None:
    inner = FaultyBackend(MemBackend(seed=1))
    outer = FaultyBackend(inner)
    odd = Fault("space", error=Odd)
    with inner.inject(odd) as below, outer.inject(Fault("space")) as above, pytest.raises(Odd):
        outer.space()
    assert len(above.hits) == len(below.hits) == 1


def test_an_exception_of_the_backend_passes_and_is_an_event_if_it_is_a_refusal() -> None:
    class Breaking(DictVolumes):
        def list_volumes(self) -> Any:
            raise Odd("broken")

        def find_volume(self, name: str) -> Any:
            raise NotImplementedError

        def delete_volume(self, uuid: str) -> Any:
            raise Foreign("busy")

    class Foreign(Exception):
        code = "volume_busy"

    backend: Any = FaultyBackend(Breaking())
    with backend.events() as log:
        with pytest.raises(Odd, match="broken"):
            backend.list_volumes()
        with pytest.raises(NotImplementedError):
            backend.find_volume("a")
        with pytest.raises(Foreign):
            backend.delete_volume(UNKNOWN)
        with pytest.raises(VolumeNotFoundError):
            backend.get_volume(UNKNOWN)
        with pytest.raises(TypeError):
            backend.get_volume()
    assert [(event["operation"], event["error"]) for event in log] == [
        ("find_volume", "feature_not_supported"),
        ("delete_volume", "volume_busy"),
        ("get_volume", "volume_not_found"),
    ]


def test_its_clock_and_policies_are_events_too() -> None:
    backend: Any = FaultyBackend(MemBackend(seed=1))
    with backend.events() as log:
        backend.create_snapshot_policy("p", [{"schedule": "0 2 * * *", "prefix": "n", "keep": 1}])
        backend.advance(5)
        backend.reset()
    assert [event["operation"] for event in log] == ["create_snapshot_policy", "advance", "reset"]


def test_clients_of_an_endpoint_get_the_faults() -> None:
    backend = FaultyBackend(MemBackend(seed=1))
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        assert client.get("/api/storage/volumes").status == 200
        with backend.inject(Fault("list_volumes", error="timeout")) as plan:
            assert client.send("GET", "/api/storage/volumes").status == 503
        assert client.get("/api/storage/volumes").status == 200
    assert len(plan.hits) == 1


def test_the_package_loads_faults_only_when_they_are_needed() -> None:
    program = """
import sys, nessie_backend_mem
assert "nessie_backend_mem.faults" not in sys.modules
assert "dataclasses" not in sys.modules
assert nessie_backend_mem.Fault is sys.modules["nessie_backend_mem.faults"].Fault
"""
    done = run_python("-c", program)
    assert (done.returncode, done.stderr) == (0, "")
