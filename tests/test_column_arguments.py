"""Columns of other libraries as arguments of bulk calls, and `Uuids` as a column for them."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import InvalidArgumentError, MemBackend, Uuids, VolumeNotFoundError
from support import UNKNOWN, growth, reads_memory, refuses, run_python, volume_names

Make = Callable[[Sequence[Any]], Any]


def chunked(items: Sequence[Any]) -> Any:
    """A column of pyarrow in pieces, one of them empty."""
    middle = len(items) // 2
    return pa.chunked_array([items[:middle], [], items[middle:]], pa.string())


class Column:
    """A column with only the Arrow PyCapsule interface."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.column = pa.array(items, pa.string())

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self.column.__arrow_c_array__(requested_schema)


class WithoutPyarrow(list[str]):
    """Exports its data only if another package is installed."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise ImportError("pyarrow is not there")


TEXTS: dict[str, Make] = {
    "pyarrow": lambda items: pa.array(items, pa.string()),
    "pyarrow, large": lambda items: pa.array(items, pa.large_string()),
    "pyarrow, views": lambda items: pa.array(items, pa.string_view()),
    "pyarrow, dictionary": lambda items: pa.array(items, pa.string()).dictionary_encode(),
    "pyarrow, a part": lambda items: pa.array(["before", *items, "after"])[1:-1],
    "pyarrow, chunked": chunked,
    "polars": lambda items: pl.Series(items, dtype=pl.String),
    "polars, categorical": lambda items: pl.Series(items, dtype=pl.Categorical),
    "pandas": lambda items: pd.Series(items, dtype="str"),
    "pandas, objects": lambda items: pd.Series(items, dtype="object"),
    "pandas, categorical": lambda items: pd.Series(items, dtype="category"),
    "pandas, index": lambda items: pd.Index(items, dtype="str"),
    "numpy": lambda items: np.array(items, dtype=np.str_),
    "numpy, objects": lambda items: np.array(items, dtype=object),
    "numpy, strings": lambda items: np.array(items, dtype=np.dtypes.StringDType()),
    "any maker": Column,
    "iterated": WithoutPyarrow,
}
texts = pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())

NULLS: dict[str, Make] = {
    name: make
    for name, make in TEXTS.items()
    if name.startswith(("pyarrow", "polars", "any")) and "part" not in name
}

BYTES: dict[str, Make] = {
    "pyarrow, bytes": lambda items: pa.array([id_.bytes for id_ in items], pa.binary(16)),
    "pyarrow, uuids": lambda items: pa.array([id_.bytes for id_ in items], pa.uuid()),
    "pandas, uuids": lambda items: pd.Series(items, dtype="object"),
    "numpy, uuids": lambda items: np.array(items, dtype=object),
}

SIZES: dict[str, Make] = {
    "pyarrow": lambda items: pa.array(items, pa.uint64()),
    "pyarrow, signed": lambda items: pa.array(items, pa.int64()),
    "pyarrow, small": lambda items: pa.array(items, pa.uint8()),
    "pyarrow, chunked": lambda items: pa.chunked_array([items[:1], items[1:]], pa.uint64()),
    "polars": lambda items: pl.Series(items, dtype=pl.UInt64),
    "pandas": lambda items: pd.Series(items, dtype="uint64"),
    "numpy": lambda items: np.array(items, dtype=np.uint64),
}


# Accepted columns ----------------------------------------------------------------------------


@texts
def test_names_are_a_column_of_text(backend: MemBackend, make: Make) -> None:
    names = ["a", "b-2", "c.3"]
    uuids = backend.create_volumes(make(names), 5)
    assert volume_names(backend) == names
    [snapshot] = backend.create_snapshots(uuids[:1], "s")
    clones = backend.create_clones(uuids[0], snapshot, make(["d", "e"]))
    assert volume_names(backend) == [*names, "d", "e"]
    assert len(clones) == 2


@texts
def test_uuids_are_a_column_of_text_in_every_bulk_call(backend: MemBackend, make: Make) -> None:
    uuids = backend.create_volumes(["a", "b", "c"])
    column = make([uuids[2].upper(), uuids[0]])
    backend.patch_volumes(column, 7)
    assert [volume["size_bytes"] for volume in backend] == [7, None, 7]
    assert [volume["name"] for volume in backend.get_volumes(column)] == ["c", "a"]
    backend.create_snapshots(column, "s")
    assert [row["volume"] for row in backend.snapshots(column)] == ["c", "a"]
    backend.delete_snapshots(column, "s")
    backend.delete_volumes(column)
    assert volume_names(backend) == ["b"]


@pytest.mark.parametrize("make", BYTES.values(), ids=BYTES.keys())
def test_uuids_may_be_a_column_of_bytes_or_objects(backend: MemBackend, make: Make) -> None:
    uuids = backend.create_volumes(["a", "b", "c"])
    column = make([uuid.UUID(uuids[1]), uuid.UUID(uuids[0])])
    assert [volume["name"] for volume in backend.get_volumes(column)] == ["b", "a"]


@pytest.mark.parametrize("make", SIZES.values(), ids=SIZES.keys())
def test_sizes_are_a_column_of_integers(backend: MemBackend, make: Make) -> None:
    uuids = backend.create_volumes(["a", "b", "c"], make([5, 6, 7]))
    assert [volume["size_bytes"] for volume in backend] == [5, 6, 7]
    backend.patch_volumes(uuids, make([50, 60, 70]))
    assert [volume["size_bytes"] for volume in backend] == [50, 60, 70]


def test_a_null_size_means_no_quota_and_the_largest_is_kept(backend: MemBackend) -> None:
    backend.create_volumes(["a", "b"], pa.array([None, 2**64 - 1], pa.uint64()))
    assert [volume["size_bytes"] for volume in backend] == [None, 2**64 - 1]
    backend.create_volumes(["c"], pa.array([None]))
    assert backend.list_volumes()[2]["size_bytes"] is None


@pytest.mark.parametrize("make", [*TEXTS.values(), *BYTES.values()], ids=[*TEXTS, *BYTES])
def test_an_empty_column_is_an_empty_batch(backend: MemBackend, make: Make) -> None:
    assert backend.get_volumes(make([])) == []
    assert backend.get_volumes(pa.array([])) == []


@given(st.lists(st.integers(0, 30), unique=True, max_size=20), st.sampled_from(sorted(TEXTS)))
def test_bulk_calls_accept_columns_of_a_table(numbers: list[int], kind: str) -> None:
    backend = MemBackend(seed=3)
    backend.create_volumes([f"v{number}" for number in range(31)], range(1, 32))
    some = pa.table(backend.volumes()).take(pa.array(numbers, pa.int64()))
    other = MemBackend(seed=4)
    other.create_volumes(some["name"], some["size_bytes"])
    assert [(v["name"], v["size_bytes"]) for v in other] == [(f"v{n}", n + 1) for n in numbers]
    named = backend.get_volumes(TEXTS[kind](some["uuid"].to_pylist()))
    assert [volume["name"] for volume in named] == [f"v{number}" for number in numbers]


# Refused columns -----------------------------------------------------------------------------


@texts
def test_a_bad_item_is_named_by_its_index(backend: MemBackend, make: Make) -> None:
    kept = backend.create_volumes(["kept"])
    with refuses(backend, InvalidArgumentError, target="names") as error:
        backend.create_volumes(make(["a", "b", "no name", "d"]))
    assert error.value.index == 2
    with refuses(backend, InvalidArgumentError, target="vol_uuids") as error:
        backend.delete_volumes(make([*kept, "no uuid"]))
    assert error.value.index == 1
    with refuses(backend, VolumeNotFoundError) as error:
        backend.delete_volumes(make([*kept, UNKNOWN]))
    assert error.value.index == 1


@pytest.mark.parametrize("make", NULLS.values(), ids=NULLS.keys())
def test_a_null_as_text_or_uuid_is_refused(backend: MemBackend, make: Make) -> None:
    kept = backend.create_volumes(["kept"])
    with pytest.raises(TypeError, match=r"^names\[2\] must be a str, not NoneType$"):
        backend.create_volumes(make(["a", "b", None]))
    where = r"^vol_uuids\[1\] must be a str or uuid.UUID, not NoneType$"
    with pytest.raises(TypeError, match=where):
        backend.delete_volumes(make([*kept, None]))
    assert volume_names(backend) == ["kept"]


@pytest.mark.parametrize(
    "make",
    [pa.array, lambda items: pa.array([uuid.UUID(item).bytes for item in items], pa.binary(16))],
    ids=["text", "bytes"],
)
def test_a_null_row_of_a_table_is_not_a_record(backend: MemBackend, make: Make) -> None:
    uuids = backend.create_volumes(["a", "b", "c"])
    snapshots = backend.create_snapshots(uuids, "s")

    def rows(**columns: Any) -> Any:
        """A table whose second row is null, although its columns have values there."""
        arrays = [make(list(column)) for column in columns.values()]
        mask = pa.array([False, True, False])
        return pa.StructArray.from_arrays(arrays, names=list(columns), mask=mask)

    refusal = r"^vol_uuids\[1\] must be a str or uuid.UUID, not NoneType$"
    with pytest.raises(TypeError, match=refusal):
        backend.delete_snapshots(rows(volume_uuid=uuids, uuid=snapshots))
    with pytest.raises(TypeError, match=refusal):
        backend.delete_volumes(rows(uuid=uuids))
    assert len(backend) == 3
    assert backend.get_volumes(rows(uuid=uuids)[2:]) == backend.get_volumes(uuids[2:])


def test_a_null_among_bytes_or_of_no_type_is_named_by_its_index(backend: MemBackend) -> None:
    with pytest.raises(TypeError, match=r"vol_uuids\[1\] must be a str or uuid.UUID"):
        backend.get_volumes(pa.array([b"0" * 16, None], pa.binary(16)))
    with pytest.raises(TypeError, match=r"names\[0\] must be a str, not NoneType"):
        backend.create_volumes(pa.array([None]))
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", None]))
    with pytest.raises(TypeError, match=r"names\[1\] must be a str, not NoneType"):
        backend.create_volumes(coded)


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (pa.array([1, 2]), "a column of Int64"),
        (pl.Series([1.5]), "a column of Float64"),
        (pa.array([b"a"]), "a column of Binary"),
    ],
    ids=["int64", "float64", "binary"],
)
def test_a_column_of_another_type_is_a_type_error(
    backend: MemBackend, column: Any, found: str
) -> None:
    with pytest.raises(TypeError, match=f"^names must be an iterable of str, not {found}$"):
        backend.create_volumes(column)
    expected = "^vol_uuids must be an iterable of str or uuid.UUID, not "
    with pytest.raises(TypeError, match=expected + found):
        backend.delete_volumes(column)
    assert len(backend) == 0


def test_sizes_out_of_range_and_of_another_type_are_refused(backend: MemBackend) -> None:
    names = ["a", "b", "c"]
    for sizes in (pa.array([1, 2, -3]), pl.Series([1, 2, -3]), pa.chunked_array([[1, 2], [-3]])):
        with refuses(backend, InvalidArgumentError, target="size_bytes") as error:
            backend.create_volumes(names, sizes)
        assert error.value.index == 2
        assert "-3 is out of range; a size is from 1 to 2^64-1" in error.value.message
    with refuses(backend, InvalidArgumentError, target="size_bytes"):
        backend.create_volumes(names, pa.array([1, 2]))
    with pytest.raises(TypeError, match="size_bytes must be an iterable of int, not a column of"):
        backend.create_volumes(names, pa.array([1.5, 2, 3]))


def test_text_that_is_not_utf8_is_refused(backend: MemBackend) -> None:
    buffers = [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
    broken = pa.Array.from_buffers(pa.string(), 1, buffers)
    with refuses(backend, InvalidArgumentError, target="names"):
        backend.create_volumes(broken)
    with refuses(backend, InvalidArgumentError, target="vol_uuids"):
        backend.get_volumes(broken)


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view()], ids=["string", "large", "view"]
)
def test_wrong_offsets_of_texts_are_refused(backend: MemBackend, kind: Any) -> None:
    texts = pa.py_buffer(b"name-0-of-many-name-1-of-many-")
    for first, second in ((0, 40), (25, 30), (-1, 30), (2**31 - 1, 30)):
        if kind == pa.string_view():
            views = b"".join(
                struct.pack("<i4sii", 14, b"name", 0, start) for start in (0, first, second - 14)
            )
            buffers = [None, pa.py_buffer(views), texts]
            column = pa.Array.from_buffers(kind, 3, buffers)
            if {first, second - 14} <= set(range(17)):
                continue
        else:
            form = "<4i" if kind == pa.string() else "<4q"
            offsets = pa.py_buffer(struct.pack(form, 0, second, first, 30))
            column = pa.Array.from_buffers(kind, 3, [None, offsets, texts])
        with refuses(backend, InvalidArgumentError, target="names") as error:
            backend.create_volumes(column)
        assert "is a broken column" in error.value.message


def test_an_index_outside_of_the_dictionary_is_refused(backend: MemBackend) -> None:
    for place in (2, -1, 127):
        places = pa.array([0, place], pa.int8())
        column = pa.DictionaryArray.from_arrays(places, pa.array(["a", "b"]), safe=False)
        with refuses(backend, InvalidArgumentError, target="names") as error:
            backend.create_volumes(column)
        assert f"place {place} of a dictionary of 2" in error.value.message


def test_memory_that_changes_while_it_is_read_is_read_or_refused() -> None:
    """Each call reads a mixture of states: texts that the column never had, or broken ones."""
    program = """
