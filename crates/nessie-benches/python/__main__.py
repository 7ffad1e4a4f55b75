"""Print the table of the README, and draw how long a creation takes in a large backend.

    python crates/nessie-benches/python

Run it with the interpreter that has this repository's package. The table is a part of that of
`compare.py`: this package, the published 0.3.1 and a Python dict of dicts, measured by turns. The
curve is that of `scaling.py`: the creations of volumes and snapshots by how many there are already.
The other programs of this folder measure bulk calls, columns, memory and the account of bytes.
"""

import argparse
import sys

from compare import DICT, OURS, PUBLISHED, Medians, medians_of, setting_of, take_turns
from harness import Options, pyplot, require_ours, scratch_of
from scaling import Curves, creation, draw_creation, spaced

COLUMNS = 80

ROWS = {
    "create_volume": "`create_volume`",
    "get_volume_random": "`get_volume`, in random order",
    "patch_volume_random": "`patch_volume`, in random order",
    "list_volumes": "`list_volumes`, per volume",
    "create_snapshot": "`create_snapshot`, one on each volume",
    "create_clone_spread": "`create_clone`, of many snapshots",
    "delete_volume": "`delete_volume`",
}
"""The rows of the README's table: the key in `compare.py`, and the label."""


def parse_arguments() -> argparse.Namespace:
    options = Options(__doc__, rounds=5, quick="few volumes")
    options.prog = "python crates/nessie-benches/python"
    options.add_volumes(200_000)
    options.add_argument(
        "--objects", type=int, default=2_000_000, metavar="N", help="where the curve ends"
    )
    options.add_scratch()
    options.add_png()
    arguments = options.read(
        least={"volumes": 10, "objects": 10_500}, quick={"volumes": 1_000, "objects": 20_000}
    )
    # A table of all rows, as `compare.py` measures it by default.
    arguments.only, arguments.many = "*", max(10, arguments.volumes // 10)
    return arguments


def print_table(medians: Medians) -> None:
    print("| ns per call | here | 0.3.1 | dict |")
    print("|---|---:|---:|---:|")
    for key, label in ROWS.items():
        times = (spaced(round(medians[peer][key])) for peer in (OURS, PUBLISHED, DICT))
        print(f"| {label} | {' | '.join(times)} |")


def draw(title: str, curve: dict[int, float], block: str) -> None:
    """Draw one bar for each point of the curve."""
    print(f"\n{title}, ns per call by the number of objects")
    most = max(curve.values())
    labels = {objects: spaced(objects) for objects in curve}
    label_width = max(map(len, labels.values()))
    time_width = len(spaced(round(most)))
    room = COLUMNS - label_width - time_width - 4
    for objects, time in curve.items():
        bar = block * max(1, round(time / most * room))
        print(f"{labels[objects]:>{label_width}}  {spaced(round(time)):>{time_width}}  {bar}")


def draw_all(curves: Curves) -> None:
    block = "█"
    try:
        block.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        block = "#"
    for call, curve in curves.items():
        draw(call, curve, block)


def main() -> None:
    arguments = parse_arguments()
    version = require_ours()
    plot = pyplot() if arguments.png is not None else None
    with scratch_of(arguments) as scratch:
        medians = medians_of(take_turns(arguments, scratch))
    setting = setting_of(arguments, version)
    print(", ".join(f"{key} {value}" for key, value in setting.items()), end="\n\n")
    print_table(medians)
    sys.stdout.flush()
    curves = creation(arguments.objects, arguments.rounds)
    draw_all(curves)
    if plot is not None:
        draw_creation(plot, curves, version, arguments.png)


if __name__ == "__main__":
    main()
