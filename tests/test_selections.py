"""Every bulk call accepts the result of a query as its selection."""

from __future__ import annotations

import copy
import pickle
import random
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotBusyError,
    SnapshotNotFoundError,
    SnapshotRow,
    Table,
    Uuids,
    Volume,
    VolumeBusyError,
    VolumeNotFoundError,
)
from nessie_backend_mem.simulation import run_shards
from support import UNKNOWN, refuses, snapshot_names, volume_names, volume_with_snapshots

Give = Callable[[Table[Any]], Any]

# The same volumes in every form of argument.
VOLUMES: dict[str, Give] = {
    "table": lambda table: table,
    "reversed twice": lambda table: table[::-1][::-1],
    "restored": lambda table: pickle.loads(pickle.dumps(table)),
    "column": lambda table: table["uuid"],
    "records": lambda table: table.to_pylist(),
    "rows": iter,
    "names and uuids": lambda table: [{"uuid": volume["uuid"]} for volume in table],
    "uuid objects": lambda table: map(uuid.UUID, table["uuid"]),
    "mixed": lambda table: [table[0], *table[1:]["uuid"]],
    "pyarrow": pa.table,
    "pyarrow, as bytes": lambda table: pa.table(
        {"name": table["name"], "uuid": pa.array(table["uuid"], pa.binary(16))}
    ),
    "pyarrow, batch": lambda table: pa.table(table).to_batches()[0],
    "polars": pl.DataFrame,
    "pandas": pd.DataFrame.from_arrow,
}

SNAPSHOTS: dict[str, Give] = {
    "table": lambda table: table,
    "restored": lambda table: pickle.loads(pickle.dumps(table)),
    "rows": iter,
    "records": lambda table: table.to_pylist(),
    "pairs": lambda table: zip(table["volume_uuid"], table["uuid"], strict=True),
    "uuid objects": lambda table: [
        (uuid.UUID(row["volume_uuid"]), uuid.UUID(row["uuid"])) for row in table
    ],
    "pyarrow": pa.table,
    "polars": pl.DataFrame,
    "pandas": pd.DataFrame.from_arrow,
}


def fleet(backend: MemBackend) -> Uuids:
    """Volumes tmp-0 to tmp-4 among others."""
    backend.create_volume("first")
    made = backend.create_volumes(f"tmp-{number}" for number in range(5))
    backend.create_volume("last")
    return made


# Volumes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("give", VOLUMES.values(), ids=VOLUMES.keys())
def test_every_bulk_call_accepts_selected_volumes(backend: MemBackend, give: Give) -> None:
    made = fleet(backend)
    some = backend.volumes(name="tmp-*")
    assert backend.get_volumes(give(some)) == some.to_pylist()
    assert len(backend.create_snapshots(give(some), "s")) == 5
    assert backend.snapshots(give(some))["volume_uuid"] == made
    backend.patch_volumes(give(some), [1, 2, 3, 4, 5], state="offline")
    assert backend.volumes(state="offline")["size_bytes"] == [1, 2, 3, 4, 5]
    assert backend.delete_snapshots(give(some), "s") == []
    assert len(backend.snapshots()) == 0
    assert backend.delete_volumes(give(some)) == []
    assert volume_names(backend) == ["first", "last"]


def test_a_backend_selects_all_its_volumes(backend: MemBackend) -> None:
    fleet(backend)
    twin = backend.fork()
    backend.create_snapshots(backend, "s")
    assert len(backend.snapshots(backend)) == 7
    assert backend.get_volumes(twin) == twin.list_volumes()
    backend.delete_snapshots(backend, "s")
    backend.delete_volumes(backend)
    assert len(backend) == 0
    with refuses(backend, VolumeNotFoundError):
        backend.delete_volumes(twin)


def test_listed_volumes_can_be_deleted(backend: MemBackend) -> None:
    fleet(backend)
    backend.delete_volumes(backend.list_volumes())
    assert len(backend) == 0