import threading
import pyarrow as pa
from nessie_backend_mem import InvalidArgumentError, MemBackend

COUNT, LEN = 20_000, 14
# No name, so that reading is all that happens.
good = "".join(f"name {n:09}" for n in range(COUNT)).encode()
texts = bytearray(good)
ends = b"".join((n * LEN).to_bytes(4, "little") for n in range(COUNT + 1))
offsets = bytearray(ends)
buffers = [None, pa.py_buffer(offsets), pa.py_buffer(texts)]
column = pa.Array.from_buffers(pa.string(), COUNT, buffers)
done = threading.Event()

def disturb():
    # All but the last offset, which is the length of the texts.
    part = slice(4 * 100, 4 * (COUNT - 100))
    while not done.is_set():
        texts[:] = b"\\xff" * len(texts)
        offsets[part] = b"\\xff\\xff\\xff\\x7f" * (COUNT - 200)
        texts[:] = good
        offsets[part] = ends[part]

thread = threading.Thread(target=disturb)
thread.start()
backend = MemBackend()
outcomes = set()
for turn in range(5_000):
    try:
        backend.create_volumes(column)
    except InvalidArgumentError as error:
        outcomes.add("is a broken column" in error.message)
    if turn > 60 and True in outcomes:
        break
done.set()
thread.join()
print(True in outcomes)
"""
    done = run_python("-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


class Lends:
    """Returns the same capsules on every export."""

    def __init__(self, schema: object, array: object) -> None:
        self.capsules = schema, array

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self.capsules


def test_a_capsule_that_was_read_before_is_refused(backend: MemBackend) -> None:
    schema, array = pa.array(["a"]).__arrow_c_array__()
    column = Lends(schema, array)
    backend.create_volumes(column)
    with pytest.raises(TypeError, match="names cannot be read as a column: it has no data"):
        backend.create_volumes(column)
    moved = Lends(schema, pa.array(["b"]).__arrow_c_array__()[1])
    pa.DataType._import_from_c_capsule(schema)
    with pytest.raises(TypeError, match="names cannot be read as a column: it has no type"):
        backend.create_volumes(moved)


def test_a_type_with_a_name_that_is_not_utf8_is_refused(backend: MemBackend) -> None:
    field = pa.field(b"\xff", pa.string())
    column = Lends(field.__arrow_c_schema__(), pa.array(["a"]).__arrow_c_array__()[1])
    with pytest.raises(TypeError, match="names cannot be read as a column: it has a type whose"):
        backend.create_volumes(column)
    asked = pa.schema([field]).__arrow_c_schema__()
    with refuses(backend, InvalidArgumentError, target="requested_schema"):
        backend.volumes().__arrow_c_stream__(asked)
    with refuses(backend, InvalidArgumentError, target="requested_schema"):
        Uuids.from_bytes(b"").__arrow_c_array__(field.__arrow_c_schema__())


def test_types_that_are_nested_too_deep_are_refused() -> None:
    """In its own process, which would crash if the whole type were read."""
    program = """
