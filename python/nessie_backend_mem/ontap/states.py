"""What a server of the command line begins with, and what it leaves: seed files and dumps."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend, NessieError

from .planting import PlantingError, plant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Dumps", "StateError", "load"]

DUMP = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:')
"""How a dump begins, and no seed file does."""


class StateError(Exception):
    """A file cannot be loaded, or not be dumped to."""


def load(backends: dict[str, MemBackend], files: Iterable[str]) -> set[str]:
    """Load each file, ``PATH`` or ``SVM=PATH``; return the SVMs whose clock now stands still.

    A dump takes the place of an SVM's backend. What seed files say is made afterwards.

    Raises:
        StateError: a file cannot be read, is neither a dump nor a seed file, or is for no SVM.
    """
    seeds: list[str] = []
    loaded: dict[str, str] = {}
    standing: set[str] = set()
    for text in files:
        svm, path = split("--load", text, backends)
        try:
            header = header_of(path)
            if header is None:
                refuse_svm(svm)
                seeds.append(path)
                continue
            svm = the_one(svm, path, backends)
            refuse_second(svm, loaded)
            backends[svm] = MemBackend.load(path)
        except (StateError, NessieError, OSError) as error:
            raise StateError(f"--load: {path}: {reason(error)}") from error
        loaded[svm] = path
        if header.get("clock") == "standing":
            standing.add(svm)
    for path in seeds:
        try:
            plant(backends, json.loads(Path(path).read_text("utf-8-sig")))
        except PlantingError as error:
            raise StateError(f"--load: {path}: {error}") from error
        except (ValueError, RecursionError) as error:
            kinds = "neither a dump nor a seed file"
            raise StateError(f"--load: {path}: it is {kinds}: {error}") from error
    return standing


class Dumps:
    """The files to which SVMs are dumped at the end."""

    def __init__(self, svms: Iterable[str], files: Iterable[str]) -> None:
        """Read each file, ``PATH`` or ``SVM=PATH``.

        Raises:
            StateError: a file is for no SVM, is given twice, or cannot be written.
        """
        names = list(svms)
        self._paths: dict[Path, str] = {}
        for text in files:
            svm, spelled = split("--dump", text, names)
            path = Path(spelled).absolute()
            try:
                svm = the_one(svm, spelled, names)
                check_writable(path, self._paths)
            except StateError as error:
                raise StateError(f"--dump: {spelled}: {error}") from error
            self._paths[path] = svm

    def write(self, backends: Mapping[str, Any]) -> list[str]:
        """Write all of them; return what went wrong."""
        failures = []
        for path, svm in self._paths.items():
            try:
                backends[svm].dump(path)
            except OSError as error:
                failures.append(f"--dump: {path}: {reason(error)}")
        return failures


def split(option: str, text: str, svms: Iterable[str]) -> tuple[str | None, str]:
    """Take ``SVM=PATH`` apart; what stands before the sign is an SVM only if there is one."""
    svm, sign, path = text.partition("=")
    parts = (svm, path) if sign and svm in svms else (None, text)
    if not parts[1]:
        raise StateError(f"{option}: {text!r} names no file")
    return parts


def the_one(svm: str | None, path: str, svms: Iterable[str]) -> str:
    """Return the SVM of a dump: the one that is named, or the only one."""
    names = list(svms)
    if svm is None and len(names) > 1:
        raise StateError(f"a dump is of one SVM; say SVM={path} with one of {', '.join(names)}")
    return names[0] if svm is None else svm


def refuse_svm(svm: str | None) -> None:
    """Refuse to load a seed file into one SVM."""
    if svm is not None:
        raise StateError("a seed file names its SVMs itself; leave SVM= out")


def refuse_second(svm: str, loaded: Mapping[str, str]) -> None:
    """Refuse a second dump of an SVM."""
    if svm in loaded:
        raise StateError(f"the SVM {svm!r} was loaded from {loaded[svm]} already")


def header_of(path: str) -> dict[str, Any] | None:
    """Return the first line of a dump as far as it can be read; None for another file."""
    with Path(path).open("rb") as file:
        line = file.readline()
    if not DUMP.match(line):
        return None
    try:
        header = json.loads(line)
    except ValueError:
        return {}  # Loading it says what is wrong.
    return header if isinstance(header, dict) else {}


def check_writable(path: Path, others: Mapping[Path, str]) -> None:
    """Refuse a path to which nothing can be written: at the end it is too late."""
    if path in others:
        raise StateError("it is given twice")
    if path.is_dir():
        raise StateError("it is a directory")
    if not path.parent.is_dir():
        raise StateError(f"there is no directory {str(path.parent)!r}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise StateError(f"the directory {str(path.parent)!r} cannot be written to")


def reason(error: Exception) -> str:
    """Return what went wrong, without the path, which stands before it."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
