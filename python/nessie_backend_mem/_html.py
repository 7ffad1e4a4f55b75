"""HTML that notebooks show of the package's objects, of a size that has a bound.

Jupyter gives the class ``dataframe`` the look of a table of pandas.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from . import Table, Uuids, Volume

MAX_CELL = 60
"""Characters that are shown of a value."""
MAX_LINE = 100
"""Characters that are shown of a line of the tree."""
EDGE = 5
"""Rows that are shown of each end of a table."""
GAP = "…"
"""Marks what is left out."""

VOLUME_COLUMNS = (
    "name",
    "size_bytes",
    "state",
    "create_time",
    "junction_path",
    "export_policy",
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
    # Not `splitlines`: names may have other characters at which that splits.
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
    """Return the items at both ends, by their places."""
    places = [*range(min(EDGE, len(items))), *range(max(EDGE, len(items) - EDGE), len(items))]
    return {place: items[place] for place in places}


def grid(columns: Sequence[str], rows: Mapping[int, Mapping[str, Any]], count: int) -> str:
    """Return a table of rows by their places, with a line where some of `count` are left out."""
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
