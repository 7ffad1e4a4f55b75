"""Shared by the commands: types of options, errors, and output."""

from __future__ import annotations

import math
import os
import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from nessie_backend_mem._sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "UsageError",
    "integer",
    "path_error",
    "print_error",
    "probability",
    "seconds",
    "seed",
    "size",
]

LONGEST = 2.0**63


class UsageError(Exception):
    """An argument cannot be used. The text names it, as ``argument --svm: it is empty``."""


def integer(first: int, last: int | None = None) -> Callable[[str], int]:
    """Return the type of an option that is an integer from `first` to `last`."""
    expected = f"an integer from {first}" + (" up" if last is None else f" to {last}")

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = first - 1
        if number < first or (last is not None and number > last):
            raise ArgumentTypeError(f'expected {expected}, not "{text}"')
        return number

    return read


seed = integer(0, 2**64 - 1)
"""The type of the option ``--seed``."""


def size(text: str) -> int:
    """Read a size in bytes, which may have a unit."""
    try:
        number = parse_size(text)
    except ValueError:
        number = 0
    if not 0 < number < 2**64:
        expected = "a size such as 500TiB or 50GB, from 1 to 2^64-1 bytes"
        raise ArgumentTypeError(f'expected {expected}, not "{text}"')
    return number


def seconds(text: str) -> float:
    """Read a duration, which is above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < LONGEST:
        raise ArgumentTypeError(f'expected a positive number of seconds, not "{text}"')
    return number


def probability(text: str) -> float:
    """Read a probability."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f'expected a number from 0 to 1, not "{text}"')
    return number


def path_error(path: Path) -> str | None:
    """Return why a file cannot be written to `path`; None if no reason is known yet."""
    path = path.absolute()
    if path.is_dir():
        return "it is a directory"
    if not path.parent.is_dir():
        return f"directory {str(path.parent)!r} does not exist"
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"the directory {str(path.parent)!r} cannot be written to"
    return None


def print_error(text: str) -> None:
    """Print to standard error."""
    print(text.rstrip(), file=sys.stderr, flush=True)