def test_a_bad_item_of_a_table_is_named_by_its_row(backend: MemBackend) -> None:
    made = fleet(backend)
    table = backend.volumes()
    backend.delete_volume(made[0])
    for give in VOLUMES.values():
        with refuses(backend, VolumeNotFoundError, target=made[0]) as error:
            backend.delete_volumes(give(table))
        assert error.value.index == 1
    for bad_one in ([{"uuid": made[1]}, {"uuid": "x"}], pa.table({"uuid": [made[1], "x"]})):
        with refuses(backend, InvalidArgumentError, target="vol_uuids") as bad:
            backend.delete_volumes(bad_one)
        assert bad.value.index == 1


def test_a_wrong_selection_of_volumes_is_refused_with_the_fix(backend: MemBackend) -> None:
    volume, _ = volume_with_snapshots(backend, "v", "s")
    snapshots = backend.snapshots()
    single = "; put a single one into a list$"
    has_volumes = r't\["volume_uuid"\] has the volumes'
    wrong: list[tuple[Any, str]] = [
        (snapshots, has_volumes),
        (snapshots.to_pylist(), has_volumes),
        (pa.table(snapshots), has_volumes),
        (volume, single),
        (volume["uuid"], single),
        (uuid.UUID(volume["uuid"]), single),
        ([{"name": "v"}], r"vol_uuids\[0\] is a dict without \"uuid\""),
        ([{"uuid": None}], r"vol_uuids\[0\] must be a str or uuid.UUID, not NoneType"),
        (pa.table({"name": ["v"]}), 'is a table without a column "uuid"'),
        (pa.table({"uuid": [5]}), 'has a column "uuid" of Int64, where uuids are meant'),
        (pa.table([["a"], ["b"]], ["uuid", "uuid"]), 'has more than one column "uuid"'),
    ]
    for wrong_one, fix in wrong:
        for call in (backend.delete_volumes, backend.get_volumes, backend.snapshots):
            with pytest.raises(TypeError, match=fix):
                call(wrong_one)
    for table in (backend.volumes(), pa.table(backend.volumes())):
        with pytest.raises(TypeError, match=r'not a table; give one of its columns, as t\["name"'):
            backend.create_volumes(table)
    assert len(backend.snapshots()) == 1


# Snapshots -----------------------------------------------------------------------------------


@pytest.mark.parametrize("give", SNAPSHOTS.values(), ids=SNAPSHOTS.keys())
def test_selected_snapshots_are_deleted(backend: MemBackend, give: Give) -> None:
    made = fleet(backend)
    for name in ("daily-1", "daily-2", "base"):
        backend.create_snapshots(made, name)
    assert backend.delete_snapshots(give(backend.snapshots(name="daily-*"))) == []
    assert backend.snapshots()["name"] == ["base"] * 5
    backend.check_invariants()


def test_snapshots_that_cannot_be_deleted_leave_no_trace_and_are_named(backend: MemBackend) -> None:
    volume, [first, pinned, third] = volume_with_snapshots(backend, "v", "a", "b", "c")
    backend.create_clone(volume["uuid"], pinned["uuid"], "clone")
    clone = backend.find_volume("clone")
    assert clone is not None
    one = volume["uuid"]
    pairs: list[tuple[list[tuple[str, str]], type[NessieError], int]] = [
        ([(one, first["uuid"]), (one, pinned["uuid"])], SnapshotBusyError, 1),
        ([(one, first["uuid"]), (one, first["uuid"])], SnapshotNotFoundError, 1),
        ([(one, first["uuid"]), (one, third["uuid"]), (one, UNKNOWN)], SnapshotNotFoundError, 2),
        ([(clone["uuid"], first["uuid"])], SnapshotNotFoundError, 0),
        ([(UNKNOWN, first["uuid"])], VolumeNotFoundError, 0),
        ([(one, first["uuid"]), (one, "x")], InvalidArgumentError, 1),
        ([("x", first["uuid"])], InvalidArgumentError, 0),
    ]
    for some, error_type, index in pairs:
        with refuses(backend, error_type) as error:
            backend.delete_snapshots(some)
        assert error.value.index == index


