"""Measure the account of space: writes, snapshots of data, and a year of both.

    python crates/nessie-benches/python/space.py

Run it with the interpreter that has this repository's package. Every measurement is a fresh process
(`space_work.py`), and the tables show the median over the rounds; `harness.py` explains what a time
includes.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import json
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

from harness import Options, progress, require_ours, run_worker

WORK = Path(__file__).with_name("space_work.py")
PARTS = ("single", "bulk", "memory", "year")
KEEP = 14
"""Nightly snapshots that are kept."""

MOST_OF_PATCH = 1.5
"""The longest time of `write`, relative to `patch_volume`."""
MOST_PER_ITEM = 150
"""The longest time of `write_volumes`, in ns per volume."""
MOST_BYTES = 24
"""The most bytes that the account adds to a snapshot, rounded: allocations add parts of one."""
LEAST_PER_SECOND = 3_000_000
"""The fewest operations per second in the year."""


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=5, quick="few volumes")
    options.add_argument("--only", choices=PARTS, help="one part instead of all")
    options.add_volumes(1_000_000)
    options.add_argument("--days", type=int, default=365, metavar="N", help="days of the year")
    options.add_json("the figures")
    arguments = options.read(
        least={"volumes": 100, "days": 1}, quick={"volumes": 2_000, "days": 20}
    )
    arguments.parts = [arguments.only] if arguments.only else list(PARTS)
    return arguments


def spaced(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def print_line(label: str, value: str, is_met: bool | None = None) -> None:
    met = {None: "", True: "yes", False: "NO"}[is_met]
    print(f"{label:<52}{value:>24}{met:>6}".rstrip())


def rounds_of(arguments: argparse.Namespace, *work: object) -> list[Any]:
    taken = []
    for number in range(arguments.rounds):
        progress(f"{work[0]}: round {number + 1} of {arguments.rounds}")
        taken.append(run_worker(sys.executable, WORK, [str(each) for each in work]))
    return taken


def medians_of(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {row: statistics.median(turn[row] for turn in rounds) for row in rounds[0]}


def single(arguments: argparse.Namespace) -> dict[str, float]:
    count = max(arguments.volumes // 5, 100)
    rows = medians_of(rounds_of(arguments, "single", count))
    print_line(f"single calls, {spaced(count)} volumes in random order", "ns per call")
    for row, time in rows.items():
        if row == "patch_volume" or arguments.quick:
            print_line(row, f"{time:.0f}")
            continue
        part = time / rows["patch_volume"]
        text = f"{time:.0f}, {part:.2f} of patch_volume"
        print_line(row, text, part <= MOST_OF_PATCH if row == "write" else None)
    return rows


def bulk(arguments: argparse.Namespace) -> dict[str, float]:
    rows = medians_of(rounds_of(arguments, "bulk", arguments.volumes, 1))
    print_line(f"bulk calls, {spaced(arguments.volumes)} volumes", "ns per item")
    for row, time in rows.items():
        has_target = row.startswith("write_volumes") and not arguments.quick
        target = f" (<= {MOST_PER_ITEM})" if has_target else ""
        print_line(row, f"{time:.0f}{target}", time <= MOST_PER_ITEM if has_target else None)
    return rows


def memory(arguments: argparse.Namespace) -> dict[str, float]:
    count, nights = max(arguments.volumes // 10, 100), 10
    plain, written = (
        statistics.median(rounds_of(arguments, "memory", count, nights, data))
        for data in ("plain", "written")
    )
    print_line(f"{spaced(count)} volumes, {nights} snapshots of each", "bytes")
    print_line("a snapshot of a volume without data", f"{plain:.1f}")
    added = written - plain
    met = None if arguments.quick else round(added) <= MOST_BYTES
    target = "" if arguments.quick else f" (<= {MOST_BYTES})"
    print_line("what its data adds", f"{added:.1f}{target}", met)
    return {"plain": plain, "added": added}


def year(arguments: argparse.Namespace) -> dict[str, float]:
    count = max(arguments.volumes // 10, 100)
    rows = medians_of(rounds_of(arguments, "year", count, arguments.days, KEEP))
    title = f"{arguments.days} days, {spaced(count)} volumes"
    print_line(f"{title}, {KEEP} snapshots kept, in s", f"{rows['seconds']:.1f}")
    met = None if arguments.quick else rows["per_second"] >= LEAST_PER_SECOND
    target = "" if arguments.quick else f" (>= {spaced(LEAST_PER_SECOND)})"
    print_line("operations per second", f"{spaced(rows['per_second'])}{target}", met)
    return rows


def main() -> None:
    arguments = parse_arguments()
    setting = {
        "version": require_ours(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "rounds": arguments.rounds,
    }
    print(", ".join(f"{key} {value}" for key, value in setting.items()))
    record: dict[str, Any] = dict(setting)
    measure = {"single": single, "bulk": bulk, "memory": memory, "year": year}
    for part in arguments.parts:
        print()
        record[part] = measure[part](arguments)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
