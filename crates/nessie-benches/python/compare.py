"""Compare single calls with the published 0.3.1 wheel and with a plain Python dict of dicts.

    python crates/nessie-benches/python/compare.py

Run it with the interpreter that has this repository's package. The published wheel is
installed in a scratch environment. The three peers alternate, each time in a fresh process
(`workload.py`). The table shows the median over the rounds in ns per call, for `list_volumes` in ns
per volume. See `harness.py` for what a time includes. The records of 0.3.1 have no `create_time`:
each has one string less, and a clone's two less.

A missed target is printed and raises no error: a busy machine must not fail a build.
"""

import argparse
import json
import platform
import statistics
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
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

WORKLOAD = Path(__file__).with_name("workload.py")
OURS, PUBLISHED, DICT = "ours", PUBLISHED_VERSION, "dict"


@dataclass(frozen=True)
class Row:
    """An operation, its required speed-up over 0.3.1, and its largest time relative to the dict."""

    key: str
    label: str
    faster: float | None = None
    of_dict: float | None = None


ROWS = [
    Row("create_volume", "create_volume", faster=4.5),
    Row("get_volume", "get_volume, creation order", faster=4, of_dict=0.65),
    Row("get_volume_random", "get_volume, random order", faster=2.2),
    Row("get_volume_missing", "get_volume, not there"),
    Row("find_volume_random", "find_volume, random order"),
    Row("patch_volume_random", "patch_volume, random order", faster=2),
    Row("list_volumes", "list_volumes, per volume", faster=3.3, of_dict=1.4),
    Row("create_snapshot", "create_snapshot, one each", faster=3.2),
    Row("get_snapshot_random", "get_snapshot, random order"),
    Row("create_clone", "create_clone, all of one", faster=4.5),
    Row("create_clone_spread", "create_clone, of many", faster=4.5),
    Row("delete_volume_clone", "delete_volume, clones", faster=3),
    Row("delete_snapshot", "delete_snapshot, one each", faster=1.6, of_dict=1),
    Row("delete_volume", "delete_volume, creation order", faster=4.5),
    Row("delete_volume_random", "delete_volume, random order"),
    Row("create_snapshot_many", "create_snapshot, {many} on one", faster=55),
    Row("delete_snapshot_many", "delete_snapshot, {many} on one"),
]

Medians = dict[str, dict[str, float]]


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=5, quick="few volumes")
    options.add_volumes(200_000)
    options.add_argument("--many", type=int, default=20_000, metavar="N", help="snapshots on one")
    options.add_argument(
        "--only", default="*", metavar="PATTERN", help="rows by key, as in " + ROWS[1].key + "*"
    )
    options.add_json("all samples")
    options.add_scratch()
    arguments = options.read(
        least={"volumes": 10, "many": 10}, quick={"volumes": 1_000, "many": 200}
    )
    if not any(fnmatchcase(row.key, arguments.only) for row in ROWS):
        options.error(f"no row matches; there are {', '.join(row.key for row in ROWS)}")
    return arguments


def take_turns(arguments: argparse.Namespace, scratch: Path) -> dict[str, list[dict[str, float]]]:
    """Return the rows of every round for each peer."""
    published = published_python(scratch)
    workload = [str(arguments.volumes), str(arguments.many), arguments.only]
    peers = {
        OURS: (sys.executable, "package"),
        PUBLISHED: (published, "package"),
        DICT: (sys.executable, "dict"),
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
    for number in range(arguments.rounds):
        for name, (python, peer) in peers.items():
            progress(f"round {number + 1} of {arguments.rounds}: {name}")
            rounds[name].append(run_worker(python, WORKLOAD, [peer, *workload]))
    return rounds


def medians_of(rounds: dict[str, list[dict[str, float]]]) -> Medians:
    return {
        name: {row: statistics.median(turn[row] for turn in turns) for row in turns[0]}
        for name, turns in rounds.items()
    }


def ratio(value: float | None, comparison: str, target: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if target is None else f"{value:.2f} ({comparison} {target:g})"


def divided(dividend: float | None, divisor: float | None) -> float | None:
    return None if dividend is None or divisor is None else dividend / divisor


def verdict(row: Row, faster: float | None, of_dict: float | None) -> str:
    met = []
    if row.faster is not None:
        met.append(faster is not None and faster >= row.faster)
    if row.of_dict is not None:
        met.append(of_dict is not None and of_dict <= row.of_dict)
    if not met:
        return ""
    return "yes" if all(met) else "NO"


def print_table(rows: list[Row], medians: Medians, many: int) -> None:
    line = "{:<33}{:>8}{:>8}{:>8}{:>18}{:>17}{:>6}"
    print(line.format("ns per call", *medians, "faster than 0.3.1", "part of dict", "met"))
    for row in rows:
        if row.key not in medians[OURS]:
            continue
        ours, published, plain = (medians[name].get(row.key) for name in (OURS, PUBLISHED, DICT))
        faster, of_dict = divided(published, ours), divided(ours, plain)
        cells = (
            row.label.format(many=f"{many:,}".replace(",", " ")),
            *("-" if time is None else f"{time:.0f}" for time in (ours, published, plain)),
            ratio(faster, ">=", row.faster),
            ratio(of_dict, "<=", row.of_dict),
            verdict(row, faster, of_dict),
        )
        print(line.format(*cells).rstrip())


def setting_of(arguments: argparse.Namespace, version: str) -> dict[str, str | int]:
    """Return what a table was measured with."""
    return {
        "ours": version,
        "published": PUBLISHED_VERSION,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "volumes": arguments.volumes,
        "rounds": arguments.rounds,
    }


def main() -> None:
    arguments = parse_arguments()
    version = require_ours()
    with scratch_of(arguments) as scratch:
        rounds = take_turns(arguments, scratch)
    medians = medians_of(rounds)
    setting = setting_of(arguments, version)
    print(", ".join(f"{key} {value}" for key, value in setting.items()))
    rows = [Row(row.key, row.label) for row in ROWS] if arguments.quick else ROWS
    print_table(rows, medians, arguments.many)
    if arguments.json is not None:
        record = {**setting, "medians": medians, "samples": rounds}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