import pyarrow as pa
from nessie_backend_mem import InvalidArgumentError, MemBackend, Uuids

def nested(depth):
    kind = pa.string()
    for _ in range(depth):
        kind = pa.list_(kind)
    return kind

def outcome(call, *args):
    try:
        return call(*args)
    except (TypeError, InvalidArgumentError) as error:
        return f"{type(error).__name__}: {error}"

class Column:
    def __init__(self, depth):
        self.type = nested(depth)
    def __arrow_c_array__(self, requested_schema=None):
        # Of the array nothing is read before its type.
        return self.type.__arrow_c_schema__(), pa.nulls(0).__arrow_c_array__()[1]

class Stream:
    def __init__(self, depth):
        self.array = pa.chunked_array([], nested(depth))
    def __arrow_c_stream__(self, requested_schema=None):
        return self.array.__arrow_c_stream__()

backend = MemBackend(seed=1)
for depth in (1, 63, 64, 12_000):
    if depth > 1:
        made = [Stream(depth)] if depth < 64 else [Column(depth), Stream(depth)]
        print(*(outcome(backend.create_volumes, each)[:70] for each in made), sep="\\n")
    schema = pa.schema([("x", nested(depth - 1))]).__arrow_c_schema__()
    print(str(outcome(backend.volumes().__arrow_c_stream__, schema))[:70])
    schema = nested(depth).__arrow_c_schema__()
    print(str(outcome(Uuids.from_bytes(b"").__arrow_c_array__, schema))[:70])
