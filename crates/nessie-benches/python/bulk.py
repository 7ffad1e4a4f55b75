"""Compare the bulk calls with loops of single calls on the published 0.3.1 wheel.

    python crates/nessie-benches/python/bulk.py

Run it with the interpreter that has this repository's package. The published wheel is
installed in a scratch environment. Every measurement is a fresh process (`bulk_work.py`), the two
packages alternate, and the table shows the median over the rounds in ns per item; `harness.py`
explains what a time includes. Further results: the time per item by the size of the batch, as a
table and with `--png FILE` as a picture; the throughput of two threads, each with its own backend;
the memory of a fleet.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness import (
    PUBLISHED_VERSION,
    Options,
    progress,
    published_python,
    pyplot,
    require_ours,
    run_worker,
    scratch_of,
)

WORK = Path(__file__).with_name("bulk_work.py")
PARTS = ("compare", "curve", "threads", "memory")
FASTER: dict[str, float] = {
    "create_volumes": 12,
    "create_snapshots": 10,
    "create_clones": 23,
    "delete_snapshots": 8,
    "delete_volumes": 8,
    "delete_clones": 8,
}
"""The required speed-up over the loop by row; the other rows have no target."""
LABELS = {"delete_clones": "delete_volumes, clones", "create_clones": "create_clones, of one"}
MOST_GROWTH = 2.0
LEAST_SPEEDUP = 1.8
MOST_BYTES = {"volume": 150, "snapshot": 72}
MOST_RESIDENT = 2**30
LIFE_ITEMS = 300_000
"""Total items per point of the curve. A point is the median of at least three lives."""

Rows = dict[str, float]


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=3, quick="few volumes")
    options.add_argument("--only", choices=PARTS, help="one part instead of all")
    options.add_volumes(1_000_000)
    options.add_argument("--nights", type=int, default=10, metavar="N", help="snapshots of each")
    options.add_png()
    options.add_json("the figures")
    options.add_scratch()
    arguments = options.read(
        least={"volumes": 10, "nights": 1}, quick={"volumes": 2_000, "nights": 2}
    )
    arguments.parts = [arguments.only] if arguments.only else list(PARTS)
    if arguments.png is not None and "curve" not in arguments.parts:
        options.error("--png draws the curve, which --only leaves out")
    return arguments


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def verdict(met: bool, with_targets: bool) -> str:
    return ("yes" if met else "NO") if with_targets else ""


def medians_of(rounds: list[Rows]) -> Rows:
    return {row: statistics.median(turn[row] for turn in rounds) for row in rounds[0]}


# The published wheel -------------------------------------------------------------------------


def compare(arguments: argparse.Namespace, scratch: Path) -> dict[str, Rows]:
    """Return the medians of both packages, by row."""
    published = published_python(scratch)
    peers = {"ours": (sys.executable, "bulk"), PUBLISHED_VERSION: (published, "loop")}
    rounds: dict[str, list[Rows]] = {name: [] for name in peers}
    for number in range(arguments.rounds):
        for name, (python, way) in peers.items():
            progress(f"round {number + 1} of {arguments.rounds}: {name}")
            work = ["life", way, str(arguments.volumes), "1"]
            rounds[name].append(run_worker(python, WORK, work))
    return {name: medians_of(turns) for name, turns in rounds.items()}


def print_comparison(volumes: int, medians: dict[str, Rows], with_targets: bool) -> None:
    line = "{:<34}{:>10}{:>12}{:>20}{:>6}"
    ours, published = medians.values()
    title = f"ns per item, {spaced(volumes)} items"
    print(line.format(title, "bulk", "0.3.1 loop", "times as fast", "met"))
    for row, time in ours.items():
        least = FASTER.get(row)
        faster = published[row] / time
        has_target = with_targets and least is not None
        target = f" (>= {least:g})" if has_target else ""
        met = verdict(faster >= (least or 0), has_target)
        cells = (f"{time:.0f}", f"{published[row]:.0f}", f"{faster:.1f}{target}", met)
        print(line.format(LABELS.get(row, row), *cells).rstrip())
    print()


# The curve -----------------------------------------------------------------------------------


def sizes_up_to(volumes: int) -> Iterable[int]:
    size = 1_000
    while size < volumes:
        yield size
        size *= 10
    yield volumes


def curve(volumes: int, rounds: int) -> dict[int, Rows]:
    """Return the medians by size of the batch."""
    points = {}
    for size in sizes_up_to(volumes):
        repeats = max(rounds, LIFE_ITEMS // size)
        progress(f"curve: {size} items")
        points[size] = run_worker(sys.executable, WORK, ["life", "bulk", str(size), str(repeats)])
    return points


def print_curve(points: dict[int, Rows], with_targets: bool) -> None:
    line = "{:<26}" + "{:>11}" * len(points) + "{:>20}{:>6}"
    print(line.format("ns per item, items:", *map(spaced, points), "longest/shortest", "met"))
    target = f" (<= {MOST_GROWTH:g})" if with_targets else ""
    for row in next(iter(points.values())):
        times = [point[row] for point in points.values()]
        growth = max(times) / min(times)
        cells = (*(f"{time:.0f}" for time in times), f"{growth:.2f}{target}")
        met = verdict(growth <= MOST_GROWTH, with_targets)
        print(line.format(LABELS.get(row, row), *cells, met).rstrip())
    print()


def draw(plot: Any, points: dict[int, Rows], version: str, file: Path) -> None:
    figure, axes = plot.subplots(figsize=(10, 5), layout="constrained")
    for row in next(iter(points.values())):
        times = [point[row] for point in points.values()]
        axes.plot(list(points), times, marker="o", label=LABELS.get(row, row))
    axes.set(xscale="log", xlabel="items in the batch", ylabel="ns per item")
    axes.set_title(f"Bulk calls of nessie-backend-mem {version}")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(file, dpi=120)
    progress(f"wrote {file}")


# Threads and memory --------------------------------------------------------------------------


def print_line(label: str, value: str, met: str) -> None:
    print(f"{label:<60}{value:>22}{met:>6}".rstrip())


def print_threads(volumes: int, result: Rows, with_targets: bool) -> None:
    target = f" (>= {LEAST_SPEEDUP:g})" if with_targets else ""
    met = verdict(result["median"] >= LEAST_SPEEDUP, with_targets)
    label = f"two threads, a backend of {spaced(volumes)} each, against one"
    print_line(label, f"{result['median']:.2f}{target}", met)
    print_line("the best of the rounds", f"{result['best']:.2f}", "")
    print()


def print_memory(volumes: int, nights: int, result: Rows, with_targets: bool) -> None:
    title = f"{spaced(volumes)} volumes, {nights} snapshots on each, names of 12 characters"
    print_line(title, "bytes", "met")
    for what, most in MOST_BYTES.items():
        target = f" (<= {most})" if with_targets else ""
        met = verdict(result[what] <= most, with_targets)
        print_line(f"a {what}", f"{result[what]:.1f}{target}", met)
    target = f" (<= {MOST_RESIDENT >> 20})" if with_targets else ""
    met = verdict(result["peak"] <= MOST_RESIDENT, with_targets)
    mebibytes = f"{result['peak'] / 2**20:.0f}{target}"
    print_line("peak memory of the process, in MiB", mebibytes, met)
    print()


def measure(arguments: argparse.Namespace, version: str, plot: Any) -> dict[str, Any]:
    """Measure and print the requested parts, and return the figures."""
    volumes, rounds, targets = arguments.volumes, arguments.rounds, not arguments.quick
    record: dict[str, Any] = {}
    for part in arguments.parts:
        if part == "compare":
            with scratch_of(arguments) as scratch:
                record[part] = compare(arguments, scratch)
            print_comparison(volumes, record[part], targets)
        elif part == "curve":
            record[part] = curve(volumes, rounds)
            print_curve(record[part], targets)
            if plot is not None:
                draw(plot, record[part], version, arguments.png)
        elif part == "threads":
            progress("threads")
            # Short lives and many rounds: on a shared machine, both cores are free in some rounds.
            each = max(volumes // 5, 1_000)
            work = ["threads", str(each), str(4 * rounds + 1)]
            record[part] = run_worker(sys.executable, WORK, work)
            print_threads(each, record[part], targets)
        else:
            progress(f"memory: {volumes} volumes, {arguments.nights} snapshots each")
            work = ["memory", str(volumes), str(arguments.nights)]
            record[part] = run_worker(sys.executable, WORK, work)
            print_memory(volumes, arguments.nights, record[part], targets)
        sys.stdout.flush()
    return record


def main() -> None:
    arguments = parse_arguments()
    version = require_ours()
    plot = pyplot() if arguments.png is not None else None
    setting = {
        "ours": version,
        "published": PUBLISHED_VERSION,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "volumes": arguments.volumes,
        "rounds": arguments.rounds,
    }
    print(", ".join(f"{key} {value}" for key, value in setting.items()) + "\n")
    record = {**setting, **measure(arguments, version, plot)}
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
