"""``nessie-mem coverage``: the paths and fields of ONTAP's REST API that are served.

The lists are made from the data that routes the requests and writes the replies.
"""

from __future__ import annotations

import textwrap
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from nessie_backend_mem._core import _ontap_coverage

from ._options import print_error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["configure", "markdown", "paths", "run"]
__dir__ = __all__.copy

WHEN = {
    "key": "always",
    "default": "by default",
    "expensive": "when named",
}
Endpoint: TypeAlias = tuple[str, list[str], str]
"""A path, its methods and the kind of its objects."""
Fields: TypeAlias = tuple[str, str, str, list[str]]
"""A kind of object, when replies have the fields, what sets them, and the fields."""

COLUMNS = 80
PATH_COLUMNS = 54
NOT_FOUND = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = """\
Print which paths of ONTAP's REST API are served, with their methods. With a
PATTERN, print the paths that match, and the fields of their objects."""
    parser.add_argument(
        "pattern",
        metavar="PATTERN",
        nargs="?",
        help='a part of a path, such as "snapshots", or a whole path with * and ?',
    )
    parser.add_argument(
        "--markdown", action="store_true", help="print tables in Markdown, with all fields"
    )


def run(options: argparse.Namespace) -> int:
    """Print the lists and return the exit status."""
    text = markdown(options.pattern) if options.markdown else paths(options.pattern)
    if not text:
        print_error(f"no path of the endpoint matches {options.pattern!r}")
        return NOT_FOUND
    print(text, end="")
    return 0


def markdown(pattern: str | None = None) -> str:
    """Return the paths that match and the fields of their objects, as two tables in Markdown."""
    return joined(tables(pattern))


def paths(pattern: str | None = None) -> str:
    """Return the paths that match, in 80 columns, and for a pattern the fields of their objects."""
    return joined(columns(pattern))


def joined(lines: Iterable[str]) -> str:
    """Return the lines as one text."""
    return "".join(f"{line}\n" for line in lines)


def columns(pattern: str | None) -> Iterator[str]:
    """Yield the lines of `paths`."""
    endpoints, objects = matching(pattern)
    for path, methods, _ in endpoints:
        if len(path) >= PATH_COLUMNS:
            yield path
            yield f"{'':{PATH_COLUMNS}}{' '.join(methods)}"
        else:
            yield f"{path:{PATH_COLUMNS}}{' '.join(methods)}"
    if pattern is None:
        return
    for kind, when, settable, fields in objects:
        yield ""
        yield f"{kind}: fields that a reply has {when}, set by {settable}"
        yield from textwrap.wrap(
            " ".join(fields),
            COLUMNS,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
            break_long_words=False,
        )


def tables(pattern: str | None) -> Iterator[str]:
    """Yield the lines of `markdown`."""
    endpoints, objects = matching(pattern)
    if not endpoints:
        return
    yield "| path | methods | object |"
    yield "|---|---|---|"
    for path, methods, kind in endpoints:
        yield f"| `{path}` | {', '.join(methods)} | {kind} |"
    yield ""
    yield "| object | fields | returned | can be set by |"
    yield "|---|---|---|---|"
    for kind, when, settable, fields in objects:
        code = ", ".join(f"`{field}`" for field in fields)
        yield f"| {kind} | {code} | {when} | {settable} |"


def matching(pattern: str | None) -> tuple[list[Endpoint], list[Fields]]:
    """Return the paths that match, and the fields of their objects in groups."""
    endpoints, objects = _ontap_coverage()
    chosen = [endpoint for endpoint in endpoints if matches(endpoint[0], pattern)]
    kinds = {kind for _, _, kind in chosen}
    return chosen, [
        group for kind, fields in objects if kind in kinds for group in groups(kind, fields)
    ]


def matches(path: str, pattern: str | None) -> bool:
    """Whether a path contains the pattern or, if it has wildcards, equals it."""
    if pattern is None:
        return True
    if "*" in pattern or "?" in pattern:
        return fnmatchcase(path, pattern)
    return pattern in path


def groups(kind: str, fields: Iterable[tuple[str, str, list[str]]]) -> list[Fields]:
    """Return the fields by when replies have them and who sets them, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, presence, methods in fields:
        settable = " and ".join(methods) or "nothing"
        found.setdefault((WHEN[presence], settable), []).append(path)
    order = list(WHEN.values())
    ranked = sorted(found, key=lambda group: (order.index(group[0]), group[1]))
    return [(kind, when, settable, found[when, settable]) for when, settable in ranked]
