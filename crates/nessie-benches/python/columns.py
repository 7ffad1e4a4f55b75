"""Compare exports of columns with the listings of the published 0.3.1, and measure their memory.

    python crates/nessie-benches/python/columns.py

Run it with the interpreter that has this repository's package and pyarrow. The published wheel is
installed in a scratch environment. Every measurement is a fresh process (`columns_worker.py`); the
table shows medians over the rounds in ns per volume. Targets: an export to a `pyarrow.Table` is
twenty times as fast as the published `list_volumes()`, and its peak memory is at most 1.3 times the
memory of the table.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import statistics
import sys
from pathlib import Path

from harness import (
    PUBLISHED_VERSION,
    Options,
    progress,
    published_python,
    require_ours,
    run_worker,
    scratch_of,
)

WORKER = Path(__file__).with_name("columns_worker.py")
FASTER = 20
MOST_MEMORY = 1.3


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=3, quick="few volumes")
    options.add_volumes(1_000_000)
    options.add_scratch()
    return options.read(least={"volumes": 1}, quick={"volumes": 2_000})


def measure(arguments: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """Return the medians of the workers' measurements."""
    peers = {
        "published": (published_python(scratch), "list"),
        "list": (sys.executable, "list"),
        "export": (sys.executable, "export"),
        "memory": (sys.executable, "memory"),
    }
    samples: dict[str, list[float]] = {}
    for number in range(arguments.rounds):
        for name, (python, what) in peers.items():
            progress(f"round {number + 1} of {arguments.rounds}: {name}")
            measured = run_worker(python, WORKER, [what, str(arguments.volumes)])
            for unit, value in measured.items():
                samples.setdefault(f"{name} {unit}", []).append(value)
    return {name: statistics.median(values) for name, values in samples.items()}


def print_table(medians: dict[str, float], with_targets: bool) -> None:
    faster = medians["published ns"] / medians["export ns"]
    ratio = medians["memory ratio"]
    line = "{:<52}{:>10}{:>14}{:>6}"
    verdicts = ["", ""]
    targets = ["", ""]
    if with_targets:
        verdicts = ["yes" if met else "NO" for met in (faster >= FASTER, ratio <= MOST_MEMORY)]
        targets = [f">= {FASTER}", f"<= {MOST_MEMORY:g}"]
    for row in (
        ("per volume", "", "target", "met"),
        (f"list_volumes() of {PUBLISHED_VERSION}, ns", f"{medians['published ns']:.0f}", "", ""),
        ("list_volumes(), ns", f"{medians['list ns']:.0f}", "", ""),
        ("pyarrow.table(volumes()), ns", f"{medians['export ns']:.1f}", "", ""),
        (f"times as fast as {PUBLISHED_VERSION}", f"{faster:.1f}", targets[0], verdicts[0]),
        ("the table, bytes", f"{medians['memory table']:.0f}", "", ""),
        ("peak of an export, bytes", f"{medians['memory peak']:.0f}", "", ""),
        ("times the table", f"{ratio:.2f}", targets[1], verdicts[1]),
    ):
        print(line.format(*row).rstrip())


def main() -> None:
    arguments = parse_arguments()
    version = require_ours()
    with scratch_of(arguments) as scratch:
        medians = measure(arguments, scratch)
    print(f"nessie-backend-mem {version}, {arguments.volumes} volumes, {arguments.rounds} rounds")
    print_table(medians, not arguments.quick)


if __name__ == "__main__":
    main()
