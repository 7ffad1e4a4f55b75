"""Any argument raises at most a `TypeError` or a documented error, and then nothing changes."""

from __future__ import annotations

import datetime as dt
import inspect
import pickle
import sys
import uuid
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import (
    InvalidArgumentError,
    MemBackend,
    NessieError,
    SnapshotRule,
    VolumeNotFoundError,
)
from support import Index, everything, volume_with_snapshots

# They would write and read any file; test_dump.py and test_inventory.py have their bad arguments.
ON_FILES = {"dump", "from_inventory", "load"}
METHODS = [
    *(
        name
        for name, member in inspect.getmembers(MemBackend, callable)
        if not name.startswith("_") and name not in ON_FILES
    ),
    "_repr_html_",
]
DUNDERS = ["__contains__", "__getitem__", "__setstate__", "__deepcopy__", "__format__"]


def furnished() -> tuple[MemBackend, list[str]]:
    """A backend with objects of every kind, and all their identifiers."""
    backend = MemBackend(seed=1)
    volume, [snapshot, other] = volume_with_snapshots(backend, "v", "s", "t")
    clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    # It is rarely due, because clocks are advanced far.
    rule: SnapshotRule = {"schedule": "0 0 1 1 *", "prefix": "y", "keep": 1}
    backend.create_snapshot_policy("yearly", [rule])
    backend.create_snapshot(clone["uuid"], "locked", expires_at="2000-01-02T00:00:00Z")
    backend.patch_volume(volume["uuid"], 5, "/v", "p", snapshot_policy="yearly")
    offline = backend.create_volume("offline")
    backend.patch_volume(offline["uuid"], state="offline")
    records = (volume, snapshot, other, clone, offline)
    return backend, [record["uuid"] for record in records]


IDENTIFIERS = furnished()[1]


class StrangeText(str):
    __slots__ = ()


class StrangeInt(int):
    pass


class StrangeUUID(uuid.UUID):
    pass


class StrangeZone(dt.tzinfo):
    """A time zone whose methods return None."""

    def utcoffset(self, _: dt.datetime | None) -> dt.timedelta | None:
        return None

    def dst(self, _: dt.datetime | None) -> dt.timedelta | None:
        return None

    def tzname(self, _: dt.datetime | None) -> str | None:
        return None


