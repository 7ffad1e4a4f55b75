"""Values: accepted and refused arguments.

The conformance suite, which `test_conformance.py` runs on `MemBackend`, checks the grammars of
names, paths, policies and states; these tests cover types and values that only Python has.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from nessie_backend_mem import InvalidArgumentError, MemBackend, VolumeNotFoundError
from support import Index, everything, refuses, volume_names, volume_with_snapshots

HUGE = 10**5000
"""More digits than Python prints."""


class Text(str):
    """A `str` whose methods return wrong values."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not/this"

    def __repr__(self) -> str:
        return "not/this"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __len__(self) -> int:
        return 0

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"not/this"


# Texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\ud800", "a\udcff", "/a\udcff"], ids=ascii)
def test_a_lone_surrogate_is_refused_in_every_text(backend: MemBackend, text: Any) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "base", "base")
    v, s = volume["uuid"], snapshot["uuid"]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("name", lambda: backend.create_volume(text)),
        ("name", lambda: backend.patch_volume(v, name=text)),
        ("new_name", lambda: backend.create_clone(v, s, text)),
        ("name", lambda: backend.create_snapshot(v, text)),
        ("name", lambda: backend.rename_snapshot(v, s, text)),
        ("junction_path", lambda: backend.patch_volume(v, junction_path=text)),
        ("export_policy", lambda: backend.patch_volume(v, export_policy=text)),
        ("state", lambda: backend.patch_volume(v, state=text)),
    ]
    for argument, call in calls:
        with refuses(backend, InvalidArgumentError, target=argument):
            call()


def test_a_subclass_of_str_is_read_by_its_characters(backend: MemBackend) -> None:
    name = Text("real-name")
    volume = backend.create_volume(name)
    assert type(volume["name"]) is str
    assert volume_names(backend) == ["real-name"]
    assert backend.find_volume(Text("other")) is None
    found = backend.find_volume(name)
    assert found is not None
    assert type(found["name"]) is str
    assert backend.get_volume(Text(volume["uuid"])) == volume


# Sizes ---------------------------------------------------------------------------------------


def sizers(backend: MemBackend) -> list[Callable[[Any], Any]]:
    volume = backend.create_volume("base", 7)
    return [
        lambda size: backend.create_volume("new", size),
        lambda size: backend.create_volume("new", size_bytes=size),
        lambda size: backend.patch_volume(volume["uuid"], size),
        lambda size: backend.patch_volume(volume["uuid"], size_bytes=size),
    ]


SIZERS = range(4)


@pytest.mark.parametrize("which", SIZERS)
@pytest.mark.parametrize("size", [1, 2, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_every_size_in_range_is_kept_exactly(backend: MemBackend, which: int, size: int) -> None:
    volume = sizers(backend)[which](size)
    assert volume["size_bytes"] == size
    assert type(volume["size_bytes"]) is int
    assert backend.get_volume(volume["uuid"])["size_bytes"] == size


@pytest.mark.parametrize("which", SIZERS)
@pytest.mark.parametrize(
    "size",
    [0, -1, -(2**63), -(2**64), 2**64, 2**64 + 1, 2**127, HUGE, -HUGE, Index(0), Index(2**64)],
    ids=lambda size: "huge" if isinstance(size, int) and abs(size) == HUGE else None,
)
def test_a_size_out_of_range_is_refused(backend: MemBackend, which: int, size: int) -> None:
    resize = sizers(backend)[which]
    with refuses(backend, InvalidArgumentError, target="size_bytes") as caught:
        resize(size)
    assert "a size is from 1 to 2^64-1 bytes" in caught.value.message


@pytest.mark.parametrize("which", SIZERS)
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50GiB", "50 * 2**30"),
        ("50 GB", "50 * 2**30"),
        ("1g", "1 * 2**30"),
        ("9KiB", "9 * 2**10"),
        ("7T", "7 * 2**40"),
    ],
)
def test_a_size_with_a_unit_is_a_type_error_that_shows_the_number(
    backend: MemBackend, which: int, text: str, number: str
) -> None:
    with pytest.raises(TypeError) as caught:
        sizers(backend)[which](text)
    assert f'write "{text}" as {number}' in str(caught.value)


NOT_INTS = [True, False, 1.0, 1.5, float("nan"), 1j, Decimal(1), Fraction(1), "1", b"1", [1], {}]


