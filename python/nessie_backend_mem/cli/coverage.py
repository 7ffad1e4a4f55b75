"""``nessie-mem coverage``: the paths and fields of ONTAP's REST API that are served, as Markdown.

The tables are made from the data that routes the requests and writes the replies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nessie_backend_mem._core import _ontap_coverage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["configure", "markdown", "run"]
__dir__ = __all__.copy

WHEN = {
    "key": "always",
    "default": "by default",
    "expensive": "when named",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command."""
    parser.description = """\
Print which parts of ONTAP's REST API are served, as two tables in Markdown:
paths with their methods, and objects with their fields."""


def run(options: argparse.Namespace) -> int:
    """Print the tables and return the exit status."""
    del options
    print(markdown(), end="")
    return 0


def markdown() -> str:
    """Return the tables."""
    return "".join(f"{line}\n" for line in lines())


def lines() -> Iterator[str]:
    """Yield the lines of the tables."""
    endpoints, objects = _ontap_coverage()
    yield "| path | methods | object |"
    yield "|---|---|---|"
    for path, allowed, kind in endpoints:
        yield f"| `{path}` | {', '.join(allowed)} | {kind} |"
    yield ""
    yield "| object | fields | returned | can be set by |"
    yield "|---|---|---|---|"
    for kind, fields in objects:
        groups: dict[tuple[str, str], list[str]] = {}
        for path, presence, methods in fields:
            settable = " and ".join(methods) or "nothing"
            groups.setdefault((WHEN[presence], settable), []).append(path)
        for when, settable in sorted(groups, key=rank):
            yield f"| {kind} | {code(groups[when, settable])} | {when} | {settable} |"


def rank(group: tuple[str, str]) -> tuple[int, str]:
    """Order groups of fields: first those that replies have without a request for them."""
    when, settable = group
    return list(WHEN.values()).index(when), settable


def code(words: Iterable[str]) -> str:
    """Return words as code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)
