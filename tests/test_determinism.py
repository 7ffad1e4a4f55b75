"""A seed determines every result, and a stopped clock changes only by calls.

The golden transcripts have the results of a seeded backend, one per line;
`python tests/test_determinism.py --write` writes them again. A difference means other results for
users on every platform and must be in the changelog.
"""

from __future__ import annotations

import io
import json
import pickle
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import (
    FeatureNotSupportedError,
    InvalidArgumentError,
    MemBackend,
    NessieError,
)
from support import code_of, refuses, run_python

GOLDEN = Path(__file__).parent / "golden"
SEEDS = (0, 1, 2**64 - 1)


# Transcripts ---------------------------------------------------------------------------------


class Dice:
    """The same numbers in every Python version, unlike those of the `random` module."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


class Transcript:
    """Calls a backend and records each call with its result."""

    def __init__(self, seed: int) -> None:
        self.backend = MemBackend(seed=seed)
        self.dice = Dice(seed)
        self.lines: list[str] = []

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        line: dict[str, Any] = {"call": method, "arguments": arguments}
        if named:
            line["named"] = named
        try:
            answer = getattr(self.backend, method)(*arguments, **named)
            line["answer"] = answer
        except NessieError as error:
            answer = None
            line["refused"] = error.code
            line["target"] = error.target
        self.lines.append(json.dumps(line, ensure_ascii=True))
        return answer

    def tell_a_story(self) -> None:
        """Every operation at least once, with some refusals."""
        call = self.call
        call("capabilities")
        cache = call("create_volume", "build-cache", 50 * 2**30)["uuid"]
        call("create_volume", "build-cache")
        call("create_volume", "no/slash")
        call("advance", 86_400)
        nightly = call("create_snapshot", cache, "nightly.1")["uuid"]
        call("advance", 0.25)
        later = call("create_snapshot", cache, "nightly.2")["uuid"]
        call("patch_volume", cache, 60 * 2**30, "/cache", "default")
        clone = call("create_clone", cache, nightly, "build-cache-pr1234")["uuid"]
        call("delete_snapshot", cache, nightly)
        call("delete_volume", cache)
        call("rename_snapshot", cache, nightly, "base")
        call("patch_volume", cache, name="main-cache", state="restricted")
        call("access_handle", cache)
        call("patch_volume", cache, state="online")
        call("access_handle", cache)
        call("restore_snapshot", cache, nightly)
        call("get_snapshot", cache, later)
        call("find_snapshot", cache, "base")
        call("find_volume", "main-cache")
        call("get_volume", clone)
        inner = call("create_snapshot", clone, "inner")["uuid"]
        call("create_clone", clone, inner, "grandchild")
        call("tree")
        call("split_clone", clone)
        call("list_snapshots", cache)
        call("list_volumes")
        call("now")

    def wander(self, steps: int) -> None:
        """Creates and deletes at random, so that slots in the backend are reused."""
        for step in range(steps):
            throw = self.dice.below(10)
            volumes = self.backend.list_volumes()
            volume = volumes[self.dice.below(len(volumes))]["uuid"]
            snapshots = self.backend.list_snapshots(volume)
            if throw < 3 or not snapshots:
                self.call("create_snapshot", volume, f"s{self.dice.below(5)}")
            elif throw < 4:
                self.call("create_volume", f"v{step}")
            elif throw < 7:
                snapshot = snapshots[self.dice.below(len(snapshots))]["uuid"]
                self.call("create_clone", volume, snapshot, f"v{step}")
            elif throw < 8:
                self.call("delete_snapshot", volume, snapshots[0]["uuid"])
            elif throw < 9:
                self.call("split_clone", volume)
            else:
                self.call("delete_volume", volume)
        self.call("list_volumes")
        self.call("tree")


def transcript(seed: int) -> list[str]:
    teller = Transcript(seed)
    teller.tell_a_story()
    teller.wander(60)
    teller.backend.check_invariants()
    return teller.lines


def golden_file(seed: int) -> Path:
    return GOLDEN / f"seed-{seed}.jsonl"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_gives_the_same_answers_as_earlier_versions(seed: int) -> None:
    assert transcript(seed) == golden_file(seed).read_text(encoding="ascii").splitlines()


def test_a_seed_gives_the_same_answers_twice() -> None:
    assert transcript(7) == transcript(7)


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_a_seed_gives_the_same_answers_in_another_process(hash_seed: str) -> None:
    done = run_python(str(Path(__file__)), "--print", env={"PYTHONHASHSEED": hash_seed})
    assert done.stderr == ""
    expected = [line for seed in SEEDS for line in transcript(seed)]
    assert done.stdout.splitlines() == expected


def test_a_backend_does_not_affect_another() -> None:
    calm = transcript(3)
    noisy = Transcript(3)
    other = MemBackend(seed=3)
    original = noisy.call

    def call(method: str, *arguments: Any, **named: Any) -> Any:
        other.create_volume(f"noise-{len(noisy.lines)}")
        return original(method, *arguments, **named)

    noisy.call = call  # type: ignore[method-assign]
    noisy.tell_a_story()
    noisy.wander(60)
    assert noisy.lines == calm


# Seeds ---------------------------------------------------------------------------------------


def first_identifiers(backend: MemBackend, count: int = 20) -> list[str]:
    return [backend.create_volume(f"v{number}")["uuid"] for number in range(count)]


def test_different_seeds_give_different_identifiers() -> None:
    seen: set[str] = set()
    for seed in [*range(100), 2**32, 2**63, 2**64 - 1]:
        identifiers = first_identifiers(MemBackend(seed=seed))
        assert seen.isdisjoint(identifiers)
        seen.update(identifiers)


def test_without_a_seed_identifiers_differ_between_backends() -> None:
    for options in ({}, {"start": "2000-01-01T00:00:00Z"}):
        one, two = MemBackend(**options), MemBackend(**options)  # type: ignore[arg-type]
        assert set(first_identifiers(one)).isdisjoint(first_identifiers(two))


@pytest.mark.parametrize("seed", [-1, 2**64, 10**100, -(10**100)])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MemBackend(seed=seed)
    assert caught.value.target == "seed"


@pytest.mark.parametrize("seed", [True, False, 1.0, "1", b"1", [1], datetime(2000, 1, 1)])
def test_a_seed_of_the_wrong_type_is_a_type_error(seed: Any) -> None:
    with pytest.raises(TypeError):
        MemBackend(seed=seed)


def test_a_seed_can_be_anything_with_an_index() -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    seed: Any = Five()
    assert first_identifiers(MemBackend(seed=seed)) == first_identifiers(MemBackend(seed=5))


def test_start_does_not_change_the_identifiers_of_a_seed() -> None:
    moved = MemBackend(seed=5, start="2024-02-29T12:00:00Z")
    assert first_identifiers(moved) == first_identifiers(MemBackend(seed=5))


# The stopped clock ---------------------------------------------------------------------------


def test_a_seeded_clock_is_stopped_at_the_year_2000() -> None:
    backend = MemBackend(seed=1)
    for _ in range(3):
        assert backend.now() == "2000-01-01T00:00:00Z"
    assert backend.create_volume("a").get("create_time") == "2000-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC), "2024-02-29T12:30:15Z"),
        (datetime(2024, 2, 29, 12, 30, 15, 5), "2024-02-29T12:30:15.000005Z"),
        (datetime(2000, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2000-01-01T00:00:00Z"),
        (datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=-3.5))), "2000-01-01T03:30:00Z"),
        (datetime(2000, 1, 1, tzinfo=timezone(timedelta(seconds=1))), "1999-12-31T23:59:59Z"),
        (datetime(1, 1, 1), "0001-01-01T00:00:00Z"),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999), "1969-12-31T23:59:59.999999Z"),
        (datetime(9999, 12, 30), "9999-12-30T00:00:00Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999), "9999-12-31T23:59:59.999999Z"),
        (datetime.max.replace(tzinfo=UTC, microsecond=0), "9999-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("9999-12-31T21:59:59.999999-02:00", "9999-12-31T23:59:59.999999Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2000-01-01T05:30:00+05:30", "2000-01-01T00:00:00Z"),
        ("1999-12-31T19:00:00-05:00", "2000-01-01T00:00:00Z"),
        ("2000-01-01T00:00:00.5Z", "2000-01-01T00:00:00.500000Z"),
        ("2000-01-01T00:00:00.000001+00:00", "2000-01-01T00:00:00.000001Z"),
        ("2000-01-01T00:00:00.000Z", "2000-01-01T00:00:00Z"),
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", [None, 1])
def test_the_clock_is_stopped_at_the_given_start(
    start: datetime | str, expected: str, seed: int | None
) -> None:
    backend = MemBackend(seed=seed, start=start)
    assert backend.now() == expected
    assert backend.create_volume("a").get("create_time") == expected
    assert backend.now() == expected


def test_a_zone_without_an_offset_makes_a_datetime_naive() -> None:
    class Nowhere(tzinfo):
        def utcoffset(self, _: datetime | None) -> None:
            return None

        def dst(self, _: datetime | None) -> None:
            return None

        def tzname(self, _: datetime | None) -> None:
            return None

    assert MemBackend(start=datetime(2000, 1, 1, tzinfo=Nowhere())).now() == "2000-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "start",
    [
        "",
        "yesterday",
        "2000",
        "2000-01-01",
        "2000-01-01T00:00:00",
        "2000-13-01T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2000-01-01T25:00:00Z",
        "2000-01-01T00:00:00+99:99",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "\ud800",
        "2" * 100_000,
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
    ],
    ids=lambda start: ascii(start)[:30],
)
def test_a_start_that_is_not_a_time_is_refused(start: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MemBackend(start=start)
    assert caught.value.target == "start"


@pytest.mark.parametrize(
    "start", [0, 1.5, True, b"2000-01-01T00:00:00Z", date(2000, 1, 1), object()]
)
def test_a_start_of_the_wrong_type_is_a_type_error(start: Any) -> None:
    with pytest.raises(TypeError):
        MemBackend(start=start)


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        (0, "2000-01-01T00:00:00Z"),
        (1, "2000-01-01T00:00:01Z"),
        (86_400, "2000-01-02T00:00:00Z"),
        (0.0, "2000-01-01T00:00:00Z"),
        (-0.0, "2000-01-01T00:00:00Z"),
        (0.5, "2000-01-01T00:00:00.500000Z"),
        (0.000_001, "2000-01-01T00:00:00.000001Z"),
        (1.1, "2000-01-01T00:00:01.100000Z"),
        (timedelta(0), "2000-01-01T00:00:00Z"),
        (timedelta(days=31, microseconds=7), "2000-02-01T00:00:00.000007Z"),
        (timedelta(days=366 + 365), "2002-01-01T00:00:00Z"),
    ],
    ids=str,
)
def test_advance_moves_the_clock_and_answers_the_new_time(
    backend: MemBackend, delta: float | timedelta, expected: str
) -> None:
    assert backend.advance(delta) == expected
    assert backend.now() == expected
    assert backend.create_volume("a").get("create_time") == expected


def test_a_number_of_seconds_can_be_anything_with_an_index(backend: MemBackend) -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    seconds: Any = Five()
    assert backend.advance(seconds) == "2000-01-01T00:00:05Z"


def test_existing_records_keep_their_time(backend: MemBackend) -> None:
    volume = backend.create_volume("a")
    backend.advance(1)
    patched = backend.patch_volume(volume["uuid"], 5)
    assert patched.get("create_time") == "2000-01-01T00:00:00Z"


def test_ten_tenths_of_a_second_are_a_second(backend: MemBackend) -> None:
    for _ in range(10):
        backend.advance(0.1)
    assert backend.now() == "2000-01-01T00:00:01Z"


@pytest.mark.parametrize(
    "delta",
    [
        -1,
        -0.5,
        -1e-6,
        -(10**100),
        float("nan"),
        float("inf"),
        float("-inf"),
        1e300,
        1.7e308,
        10**12,
        2**63,
        2**64,
        10**100,
        timedelta(microseconds=-1),
        timedelta.min,
        timedelta.max,
    ],
    ids=str,
)
def test_time_never_runs_backwards_nor_past_the_year_9999(
    backend: MemBackend, delta: float | timedelta
) -> None:
    backend.advance(5)
    with refuses(backend, InvalidArgumentError, target="delta"):
        backend.advance(delta)
    assert backend.now() == "2000-01-01T00:00:05Z"


def test_time_advances_at_most_to_the_last_microsecond_of_the_calendar() -> None:
    backend = MemBackend(start="9999-12-31T23:59:59Z")
    last = "9999-12-31T23:59:59.999999Z"
    assert backend.advance(timedelta(microseconds=999_999)) == last
    assert backend.create_volume("v").get("create_time") == last
    with refuses(backend, InvalidArgumentError, target="delta") as caught:
        backend.advance(timedelta(microseconds=1))
    assert f"past {last}" in caught.value.message
    assert MemBackend.load(io.BytesIO(dumped(backend))).now() == last
    assert pickle.loads(pickle.dumps(backend)).now() == last


def dumped(backend: MemBackend) -> bytes:
    file = io.BytesIO()
    backend.dump(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("time", "limit"),
    [
        ("9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59.999999Z, the latest"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "the latest supported time"),
        ("0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00Z, the earliest"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "the earliest supported time"),
    ],
    ids=str,
)
def test_a_time_outside_the_calendar_is_refused_with_its_limit(
    time: datetime | str, limit: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        MemBackend(start=time)
    assert limit in caught.value.message


@pytest.mark.parametrize("part", ["days", "seconds", "microseconds"])
@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, -(2**63) - 1], ids=str)
def test_a_subclass_of_timedelta_is_read_by_its_attributes(
    backend: MemBackend, part: str, number: int
) -> None:
    class Odd(timedelta):
        pass

    setattr(Odd, part, property(lambda _: number))
    with refuses(backend, InvalidArgumentError, target="delta") as caught:
        backend.advance(Odd())
    assert ("negative" if number < 0 else "9999-12-31") in caught.value.message


@pytest.mark.parametrize("delta", [10**30, 10**14, 1e300, 1e305, timedelta.max], ids=str)
def test_a_delta_beyond_the_calendar_is_shown_as_it_was_given(
    backend: MemBackend, delta: float | timedelta
) -> None:
    with refuses(backend, InvalidArgumentError, target="delta") as caught:
        backend.advance(delta)
    assert f"{delta} leads past 9999-12-31" in caught.value.message


@pytest.mark.parametrize("delta", [None, True, False, "1", b"1", [1], 1j, datetime(2000, 1, 1)])
def test_a_delta_of_the_wrong_type_is_a_type_error(backend: MemBackend, delta: Any) -> None:
    with pytest.raises(TypeError):
        backend.advance(delta)
    assert backend.now() == "2000-01-01T00:00:00Z"


# The system clock ----------------------------------------------------------------------------


def read(text: str | None) -> datetime:
    assert text is not None
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def test_without_seed_and_start_times_are_the_systems() -> None:
    backend = MemBackend()
    before = datetime.now(UTC).replace(microsecond=0)
    times = [read(backend.now()), read(backend.create_volume("a").get("create_time"))]
    after = datetime.now(UTC)
    for time in times:
        assert before <= time <= after


def test_the_system_clock_shows_whole_seconds() -> None:
    backend = MemBackend()
    uuid = backend.create_volume("v")["uuid"]
    snapshot = backend.create_snapshot(uuid, "s")
    for time in (backend.now(), backend.get_volume(uuid)["create_time"], snapshot["create_time"]):
        assert read(time).microsecond == 0


def test_records_of_one_second_have_equal_times_and_keep_their_order() -> None:
    names = [f"v{number}" for number in range(9)]
    backend = MemBackend()
    began = backend.now()
    for _ in range(100):
        for name in names:
            backend.create_volume(name)
        if began == backend.now():  # The second did not end meanwhile.
            break
        backend.reset()
        began = backend.now()
    assert {volume["create_time"] for volume in backend} == {began}
    assert [volume["name"] for volume in backend] == names


def test_records_are_never_older_than_those_made_before() -> None:
    backend = MemBackend()
    uuid = backend.create_volume("v")["uuid"]
    made = [
        read(backend.create_snapshot(uuid, f"s{number}")["create_time"]) for number in range(999)
    ]
    assert made == sorted(made)
    assert made[-1] <= read(backend.now())


def test_the_system_clock_cannot_be_advanced() -> None:
    backend = MemBackend()
    deltas: tuple[float | timedelta, ...] = (1, 0, 0.5, timedelta(1))
    for delta in deltas:
        with pytest.raises(FeatureNotSupportedError) as caught:
            backend.advance(delta)
        assert caught.value.target == "advance"


def test_a_stopped_clock_without_a_seed_can_be_advanced() -> None:
    backend = MemBackend(start="2000-01-01T00:00:00Z")
    assert backend.advance(1) == "2000-01-01T00:00:01Z"
    refusal: Callable[[], object] = lambda: backend.advance(-1)  # noqa: E731
    assert code_of(refusal) == "invalid_argument"


if __name__ == "__main__":
    if sys.argv[1:] not in (["--write"], ["--print"]):
        sys.exit("usage: python tests/test_determinism.py --write | --print")
    for each in SEEDS:
        text = "\n".join(transcript(each)) + "\n"
        if sys.argv[1] == "--write":
            golden_file(each).write_text(text, encoding="ascii")
        else:
            print(text, end="")
