"""`Uuids`, the result of bulk calls: a sequence of str, like a list of them."""

from __future__ import annotations

import copy
import pickle
import sys
import weakref
from collections.abc import Callable, Sequence
from operator import length_hint
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import MemBackend, Uuids
from support import UNKNOWN, run_threads

some_uuids = st.lists(st.uuids().map(str), max_size=12)
places = st.integers(-15, 15) | st.sampled_from([-sys.maxsize - 1, sys.maxsize, 10**30, -(10**30)])
ends = st.none() | places
slices = st.builds(slice, ends, ends, st.none() | places.filter(bool))


def made_of(texts: Sequence[str]) -> Uuids:
    return Uuids.from_bytes(b"".join(UUID(text).bytes for text in texts))


def outcome(call: Any) -> Any:
    """The result of a call, or the type of the error it raises."""
    try:
        return call()
    except (IndexError, ValueError) as error:
        return type(error)


# Against a list ------------------------------------------------------------------------------


@given(some_uuids)
def test_it_reads_like_the_list(texts: list[str]) -> None:
    uuids = made_of(texts)
    assert len(uuids) == len(texts)
    assert bool(uuids) == bool(texts)
    assert list(uuids) == texts
    assert uuids.to_pylist() == texts
    assert list(reversed(uuids)) == texts[::-1]
    assert [*uuids] == texts
    assert all(type(text) is str for text in uuids)
    assert sorted(uuids) == sorted(texts)


@given(some_uuids, places)
def test_an_index_returns_the_item_of_the_list(texts: list[str], place: int) -> None:
    uuids = made_of(texts)
    assert outcome(lambda: uuids[place]) == outcome(lambda: texts[place])


@given(some_uuids, slices, slices)
def test_a_slice_of_a_slice_is_that_of_the_list(
    texts: list[str], outer: slice, inner: slice
) -> None:
    uuids = made_of(texts)[outer]
    expected = texts[outer]
    assert type(uuids) is Uuids
    for part, items in ((uuids, expected), (uuids[inner], expected[inner])):
        assert part == items
        assert list(part) == items
        assert len(part) == len(items)
        assert part.to_bytes() == made_of(items).to_bytes()


places = st.integers(-15, 15) | st.sampled_from([2**63, 2**64, -(2**63), -(2**64), 10**30])


@given(some_uuids, st.data(), places, places)
def test_search_agrees_with_the_list(
    texts: list[str], data: st.DataObject, start: int, stop: int
) -> None:
    texts += texts[::2]
    wanted = data.draw(st.sampled_from([*texts, UNKNOWN]))
    uuids = made_of(texts)
    assert (wanted in uuids) == (wanted in texts)
    assert uuids.count(wanted) == texts.count(wanted)
    assert outcome(lambda: uuids.index(wanted)) == outcome(lambda: texts.index(wanted))
    assert outcome(lambda: uuids.index(wanted, start)) == outcome(
        lambda: texts.index(wanted, start)
    )
    assert outcome(lambda: uuids.index(wanted, start, stop)) == outcome(
        lambda: texts.index(wanted, start, stop)
    )


@given(some_uuids, some_uuids)
def test_it_equals_sequences_with_the_same_items_in_order(one: list[str], other: list[str]) -> None:
    uuids = made_of(one)
    for left, right in ((one, one), (one, other), (one, one[::-1]), (one, one[1:])):
        same = left == right
        assert (made_of(left) == made_of(right)) is same
        assert (made_of(left) != made_of(right)) is not same
        assert (made_of(left) == right) is same
        assert (right == made_of(left)) is same
        assert (made_of(left) != tuple(right)) is not same
    assert uuids == [UUID(text) for text in one]
    assert uuids == [text.upper() for text in one]


# Other behaviour -----------------------------------------------------------------------------


def test_it_does_not_equal_other_objects() -> None:
    uuids = made_of([UNKNOWN])
    for other in (
        [None],
        ["x"],
        [5],
        (),
        [[UNKNOWN]],
        UNKNOWN,
        {UNKNOWN},
        iter([UNKNOWN]),
        None,
        1,
    ):
        assert uuids != other
        assert not uuids == other  # noqa: SIM201
    assert uuids == (UNKNOWN,)


def test_it_has_no_order_and_no_hash() -> None:
    uuids: Any = made_of([UNKNOWN])
    calls: list[Callable[[], object]] = [lambda: uuids < uuids[:], lambda: uuids >= [UNKNOWN]]
    for compare in calls:
        with pytest.raises(TypeError):
            compare()
    with pytest.raises(TypeError, match="unhashable"):
        hash(uuids)


