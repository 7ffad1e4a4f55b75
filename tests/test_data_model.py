"""How the objects of the package are compared, hashed, copied and pickled: decided for all."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.conformance import (
    ConformanceError,
    Progress,
    Report,
    Result,
    Rule,
    cases,
    rules,
)
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.simulation import ShardFailures

COPIERS: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda thing: pickle.loads(pickle.dumps(thing)),
]


def backend() -> MemBackend:
    made = MemBackend(seed=1)
    made.create_snapshots(made.create_volumes(["v", "w"]), "s")
    return made


def report(outcome: Any = "passed") -> Report:
    result = Result("volumes.one", "volumes", outcome, 0.5, "why", tuple(rules()[:2]), "b.x()")
    return Report("Mine", 3, 1.5, (result,))


BY_CONTENTS: dict[str, Callable[[], Any]] = {
    "Table of volumes": lambda: backend().volumes(),
    "Table of snapshots": lambda: backend().snapshots(),
    "Uuids": lambda: backend().volumes()["uuid"],
    "volume": lambda: backend().list_volumes()[0],
    "snapshot row": lambda: backend().snapshots()[0],
    "capabilities": lambda: backend().capabilities(),
    "handle": lambda: backend().access_handle(backend().volumes()["uuid"][0]),
}
BY_FIELDS: dict[str, Callable[[], Any]] = {
    "Report": report,
    "Result": lambda: report().results[0],
    "Rule": lambda: rules()[0],
    "Case": lambda: cases()[0],
    "Progress": lambda: Progress(1, 2, "volumes.one", 0.5),
    "Fault": lambda: nessie.Fault("write*", error=OSError, delay=1.5, every=2),
}
BY_IDENTITY: dict[str, Callable[[], Any]] = {
    "MemBackend": backend,
    "NessieError": lambda: nessie.VolumeNotFoundError("gone", "u"),
    "BusyError": lambda: nessie.VolumeBusyError("busy", "u", ["c"], 3),
    "ConformanceError": lambda: ConformanceError(report("failed")),
    "ShardFailures": lambda: ShardFailures("some", {1: ValueError("x")}, {0: 5}),
}
SINGLE_USE: dict[str, Callable[[], Iterator[Any]]] = {
    "volumes": lambda: iter(backend()),
    "rows": lambda: iter(backend().volumes()),
    "uuids": lambda: iter(backend().volumes()["uuid"]),
}


def each(make: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", make.values(), ids=make.keys())


@each(BY_CONTENTS | BY_FIELDS)
def test_equal_things_are_equal_and_so_are_their_copies(make: Callable[[], Any]) -> None:
    thing = make()
    assert thing == make()
    assert thing != object()
    for copier in COPIERS:
        twin = copier(thing)
        assert type(twin) is type(thing)
        assert twin == thing
        assert repr(twin) == repr(thing)


@each(BY_CONTENTS)
def test_list_and_dict_like_objects_have_no_hash(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(make())


@each(BY_FIELDS)
def test_equal_fields_have_equal_hashes(make: Callable[[], Any]) -> None:
    assert hash(make()) == hash(make())
    assert len({make(), make()}) == 1


@each(BY_IDENTITY)
def test_others_are_equal_only_to_themselves_and_so_are_their_copies(
    make: Callable[[], Any],
) -> None:
    thing = make()
    assert thing == thing  # noqa: PLR0124
    assert len({thing, make()}) == 2
    for copier in COPIERS:
        twin = copier(thing)
        assert type(twin) is type(thing)
        assert twin != thing
        assert repr(twin) == repr(thing)
        assert str(twin) == str(thing)


def test_empty_and_failed_objects_are_false() -> None:
    full = backend()
    empty = MemBackend()
    for good, bad in (
        (full, empty),
        (full.volumes(), empty.volumes()),
        (full.snapshots(), full.snapshots([])),
        (full.volumes()["uuid"], empty.volumes()["uuid"]),
        (report(), report("failed")),
        (report("skipped"), report("timed_out")),
        (report().results[0], report("failed").results[0]),
        (Report("Mine", 0, 0.0, ()), report("failed")),
    ):
        assert bool(good) is True
        assert bool(bad) is False
    assert (len(full), len(full.volumes()), len(full.snapshots())) == (2, 2, 2)
    assert bool(Rule("1.x", "s", "t")) is True


@each(SINGLE_USE)
def test_an_iterator_is_for_one_pass_in_one_process(make: Callable[[], Iterator[Any]]) -> None:
    iterator = make()
    for copier in COPIERS:
        with pytest.raises(TypeError, match="cannot pickle"):
            copier(iterator)
    assert len(list(iterator)) == 2
    assert iterator != make()


def test_a_server_is_neither_copied_nor_pickled() -> None:
    server = OntapServer(backend(), tls=False)
    for copier in COPIERS:
        with pytest.raises(TypeError, match="copy its backends and make another server of them"):
            copier(server)
    assert server == server  # noqa: PLR0124
    assert len({server, OntapServer(backend(), tls=False)}) == 2


def test_the_package_documents_how_its_objects_behave() -> None:
    described = nessie.__doc__ or ""
    names = ("MemBackend", "Table, Uuids", "Report, Result", "OntapServer", "iterators")
    for name in (*names, "Fault ", "Diff", "FaultyBackend"):
        assert re.search(rf"^    .*{name}.*(identity|items|fields) ", described, re.MULTILINE), name
