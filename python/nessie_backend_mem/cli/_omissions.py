"""Prints what a loaded inventory does not represent."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ._options import print_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nessie_backend_mem.inventory import Omission

__all__ = ["print_omissions"]

COLUMNS = 80


def print_omissions(program: str, omitted: Iterable[Omission]) -> None:
    """Print a line for each reason and field, with the names of the objects."""
    lines = list(grouped(omitted))
    if lines:
        print_error(f"{program}: not represented:")
    for line in lines:
        print_error(
            textwrap.fill(
                line,
                COLUMNS,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )


def grouped(omitted: Iterable[Omission]) -> Iterator[str]:
    """Yield what is not represented, and why. Objects with the same reason are listed together."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for each in omitted:
        names = groups.setdefault((each["kind"], each.get("field", ""), each["reason"]), [])
        names.append(f"{each['svm']}:{each['name']}" if "svm" in each else each["name"])
    for (kind, field, reason), names in groups.items():
        what = f"{field} of {kind}" if field else kind
        yield f"{what} {', '.join(names)}: {reason}"
