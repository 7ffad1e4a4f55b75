"""What can be wrong with a capsule of the Arrow PyCapsule interface before it is read.

The reader of Arrow's types calls itself for each type within a type, so one that is nested deep
enough would end the process. It takes every text for UTF-8. Nor may a capsule be read twice:
reading moves its content out.
"""

import ctypes
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

MOST_NESTED: Final = 64
"""How many types may lie within each other; other readers of Arrow have the same limit."""

_NO_TYPE: Final = "has no type: its capsule was read before"
_NO_DATA: Final = "has no data: its capsule was read before"
_NO_UTF8: Final = "has a type whose name is not UTF-8"
_TOO_DEEP: Final = f"has types that are nested more than {MOST_NESTED} deep"

# Arrow's C structures `ArrowSchema`, `ArrowArray` and `ArrowArrayStream`, field by field.
_SCHEMA: Final = struct.Struct("@3P2q4P")
_ARRAY: Final = struct.Struct("@5q5P")
_STREAM: Final = struct.Struct("@5P")

# A function of its own: what a caller sets on an attribute of `pythonapi`, all callers share.
_address_of: Callable[[object, bytes], int] = ctypes.PYFUNCTYPE(
    ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p
)(("PyCapsule_GetPointer", ctypes.pythonapi))
_get_schema_at = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_release_at = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Schema(NamedTuple):
    """What is looked at of a type. Whatever is not there is 0."""

    format: int
    name: int
    n_children: int
    children: int
    dictionary: int
    release: int


def fault_of_schema(capsule: object) -> str | None:
    """Say what is wrong with a capsule of a type.

    Args:
        capsule: a capsule named ``arrow_schema``.

    Returns:
        What is wrong, to be put behind the name of what has the type; None if nothing is.

    Raises:
        ValueError: it is another capsule, or none.
    """
    return _fault(_schema(_address_of(capsule, b"arrow_schema")))


def fault_of_array(schema: object, array: object) -> str | None:
    """Say what is wrong with the capsules of an array. As `fault_of_schema`.

    Args:
        schema: a capsule named ``arrow_schema``.
        array: a capsule named ``arrow_array``.
    """
    *_, release, _private = _read(_ARRAY, _address_of(array, b"arrow_array"))
    return fault_of_schema(schema) if release else _NO_DATA


def fault_of_stream(capsule: object) -> str | None:
    """Say what is wrong with the capsule of a stream. As `fault_of_schema`.

    Args:
        capsule: a capsule named ``arrow_array_stream``.
    """
    address = _address_of(capsule, b"arrow_array_stream")
    get_schema, _next, _error, release, _private = _read(_STREAM, address)
    if not release:
        return _NO_DATA
    room = ctypes.create_string_buffer(_SCHEMA.size)
    if _get_schema_at(get_schema)(address, ctypes.addressof(room)):
        # The stream says itself what is wrong, to whoever reads it.
        return None
    schema = _schema(ctypes.addressof(room))
    try:
        return _fault(schema)
    finally:
        if schema.release:
            _release_at(schema.release)(ctypes.addressof(room))


def _fault(schema: _Schema) -> str | None:
    if not schema.release:
        return _NO_TYPE
    level = [schema]
    for _ in range(MOST_NESTED):
        if not all(_is_utf8(text) for each in level for text in (each.format, each.name)):
            return _NO_UTF8
        level = [_schema(address) for each in level for address in _within(each)]
        if not level:
            return None
    return _TOO_DEEP


def _within(schema: _Schema) -> list[int]:
    """Return the addresses of the types within a type."""
    pointers = struct.Struct(f"@{schema.n_children}P")
    children = _read(pointers, schema.children) if schema.n_children else ()
    return [*children, schema.dictionary] if schema.dictionary else [*children]


def _schema(address: int) -> _Schema:
    form, name, _metadata, _flags, *rest, _private = _read(_SCHEMA, address)
    return _Schema(form, name, *rest)


def _is_utf8(address: int) -> bool:
    """Tell whether a text that ends with a null, or none, is UTF-8."""
    try:
        ctypes.string_at(address or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(form: struct.Struct, address: int) -> tuple[int, ...]:
    return form.unpack(ctypes.string_at(address, form.size))