def test_a_wrong_selection_of_snapshots_is_refused_with_the_fix(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    must = "vol_uuids must be snapshots where no name is given, a table of snapshots"
    pair = r"vol_uuids\[0\] must be \(volume uuid, snapshot uuid\) or a row of snapshots"
    wrong: list[tuple[Any, str]] = [
        (backend.volumes(), must),
        (backend.volumes()["uuid"], must),
        (backend, must),
        (pa.array([volume["uuid"]]), must),
        (pa.table(backend.volumes()), 'is a table without a column "volume_uuid"'),
        ([volume["uuid"]], pair),
        ([(volume["uuid"],)], pair),
        ([volume], r'vol_uuids\[0\] is a dict without "volume_uuid"'),
        ([snapshot], r'vol_uuids\[0\] is a dict without "volume_uuid"'),
        (snapshot, "put a single one into a list"),
        ([(volume["uuid"], 5)], r"vol_uuids\[0\] must be a pair of str or uuid.UUID, not int"),
        (5, "not int"),
    ]
    for wrong_one, fix in wrong:
        with pytest.raises(TypeError, match=fix):
            backend.delete_snapshots(wrong_one)
    with pytest.raises(TypeError, match="must be volumes, not snapshots"):
        backend.delete_snapshots(backend.snapshots(), "s")
    with pytest.raises(TypeError, match="name must be a str"):
        backend.delete_snapshots(backend.snapshots(), 5)  # type: ignore[call-overload]
    assert snapshot_names(backend, volume["uuid"]) == ["s"]


def history(seed: int) -> MemBackend:
    """Volumes with snapshots of different age, some of them pinned by clones."""
    dice = random.Random(seed)
    backend = MemBackend(seed=seed)
    for step in range(40):
        volumes = backend.list_volumes()
        throw = dice.randrange(4)
        if throw == 0 or not volumes:
            backend.create_volume(f"v{step}")
        elif throw == 1:
            backend.advance(timedelta(microseconds=dice.randrange(3)))
        else:
            of = dice.choice(volumes)["uuid"]
            name = f"{dice.choice(['daily', 'hourly'])}-{step}"
            snapshot = backend.create_snapshot(of, name)
            if throw == 2:
                backend.create_clone(of, snapshot["uuid"], f"clone-{step}")
    return backend


moments = st.none() | st.integers(-1, 20).map(
    lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
)


@given(
    seed=st.integers(0, 20),
    name=st.none() | st.sampled_from(["daily-*", "*1*", "?o*", "*"]),
    is_pinned=st.none() | st.booleans(),
    before=moments,
    after=moments,
    of_some=st.booleans(),
)
def test_a_selection_of_snapshots_equals_filtering_the_dicts(
    seed: int,
    name: str | None,
    is_pinned: bool | None,
    before: datetime | None,
    after: datetime | None,
    of_some: bool,
) -> None:
    backend = history(seed)
    pinned = {v["clone"]["parent_snapshot_uuid"] for v in backend if "clone" in v}
    some = backend.volumes()[::-2] if of_some else None

    def is_selected(row: SnapshotRow) -> bool:
        time = datetime.fromisoformat(row["create_time"])
        return (
            (name is None or fnmatchcase(row["name"], name))
            and (is_pinned is None or (row["uuid"] in pinned) is is_pinned)
            and (before is None or time < before)
            and (after is None or time >= after)
        )

    expected = list(filter(is_selected, backend.snapshots(some)))
    table = backend.snapshots(
        some, name=name, is_pinned=is_pinned, created_before=before, created_after=after
    )
    assert table.to_pylist() == expected
    # Retention is one call.
    left = backend.delete_snapshots(table, skip_busy=True)
    assert left == [(r["volume_uuid"], r["uuid"]) for r in expected if r["uuid"] in pinned]
    deleted = {row["uuid"] for row in expected} - pinned
    assert not deleted & set(backend.snapshots()["uuid"])
    backend.check_invariants()


@pytest.mark.parametrize(
    ("selection", "error"),
    [
        ({"name": ""}, InvalidArgumentError),
        ({"name": "x" * 256}, InvalidArgumentError),
        ({"created_before": "yesterday"}, InvalidArgumentError),
        ({"name": 5}, TypeError),
        ({"is_pinned": 1}, TypeError),
        ({"created_after": 5}, TypeError),
    ],
    ids=repr,
)
def test_a_bad_selection_of_snapshots_is_refused(
    backend: MemBackend, selection: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(selection))):
        backend.snapshots(**selection)
    if error is not TypeError:
        with refuses(backend, VolumeNotFoundError):
            backend.snapshots([UNKNOWN], **{**selection, "created_before": None})


