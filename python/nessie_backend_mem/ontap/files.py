"""Files that are written in one step, and those of a running server, removed at its end."""

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
"""The most bytes of an existing file that are read. The files of a server are shorter."""


def publish(
    path: Path,
    content: str,
    *,
    mode: int,
    is_one: Callable[[str], bool],
    refusal: str = "it was not written by a server like this one",
) -> None:
    """Write a file in one step. An existing file is replaced only if it is of the same kind.

    Args:
        path: path of the file.
        content: text of the file.
        mode: permissions as for `os.chmod`. Until the file is complete, only its owner can read it.
        is_one: whether a text is of this kind; a server that was killed leaves its files. It gets
            the beginning of the file.
        refusal: why another file is not replaced.

    Raises:
        FileExistsError: `path` is something else.
        OSError: the file cannot be written.
    """
    if path.exists() and not (path.is_file() and is_one(beginning(path))):
        reason = f"{refusal}; remove it or choose another path"
        raise FileExistsError(errno.EEXIST, reason, str(path))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        # The caller's path, not the temporary one.
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
    """Remove a published file, unless another file has replaced it."""
    with suppress(OSError):
        if beginning(path) == content:
            path.unlink()


def beginning(path: Path) -> str:
    """Return the first characters of a file."""
    with path.open("rb") as file:
        return file.read(LONGEST).decode("utf-8", "replace")
