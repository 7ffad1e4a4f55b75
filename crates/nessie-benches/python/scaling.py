"""Show that a call costs the same on a small and on a large backend, and the memory of an object.

    python crates/nessie-benches/python/scaling.py

Run it with the interpreter that has this repository's package. Every measurement is a fresh
process: `growth.py` for ns per call (medians over the rounds), `memory.py` for bytes. Targets: a
call takes at most three times as long with 1 000 000 volumes as with 1 000, with 50 000 snapshots
on a volume as with one, with 50 000 clones of a snapshot as with one; between 10 000 and 2 000 000
objects, a creation takes at most 1.4 times as long as with 1.4 times as many or as few; a volume
needs 150 bytes at most, a snapshot 72. With `--png FILE` the creations are drawn too.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import json
import statistics
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness import Options, progress, pyplot, require_ours, run_worker

GROWTH = Path(__file__).with_name("growth.py")
MEMORY = Path(__file__).with_name("memory.py")
MOST_GROWTH = 3.0
MOST_STEP = 1.4
MOST_BYTES = {"volume": 150, "snapshot": 72}

Sizes = tuple[int, int]
Medians = dict[str, dict[str, float]]
Curves = dict[str, dict[int, float]]


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=3, quick="small sizes")
    parts = ("volumes", "snapshots", "clones", "creation", "memory")
    options.add_argument("--only", choices=parts, help="one table instead of all")
    options.add_json("the medians")
    options.add_png()
    arguments = options.read(least={}, quick={})
    arguments.parts = [arguments.only] if arguments.only else parts
    if arguments.png is not None and "creation" not in arguments.parts:
        options.error("--png draws the creations, which --only leaves out")
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


def creation(size: int, rounds: int) -> Curves:
    """Return ns per creation by call and number of objects."""
    turns = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}: {size} creations")
        turns.append(run_worker(sys.executable, GROWTH, ["creation", str(size)]))
    curves: Curves = {}
    for row in turns[0]:
        call, objects = row.split()
        median = statistics.median(turn[row] for turn in turns)
        curves.setdefault(call, {})[int(objects)] = median
    return curves


def steps(curve: dict[int, float]) -> list[float]:
    """Return how many times as long a point takes as its neighbour, for each pair of neighbours."""
    times = list(curve.values())
    return [max(after / before, before / after) for before, after in pairwise(times)]


def print_creation(curves: Curves, with_targets: bool) -> None:
    line = "{:<36}" + "{:>16}{:>12}" * len(curves) + "{:>6}"
    headings = [cell for call in curves for cell in (call, "step")]
    print(line.format("with so many of them already", *headings, "").rstrip())
    for index, objects in enumerate(next(iter(curves.values()))):
        cells = []
        for curve in curves.values():
            step = f"{steps(curve)[index - 1]:.2f}" if index > 0 else ""
            cells += [f"{curve[objects]:.0f}", step]
        print(line.format(spaced(objects), *cells, "").rstrip())
    largest = {call: max(steps(curve)) for call, curve in curves.items()}
    target = f" (<= {MOST_STEP:g})" if with_targets else ""
    verdict = "yes" if max(largest.values()) <= MOST_STEP else "NO"
    cells = [cell for step in largest.values() for cell in ("", f"{step:.2f}")]
    title = f"the largest step{target}"
    print(line.format(title, *cells, verdict if with_targets else "").rstrip())
    print()


def draw_creation(plot: Any, curves: Curves, version: str, file: Path) -> None:
    figure, (times, ratios) = plot.subplots(
        2, figsize=(10, 7), sharex=True, layout="constrained", height_ratios=(2, 1)
    )
    for call, curve in curves.items():
        times.plot(list(curve), list(curve.values()), marker="o", label=call)
        ratios.plot(list(curve)[1:], steps(curve), marker="o", label=call)
    ratios.axhline(MOST_STEP, color="grey", linestyle="--")
    times.set(ylabel="ns per call", title=f"Creations of nessie-backend-mem {version}")
    times.set_ylim(bottom=0)
    times.legend()
    ratios.set(xscale="log", xlabel="objects already created", ylabel="step from the point before")
    ratios.set_ylim(bottom=1)
    for axes in (times, ratios):
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=120)
    progress(f"wrote {file}")


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
    plot = pyplot() if arguments.png is not None else None
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
        elif part == "creation":
            record[part] = creation(20_000 if quick else 2_000_000, arguments.rounds)
            print_creation(record[part], not quick)
            if plot is not None:
                draw_creation(plot, record[part], version, arguments.png)
        else:
            volumes, nights = (5_000, 2) if quick else (1_000_000, 10)
            record[part] = memory(volumes, nights)
            print_memory(volumes, nights, record[part], not quick)
        sys.stdout.flush()
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
