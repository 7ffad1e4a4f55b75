"""Columns: other libraries read the same values from a table as the dicts have."""

from __future__ import annotations

import random
import threading
import uuid
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from types import GenericAlias
from typing import Any

import duckdb
import nessie_backend_mem
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    SnapshotLockedError,
    Table,
    VolumeBusyError,
    VolumeNotFoundError,
)
from support import (
    UNKNOWN,
    growth,
    reads_memory,
    refuses,
    run_python,
    volume_with_snapshots,
)

BATCH_ROWS = 65_536
START = datetime(2000, 1, 1, tzinfo=UTC)
ORIGIN = ["parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"]
VOLUME_COLUMNS = [
    *("uuid", "name", "size_bytes", "state", "style", "vol_type", "create_time"),
    *("used_bytes", "junction_path", "export_policy", "snapshot_policy", *ORIGIN),
]
SNAPSHOT_COLUMNS = [
    *("volume_uuid", "volume", "uuid", "name", "create_time", "size_consumed", "expires_at"),
]


def flat(volume: Any) -> dict[str, Any]:
    """A volume's dict as a row of a table."""
    row = {name: volume.get(name, volume.get("clone", {}).get(name)) for name in VOLUME_COLUMNS}
    return {**row, "create_time": datetime.fromisoformat(volume["create_time"])}


def volume_rows(backend: MemBackend) -> list[dict[str, Any]]:
    return [flat(volume) for volume in backend.list_volumes()]


def snapshot_dicts(backend: MemBackend, vol_uuids: list[str] | None = None) -> list[dict[str, Any]]:
    every = [volume["uuid"] for volume in backend]
    return [
        {"volume_uuid": vol, "volume": backend.get_volume(vol)["name"], **snapshot}
        for vol in (every if vol_uuids is None else vol_uuids)
        for snapshot in backend.list_snapshots(vol)
    ]


def with_times(row: dict[str, Any]) -> dict[str, Any]:
    """A snapshot's dict as a row of a table."""
    end = row.get("expires_at") and datetime.fromisoformat(row["expires_at"])
    return {**row, "create_time": datetime.fromisoformat(row["create_time"]), "expires_at": end}


def fleet(seed: int, steps: int = 60) -> MemBackend:
    """A backend with every value that a column can show."""
    dice = random.Random(seed)
    backend = MemBackend(seed=seed)
    backend.create_snapshot_policy("p", [{"schedule": "0 0 * * *", "prefix": "n", "keep": 1}])
    for step in range(steps):
        volumes = backend.list_volumes()
        throw, some = dice.randrange(11), dice.choice(volumes or [None])
        if some is None or throw < 3:
            name = f"{dice.choice(['a', 'build', 'x.y:z'])}-{step}"
            backend.create_volume(name, dice.choice([None, 1, 2**64 - 1]))
        elif throw == 3 and some["state"] == "online":
            snapshot = backend.create_snapshot(some["uuid"], f"s{step}")
            backend.create_clone(some["uuid"], snapshot["uuid"], f"clone-{step}")
        elif throw == 4:
            path, policy = f"/\U0001f4be/{step}", "ö" * dice.randrange(1, 257)
            backend.patch_volume(some["uuid"], junction_path=path, export_policy=policy)
        elif throw == 5:
            state: Any = dice.choice(["online", "offline", "restricted"])
            backend.patch_volume(some["uuid"], state=state)
        elif throw == 6:
            try:
                backend.delete_volume(some["uuid"])
            except (VolumeBusyError, SnapshotLockedError):
                backend.patch_volume(some["uuid"], name=f"renamed-{step}")
        elif throw == 7 and some["state"] == "online" and not some["size_bytes"]:
            backend.write(some["uuid"], dice.randrange(2**40))
        elif throw == 8:
            backend.patch_volume(some["uuid"], snapshot_policy=dice.choice(["", "p"]))
        elif throw == 9 and some["state"] == "online":
            end = START + timedelta(hours=1, microseconds=step)
            backend.create_snapshot(some["uuid"], f"locked{step}", expires_at=end)
        else:
            backend.advance(timedelta(microseconds=dice.randrange(5)))
    return backend