def test_it_is_a_sequence_that_cannot_be_changed() -> None:
    uuids: Any = made_of([UNKNOWN])
    for change in (
        lambda: uuids.__setitem__(0, UNKNOWN),
        lambda: uuids.append(UNKNOWN),
        lambda: setattr(uuids, "extra", 1),
        lambda: Uuids(),
        lambda: type("Own", (Uuids,), {}),
    ):
        with pytest.raises((TypeError, AttributeError)):
            change()
    assert isinstance(uuids, Sequence)
    match uuids:
        case [only]:
            assert only == UNKNOWN
        case _:
            pytest.fail("a sequence pattern does not match")


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, 10**30, -(2**63), -(2**64), -(10**30)])
def test_large_bounds_of_a_search_are_clamped(number: int) -> None:
    texts = [UNKNOWN, *(str(UUID(int=n)) for n in range(3)), UNKNOWN]
    uuids = made_of(texts)
    for item in (UNKNOWN, texts[2]):
        for bounds in ((number,), (0, number), (1, number), (number, 4), (number, number)):
            assert outcome(lambda i=item, b=bounds: uuids.index(i, *b)) == outcome(
                lambda i=item, b=bounds: texts.index(i, *b)
            )
    with pytest.raises(TypeError):
        uuids.index(UNKNOWN, "0")  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["0", None, 1.0, UNKNOWN, (0,)])
def test_an_index_of_another_type_is_a_type_error(place: Any) -> None:
    with pytest.raises(TypeError, match=f"integers or slices, not {type(place).__name__}"):
        made_of([UNKNOWN])[place]


def test_an_index_may_be_any_object_with_an_index() -> None:
    class Zero:
        def __index__(self) -> int:
            return 0

    class BrokenError(Exception):
        pass

    class Broken:
        def __index__(self) -> int:
            raise BrokenError

    uuids: Any = made_of([UNKNOWN])
    assert uuids[Zero()] == uuids[False] == UNKNOWN
    assert uuids[Zero() :] == [UNKNOWN]
    with pytest.raises(BrokenError):
        uuids[Broken()]


def test_items_are_found_in_any_spelling() -> None:
    uuids = made_of([UNKNOWN, "ffffffff-ffff-4fff-bfff-ffffffffffff"])
    spellings: list[Any] = [UUID(UNKNOWN), UNKNOWN.upper(), UNKNOWN.replace("-", "")]
    for item in spellings:
        assert item in uuids
        assert uuids.index(item) == 0
        assert uuids.count(item) == 1
    for item in (None, 5, "", "x", b"", object(), [UNKNOWN], "\ud800"):
        assert item not in uuids
        assert uuids.count(item) == 0
        with pytest.raises(ValueError, match="not among"):
            uuids.index(item)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 1000])
def test_repr_shows_the_first_few(length: int) -> None:
    shown = repr(made_of([UNKNOWN] * length))
    assert shown.startswith("<Uuids [")
    assert shown.count(UNKNOWN) == min(length, 3)
    assert (f"{length} in all" in shown) == (length > 3)


def test_iterators_are_independent_and_have_a_length_hint() -> None:
    uuids = made_of([UNKNOWN] * 3)
    first, second = iter(uuids), iter(uuids)
    assert next(first) == UNKNOWN
    assert (length_hint(first), length_hint(second)) == (2, 3)
    assert iter(first) is first
    assert len(list(first)) == 2
    assert next(first, None) is None
    assert length_hint(first) == 0
    assert len(list(second)) == 3


def test_threads_that_share_an_iterator_get_every_item_once(backend: MemBackend) -> None:
    uuids = backend.create_volumes(f"v{number}" for number in range(5_000))
    iterator = iter(uuids)
    seen = run_threads(*[lambda: list(iterator)] * 4)
    assert sorted(text for each in seen for text in each) == sorted(uuids)


# As bytes ------------------------------------------------------------------------------------


@given(some_uuids, slices, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_bytes_pickles_and_copies_have_the_same_items(
    texts: list[str], part: slice, protocol: int
) -> None:
    uuids = made_of(texts)[part]
    assert uuids.to_bytes() == b"".join(UUID(text).bytes for text in texts[part])
    assert len(uuids.to_bytes()) == 16 * len(uuids)
    for again in (
        Uuids.from_bytes(uuids.to_bytes()),
        pickle.loads(pickle.dumps(uuids, protocol)),
        copy.copy(uuids),
        copy.deepcopy(uuids),
    ):
        assert type(again) is Uuids
        assert again == uuids


def test_a_pickled_slice_contains_only_its_items() -> None:
    uuids = Uuids.from_bytes(bytes(16 * 10_000))
    assert len(pickle.dumps(uuids[:10])) < 500
    assert len(pickle.dumps(uuids)) < 16 * 10_000 + 500


@pytest.mark.parametrize("length", [1, 15, 17, 16 * 3 - 1])
def test_bytes_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} bytes are not a multiple of 16"):
        Uuids.from_bytes(bytes(length))


@pytest.mark.parametrize("wrong", [None, 5, UNKNOWN, [0] * 16])
def test_another_type_than_bytes_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        Uuids.from_bytes(wrong)


def test_a_slice_outlives_the_original(backend: MemBackend) -> None:
    uuids = backend.create_volumes(["a", "b", "c"])
    part, iterator, expected = uuids[1:], iter(uuids), uuids.to_pylist()
    gone = weakref.ref(uuids)
    del uuids
    assert gone() is None
    assert part == expected[1:]
    assert list(iterator) == expected
    backend.delete_volumes(part)
    assert part == expected[1:]