@pytest.mark.parametrize("which", SIZERS)
@pytest.mark.parametrize("size", NOT_INTS, ids=repr)
def test_a_size_of_the_wrong_type_is_a_type_error(
    backend: MemBackend, which: int, size: object
) -> None:
    resize = sizers(backend)[which]
    before = backend.list_volumes()
    with pytest.raises(TypeError):
        resize(size)
    assert backend.list_volumes() == before


@pytest.mark.parametrize("which", SIZERS)
def test_objects_with_an_index_are_integers(backend: MemBackend, which: int) -> None:
    volume = sizers(backend)[which](Index(12))
    assert volume["size_bytes"] == 12
    assert type(volume["size_bytes"]) is int


def test_an_exception_of_an_index_method_is_raised(backend: MemBackend) -> None:
    class Broken:
        def __index__(self) -> int:
            raise ZeroDivisionError("the caller's own")

    with pytest.raises(ZeroDivisionError, match="the caller's own"):
        backend.create_volume("a", Broken())
    assert len(backend) == 0


def test_an_argument_that_calls_the_backend_does_not_deadlock(backend: MemBackend) -> None:
    class Meddler:
        def __index__(self) -> int:
            backend.create_volume("from-within")
            return 5

    volume = backend.create_volume("outer", Meddler())
    assert volume["size_bytes"] == 5
    assert sorted(volume_names(backend)) == ["from-within", "outer"]


# Identifiers ---------------------------------------------------------------------------------


def spellings(uuid_text: str) -> list[Any]:
    bare = uuid_text.replace("-", "")
    return [
        uuid_text,
        uuid_text.upper(),
        bare,
        bare.upper(),
        "urn:uuid:" + uuid_text,
        "{" + uuid_text + "}",
        "{" + uuid_text.upper() + "}",
        uuid.UUID(uuid_text),
    ]


def test_every_standard_spelling_of_a_uuid_is_understood_everywhere(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    volume_spellings = spellings(volume["uuid"])
    snapshot_spellings = spellings(snapshot["uuid"])
    for number, (v, s) in enumerate(zip(volume_spellings, snapshot_spellings, strict=True)):
        assert backend.get_volume(v) == volume
        assert backend.patch_volume(v) == volume
        assert backend.access_handle(v) == {"kind": "in_memory"}
        assert backend.list_snapshots(v) == [snapshot]
        assert backend.get_snapshot(v, s) == snapshot
        assert backend.find_snapshot(v, "s") == snapshot
        assert backend.rename_snapshot(v, s, "s") == snapshot
        assert backend.restore_snapshot(v, s) == volume
        clone = backend.create_clone(v, s, f"clone{number}")
        assert clone["clone"]["parent_volume_uuid"] == volume["uuid"]
        backend.split_clone(spellings(clone["uuid"])[number])
        backend.delete_volume(spellings(clone["uuid"])[number])
    backend.delete_snapshot(volume_spellings[-1], snapshot_spellings[-1])
    backend.delete_volume(volume_spellings[-1])
    assert len(backend) == 0


def test_a_subclass_of_uuid_is_a_uuid(backend: MemBackend) -> None:
    class MyUUID(uuid.UUID):
        pass

    volume = backend.create_volume("a")
    assert backend.get_volume(MyUUID(volume["uuid"])) == volume


MALFORMED = [
    "",
    "a",
    "00000000-0000-4000-8000-00000000000",
    "00000000-0000-4000-8000-0000000000000",
    "00000000-0000-4000-8000-00000000000g",
    "00000000-0000-4000-8000-00000000000\N{FULLWIDTH DIGIT ZERO}",
    " 00000000-0000-4000-8000-000000000000",
    "00000000-0000-4000-8000-000000000000\n",
    "{00000000-0000-4000-8000-000000000000",
    "00000000-0000-4000-8000-000000000000}",
    "urn:00000000-0000-4000-8000-000000000000",
    "0000000000-00-4000-8000-000000000000",
    "00000000-0000-4000-8000-00000000000\0",
    "0x000000000000400080000000000000000",
    "\ud800",
    "é" * 18,
    "\U0001f4be" * 9,
    "0" * 1_000_000,
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: ascii(text)[:44])
def test_the_error_for_a_malformed_uuid_names_the_parameter(backend: MemBackend, text: str) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    v, s = volume["uuid"], snapshot["uuid"]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("uuid", lambda: backend.get_volume(text)),
        ("uuid", lambda: backend.patch_volume(text)),
        ("uuid", lambda: backend.delete_volume(text)),
        ("uuid", lambda: backend.access_handle(text)),
        ("vol_uuid", lambda: backend.create_snapshot(text, "x")),
        ("vol_uuid", lambda: backend.list_snapshots(text)),
        ("vol_uuid", lambda: backend.find_snapshot(text, "x")),
        ("vol_uuid", lambda: backend.get_snapshot(text, s)),
        ("snap_uuid", lambda: backend.get_snapshot(v, text)),
        ("vol_uuid", lambda: backend.rename_snapshot(text, s, "x")),
        ("snap_uuid", lambda: backend.rename_snapshot(v, text, "x")),
        ("vol_uuid", lambda: backend.delete_snapshot(text, s)),
        ("snap_uuid", lambda: backend.delete_snapshot(v, text)),
        ("vol_uuid", lambda: backend.restore_snapshot(text, s)),
        ("snap_uuid", lambda: backend.restore_snapshot(v, text)),
        ("parent_vol_uuid", lambda: backend.create_clone(text, s, "x")),
        ("parent_snap_uuid", lambda: backend.create_clone(v, text, "x")),
        ("vol_uuid", lambda: backend.split_clone(text)),
    ]
    for argument, call in calls:
        with refuses(backend, InvalidArgumentError, target=argument):
            call()


