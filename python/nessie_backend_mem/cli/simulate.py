"""``nessie-mem simulate``: one year of a fleet of CI build caches, in a pool that fills up.

Every volume caches the builds of a repository. Each day, builds overwrite a part of each cache and
add new data; at weekends there are few builds. A snapshot policy takes a snapshot of every cache
each night, and keeps the last two weeks of them. Each day, some pull requests are opened. Each gets
a clone of the last snapshot of a cache, and its builds write to the clone until it is closed and
the clone is deleted. A snapshot with clones stays until they are deleted. Once a week, caches that
are nearly full get larger quotas.

Snapshots keep what is overwritten, so the pool fills up. A write for which it has no room changes
nothing and is counted.

With a probability of faults, calls time out: the request is lost, and nothing has happened. The
reply to a request for a clone is lost as often: the clone exists then. The fleet repeats a call, up
to three times in all, and gives it up then: the data is not written, the pull request gets no
clone. Quotas and deletions are tried again another day.

`scenario` runs one shard: a part of the volumes with a part of the pool, in proportion.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nessie_backend_mem import BackendTimeoutError, Fault, NoSpaceError, VolumeExistsError
from nessie_backend_mem.simulation import report_progress, run_shards, shard_seed

from ._options import UsageError, integer, path_error, print_error, probability, seed, size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from nessie_backend_mem import MemBackend, SnapshotRule

__all__ = ["Day", "Fleet", "Outcome", "configure", "run", "scenario", "simulate"]
__dir__ = __all__.copy

DAY = 86_400
MONTH = 30
"""Days between two rows of the table."""
GIB = 2**30

SHARDS = 32
CAPACITY_OF_ONE = 50 * GIB
"""The capacity of the pool for each volume, unless it is given."""

NIGHTLY: SnapshotRule = {"schedule": "0 0 * * *", "prefix": "nightly", "keep": 14}
"""The rule of the snapshot policy."""

WEEKEND = (1, 2)
"""The days of a week without much work: day 1 is Saturday, the first of January 2000."""
WEEKEND_WORK = 0.2
"""How much of a working day's data a day of the weekend writes."""

OPENED_DAILY = 0.01
"""Pull requests opened in a day, for each volume."""
LONGEST_LIFE = 21
"""The most days that a pull request is open."""
CLONE_CHANGE = 0.1
"""The part of a clone that its builds overwrite in a day."""

TRIES = 3
"""How often a call is made that times out."""
REPEATED = ("write*", "create_clones", "patch_volumes", "delete_volumes")
"""The operations that time out."""

NEARLY_FULL = 0.8
"""The part of its quota above which a cache gets a larger one."""
LARGER = 1.25


@dataclass(frozen=True, slots=True)
class Fleet:
    """The size of a simulation. The same values give the same outcome."""

    volumes: int
    days: int
    shards: int
    seed: int
    capacity: int
    faults: float = 0.0
    """The probability that a call times out."""

    def first(self, shard: int) -> int:
        """Return the number of the shard's first volume."""
        return self.volumes * shard // self.shards

    def share(self, shard: int) -> int:
        """Return the capacity of the shard's part of the pool."""
        begin, end = self.first(shard), self.first(shard + 1)
        return self.capacity * end // self.volumes - self.capacity * begin // self.volumes


