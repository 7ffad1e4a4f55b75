"""A year of a CI build-cache fleet: ``python -m nessie_backend_mem simulate``.

Every volume caches the builds of a repository. Each night all of them are snapshotted at one
instant. Each day some pull requests are opened and get a clone of last night's snapshot, and others
are closed and their clones deleted. Snapshots are kept for two weeks; a clone that lives longer is
split from its snapshot first. Once a week every cache grows, each at its own pace.

`scenario` is one shard of it. Every call but that for a pull request is a bulk call.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import partial
from json import dumps
from pathlib import Path
from sys import stderr
from typing import TYPE_CHECKING

from nessie_backend_mem.simulation import report_progress, run_shards, shard_seed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nessie_backend_mem import MemBackend

__all__ = ["Day", "Fleet", "Outcome", "add_parser", "run", "scenario", "simulate"]

DAY = 86_400
GIB = 2**30
TIB = 2**40

KEEP_DAYS = 14
"""How long a nightly snapshot is kept."""

OPENED_DAILY = 0.002
"""Pull requests opened in a day, for each volume."""

LONGEST_LIFE = 21
"""A pull request is open for 1 to so many days."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is simulated."""

    volumes: int
    days: int
    shards: int
    seed: int


@dataclass(frozen=True, slots=True)
class Day:
    """What there is at the end of a day."""

    day: int
    volumes: int
    clones: int
    snapshots: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in all, and what there was on each day."""

    snapshots_taken: int
    snapshots_deleted: int
    clones_made: int
    clones_split: int
    clones_deleted: int
    resized: int
    days: list[Day]
    digests: list[str]


def scenario(backend: MemBackend, shard: int, fleet: Fleet) -> Outcome:
    """Live through the days of one shard of the fleet."""
    dice = random.Random(shard_seed(fleet.seed, shard))  # noqa: S311 (no secret)
    count = fleet.volumes // fleet.shards + (shard < fleet.volumes % fleet.shards)
    sizes = [dice.randint(10, 100) * GIB for _ in range(count)]
    pace = [1 + dice.random() / 50 for _ in range(count)]
    volumes = backend.create_volumes([cache_name(shard, n) for n in range(count)], sizes)
    closing: defaultdict[int, list[str]] = defaultdict(list)
    of_night: defaultdict[int, set[str]] = defaultdict(set)
    taken = deleted = made = split = closed = resized = 0
    days = []
    for day in range(1, fleet.days + 1):
        backend.advance(DAY)
        nightlies = backend.create_snapshots(volumes, f"nightly-{day}")
        taken += count

        for number in range(_whole(dice, OPENED_DAILY * count)):
            cache = dice.randrange(count)
            name = f"{cache_name(shard, cache)}-day{day}-pr{number}"
            [clone] = backend.create_clones(volumes[cache], nightlies[cache], [name])
            closing[day + dice.randint(1, LONGEST_LIFE)].append(clone)
            of_night[day].add(clone)
            made += 1

        gone = closing.pop(day, [])
        backend.delete_volumes(gone)
        closed += len(gone)
        for clones in of_night.values():
            clones.difference_update(gone)

        old = day - KEEP_DAYS
        if old >= 1:
            for clone in sorted(of_night.pop(old, ())):
                backend.split_clone(clone)
                split += 1
            backend.delete_snapshots(volumes, f"nightly-{old}")
            deleted += count

        if day % 7 == 0:
            sizes = [int(size * growth) for size, growth in zip(sizes, pace, strict=True)]
            backend.patch_volumes(volumes, sizes)
            resized += count

        living = sum(map(len, closing.values()))
        days.append(Day(day, count, living, taken - deleted, sum(sizes)))
        report_progress(day / fleet.days)
    digests = [backend.state_digest()]
    return Outcome(taken, deleted, made, split, closed, resized, days, digests)


def cache_name(shard: int, cache: int) -> str:
    """Name a cache."""
    return f"cache-{shard}-{cache}"


def _whole(dice: random.Random, expected: float) -> int:
    """Draw a whole number that is `expected` on average."""
    return int(expected) + (dice.random() < expected % 1)


def simulate(fleet: Fleet) -> Outcome:
    """Run all shards, in processes of their own, and add up what they say."""
    parts = run_shards(partial(scenario, fleet=fleet), fleet.shards, seed=fleet.seed)
    days = [
        Day(
            day=same[0].day,
            volumes=sum(part.volumes for part in same),
            clones=sum(part.clones for part in same),
            snapshots=sum(part.snapshots for part in same),
            bytes=sum(part.bytes for part in same),
        )
        for same in zip(*(part.days for part in parts), strict=True)
    ]
    return Outcome(
        snapshots_taken=sum(part.snapshots_taken for part in parts),
        snapshots_deleted=sum(part.snapshots_deleted for part in parts),
        clones_made=sum(part.clones_made for part in parts),
        clones_split=sum(part.clones_split for part in parts),
        clones_deleted=sum(part.clones_deleted for part in parts),
        resized=sum(part.resized for part in parts),
        days=days,
        digests=[digest for part in parts for digest in part.digests],
    )


# The command line.


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add this command to the `commands` of a parser and return its own."""
    parser = commands.add_parser(
        name,
        help=summary,
        allow_abbrev=False,
        description="Simulate a fleet of CI build caches: nightly snapshots of all at one instant, "
        "clones per pull request, retention, growth. The same options give the same result.",
    )
    parser.add_argument("--volumes", type=_positive, default=10_000, help="default: 10000")
    parser.add_argument("--days", type=_positive, default=365, help="default: 365")
    parser.add_argument("--seed", type=int, default=0, help="from 0 to 2**64-1, default: 0")
    parser.add_argument(
        "--shards", type=_positive, default=4, help="parts that run side by side, default: 4"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the days, with matplotlib")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_positive.__name__ = "number above 0"


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print the result, and return the exit status."""
    if not 0 <= arguments.seed < 2**64:
        stderr.write("--seed must be from 0 to 2**64-1\n")
        return 2
    if arguments.plot is not None and not _can_plot():
        stderr.write("--plot needs matplotlib, which is not installed: pip install matplotlib\n")
        return 2
    fleet = Fleet(arguments.volumes, arguments.days, arguments.shards, arguments.seed)
    began = time.perf_counter()
    outcome = simulate(fleet)
    stderr.write(f"simulated in {time.perf_counter() - began:.1f} s\n")
    if arguments.plot is not None:
        plot(outcome, arguments.plot)
    if arguments.json:
        print(dumps({"fleet": asdict(fleet), **asdict(outcome)}))  # noqa: T201 (asked for)
    else:
        for line in table(fleet, outcome):
            print(line)  # noqa: T201 (asked for)
    return 0


def table(fleet: Fleet, outcome: Outcome) -> Iterator[str]:
    """Render the result as lines of at most 80 columns: every 30th day, the last, the totals."""
    yield f"{fleet.volumes:,} build caches, {fleet.days:,} days, seed {fleet.seed}"
    yield ""
    yield f"{'day':>5} {'caches':>12} {'clones':>12} {'snapshots':>14} {'capacity':>14}"
    for day in outcome.days:
        if day.day % 30 == 0 or day.day == fleet.days:
            yield (
                f"{day.day:>5} {day.volumes:>12,} {day.clones:>12,} {day.snapshots:>14,} "
                f"{day.bytes / TIB:>10,.1f} TiB"
            )
    yield ""
    for what, count in (
        ("snapshots taken", outcome.snapshots_taken),
        ("snapshots deleted", outcome.snapshots_deleted),
        ("clones made for pull requests", outcome.clones_made),
        ("clones split, to outlive their snapshot", outcome.clones_split),
        ("clones deleted", outcome.clones_deleted),
        ("caches resized", outcome.resized),
    ):
        yield f"{what:<45}{count:>16,}"


def _can_plot() -> bool:
    try:
        import matplotlib.figure  # noqa: F401, PLC0415 (only where it is needed and there)
    except ImportError:
        return False
    return True


def plot(outcome: Outcome, path: Path) -> None:
    """Draw clones and capacity over the days."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only where it is needed and there)

    days = [day.day for day in outcome.days]
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(days, [day.bytes / TIB for day in outcome.days])
    above.set_ylabel("capacity, TiB")
    below.plot(days, [day.clones for day in outcome.days])
    below.set_ylabel("clones")
    below.set_xlabel("day")
    figure.savefig(path)