# Readers of columns --------------------------------------------------------------------------


def by_pyarrow(table: Table[Any]) -> list[dict[str, Any]]:
    read = pa.table(table)
    read.validate(full=True)
    rows: list[dict[str, Any]] = read.to_pylist()
    return rows


def by_polars(table: Table[Any]) -> list[dict[str, Any]]:
    return pl.DataFrame(table).to_dicts()


def by_duckdb(table: Table[Any]) -> list[dict[str, Any]]:
    """Times as numbers: as objects they would need one more package."""
    with duckdb.connect() as connection:
        relation = connection.from_arrow(table)
        assert relation.types[relation.columns.index("create_time")] == "TIMESTAMP WITH TIME ZONE"
        relation = relation.project("* REPLACE (epoch_us(create_time) AS create_time)")
        rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        {**row, "create_time": epoch + timedelta(microseconds=row["create_time"])} for row in rows
    ]


def by_pandas(table: Table[Any]) -> list[dict[str, Any]]:
    frame = pd.DataFrame.from_arrow(table).astype(object)
    rows: list[dict[str, Any]] = frame.where(frame.notna(), None).to_dict("records")
    return rows


READERS = [by_pyarrow, by_polars, by_duckdb, by_pandas]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_reader_reads_the_values_of_the_dicts(
    read: Callable[[Table[Any]], list[dict[str, Any]]], seed: int
) -> None:
    backend = fleet(seed)
    assert read(backend.snapshots()) == [with_times(row) for row in snapshot_dicts(backend)]
    rows = read(backend.volumes())
    if read is by_pandas:
        # Its uint64 columns have no nulls: it reads those with some as floats.
        rows = [{**row, "size_bytes": None} for row in rows]
        assert rows == [{**row, "size_bytes": None} for row in volume_rows(backend)]
    else:
        assert rows == volume_rows(backend)


@pytest.mark.parametrize("read", READERS)
def test_every_reader_reads_an_empty_table(
    backend: MemBackend, read: Callable[[Table[Any]], list[dict[str, Any]]]
) -> None:
    assert read(backend.volumes()) == []
    assert read(backend.snapshots()) == []


def test_columns_have_proper_types(backend: MemBackend) -> None:
    word = pa.dictionary(pa.int8(), pa.string())
    time = pa.timestamp("us", "UTC")
    absent = {"size_bytes", "used_bytes", "junction_path", "export_policy", "snapshot_policy"}
    absent |= {*ORIGIN}
    types = {"size_bytes": pa.uint64(), "used_bytes": pa.uint64(), "create_time": time}
    types |= dict.fromkeys(("state", "style", "vol_type"), word)
    volumes = pa.schema(
        [pa.field(n, types.get(n, pa.string()), n in absent) for n in VOLUME_COLUMNS]
    )
    assert pa.schema(backend.volumes()) == volumes
    assert pa.table(backend.volumes()).schema == volumes
    types = {"size_consumed": pa.uint64(), "create_time": time, "expires_at": time}
    snapshots = pa.schema(
        [pa.field(n, types.get(n, pa.string()), n == "expires_at") for n in SNAPSHOT_COLUMNS]
    )
    assert pa.schema(backend.snapshots()) == snapshots
    assert pa.table(backend.snapshots()).schema == snapshots


def test_other_types_can_be_requested_and_never_lose_a_value(backend: MemBackend) -> None:
    backend.create_volume("v", 5)
    asked = pa.schema(
        [
            field.with_type({"uuid": pa.large_string(), "size_bytes": pa.int64()}[field.name])
            if field.name in ("uuid", "size_bytes")
            else field
            for field in pa.schema(backend.volumes())
        ]
    )
    read = pa.table(backend.volumes(), schema=asked)
    assert read.schema == asked
    assert read["size_bytes"].to_pylist() == [5]
    backend.create_volume("w", 2**64 - 1)
    with pytest.raises(pa.ArrowInvalid, match="18446744073709551615"):
        pa.table(backend.volumes(), schema=asked)