# Types ---------------------------------------------------------------------------------------

NOT_TEXT = [None, True, 0, 1.5, b"a", bytearray(b"a"), ["a"], ("a",), {"a": 1}, object(), str]


def every_call_with_text(backend: MemBackend) -> list[Callable[[Any], object]]:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    v, s = volume["uuid"], snapshot["uuid"]
    return [
        lambda x: backend.create_volume(x),
        lambda x: backend.find_volume(x),
        lambda x: backend.get_volume(x),
        lambda x: backend.patch_volume(x),
        lambda x: backend.delete_volume(x),
        lambda x: backend.access_handle(x),
        lambda x: backend.create_snapshot(x, "n"),
        lambda x: backend.create_snapshot(v, x),
        lambda x: backend.list_snapshots(x),
        lambda x: backend.get_snapshot(x, s),
        lambda x: backend.get_snapshot(v, x),
        lambda x: backend.find_snapshot(x, "s"),
        lambda x: backend.find_snapshot(v, x),
        lambda x: backend.rename_snapshot(x, s, "n"),
        lambda x: backend.rename_snapshot(v, x, "n"),
        lambda x: backend.rename_snapshot(v, s, x),
        lambda x: backend.delete_snapshot(x, s),
        lambda x: backend.delete_snapshot(v, x),
        lambda x: backend.restore_snapshot(x, s),
        lambda x: backend.restore_snapshot(v, x),
        lambda x: backend.create_clone(x, s, "n"),
        lambda x: backend.create_clone(v, x, "n"),
        lambda x: backend.create_clone(v, s, x),
        lambda x: backend.split_clone(x),
    ]


@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
def test_another_type_than_text_is_a_type_error_everywhere(
    backend: MemBackend, value: object
) -> None:
    calls = every_call_with_text(backend)
    before = everything(backend)
    for call in calls:
        with pytest.raises(TypeError):
            call(value)
    assert everything(backend) == before


def test_a_uuid_object_is_not_a_name(backend: MemBackend) -> None:
    for call in (backend.create_volume, backend.find_volume):
        with pytest.raises(TypeError):
            call(uuid.uuid4())  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [x for x in NOT_TEXT if x is not None], ids=repr)
@pytest.mark.parametrize("argument", ["junction_path", "export_policy", "name", "state"])
def test_a_patched_text_of_the_wrong_type_is_a_type_error(
    backend: MemBackend, argument: str, value: Any
) -> None:
    volume = backend.create_volume("a")
    with pytest.raises(TypeError):
        backend.patch_volume(volume["uuid"], **{argument: value})
    assert backend.list_volumes() == [volume]


# Positions and keywords ----------------------------------------------------------------------


def test_the_published_positional_order_is_kept(backend: MemBackend) -> None:
    volume = backend.create_volume("v", 10)
    patched = backend.patch_volume(volume["uuid"], 20, "/v", "open")
    assert (patched["size_bytes"], patched["junction_path"]) == (20, "/v")
    assert patched["export_policy"] == "open"
    snapshot = backend.create_snapshot(volume["uuid"], "s")
    assert backend.get_snapshot(volume["uuid"], snapshot["uuid"]) == snapshot
    clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    assert clone["name"] == "c"


