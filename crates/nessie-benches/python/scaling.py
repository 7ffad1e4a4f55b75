"""Show that a call costs the same on a small and on a large backend, and the memory of an object.

    python crates/nessie-benches/python/scaling.py

Run it with the interpreter that has this repository's package. Every measurement is a fresh
process: `growth.py` for ns per call (medians over the rounds), `memory.py` for bytes. Targets: a
call takes at most three times as long with 1 000 000 volumes as with 1 000, with 50 000 snapshots
on a volume as with one, with 50 000 clones of a snapshot as with one; a volume needs 150 bytes at
most, a snapshot 72.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from harness import Options, progress, require_ours, run_worker

GROWTH = Path(__file__).with_name("growth.py")
MEMORY = Path(__file__).with_name("memory.py")
MOST_GROWTH = 3.0
MOST_BYTES = {"volume": 150, "snapshot": 72}

Sizes = tuple[int, int]
Medians = dict[str, dict[str, float]]


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=3, quick="small sizes")
    parts = ("volumes", "snapshots", "clones", "memory")
    options.add_argument("--only", choices=parts, help="one table instead of all")
    options.add_json("the medians")
    arguments = options.read(least={}, quick={})
    arguments.parts = [arguments.only] if arguments.only else parts
    return arguments


def growth(what: str, sizes: Sizes, rounds: int) -> Medians:
    """Return ns per call by size and row."""
    turns: dict[str, list[dict[str, float]]] = {str(size): [] for size in sizes}
    for number in range(rounds):
        for size, samples in turns.items():
            progress(f"round {number + 1} of {rounds}: {size} {what}")
            samples.append(run_worker(sys.executable, GROWTH, [what, size]))
    return {
        size: {row: statistics.median(turn[row] for turn in samples) for row in samples[0]}
        for size, samples in turns.items()
    }


def print_growth(title: str, medians: Medians, with_targets: bool) -> None:
    line = "{:<36}{:>12}{:>12}{:>16}{:>6}"
    small, large = medians
    target = f" (<= {MOST_GROWTH:g})" if with_targets else ""
    print(line.format(title, spaced(int(small)), spaced(int(large)), "times as long", "met"))
    for row, before in medians[small].items():
        after = medians[large][row]
        verdict = "yes" if after <= MOST_GROWTH * before else "NO"
        cells = (f"{before:.0f}", f"{after:.0f}", f"{after / before:.2f}{target}")
        print(line.format(row, *cells, verdict if with_targets else "").rstrip())
    print()


def memory(volumes: int, nights: int) -> Medians:
    """Return bytes per volume and per snapshot by how the snapshots are named."""
    results = {}
    for names in ("unique", "nightly"):
        progress(f"memory: {volumes} volumes, {nights} snapshots each, {names} names")
        arguments = [str(volumes), str(nights), names]
        results[names] = run_worker(sys.executable, MEMORY, arguments)
    return results


def print_memory(volumes: int, nights: int, results: Medians, with_targets: bool) -> None:
    line = "{:<60}{:>16}{:>6}"
    title = f"{spaced(volumes)} volumes, {nights} snapshots on each, names of 12 characters"
    print(line.format(title, "bytes each", "met"))
    for label, names, what in (
        ("a volume", "unique", "volume"),
        ("a snapshot, no two of one name", "unique", "snapshot"),
        ("a snapshot, every volume's of the same names", "nightly", "snapshot"),
    ):
        size, most = results[names][what], MOST_BYTES[what]
        target = f" (<= {most})" if with_targets else ""
        verdict = "yes" if size <= most else "NO"
        cells = (label, f"{size:.1f}{target}", verdict if with_targets else "")
        print(line.format(*cells).rstrip())


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def main() -> None:
    arguments = parse_arguments()
    version = require_ours()
    quick = arguments.quick
    print(f"nessie-backend-mem {version}, ns per call, medians of {arguments.rounds} rounds\n")
    record: dict[str, Any] = {"ours": version, "rounds": arguments.rounds}
    grown: dict[str, tuple[str, Sizes]] = {
        "volumes": ("with so many volumes", (1_000, 2_000 if quick else 1_000_000)),
        "snapshots": ("so many snapshots on a volume", (1, 500 if quick else 50_000)),
        "clones": ("so many clones of a snapshot", (1, 500 if quick else 50_000)),
    }
    for part in arguments.parts:
        if part in grown:
            title, sizes = grown[part]
            record[part] = growth(part, sizes, arguments.rounds)
            print_growth(title, record[part], not quick)
        else:
            volumes, nights = (5_000, 2) if quick else (1_000_000, 10)
            record[part] = memory(volumes, nights)
            print_memory(volumes, nights, record[part], not quick)
        sys.stdout.flush()
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