surrogates = st.text(st.characters(categories=["Cs", "Lu", "Cc", "So"]))
integers = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0, 1, -1, 2**63, 2**64 - 1, 2**64])
    # Too long to print, where Python limits the digits of a number.
    | st.integers(4_300, 5_000).map(lambda digits: -(10**digits))
)
texts = (
    st.text()
    | surrogates
    | st.text("ab/.-_:\0 \n", max_size=6)
    | st.sampled_from(["v", "c", "s", "t", "new", "online", "offline", "/v", "/x", "", "x" * 300])
    | st.sampled_from(["yearly", "locked", "0 0 * * mon", "2001-01-01T00:00:00Z"])
)
rules = st.lists(
    st.fixed_dictionaries({"schedule": texts, "prefix": texts, "keep": integers}), max_size=2
)
well_meant = (
    st.sampled_from([*IDENTIFIERS, *map(uuid.UUID, IDENTIFIERS)]) | texts | integers | rules
)
scalars = (
    st.none()
    | st.booleans()
    | integers
    | st.floats()
    | st.complex_numbers()
    | texts
    | st.binary()
    | st.binary().map(bytearray)
    | st.binary().map(lambda data: memoryview(data))
    | st.uuids()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.timedeltas()
    | st.decimals()
    | st.fractions()
    | texts.map(StrangeText)
    | integers.map(StrangeInt)
    | integers.map(Index)
    | st.sampled_from(
        [
            StrangeUUID(int=5),
            dt.datetime(2000, 1, 1, tzinfo=StrangeZone()),
            object(),
            type,
            int,
            len,
            ...,
            NotImplemented,
            Decimal("NaN"),
            Fraction(1, 3),
            sys,
            MemBackend,
            MemBackend(seed=2),
            ValueError("x"),
            iter(()),
            range(3),
            slice(1),
        ]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)
arguments = well_meant | anything


def parameters_of(method: str) -> list[str]:
    return list(inspect.signature(getattr(MemBackend, method)).parameters)[1:]


def assert_only_documented_errors(backend: MemBackend, call: Any) -> None:
    """Runs `call`; if it is refused the backend must be as before, and always sound."""
    before, state_before = everything(backend), pickle.dumps(backend)
    try:
        result = call()
    except (TypeError, NessieError) as error:
        str(error).encode()
        assert everything(backend) == before
        assert pickle.dumps(backend) == state_before
    except BaseException as error:
        raise AssertionError(f"{type(error).__mro__} is not a documented error") from error
    else:
        repr(result)
    backend.check_invariants()


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
def test_a_method_called_by_position(method: str, data: st.DataObject) -> None:
    backend, _ = furnished()
    count = len(parameters_of(method))
    given_arguments = data.draw(st.lists(arguments, min_size=count, max_size=count + 1))
    assert_only_documented_errors(backend, lambda: getattr(backend, method)(*given_arguments))


@pytest.mark.parametrize("method", [method for method in METHODS if parameters_of(method)])
@given(data=st.data())
def test_a_method_called_by_name(method: str, data: st.DataObject) -> None:
    backend, _ = furnished()
    names = parameters_of(method)
    required = dict.fromkeys(names[:1], arguments)
    optional = dict.fromkeys(names[1:], arguments)
    named = data.draw(st.fixed_dictionaries(required, optional=optional))
    assert_only_documented_errors(backend, lambda: getattr(backend, method)(**named))


@given(uuid=st.sampled_from(IDENTIFIERS), changes=st.data())
def test_a_patch_of_an_existing_volume(uuid: str, changes: st.DataObject) -> None:
    backend, _ = furnished()
    fields = (
        *("size_bytes", "junction_path", "export_policy", "name", "state"),
        "snapshot_policy",
    )
    named: dict[str, Any] = changes.draw(
        st.fixed_dictionaries({}, optional=dict.fromkeys(fields, arguments))
    )
    assert_only_documented_errors(backend, lambda: backend.patch_volume(uuid, **named))


@pytest.mark.parametrize("method", DUNDERS)
@given(argument=arguments)
def test_a_special_method(method: str, argument: Any) -> None:
    backend, _ = furnished()
    if not hasattr(backend, method):
        return
    before = everything(backend)
    with suppress(TypeError, NessieError):
        getattr(backend, method)(argument)
    assert everything(backend) == before


@given(argument=arguments)
def test_membership_never_fails(argument: Any) -> None:
    backend, identifiers = furnished()
    found = argument in backend
    if not isinstance(argument, (str, uuid.UUID)):
        assert found is False
    elif isinstance(argument, uuid.UUID):
        assert found is (str(argument) in {volume["uuid"] for volume in backend})
    assert identifiers[0] in backend


@given(seed=arguments, start=arguments)
def test_the_constructor(seed: Any, start: Any) -> None:
    for options in ({"seed": seed}, {"start": start}, {"seed": seed, "start": start}):
        try:
            backend = MemBackend(**options)
        except (TypeError, InvalidArgumentError):
            continue
        backend.create_volume("a")
        backend.check_invariants()


@given(names=st.lists(texts, max_size=8))
def test_a_name_is_kept_exactly_or_refused(names: list[str]) -> None:
    backend = MemBackend(seed=1)
    kept = []
    for name in names:
        try:
            backend.create_volume(name)
            kept.append(name)
        except NessieError as error:
            assert error.code in ("invalid_argument", "volume_exists")  # noqa: PT017
    assert [volume["name"] for volume in backend] == kept
    assert len(set(kept)) == len(kept)


@given(value=st.uuids())
def test_every_uuid_is_understood_in_every_spelling(value: uuid.UUID) -> None:
    backend, _ = furnished()
    text = str(value)
    for spelling in (value, text, text.upper(), value.hex, value.urn, "{" + text + "}"):
        with pytest.raises(VolumeNotFoundError) as caught:
            backend.get_volume(spelling)
        assert caught.value.target == text


@given(text=texts)
def test_text_that_is_not_a_uuid_is_malformed_not_missing(text: str) -> None:
    backend, _ = furnished()
    with pytest.raises(InvalidArgumentError) as caught:
        backend.get_volume(text)
    assert caught.value.target == "uuid"


@given(delta=st.floats() | st.timedeltas() | integers)
def test_an_advance_is_forward_or_refused(delta: float | dt.timedelta) -> None:
    backend = MemBackend(seed=1)
    before = backend.now()
    try:
        after = backend.advance(delta)
    except InvalidArgumentError as error:
        assert error.target == "delta"  # noqa: PT017
        assert backend.now() == before
    else:
        assert after == backend.now()
        assert after.removesuffix("Z") >= before.removesuffix("Z")


@given(delta=st.integers(0, 250_000_000_000_000_000).map(lambda n: dt.timedelta(microseconds=n)))
def test_time_is_exact_to_the_microsecond(delta: dt.timedelta) -> None:
    backend = MemBackend(seed=1)
    expected = (dt.datetime(2000, 1, 1) + delta).isoformat() + "Z"
    assert backend.advance(delta) == expected


@given(moment=st.datetimes(timezones=st.timezones()))
def test_a_start_is_the_same_instant_as_datetime_or_text(moment: dt.datetime) -> None:
    try:
        expected = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return
    assert MemBackend(start=moment).now() == expected
    assert MemBackend(start=expected).now() == expected