def test_clones_are_selected_by_their_snapshot(backend: MemBackend) -> None:
    volume, [one, other] = volume_with_snapshots(backend, "v", "s", "t")
    backend.create_clones(volume["uuid"], one["uuid"], ["a", "b"])
    backend.create_clones(volume["uuid"], other["uuid"], ["c"])
    assert backend.volumes(parent=one["uuid"])["name"] == ["a", "b"]
    assert backend.volumes(parent=uuid.UUID(other["uuid"]))["name"] == ["c"]
    assert backend.volumes(parent=volume["uuid"])["name"] == ["a", "b", "c"]
    assert backend.volumes(parent=one["uuid"], name="b")["name"] == ["b"]


# Busy objects --------------------------------------------------------------------------------


def test_busy_volumes_are_skipped_and_returned(backend: MemBackend) -> None:
    made = fleet(backend)
    [snapshot] = backend.create_snapshots(made[1:2], "s")
    [clone] = backend.create_clones(made[1], snapshot, ["clone"])
    [inner] = backend.create_snapshots([clone], "s")
    backend.create_clones(clone, inner, ["of-clone"])
    before = pickle.dumps(backend)
    with refuses(backend, VolumeBusyError):
        backend.delete_volumes([*made, clone])
    # of-clone is kept, so that clone and its parent are busy.
    left = backend.delete_volumes([clone, *made], skip_busy=True)
    assert type(left) is Uuids
    assert left == [clone, made[1]]
    assert volume_names(backend) == ["first", "tmp-1", "last", "clone", "of-clone"]
    backend.check_invariants()
    # The result is a valid argument.
    assert backend.delete_volumes(left, skip_busy=True) == left
    assert backend.delete_volumes(backend.volumes(name="*clone"), skip_busy=True) == []
    assert volume_names(backend) == ["first", "tmp-1", "last"]
    other = pickle.loads(before)
    with refuses(other, VolumeNotFoundError) as error:
        other.delete_volumes([made[0], UNKNOWN], skip_busy=True)
    assert error.value.index == 1


def test_busy_snapshots_are_skipped_and_returned(backend: MemBackend) -> None:
    made = fleet(backend)
    snapshots = backend.create_snapshots(made, "s")
    backend.create_clone(made[3], snapshots[3], "clone")
    by_name, by_pair = backend.fork(), backend.fork()
    left = by_name.delete_snapshots(made[::-1], "s", skip_busy=True)
    assert type(left) is Uuids
    assert left == [made[3]]
    assert by_name.delete_snapshots(left, "s", skip_busy=True) == left
    pairs = by_pair.delete_snapshots(by_pair.snapshots(), skip_busy=True)
    assert pairs == [(made[3], snapshots[3])]
    assert by_pair.delete_snapshots(pairs, skip_busy=True) == pairs
    assert by_name.list_volumes() == by_pair.list_volumes()
    assert by_name.snapshots() == by_pair.snapshots()
    by_pair.delete_volume(by_pair.volumes(name="clone")[0]["uuid"])
    assert by_pair.delete_snapshots(pairs) == []
    for missing in ([(UNKNOWN, UNKNOWN)], [(made[3], UNKNOWN)]):
        with pytest.raises((VolumeNotFoundError, SnapshotNotFoundError)):
            by_name.delete_snapshots(missing, skip_busy=True)


# Columns and copies of a table ---------------------------------------------------------------


def test_a_column_has_the_values_of_the_dicts() -> None:
    backend = history(5)
    backend.patch_volumes(backend.volumes(is_clone=True), export_policy="p", state="offline")
    backend.patch_volume(backend.volumes()["uuid"][0], 7, "/mnt")
    for table in (backend.volumes(), backend.snapshots(), backend.volumes(name="none")):
        for name in table.column_names:
            rows: list[Any] = table.to_pylist()
            expected = [row.get(name, row.get("clone", {}).get(name)) for row in rows]
            assert table[name] == table.column(name) == expected
            assert type(table[name]) is (Uuids if name in ("uuid", "volume_uuid") else list)
            assert table[::-1][name] == table[name][::-1]
    other = MemBackend(seed=1)
    other.create_volumes(backend.volumes()["name"], backend.volumes()["size_bytes"])
    assert volume_names(other) == volume_names(backend)