def test_the_batches_of_many_rows_are_bounded() -> None:
    count = 200_000
    backend = MemBackend(seed=1)
    for number in range(count):
        backend.create_volume(f"v{number}", number + 1)
    table = backend.volumes()
    read = pa.table(table)
    sizes = [len(chunk) for chunk in read["uuid"].chunks]
    assert sizes == [BATCH_ROWS] * 3 + [count - 3 * BATCH_ROWS]
    assert read["size_bytes"].to_pylist() == list(range(1, count + 1))
    assert read["uuid"].to_pylist() == [volume["uuid"] for volume in backend]
    part = pa.table(table[BATCH_ROWS - 2 : BATCH_ROWS + 2])
    assert part["name"].to_pylist() == [f"v{BATCH_ROWS + number}" for number in (-2, -1, 0, 1)]


# Selections ----------------------------------------------------------------------------------

moments = st.none() | st.integers(-1, 60).map(lambda n: START + timedelta(microseconds=n))


@given(
    seed=st.integers(0, 30),
    name=st.none() | st.text("ab-*?0123456789uild", min_size=1, max_size=6),
    state=st.none() | st.sampled_from(["online", "offline", "restricted"]),
    is_clone=st.none() | st.booleans(),
    with_parent=st.booleans(),
    before=moments,
    after=moments,
)
def test_a_selection_equals_filtering_the_dicts(
    seed: int,
    name: str | None,
    state: Any,
    is_clone: bool | None,
    with_parent: bool,
    before: datetime | None,
    after: datetime | None,
) -> None:
    backend = fleet(seed)
    volumes = backend.list_volumes()
    parent = None
    if with_parent:
        parents = [v["clone"]["parent_volume_uuid"] for v in volumes if "clone" in v]
        parent = parents[0] if parents else volumes[0]["uuid"]
    expected = [
        volume
        for volume in volumes
        if (name is None or fnmatchcase(volume["name"], name))
        and (state is None or volume["state"] == state)
        and (is_clone is None or ("clone" in volume) is is_clone)
        and (parent is None or flat(volume)["parent_volume_uuid"] == parent)
        and (before is None or flat(volume)["create_time"] < before)
        and (after is None or flat(volume)["create_time"] >= after)
    ]
    table = backend.volumes(
        name=name,
        state=state,
        is_clone=is_clone,
        parent=parent,
        created_before=before,
        created_after=after.isoformat() if after else None,
    )
    assert table.to_pylist() == expected
    assert by_pyarrow(table) == [flat(volume) for volume in expected]


LAST = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", LAST], ids=str)
def test_never_as_a_bound_excludes_nothing(never: datetime | str) -> None:
    backend = MemBackend(start=LAST)
    backend.create_volume("last")
    assert len(backend.volumes(created_before=never)) == 1
    assert len(backend.volumes(created_before="9999-12-31T23:59:58.999999Z")) == 0
    assert len(backend.volumes(created_after=LAST)) == 1


@given(seed=st.integers(0, 30))
def test_snapshots_of_some_volumes_are_in_the_given_order(seed: int) -> None:
    backend = fleet(seed)
    some = [volume["uuid"] for volume in backend][::-2]
    expected = snapshot_dicts(backend, some)
    assert backend.snapshots(iter(some)).to_pylist() == expected
    assert backend.snapshots(uuid.UUID(each) for each in some).to_pylist() == expected
    assert len(backend.snapshots([])) == 0