@dataclass(frozen=True, slots=True)
class Day:
    """The objects and bytes at the end of a day, and what was written on it.

    `logical_bytes` is the sum of what the volumes use, `used_bytes` what the pool has allocated for
    it. Some of the latter only snapshots hold.
    """

    day: int
    volumes: int
    clones: int
    snapshots: int
    logical_bytes: int
    used_bytes: int
    snapshot_bytes: int
    writes: int
    refused_writes: int
    refused_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The days, and the counts of the other operations.

    `timeouts` are the calls that timed out, `given_up` those whose last try did. After each other
    timeout the call was repeated.
    """

    days: list[Day]
    clones_made: int
    clones_deleted: int
    quotas_raised: int
    timeouts: int
    given_up: int
    digests: list[str]


class Shard:
    """A part of the fleet."""

    def __init__(self, backend: MemBackend, shard: int, fleet: Fleet) -> None:
        """Create the caches, with the data of their first builds."""
        self.backend = backend
        self.dice = dice = random.Random(shard_seed(fleet.seed, shard))  # noqa: S311 (no secret)
        backend.set_capacity(fleet.share(shard))
        self.names = [f"cache-{n}" for n in range(fleet.first(shard), fleet.first(shard + 1))]
        self.quotas = [dice.randint(10, 100) * GIB for _ in self.names]
        # The parts of a cache that a working day overwrites and adds.
        self.changes = [dice.uniform(0.02, 0.06) for _ in self.names]
        self.growths = [dice.uniform(0.001, 0.004) for _ in self.names]
        backend.create_snapshot_policy("nightly", [NIGHTLY])
        self.caches = backend.create_volumes(self.names, self.quotas, snapshot_policy="nightly")
        self.closing: defaultdict[int, list[str]] = defaultdict(list)
        self.clones: dict[str, None] = {}
        self.clones_made = self.clones_deleted = self.quotas_raised = 0
        self.timeouts = self.given_up = 0
        if fleet.faults:
            lost = [
                Fault(operation, error="timeout", probability=fleet.faults)
                for operation in REPEATED
            ]
            reply = Fault("create_clones", error="timeout", probability=fleet.faults, when="after")
            backend.inject(*lost, reply)
        self.forget_writes()
        self.write(self.caches, [int(quota * dice.uniform(0.3, 0.5)) for quota in self.quotas])

    def repeat(self, call: Callable[[], object]) -> bool:
        """Make a call until it does not time out, and return whether it did not in the end."""
        for _ in range(TRIES):
            try:
                call()
            except BackendTimeoutError:
                self.timeouts += 1
            else:
                return True
        self.given_up += 1
        return False

    def forget_writes(self) -> None:
        """Begin to count writes from 0."""
        self.writes = self.refused_writes = self.refused_bytes = 0

    def write(
        self, volumes: Sequence[str], sizes: list[int], overwrites: list[int] | int = 0
    ) -> None:
        """Write to volumes in one call; if not all of it fits, to one after the other."""
        self.writes += len(volumes)
        try:
            self.repeat(
                lambda: self.backend.write_volumes(volumes, sizes, overwrite_bytes=overwrites)
            )
        except NoSpaceError:
            if isinstance(overwrites, int):
                overwrites = [overwrites] * len(sizes)
            for volume, written, replaced in zip(volumes, sizes, overwrites, strict=True):
                try:
                    self.repeat(
                        partial(self.backend.write, volume, written, overwrite_bytes=replaced)
                    )
                except NoSpaceError:
                    self.refused_writes += 1
                    self.refused_bytes += written

    def build(self, day: int) -> None:
        """Write what the builds of a day write, to the caches and to the clones."""
        work = WEEKEND_WORK if day % 7 in WEEKEND else 1.0
        used = [number or 0 for number in self.backend.volumes(is_clone=False)["used_bytes"]]
        replaced = [
            int(number * change * work) for number, change in zip(used, self.changes, strict=True)
        ]
        added = [
            int(number * growth * work) for number, growth in zip(used, self.growths, strict=True)
        ]
        written = [sum(both) for both in zip(replaced, added, strict=True)]
        self.write(self.caches, written, replaced)
        clones = [self.backend.get_volume(clone) for clone in self.clones]
        changed = [int(clone.get("used_bytes", 0) * CLONE_CHANGE * work) for clone in clones]
        self.write(list(self.clones), changed, changed)

    def raise_quotas(self) -> None:
        """Raise the quotas of the caches that are nearly full."""
        used = self.backend.volumes(is_clone=False)["used_bytes"]
        full = [
            place
            for place, (number, quota) in enumerate(zip(used, self.quotas, strict=True))
            if (number or 0) > NEARLY_FULL * quota
        ]
        quotas = [int(self.quotas[place] * LARGER) for place in full]
        caches = [self.caches[place] for place in full]
        if self.repeat(lambda: self.backend.patch_volumes(caches, quotas)):
            for place, quota in zip(full, quotas, strict=True):
                self.quotas[place] = quota
            self.quotas_raised += len(full)

    def close_pull_requests(self, day: int) -> None:
        """Delete the clones of the pull requests that are closed on a day."""
        closed = self.closing.pop(day, [])
        if not self.repeat(lambda: self.backend.delete_volumes(closed)):
            self.closing[day + 1] += closed
            return
        self.clones_deleted += len(closed)
        for clone in closed:
            del self.clones[clone]

    def open_pull_requests(self, day: int) -> None:
        """Clone the last snapshots of some caches."""
        last = f"nightly.{self.backend.now()[:10]}_0000"
        for number in range(_whole(self.dice, OPENED_DAILY * len(self.caches))):
            place = self.dice.randrange(len(self.caches))
            name = f"{self.names[place]}-day{day}-pr{number}"
            cache = self.caches[place]
            [snapshot] = self.backend.snapshots([cache], name=last)["uuid"]
            self.repeat(partial(self.create_clone, cache, snapshot, name))
            # The last try may have made it, too.
            clone = self.backend.find_volume(name)
            if clone is not None:
                self.closing[day + self.dice.randint(1, LONGEST_LIFE)].append(clone["uuid"])
                self.clones[clone["uuid"]] = None
                self.clones_made += 1

    def create_clone(self, cache: str, snapshot: str, name: str) -> None:
        """Create a clone, unless an earlier try has, whose reply was lost."""
        with suppress(VolumeExistsError):
            self.backend.create_clones(cache, snapshot, [name])

    def count(self, day: int) -> Day:
        """Return the figures of a day, and begin to count the writes of the next."""
        space = self.backend.space()
        figures = Day(
            day=day,
            volumes=len(self.caches),
            clones=len(self.clones),
            snapshots=len(self.backend.snapshots()),
            logical_bytes=sum(filter(None, self.backend.volumes()["used_bytes"])),
            used_bytes=space["used_bytes"],
            snapshot_bytes=space["snapshot_bytes"],
            writes=self.writes,
            refused_writes=self.refused_writes,
            refused_bytes=self.refused_bytes,
        )
        self.forget_writes()
        return figures


def scenario(backend: MemBackend, shard: int, fleet: Fleet) -> Outcome:
    """Simulate one shard of the fleet."""
    part = Shard(backend, shard, fleet)
    days = []
    for day in range(1, fleet.days + 1):
        if day > 1:
            part.open_pull_requests(day)
        part.build(day)
        if day % 7 == 0:
            part.raise_quotas()
        part.close_pull_requests(day)
        backend.advance(DAY)
        days.append(part.count(day))
        report_progress(day / fleet.days)
    return Outcome(
        days=days,
        clones_made=part.clones_made,
        clones_deleted=part.clones_deleted,
        quotas_raised=part.quotas_raised,
        timeouts=part.timeouts,
        given_up=part.given_up,
        digests=[backend.state_digest()],
    )


def _whole(dice: random.Random, expected: float) -> int:
    """Draw a whole number that is `expected` on average."""
    return int(expected) + (dice.random() < expected % 1)


def simulate(fleet: Fleet) -> Outcome:
    """Run all shards in separate processes, and add up their outcomes."""
    parts = run_shards(partial(scenario, fleet=fleet), fleet.shards, seed=fleet.seed)
    return Outcome(
        days=[added(same) for same in zip(*(part.days for part in parts), strict=True)],
        clones_made=sum(part.clones_made for part in parts),
        clones_deleted=sum(part.clones_deleted for part in parts),
        quotas_raised=sum(part.quotas_raised for part in parts),
        timeouts=sum(part.timeouts for part in parts),
        given_up=sum(part.given_up for part in parts),
        digests=[digest for part in parts for digest in part.digests],
    )


def added(days: Sequence[Day]) -> Day:
    """Return the sums of the figures of the same day."""
    sums = {each.name: sum(getattr(day, each.name) for day in days) for each in fields(Day)}
    return Day(**{**sums, "day": days[0].day})


# The command line.


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = """\
Simulate a fleet of CI build caches in a pool that fills up: builds that write
every day, a snapshot of each cache a night, a clone for each pull request.
Writes for which the pool has no room are counted.

