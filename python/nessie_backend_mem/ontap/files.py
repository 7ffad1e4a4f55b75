"""Files that say where a server is: they appear whole, and are removed with the server."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["publish", "withdraw"]
__dir__ = __all__.copy

LONGEST = 2**16
"""Bytes of an existing file that are looked at. The files written here are shorter."""


def publish(path: Path, content: str, *, mode: int, is_one: Callable[[str], bool]) -> None:
    """Write a file in one step, over an earlier one of its kind only.

    Args:
        path: where.
        content: its text.
        mode: who may read it, as for `os.chmod`; until it is complete, nobody else.
        is_one: whether a text is one of this kind, left behind by a server that was killed.

    Raises:
        FileExistsError: there is something else at `path`.
        OSError: it cannot be written.
    """
    if path.exists() and not (path.is_file() and is_one(beginning(path))):
        reason = "it was not written by a server like this one; remove it or choose another path"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        # About the path that the caller knows.
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def withdraw(path: Path, content: str) -> None:
    """Remove a file that was published, unless another one has replaced it."""
    with suppress(OSError):
        if beginning(path) == content:
            path.unlink()


def beginning(path: Path) -> str:
    """Return the first characters of a file."""
    with path.open("rb") as file:
        return file.read(LONGEST).decode("utf-8", "replace")