@pytest.mark.parametrize(
    ("selection", "target"),
    [
        ({"name": ""}, "name"),
        ({"name": "build-[12]"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 204}, "name"),
        ({"state": "sleeping"}, "state"),
        ({"parent": "golden"}, "parent"),
        ({"created_before": "yesterday"}, "created_before"),
        ({"created_after": "2000-01-01"}, "created_after"),
    ],
)
def test_a_bad_selection_is_refused(
    backend: MemBackend, selection: dict[str, Any], target: str
) -> None:
    with refuses(backend, InvalidArgumentError, target=target):
        backend.volumes(**selection)


@pytest.mark.parametrize(
    "selection",
    [
        {"name": 5},
        {"state": True},
        {"is_clone": 1},
        {"parent": 5},
        {"created_before": 5},
        {"created_after": b"2000"},
        {"size": 5},
    ],
)
def test_a_selection_of_a_wrong_type_is_a_type_error(
    backend: MemBackend, selection: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match=next(iter(selection))):
        backend.volumes(**selection)


@pytest.mark.parametrize("bad", [{}, {"name": "[]"}, {"state": "sleeping"}])
def test_a_missing_parent_is_reported_before_other_errors(
    backend: MemBackend, bad: dict[str, Any]
) -> None:
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.volumes(parent=UNKNOWN, **bad)