"""
    done = run_python("-c", program)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    shallow, deep = lines[:5], lines[5:]
    assert shallow[2].startswith(
        "TypeError: names must be an iterable of str, not a column of List"
    )
    assert all("<capsule" in lines[place] for place in (0, 1, 3, 4))
    refused = ["TypeError: names cannot be read as a column: it has types"] * 2
    refused += ["InvalidArgumentError: requested_schema has types that are nested"] * 2
    assert len(deep) == 2 * len(refused)
    assert all(map(str.startswith, deep, refused * 2))


def test_a_failing_stream_changes_nothing(backend: MemBackend) -> None:
    [kept] = backend.create_volumes(["kept"])

    def batches() -> Iterator[Any]:
        yield pa.record_batch({"uuid": [kept]})
        raise OSError("the disk is gone")

    schema = pa.schema([("uuid", pa.string())])
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(RuntimeError, match=r"vol_uuids cannot be read: .*the disk is gone"):
        backend.delete_volumes(reader)
    assert volume_names(backend) == ["kept"]


def test_a_list_that_has_every_attribute_is_iterated(backend: MemBackend) -> None:
    class Pretender(list[str]):
        def __getattr__(self, name: str) -> object:
            return self

    backend.create_volumes(Pretender(["a", "b"]))
    assert volume_names(backend) == ["a", "b"]


# Uuids as a column ---------------------------------------------------------------------------

some_uuids = st.lists(st.uuids(), max_size=12)


@given(some_uuids, st.integers(0, 12), st.integers(1, 3))
def test_every_reader_reads_uuids_as_text(ids: list[uuid.UUID], start: int, step: int) -> None:
    uuids = Uuids.from_bytes(b"".join(id_.bytes for id_ in ids))[start::step]
    expected = list(uuids)
    column = pa.array(uuids)
    column.validate(full=True)
    assert column.type == pa.string()
    assert column.to_pylist() == expected
    assert pl.Series(uuids, dtype=pl.String).to_list() == expected
    assert pd.Series.from_arrow(uuids).to_list() == expected
    assert np.array(uuids, dtype=object).tolist() == expected
    assert pa.table({"uuid": uuids})["uuid"].to_pylist() == expected


def test_uuids_join_with_the_columns_of_a_table(backend: MemBackend) -> None:
    backend.create_volumes(["other"])
    uuids = backend.create_volumes(["a", "b"])
    volumes = pa.table(backend.volumes())
    wanted = pa.table({"uuid": uuids})
    expected = ["a", "b"]
    assert wanted.join(volumes, "uuid").sort_by("name")["name"].to_pylist() == expected
    frame = pl.DataFrame({"uuid": uuids}).join(pl.DataFrame(backend.volumes()), on="uuid")
    assert sorted(frame["name"]) == expected
    found = duckdb.sql("SELECT name FROM wanted JOIN volumes USING (uuid) ORDER BY name")
    assert found is not None
    assert [name for (name,) in found.fetchall()] == expected
    joined = pd.DataFrame({"uuid": pd.Series.from_arrow(uuids)}).merge(
        pd.DataFrame.from_arrow(backend.volumes())
    )
    assert sorted(joined["name"]) == expected


def test_uuids_are_exported_as_the_requested_type() -> None:
    ids = [uuid.UUID(int=number) for number in (1, 2**64, 2**128 - 1)]
    uuids = Uuids.from_bytes(b"".join(id_.bytes for id_ in ids))
    for kind in (pa.large_string(), pa.string_view()):
        column = pa.array(uuids, type=kind)
        column.validate(full=True)
        assert column.type == kind
        assert column.to_pylist() == list(uuids)
    assert pa.array(uuids, type=pa.binary(16)).to_pylist() == [id_.bytes for id_ in ids]
    asked = pa.uuid().__arrow_c_schema__()
    column = pa.Array._import_from_c_capsule(*uuids.__arrow_c_array__(asked))
    assert column.type == pa.uuid()
    assert column.to_pylist() == ids
    # A request for an unsupported type is ignored: the reader must convert the column.
    other = pa.int64().__arrow_c_schema__()
    column = pa.Array._import_from_c_capsule(*uuids.__arrow_c_array__(other))
    assert column.to_pylist() == list(uuids)
    assert pa.DataType._import_from_c_capsule(uuids.__arrow_c_schema__()) == pa.string()


def test_more_uuids_than_a_batch_has_are_one_column(backend: MemBackend) -> None:
    uuids = backend.create_volumes(f"v{number}" for number in range(65_537))
    assert pa.array(uuids).to_pylist() == uuids.to_pylist()
    assert backend.get_volumes(pa.array(uuids)) == backend.list_volumes()


@pytest.mark.parametrize("wrong", [5, "text", object()])
def test_a_wrong_schema_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        Uuids.from_bytes(b"").__arrow_c_array__(wrong)


@reads_memory
def test_imported_and_exported_columns_are_freed() -> None:
    program = """
