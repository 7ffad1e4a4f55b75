"""``nessie-mem simulate``: one year of a fleet of CI build caches.

Every volume caches the builds of a repository. Each night, one call takes a snapshot of every
volume. Each day, some pull requests are opened, each with a clone of the last snapshot; others are
closed, and their clones are deleted. Snapshots are kept for two weeks. A clone that lives longer is
first split from its snapshot. Once a week every volume grows, each at its own rate.

`scenario` runs one shard. Every call but `create_clones` for a pull request is for many objects.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nessie_backend_mem.simulation import report_progress, run_shards, shard_seed

from ._options import UsageError, integer, path_error, print_error, seed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nessie_backend_mem import MemBackend

__all__ = ["Day", "Fleet", "Outcome", "configure", "run", "scenario", "simulate"]
__dir__ = __all__.copy

DAY = 86_400
GIB = 2**30
TIB = 2**40

KEEP_DAYS = 14
"""How long a nightly snapshot is kept."""

OPENED_DAILY = 0.002
"""Pull requests opened in a day, for each volume."""

LONGEST_LIFE = 21
"""The most days that a pull request is open."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The size of a simulation."""

    volumes: int
    days: int
    shards: int
    seed: int


@dataclass(frozen=True, slots=True)
class Day:
    """The objects at the end of a day."""

    day: int
    volumes: int
    clones: int
    snapshots: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The counts of all operations, and the objects on each day."""

    snapshots_taken: int
    snapshots_deleted: int
    clones_made: int
    clones_split: int
    clones_deleted: int
    resized: int
    days: list[Day]
    digests: list[str]


def scenario(backend: MemBackend, shard: int, fleet: Fleet) -> Outcome:
    """Simulate one shard of the fleet."""
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
    """Return the name of a volume."""
    return f"cache-{shard}-{cache}"


def _whole(dice: random.Random, expected: float) -> int:
    """Draw a whole number that is `expected` on average."""
    return int(expected) + (dice.random() < expected % 1)


def simulate(fleet: Fleet) -> Outcome:
    """Run all shards in separate processes, and add up their outcomes."""
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = """\
Simulate a fleet of CI build caches: one snapshot of each a night, a clone for
each pull request, deletion by age, growth. The same options give the same
result."""
    positive = integer(1)
    parser.add_argument(
        "--volumes", type=positive, default=10_000, metavar="N", help="volumes (default: 10000)"
    )
    parser.add_argument(
        "--days", type=positive, default=365, metavar="N", help="days (default: 365)"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of the fleet (default: 0)"
    )
    parser.add_argument(
        "--shards",
        type=positive,
        default=4,
        metavar="N",
        help="parts that run in parallel (default: 4)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of a table"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the days to FILE, with matplotlib"
    )


def run(options: argparse.Namespace) -> int:
    """Simulate, print the result, and return the exit status."""
    if options.plot is not None:
        check_plot(options.plot)
    fleet = Fleet(options.volumes, options.days, options.shards, options.seed)
    began = time.perf_counter()
    outcome = simulate(fleet)
    print_error(f"simulated in {time.perf_counter() - began:.1f} s")
    if options.plot is not None:
        plot(outcome, options.plot)
    if options.json:
        print(json.dumps({"fleet": asdict(fleet), **asdict(outcome)}))
    else:
        for line in table(fleet, outcome):
            print(line)
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


def check_plot(path: Path) -> None:
    """Refuse, before the simulation, a plot that cannot be drawn or written.

    Raises:
        UsageError: matplotlib is not installed or cannot write such a file.
    """
    try:
        from matplotlib.backend_bases import FigureCanvasBase  # noqa: PLC0415 (it is optional)
    except ImportError:
        raise UsageError("argument --plot: it needs matplotlib: pip install matplotlib") from None
    formats = FigureCanvasBase.get_supported_filetypes()
    reason = path_error(path)
    if path.suffix and path.suffix[1:].lower() not in formats:
        reason = f"matplotlib writes {', '.join(sorted(formats))}, not {path.suffix[1:]}"
    if reason is not None:
        raise UsageError(f"argument --plot: {path}: {reason}")


def plot(outcome: Outcome, path: Path) -> None:
    """Draw clones and capacity over the days."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (it is optional)

    days = [day.day for day in outcome.days]
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(days, [day.bytes / TIB for day in outcome.days])
    above.set_ylabel("capacity, TiB")
    below.plot(days, [day.clones for day in outcome.days])
    below.set_ylabel("clones")
    below.set_xlabel("day")
    figure.savefig(path)