def test_every_argument_can_be_given_by_name(backend: MemBackend) -> None:
    volume = backend.create_volume(name="v", size_bytes=10)
    v = volume["uuid"]
    snapshot = backend.create_snapshot(vol_uuid=v, name="s")
    s = snapshot["uuid"]
    assert backend.get_volume(uuid=v) == volume
    assert backend.find_volume(name="v") == volume
    assert backend.access_handle(uuid=v) == {"kind": "in_memory"}
    assert backend.list_snapshots(vol_uuid=v) == [snapshot]
    assert backend.get_snapshot(vol_uuid=v, snap_uuid=s) == snapshot
    assert backend.find_snapshot(vol_uuid=v, name="s") == snapshot
    backend.rename_snapshot(vol_uuid=v, snap_uuid=s, name="t")
    backend.restore_snapshot(vol_uuid=v, snap_uuid=s)
    clone = backend.create_clone(parent_vol_uuid=v, parent_snap_uuid=s, new_name="c")
    backend.split_clone(vol_uuid=clone["uuid"])
    backend.patch_volume(
        uuid=v, size_bytes=1, junction_path="/v", export_policy="p", name="w", state="offline"
    )
    backend.delete_snapshot(vol_uuid=v, snap_uuid=s)
    backend.delete_volume(uuid=v)
    backend.advance(delta=1)
    assert volume_names(backend) == ["c"]


def test_name_and_state_of_a_patch_are_keyword_only(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    with pytest.raises(TypeError):
        backend.patch_volume(volume["uuid"], None, None, None, "b")  # type: ignore[call-arg]
    assert backend.list_volumes() == [volume]


def test_seed_and_start_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        MemBackend(1)  # type: ignore[call-arg]


def test_missing_surplus_and_unknown_arguments_are_type_errors(backend: MemBackend) -> None:
    calls: list[Callable[[], object]] = [
        lambda: backend.create_volume(),  # type: ignore[call-arg]
        lambda: backend.create_volume("a", 1, 2),  # type: ignore[arg-type, call-arg]
        lambda: backend.create_volume("a", size=1),  # type: ignore[call-arg]
        lambda: backend.create_volume("a", name="b"),  # type: ignore[misc]
        lambda: backend.list_volumes(1),  # type: ignore[call-arg]
        lambda: backend.get_volume(),  # type: ignore[call-arg]
        lambda: MemBackend(sed=1),  # type: ignore[call-arg]
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()
    assert len(backend) == 0


def test_an_identifier_of_another_kind_is_not_found(backend: MemBackend) -> None:
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    with refuses(backend, VolumeNotFoundError):
        backend.list_snapshots(snapshot["uuid"])
    with refuses(backend, VolumeNotFoundError):
        backend.create_clone(snapshot["uuid"], volume["uuid"], "c")


# Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [5, b"a", ["a"], object()], ids=["int", "bytes", "list", "object"]
)
def test_the_type_error_for_another_type_than_text_names_the_argument(
    backend: MemBackend, wrong: Any
) -> None:
    volume = backend.create_volume("volume")["uuid"]
    snapshot = backend.create_snapshot(volume, "snapshot")["uuid"]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("name", lambda: backend.create_volume(wrong)),
        ("name", lambda: backend.find_volume(wrong)),
        ("name", lambda: backend.patch_volume(volume, name=wrong)),
        ("state", lambda: backend.patch_volume(volume, state=wrong)),
        ("junction_path", lambda: backend.patch_volume(volume, None, wrong)),
        ("export_policy", lambda: backend.patch_volume(volume, None, None, wrong)),
        ("name", lambda: backend.create_snapshot(volume, wrong)),
        ("name", lambda: backend.find_snapshot(volume, wrong)),
        ("name", lambda: backend.rename_snapshot(volume, snapshot, wrong)),
        ("new_name", lambda: backend.create_clone(volume, snapshot, wrong)),
        ("name", lambda: backend.create_snapshots([volume], wrong)),
        ("name", lambda: backend.delete_snapshots([volume], wrong)),
        ("name", lambda: backend.patch_volumes([volume], name=wrong)),
        ("export_policy", lambda: backend.patch_volumes([volume], export_policy=wrong)),
        ("name", lambda: backend.volumes(name=wrong)),
        ("state", lambda: backend.volumes(state=wrong)),
    ]
    before = pickle.dumps(backend)
    for argument, call in calls:
        message = f"^{argument} must be a str, not {type(wrong).__name__}$"
        with pytest.raises(TypeError, match=message):
            call()
    assert pickle.dumps(backend) == before