def test_bad_volumes_of_snapshots_are_refused(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    one = volume["uuid"]
    with refuses(backend, VolumeNotFoundError, target=UNKNOWN):
        backend.snapshots([one, UNKNOWN])
    for twice in ([one, one], [one, one.upper()]):
        with refuses(backend, InvalidArgumentError, target="vol_uuids") as twice_refused:
            backend.snapshots(twice)
        assert twice_refused.value.index == 1
    with refuses(backend, InvalidArgumentError, target="vol_uuids") as refused:
        backend.snapshots([one, UNKNOWN, "no uuid"])
    assert refused.value.index == 2
    wrong: list[Any] = [one, one.encode(), 5, [5], [None]]
    for each in wrong:
        with pytest.raises(TypeError, match="vol_uuids"):
            backend.snapshots(each)
    with pytest.raises(ZeroDivisionError):
        backend.snapshots(str(1 // 0) for _ in "x")


# The table itself ----------------------------------------------------------------------------


def test_a_table_is_a_sequence_of_fresh_dicts() -> None:
    backend = fleet(3)
    dicts = backend.list_volumes()
    table = backend.volumes()
    assert len(table) == len(dicts)
    assert list(table) == table.to_pylist() == dicts
    assert [list(row) for row in table] == [list(volume) for volume in dicts]
    assert [table[place] for place in range(-len(dicts), len(dicts))] == dicts * 2
    table[0]["name"] = "changed"
    assert table[0] == dicts[0]
    assert backend.snapshots().to_pylist() == snapshot_dicts(backend)
    assert [*backend.snapshots().column_names] == SNAPSHOT_COLUMNS
    for row in backend.snapshots():
        assert [*row] == [name for name in SNAPSHOT_COLUMNS if name in row]


@given(
    start=st.none() | st.integers(-60, 60),
    stop=st.none() | st.integers(-60, 60),
    step=st.none() | st.integers(-9, 9).filter(bool) | st.sampled_from([2**63 - 1, -(2**70)]),
)
def test_a_slice_is_a_table_of_the_same_part(
    start: int | None, stop: int | None, step: int | None
) -> None:
    backend = fleet(4)
    part = slice(start, stop, step)
    expected = backend.list_volumes()[part]
    table = backend.volumes()[part]
    assert type(table) is Table
    assert (len(table), table.to_pylist()) == (len(expected), expected)
    assert table[1:].to_pylist() == expected[1:]
    assert by_pyarrow(table) == [flat(volume) for volume in expected]


def test_a_bad_index_is_refused(backend: MemBackend) -> None:
    backend.create_volume("v")
    table: Any = backend.volumes()
    for place in (1, -2, 2**70, -(2**70)):
        with pytest.raises(IndexError, match="row index out of range"):
            table[place]
    for thing in (0.0, None, b"name"):
        with pytest.raises(TypeError, match="row index must be an int or slice, or the name of"):
            table[thing]
    with pytest.raises(ValueError, match="step"):
        table[::0]


def test_a_table_shows_its_kind_rows_and_columns(backend: MemBackend) -> None:
    backend.create_volume("v")
    columns = ",".join(VOLUME_COLUMNS)
    assert repr(backend.volumes()) == f"<Table of volumes, rows=1, columns={columns}>"
    columns = ",".join(SNAPSHOT_COLUMNS)
    assert repr(backend.snapshots()) == f"<Table of snapshots, rows=0, columns={columns}>"
    assert backend.volumes().column_names == tuple(VOLUME_COLUMNS)
    assert (Table.__module__, type(backend.volumes())) == ("nessie_backend_mem", Table)
    assert isinstance(Table[nessie_backend_mem.Volume], GenericAlias)


def test_a_table_stays_as_it_was_and_reads_the_same_again() -> None:
    backend = fleet(5)
    volumes, snapshots = backend.volumes(), backend.snapshots()
    stream = pa.RecordBatchReader.from_stream(volumes)
    expected = volume_rows(backend), [with_times(row) for row in snapshot_dicts(backend)]
    # The locks end.
    backend.advance(timedelta(hours=2))
    for volume in reversed(backend.list_volumes()):
        if "clone" in volume:
            backend.delete_volume(volume["uuid"])
        else:
            backend.patch_volume(volume["uuid"], name=volume["name"] + ".later", state="offline")
    backend.create_volume("another")
    for _ in range(2):
        assert (by_pyarrow(volumes), by_pyarrow(snapshots)) == expected
    del backend, volumes
    assert stream.read_all().to_pylist() == expected[0]


def test_each_table_is_consistent_while_others_write() -> None:
    """The writer renames a and b alternately: their numbers are equal, or a's is one higher."""
    backend = MemBackend(seed=1)
    a, b = (backend.create_volume(f"{name}0")["uuid"] for name in "ab")
    for number in range(500):
        backend.create_volume(f"between-{number}")
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            backend.patch_volume(a, name=f"a{number}")
            backend.patch_volume(b, name=f"b{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(100):
            names = pa.table(backend.volumes())["name"].to_pylist()
            assert len(names) == 502
            assert int(names[0][1:]) - int(names[1][1:]) in (0, 1)
    finally:
        done.set()
        writer.join()
    backend.check_invariants()


def test_tables_can_be_read_by_many_threads_at_once() -> None:
    table = fleet(6, steps=2_000).volumes()
    expected = by_pyarrow(table)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(by_pyarrow(table))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_a_dropped_table_is_freed() -> None:
    backend = fleet(7)
    table = backend.volumes()
    gone = weakref.ref(table)
    stream = table.__arrow_c_stream__()
    rows = iter(table)
    del table
    assert gone() is None
    assert next(rows) == backend.list_volumes()[0]
    del stream, rows


@reads_memory
def test_unread_exports_and_streams_are_freed() -> None:
    program = """
import pyarrow as pa
from nessie_backend_mem import MemBackend

backend = MemBackend(seed=1)
for number in range(100_000):
    backend.create_volume(f"volume-{number:07}")
def turn():
    table = backend.volumes()
    pa.table(table)
    table.__arrow_c_stream__()
    next(iter(pa.RecordBatchReader.from_stream(table)))
    table[::2], table.column_names, repr(table)
turn()
before = resident()
for _ in range(20):
    turn()
print(resident() - before)
"""
    assert growth(program) < 30


def test_the_package_imports_no_reader_of_columns() -> None:
    program = """
import sys
import nessie_backend_mem as nessie
table = nessie.MemBackend().volumes()
table.__arrow_c_schema__(), table.__arrow_c_stream__()
print([name for name in ("pyarrow", "polars", "pandas", "numpy", "duckdb") if name in sys.modules])
"""
    done = run_python("-c", program)
    assert (done.stdout, done.stderr) == ("[]\n", "")
