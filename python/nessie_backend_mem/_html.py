"""HTML of the package's objects for notebooks, of limited size.

Jupyter formats the class ``dataframe`` as a pandas table.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from . import Table, Uuids, Volume

MAX_CELL = 60
"""The most characters shown of a value."""
MAX_LINE = 100
"""The most characters shown of a line of the tree."""
EDGE = 5
"""Rows shown at each end of a table."""
GAP = "…"
"""Marks omitted text."""

VOLUME_COLUMNS = (
    "name",
    "size_bytes",
    "used_bytes",
    "state",
    "create_time",
    "junction_path",
    "export_policy",
    "snapshot_policy",
    "parent_volume",
    "parent_snapshot",
    "uuid",
)


def backend(summary: str, first: list[Volume], count: int, tree: str, lines: int) -> str:
    """Show a backend.

    Args:
        summary: Its `repr`.
        first: The first volumes.
        count: The number of volumes.
        tree: The first lines of the tree.
        lines: The number of lines of the whole tree.

    Returns:
        The summary, a table of the volumes, and the tree to unfold.
    """
    rows: dict[int, Mapping[str, Any]] = dict(enumerate(first))
    # Not `splitlines`: it also splits at other characters, which names may have.
    shown = [shorten(line, MAX_LINE) for line in tree.split("\n")[:-1]]
    if lines > len(shown):
        shown.append(f"{GAP} {counted(lines - len(shown), 'more line')}, see tree()")
    text = "\n".join(shown)
    return framed(
        summary,
        grid(VOLUME_COLUMNS, rows, count),
        f"<details><summary>tree()</summary><pre>{text}</pre></details>" if shown else "",
    )


def table(kind: str, rows: Table[Any]) -> str:
    """Show the number of rows of a table of that kind, its first and its last rows."""
    columns = rows.column_names
    return framed(
        f"Table of {kind}: {counted(len(rows), 'row')}", grid(columns, ends(rows), len(rows))
    )


def uuids(items: Uuids) -> str:
    """Show the number of uuids, the first and the last of them."""
    rows = {place: {"uuid": item} for place, item in ends(items).items()}
    return framed(f"Uuids: {counted(len(items), 'item')}", grid(("uuid",), rows, len(items)))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ends(items: Sequence[Any] | Table[Any]) -> dict[int, Any]:
    """Return the items at both ends by their indexes."""
    places = [*range(min(EDGE, len(items))), *range(max(EDGE, len(items) - EDGE), len(items))]
    return {place: items[place] for place in places}


def grid(columns: Sequence[str], rows: Mapping[int, Mapping[str, Any]], count: int) -> str:
    """Return a table of rows by their indexes, with a line in place of omitted rows."""
    if not rows:
        return ""
    head = "".join(f"<th>{column}</th>" for column in columns)
    gap = f"<tr><th>{GAP}</th>{f'<td>{GAP}</td>' * len(columns)}</tr>"
    body, following = [], 0
    for place, row in rows.items():
        if place != following:
            body.append(gap)
        following = place + 1
        values = {**row, **row.get("clone", {})}
        cells = "".join(f"<td>{cell(values.get(column))}</td>" for column in columns)
        body.append(f"<tr><th>{place}</th>{cells}</tr>")
    if following != count:
        body.append(gap)
    return (
        f'<table class="dataframe"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def cell(value: object) -> str:
    return "" if value is None else shorten(str(value), MAX_CELL)


def shorten(text: str, most: int) -> str:
    """Return the beginning of a text, with the characters escaped that HTML gives a meaning."""
    return escape(text if len(text) <= most else text[: most - 1] + GAP, quote=False)


def framed(summary: str, *parts: str) -> str:
    heading = f"<div>{escape(summary, quote=False)}</div>"
    return f'<div style="font-family: monospace">{heading}{"".join(parts)}</div>'