import pyarrow as pa
from nessie_backend_mem import MemBackend

backend = MemBackend(seed=1)
uuids = backend.create_volumes(f"volume-{number:07}" for number in range(100_000))
def turn():
    column = pa.array(uuids)
    uuids.__arrow_c_array__()
    backend.patch_volumes(column, pa.array(range(1, 100_001)))
    backend.create_snapshots(pa.chunked_array([column[:9], column[9:]]), "s")
    backend.delete_snapshots(column.cast(pa.string_view()), "s")
    try:
        backend.delete_volumes(pa.concat_arrays([column, pa.array(["no uuid"])]))
    except ValueError:
        pass
turn()
turn()
before = resident()
for _ in range(4):
    turn()
print(resident() - before)
"""
    # A column alone needs 4 MiB a turn.
    assert growth(program) < 10


def test_a_batch_of_another_type_than_its_reader_declares_is_refused(backend: MemBackend) -> None:
    backend.create_volume("kept")
    batch = pa.record_batch({"uuid": pa.array([1, 2], pa.int64())})
    schema = pa.schema([("uuid", pa.string())])
    reader = pa.RecordBatchReader.from_batches(schema, iter([batch]))
    with pytest.raises(
        RuntimeError, match=r"vol_uuids.* has data of another type than it declares"
    ):
        backend.delete_volumes(reader)
    assert volume_names(backend) == ["kept"]
