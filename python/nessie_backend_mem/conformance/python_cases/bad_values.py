"""Values that are refused, for each kind of argument.

Only values that a typed caller cannot send are here. The cases that are shared with Rust send the
others, such as names with a slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .signatures import Kind

__all__ = [
    "MALFORMED",
    "SURROGATES",
    "Bad",
    "malformed",
    "out_of_range",
    "surrogates",
    "wrong_types",
]
__dir__ = __all__.copy

SURROGATES = ("\ud800", "\udfff")
"""The first half of a pair without the second, and the reverse."""

TEXT_OF = {
    "volume name": "py-bad",
    "snapshot name": "py-bad",
    "path": "/py-bad",
    "policy": "py-bad",
    "state": "online",
}


@dataclass(frozen=True, slots=True)
class Bad:
    """A value that a method must refuse.

    Attributes:
        value: The value.
        code: The value as Python code; its `repr` if empty.
        shown: The part of the value that the message of the error must have; none if empty.
    """

    value: Any
    code: str = ""
    shown: str = ""


MALFORMED: tuple[tuple[str, Callable[[str], str]], ...] = (
    ('""', lambda _: ""),
    ('"nonsense"', lambda _: "nonsense"),
    ("{}[:-1]", lambda uuid: uuid[:-1]),
    ('{} + "0"', lambda uuid: f"{uuid}0"),
    ('{}.replace("4", "g")', lambda uuid: uuid.replace("4", "g")),
    # Hyphens in other places.
    ('{}.replace("-", "", 1)', lambda uuid: uuid.replace("-", "", 1)),
    ('{}.replace("-", "--", 1)', lambda uuid: uuid.replace("-", "--", 1)),
    ('{}.replace("-", "") + "-"', lambda uuid: uuid.replace("-", "") + "-"),
    (
        "",
        lambda uuid: "-".join(uuid.replace("-", "")[at : at + 8] for at in range(0, 32, 8)),
    ),
    ('{}.replace("-", "_")', lambda uuid: uuid.replace("-", "_")),
    # Marks around it.
    ('"{{" + {}', lambda uuid: "{" + uuid),
    ('{} + "}}"', lambda uuid: uuid + "}"),
    ('"{{{{" + {} + "}}}}"', lambda uuid: "{{" + uuid + "}}"),
    ('"(" + {} + ")"', lambda uuid: f"({uuid})"),
    ('"uuid:" + {}', lambda uuid: f"uuid:{uuid}"),
    ('"urn:" + {}', lambda uuid: f"urn:{uuid}"),
    ('"urn:uuid:{{" + {} + "}}"', lambda uuid: "urn:uuid:{" + uuid + "}"),
    ('"{{urn:uuid:" + {} + "}}"', lambda uuid: "{urn:uuid:" + uuid + "}"),
    # White space and other characters that `int` and `str.strip` accept.
    ('" " + {}', lambda uuid: f" {uuid}"),
    ('{} + " "', lambda uuid: f"{uuid} "),
    ('{} + "\\n"', lambda uuid: f"{uuid}\n"),
    ('"\\t" + {}', lambda uuid: f"\t{uuid}"),
    ('{}.replace("-", " ")', lambda uuid: uuid.replace("-", " ")),
    ('{} + "\\0"', lambda uuid: f"{uuid}\0"),
    ('"0x" + {}.replace("-", "")[2:]', lambda uuid: "0x" + uuid.replace("-", "")[2:]),
    ('{}.replace("-", "")[:-2] + "_0"', lambda uuid: uuid.replace("-", "")[:-2] + "_0"),
    (
        '{}.replace("4", "\\uff14")',
        lambda uuid: uuid.replace("4", "\N{FULLWIDTH DIGIT FOUR}"),
    ),
)
"""Text that is not a UUID, made of the UUID of an existing object: the code, and a function.

Code that is empty is the text itself. Each UUID has a 4, its version.
"""


def malformed(uuid: str, code: str) -> list[Bad]:
    """Return text that is not a UUID, made of a UUID that is written as `code`."""
    made = [(form.format(code), function(uuid)) for form, function in MALFORMED]
    return [Bad(text, written, shown=text) for written, text in made]


def wrong_types(kind: Kind, *, is_optional: bool) -> list[Bad]:
    """Return values that do not have the type of a kind. Some are false, as `None` is."""
    if kind == "size":
        values: list[Any] = ["4096", 4096.0, b"4096", [4096], True, False, "", 0.0, {}]
    else:
        values = [5, b"bytes", ["list"], 1.5, {"name": "a"}, True, 0, b"", [], False]
    return [Bad(value) for value in (values if is_optional else [*values, None])]


def out_of_range(kind: Kind) -> list[Bad]:
    """Return integers that are out of range for a size, or words that are unknown for a state."""
    if kind == "size":
        sizes = (-1, 0, -(2**63), 2**64, 2**64 + 4096, 2**70)
        return [Bad(size, shown=str(size)) for size in sizes]
    if kind == "state":
        # The last ones are states that ONTAP has, and the contract has not.
        near = ("", "Online", "asleep", "offline ", "OFFLINE", "online\n", "0", "None")
        words = (*near, "mixed", "error", "deleted")
        return [Bad(word, shown=word) for word in words]
    return []


def surrogates(kind: Kind) -> list[Bad]:
    """Return text with a lone surrogate."""
    if kind == "size":
        return []
    text = TEXT_OF.get(kind, "3f1c9a52-6d07-4b8e-a1f4-90c2d7e5b83")
    bad = [Bad(text + surrogate, shown=text) for surrogate in SURROGATES]
    return [*bad, Bad(SURROGATES[0])]
