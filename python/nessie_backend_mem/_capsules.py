"""What can be wrong with a capsule of the Arrow PyCapsule interface before it is read.

The reader of Arrow's types calls itself for each type within a type, so one that is nested deep
enough would end the process. Nor may a capsule be read twice: reading moves its content out.
"""

import ctypes
from collections.abc import Callable
from typing import Final

MOST_NESTED: Final = 64
"""How many types may lie within each other; other readers of Arrow have the same limit."""

_NO_SCHEMA: Final = "has no type: its capsule was read before"
_NO_DATA: Final = "has no data: its capsule was read before"
_TOO_DEEP: Final = f"has types that are nested more than {MOST_NESTED} deep"

# A function of its own: what a caller sets on an attribute of `pythonapi`, all callers share.
_pointer_of: Callable[[object, bytes], int] = ctypes.PYFUNCTYPE(
    ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p
)(("PyCapsule_GetPointer", ctypes.pythonapi))
_GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Schema(ctypes.Structure):
    """Arrow's ``struct ArrowSchema``."""

    _fields_ = (
        ("format", ctypes.c_void_p),
        ("name", ctypes.c_void_p),
        ("metadata", ctypes.c_void_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Array(ctypes.Structure):
    """Arrow's ``struct ArrowArray``."""

    _fields_ = (
        ("numbers", ctypes.c_int64 * 5),
        ("buffers", ctypes.c_void_p),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Stream(ctypes.Structure):
    """Arrow's ``struct ArrowArrayStream``."""

    _fields_ = (
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.c_void_p),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


def fault_of_schema(capsule: object) -> str | None:
    """Say what is wrong with a capsule of a type.

    Args:
        capsule: a capsule named ``arrow_schema``.

    Returns:
        What is wrong, to be put behind the name of what has the type; None if nothing is.

    Raises:
        ValueError: it is another capsule, or none.
    """
    return _fault(_Schema.from_address(_pointer_of(capsule, b"arrow_schema")))


def fault_of_array(schema: object, array: object) -> str | None:
    """Say what is wrong with the capsules of an array. As `fault_of_schema`.

    Args:
        schema: a capsule named ``arrow_schema``.
        array: a capsule named ``arrow_array``.
    """
    if not _Array.from_address(_pointer_of(array, b"arrow_array")).release:
        return _NO_DATA
    return fault_of_schema(schema)


def fault_of_stream(capsule: object) -> str | None:
    """Say what is wrong with the capsule of a stream. As `fault_of_schema`.

    Args:
        capsule: a capsule named ``arrow_array_stream``.
    """
    address = _pointer_of(capsule, b"arrow_array_stream")
    stream = _Stream.from_address(address)
    if not stream.release:
        return _NO_DATA
    schema = _Schema()
    if _GET_SCHEMA(stream.get_schema)(address, ctypes.addressof(schema)):
        # The stream says itself what is wrong, to whoever reads it.
        return None
    try:
        return _fault(schema)
    finally:
        if schema.release:
            _RELEASE(schema.release)(ctypes.addressof(schema))


def _fault(schema: _Schema) -> str | None:
    if not schema.release:
        return _NO_SCHEMA
    level = [schema]
    for _ in range(MOST_NESTED):
        level = [_Schema.from_address(address) for each in level for address in _within(each)]
        if not level:
            return None
    return _TOO_DEEP


def _within(schema: _Schema) -> list[int]:
    """Return the addresses of the types within a type."""
    pointers = ctypes.c_void_p * schema.n_children
    found = list(pointers.from_address(schema.children)) if schema.n_children else []
    return [*found, schema.dictionary] if schema.dictionary else found