def test_a_column_that_is_not_there_is_a_key_error(backend: MemBackend) -> None:
    table = backend.volumes()
    for name in ("names", "", "\ud800"):
        with pytest.raises(KeyError, match="there are uuid, name, size_bytes"):
            table[name]
        with pytest.raises(KeyError):
            table.column(name)
    with pytest.raises(TypeError, match="name must be a str, not int"):
        table.column(0)  # type: ignore[call-overload]


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle 0": lambda thing: pickle.loads(pickle.dumps(thing, 0)),
    "pickle 5": lambda thing: pickle.loads(pickle.dumps(thing, 5)),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES.keys())
def test_a_copy_of_a_table_is_an_equal_table(copied: Callable[[Any], Any]) -> None:
    backend = history(6)
    for table in (backend.volumes(), backend.snapshots(), backend.volumes()[1:9:2]):
        other = copied(table)
        assert other == table
        assert (other != table) is False
        assert (repr(other), len(other)) == (repr(table), len(table))
        assert other.to_pylist() == table.to_pylist()
        assert pa.table(other) == pa.table(table)
        assert other[1:3] == table[1:3]
        assert other[::-1] == table[::-1]
        assert [other[name] for name in other.column_names] == [
            table[name] for name in table.column_names
        ]
        assert pickle.loads(pickle.dumps(other)) == table


def test_a_pickled_table_has_its_rows_and_nothing_else(backend: MemBackend) -> None:
    backend.create_volumes(f"many-{number}" for number in range(1_000))
    backend.create_volume("secret-name")
    size = len(pickle.dumps(backend.volumes(name="many-7")))
    assert size < 300
    assert b"secret-name" not in pickle.dumps(backend.volumes(name="many-*"))


def test_tables_are_equal_by_their_rows() -> None:
    one, other = history(7), history(7)
    assert one.volumes() == other.volumes()
    assert one.snapshots() == other.snapshots()
    assert one.volumes() != history(8).volumes()
    assert one.volumes() != one.volumes()[1:]
    assert one.volumes() != one.volumes()[::-1]
    assert one.volumes(name="x") != one.snapshots([])
    assert one.volumes() != one.volumes().to_pylist()
    other.patch_volume(other.volumes()["uuid"][0], 5)
    assert one.volumes() != other.volumes()
    assert not one.volumes(name="x")
    assert one.volumes()
    for thing in (one.volumes(), one.volumes()["uuid"]):
        with pytest.raises(TypeError, match="unhashable"):
            hash(thing)


def test_a_broken_pickle_of_a_table_is_refused(backend: MemBackend) -> None:
    backend.create_volume("volume")
    reduced: Any = backend.volumes().__reduce__()
    restore, (kind, rows) = reduced
    assert restore(kind, rows) == backend.volumes()
    for bad in (rows[:-1], rows + b"\0", b"", rows.replace(b"volume", b"volums")):
        with pytest.raises(InvalidArgumentError, match="not a table"):
            restore(kind, bad)
    with pytest.raises(InvalidArgumentError, match="another kind"):
        restore("snapshots", rows)


def selected(backend: MemBackend, shard: int) -> tuple[Table[Volume], Table[SnapshotRow], Uuids]:
    """A scenario that returns a table from its process."""
    made = backend.create_volumes([f"v{shard}", f"w{shard}"])
    backend.create_snapshots(made, "s")
    return backend.volumes(name="v*"), backend.snapshots(), made


def test_tables_can_be_sent_to_another_process() -> None:
    with ProcessPoolExecutor(1) as executor:
        results = run_shards(selected, 2, executor, progress=False)
    for shard, (volumes, snapshots, made) in enumerate(results):
        assert volumes["name"] == [f"v{shard}"]
        assert snapshots["volume_uuid"] == made
