"""``python -m nessie_backend_mem coverage``: what of ONTAP's REST API there is, as Markdown.

The table comes out of the program itself: of the paths that requests are routed by and the fields
that replies are written from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nessie_backend_mem._core import _ontap_coverage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["add_parser", "markdown", "run"]

WHEN = {
    "key": "always",
    "default": "by default",
    "expensive": "when named",
}


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add this command to the `commands` of a parser and return its own."""
    return commands.add_parser(
        name,
        help=summary,
        allow_abbrev=False,
        description="Print what of ONTAP's REST API the endpoint has, as two tables in Markdown: "
        "paths with their methods, and objects with their fields.",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the tables."""
    del arguments
    print(markdown(), end="")  # noqa: T201 (the output asked for)
    return 0


def markdown() -> str:
    """Return the tables."""
    return "".join(f"{line}\n" for line in lines())


def lines() -> Iterator[str]:
    """Make the lines of the tables."""
    endpoints, objects = _ontap_coverage()
    yield "| path | methods | object |"
    yield "|---|---|---|"
    for path, allowed, kind in endpoints:
        yield f"| `{path}` | {', '.join(allowed)} | {kind} |"
    yield ""
    yield "| object | fields | come back | can be set by |"
    yield "|---|---|---|---|"
    for kind, fields in objects:
        groups: dict[tuple[str, str], list[str]] = {}
        for path, presence, methods in fields:
            settable = " and ".join(methods) or "nothing"
            groups.setdefault((WHEN[presence], settable), []).append(path)
        for when, settable in sorted(groups, key=rank):
            yield f"| {kind} | {code(groups[when, settable])} | {when} | {settable} |"


def rank(group: tuple[str, str]) -> tuple[int, str]:
    """Order groups of fields: those that come back without being named first."""
    when, settable = group
    return list(WHEN.values()).index(when), settable


def code(words: Iterable[str]) -> str:
    """Return words as code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)
