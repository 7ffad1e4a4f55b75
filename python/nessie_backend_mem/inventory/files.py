"""Files with inventories: read, check, write."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    Literal,
    NoReturn,
    NotRequired,
    TypeAlias,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from nessie_backend_mem.errors import InvalidArgumentError
from nessie_backend_mem.ontap.files import publish

from . import document as kinds
from .document import FORMAT, VERSION, Document
from .times import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LARGEST", "LONGEST_BEGINNING", "Source", "is_beginning", "read", "to_text", "write"]
__dir__ = __all__.copy

Source: TypeAlias = str | os.PathLike[str] | IO[bytes] | IO[str] | Document
"""A path, a file open for reading, or a document itself."""

LARGEST = 2**29
"""The most bytes of a file that are read."""

LONGEST_BEGINNING = 256
"""How many bytes of a file show whether it is an inventory."""

BEGINNING = re.compile(r'\ufeff?\s*\{\s*"format"\s*:\s*"nessie-inventory"')

DUMP = "it is a dump; MemBackend.load() reads it"

TIMES = {"recorded_at", "create_time", "expires_at"}
"""The keys whose values are times."""


def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the types of a `TypedDict`, without what marks optional keys."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        key: get_args(hint)[0] if get_origin(hint) is NotRequired else hint
        for key, hint in hints.items()
    }


HINTS = {
    kind: hints_of(kind)
    for kind in (getattr(kinds, name) for name in kinds.__all__)
    if is_typeddict(kind)
}
"""The types of the values in a document, by the type of the object and by key."""

JSON_TYPES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
}


def read(source: Source) -> Document:
    """Return the document of a path or file, or of a document itself, if it is valid.

    Raises:
        InvalidArgumentError: it is not an inventory; the message names the place.
        OSError: the file cannot be read.
    """
    document = parsed(source)
    check_header(document)
    for place, problem in problems("", document, Document):
        refuse(f"{place}: {problem}" if place else problem)
    return cast("Document", document)


def parsed(source: Any) -> Any:
    """Return the JSON document of a path or file, or a document itself."""
    if isinstance(source, dict):
        return source
    if hasattr(source, "read"):
        content = source.read(LARGEST + 1)
    elif isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            content = file.read(LARGEST + 1)
    else:
        raise TypeError(f"path_or_file must be a path, a file or a document, not {source!r}")
    if not isinstance(content, (bytes, str)):
        raise TypeError("path_or_file must be a file whose read(n) returns bytes or text")
    if len(content) > LARGEST:
        refuse(f"it has more than {LARGEST >> 20} MiB")
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        refuse("it is not text in UTF-8")
    if not text.strip():
        refuse("it is empty")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.startswith('{"format":"nessie-backend-mem"'):
            refuse(DUMP)
        refuse(f"it is not JSON, or was cut short: {error}")


def check_header(document: Any) -> None:
    """Refuse a document of another kind or version."""
    if not isinstance(document, dict):
        refuse(f"expected an object, not {shown(document)}")
    found, version = document.get("format"), document.get("version")
    if "format" not in document:
        refuse(f'the key "format" is missing; an inventory has "{FORMAT}"')
    if found == "nessie-backend-mem":
        refuse(DUMP)
    if found != FORMAT:
        refuse(f'the key "format" is {shown(found)}, not "{FORMAT}"')
    if version != VERSION or isinstance(version, bool):
        newer = isinstance(version, int) and version > VERSION
        fix = "load it with a newer nessie-backend-mem" if newer else "record it again"
        refuse(f"it has version {shown(version)}, and this package reads version {VERSION}; {fix}")


def problems(place: str, value: Any, hint: Any) -> Iterator[tuple[str, str]]:
    """Yield the first place where a value is not of a type, and why."""
    if is_typeddict(hint):
        if not isinstance(value, dict):
            yield place, expected(dict, value)
            return
        hints = HINTS[hint]
        for key in sorted(hint.__required_keys__ - value.keys()):
            yield place, f"the key {key!r} is missing"
            return
        for key, item in value.items():
            if key not in hints:
                yield place, f"unknown key {key!r}; the keys are {', '.join(hints)}"
                return
            yield from problems(f"{place}.{key}" if place else key, item, hints[key])
            if key in TIMES and isinstance(item, str):
                yield from time_problem(f"{place}.{key}" if place else key, item)
    elif get_origin(hint) is list:
        if not isinstance(value, list):
            yield place, expected(list, value)
            return
        (item_hint,) = get_args(hint)
        for index, item in enumerate(value):
            yield from problems(f"{place}[{index}]", item, item_hint)
    elif get_origin(hint) is Literal:
        return  # The header is checked before.
    elif type(value) is not hint:
        yield place, expected(hint, value)
    else:
        yield from value_problem(place, value)


def value_problem(place: str, value: str | int) -> Iterator[tuple[str, str]]:
    """Yield why a value of the right type is wrong."""
    if isinstance(value, int):
        if value < 0:
            yield place, f"expected a number from 0, not {value}"
    elif not value and place.endswith("name"):
        yield place, "expected a name, not an empty text"
    elif any("\ud800" <= character <= "\udfff" for character in value):
        yield place, f"expected Unicode text, not {shown(value)}: it has a lone surrogate"


def time_problem(place: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield why a text is no time."""
    try:
        read_time(text)
    except ValueError as error:
        yield place, str(error)


def expected(kind: type, value: object) -> str:
    """Return that a value has the wrong type."""
    return f"expected {JSON_TYPES[kind]}, not {shown(value)}"


def shown(value: object) -> str:
    """Return a value as JSON, cut if it is long."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refuse(problem: str) -> NoReturn:
    """Raise the error of a document."""
    raise InvalidArgumentError(f"the inventory cannot be loaded: {problem}", "inventory")


def to_text(document: Document) -> str:
    """Return the text of a file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write(document: Document, path: str | os.PathLike[str]) -> None:
    """Write an inventory to a file, which only its owner can read. It is written whole or not.

    Args:
        document: The inventory.
        path: Path of the file. An existing file is replaced only if it is an inventory.

    Raises:
        FileExistsError: The file exists and is not an inventory.
        OSError: The file cannot be written.
    """
    refusal = "it is not an inventory"
    publish(Path(path), to_text(document), mode=0o600, is_one=is_beginning, refusal=refusal)


def is_beginning(text: str) -> bool:
    """Whether a file that begins so is an inventory, of any version."""
    return BEGINNING.match(text) is not None