The same options give the same numbers on every machine, with any number of
processors. The number of shards is one of the options: each shard has its own
part of the volumes and of the pool."""
    positive = integer(1)
    parser.add_argument(
        "--volumes", type=positive, default=10_000, metavar="N", help="volumes (default: 10000)"
    )
    parser.add_argument(
        "--days", type=positive, default=365, metavar="N", help="days (default: 365)"
    )
    parser.add_argument(
        "--capacity",
        type=size,
        metavar="SIZE",
        help="size of the pool, such as 500TiB (default: 50GiB for each volume)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of the fleet (default: 0)"
    )
    parser.add_argument(
        "--shards",
        type=positive,
        default=SHARDS,
        metavar="N",
        help=f"independent parts, at most one for each volume (default: {SHARDS})",
    )
    parser.add_argument(
        "--faults",
        type=probability,
        default=0.0,
        metavar="P",
        help="probability that a call times out, 0 to 1; the fleet repeats it (default: 0)",
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
    fleet = fleet_of(options)
    began = time.perf_counter()
    outcome = simulate(fleet)
    print_error(f"simulated in {time.perf_counter() - began:.1f} s")
    if options.plot is not None:
        plot(fleet, outcome, options.plot)
    if options.json:
        print(json.dumps({"fleet": asdict(fleet), **asdict(outcome)}))
    else:
        for line in table(fleet, outcome):
            print(line)
    return 0


def fleet_of(options: argparse.Namespace) -> Fleet:
    """Return the fleet of the options.

    Raises:
        UsageError: The pool has less than a byte for each volume.
    """
    volumes: int = options.volumes
    capacity = volumes * CAPACITY_OF_ONE if options.capacity is None else options.capacity
    if capacity < volumes:
        raise UsageError(
            f"argument --capacity: {capacity} bytes are less than one for each of {volumes} volumes"
        )
    shards = min(options.shards, volumes)
    return Fleet(volumes, options.days, shards, options.seed, capacity, options.faults)


def title(fleet: Fleet) -> str:
    """Describe the fleet in two lines."""
    shards = f"{fleet.shards:,} shard{'s' if fleet.shards > 1 else ''}"
    return (
        f"{fleet.volumes:,} build caches, {fleet.days:,} days, seed {fleet.seed}, {shards}\n"
        f"in a pool of {in_unit(fleet.capacity, fleet.capacity)}"
        + (f", where a call times out with probability {fleet.faults:g}" if fleet.faults else "")
    )


UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def unit_of(capacity: int) -> tuple[str, int]:
    """Return the unit in which a pool of this size is shown, and its bytes."""
    power = max((power for power in range(len(UNITS)) if capacity >= 10 << 10 * power), default=0)
    return UNITS[power], 1 << 10 * power


def in_unit(number: int, capacity: int) -> str:
    """Write a number of bytes in the unit of the pool."""
    unit, size = unit_of(capacity)
    return f"{number / size:,.1f} {unit}" if size > 1 else f"{number:,} {unit}"


def table(fleet: Fleet, outcome: Outcome) -> Iterator[str]:
    """Render the result as lines of at most 80 columns: every 30th day, the last, the totals."""
    yield from title(fleet).splitlines()
    yield ""
    line = "{:>5} {:>9} {:>12} {:>12} {:>12} {:>12} {:>11}"
    yield line.format("", "", "", "logical", "used", "of snapshots", "refused")
    yield line.format("day", "clones", "snapshots", "size", "space", "only", "writes")
    refused = 0
    for day in outcome.days:
        refused += day.refused_writes
        if day.day % MONTH == 0 or day.day == fleet.days:
            sizes = (day.logical_bytes, day.used_bytes, day.snapshot_bytes)
            shown = [in_unit(number, fleet.capacity) for number in sizes]
            counts = f"{day.clones:,}", f"{day.snapshots:,}"
            yield line.format(day.day, *counts, *shown, f"{refused:,}")
            refused = 0
    yield ""
    refused_bytes = sum(day.refused_bytes for day in outcome.days)
    totals = {
        "writes": f"{sum(day.writes for day in outcome.days):,}",
        "writes refused, because the pool was full": (
            f"{sum(day.refused_writes for day in outcome.days):,}"
        ),
        "data in refused writes": in_unit(refused_bytes, fleet.capacity),
        "clones made for pull requests": f"{outcome.clones_made:,}",
        "clones deleted": f"{outcome.clones_deleted:,}",
        "quotas raised": f"{outcome.quotas_raised:,}",
    }
    if fleet.faults:
        totals |= {
            "calls timed out": f"{outcome.timeouts:,}",
            "calls repeated": f"{outcome.timeouts - outcome.given_up:,}",
            f"calls given up after {TRIES} tries": f"{outcome.given_up:,}",
        }
    for what, number in totals.items():
        yield f"{what:<45}{number:>20}"


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


def plot(fleet: Fleet, outcome: Outcome, path: Path) -> None:
    """Draw the space over the days, and the refused writes below it."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (it is optional)

    unit, size = unit_of(fleet.capacity)
    days = [day.day for day in outcome.days]
    live = [(day.used_bytes - day.snapshot_bytes) / size for day in outcome.days]
    snapshots = [day.snapshot_bytes / size for day in outcome.days]
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    figure.suptitle(title(fleet))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    labels = ["live data", "held by snapshots only"]
    above.stackplot(days, live, snapshots, labels=labels, colors=["tab:blue", "tab:orange"])
    logical = [day.logical_bytes / size for day in outcome.days]
    above.plot(days, logical, color="black", label="logical size of all volumes")
    above.axhline(fleet.capacity / size, color="tab:red", linestyle="--", label="capacity")
    above.set_ylabel(f"space, {unit}")
    above.set_ylim(bottom=0)
    above.legend(loc="lower right")
    below.bar(days, [day.refused_writes for day in outcome.days], width=1, color="tab:red")
    below.set_ylabel("refused writes a day")
    below.set_ylim(bottom=0)
    below.set_xlabel("day")
    below.set_xlim(min(days) - 0.5, max(days) + 0.5)
    figure.savefig(path, dpi=120)
