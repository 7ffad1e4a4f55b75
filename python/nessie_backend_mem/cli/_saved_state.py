"""The files that ``nessie-mem serve`` loads when it starts and writes when it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from nessie_backend_mem import MemBackend, NessieError, inventory
from nessie_backend_mem.inventory.files import LONGEST_BEGINNING, is_beginning
from nessie_backend_mem.ontap import seed

from ._options import UsageError, path_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nessie_backend_mem.inventory import Inventory

__all__ = ["Dumps", "load", "load_inventory"]

DUMP = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:')
"""The beginning of every dump, and of no seed file."""


def load_inventory(files: Iterable[str], seed: int | None) -> Inventory | None:
    """Load the inventory among the files; return None if there is none.

    Raises:
        UsageError: there are two inventories, or one is invalid.
    """
    found = None
    for path in files:
        if not holds_inventory(path):
            continue
        if found is not None:
            refuse("--load", path, "it is the second inventory, and a server has one")
        try:
            found = inventory.load(path, seed=seed)
        except (NessieError, OSError) as error:
            refuse("--load", path, error)
    return found


def holds_inventory(path: str) -> bool:
    """Whether a file is an inventory. Those that cannot be read are none."""
    try:
        with Path(path).open("rb") as file:
            return is_beginning(file.read(LONGEST_BEGINNING).decode("utf-8", "replace"))
    except OSError:
        return False


def load(backends: dict[str, MemBackend], files: Iterable[str]) -> set[str]:
    """Load each file, ``PATH`` or ``SVM=PATH``; return the SVMs whose clock is stopped.

    A dump replaces the backend of an SVM. Seed files are loaded after all dumps. Inventories are
    passed over: `load_inventory` loads them.

    Raises:
        UsageError: a file cannot be read, is neither a dump nor a seed file, or is for no SVM.
    """
    seeds: list[str] = []
    loaded: dict[str, str] = {}
    standing: set[str] = set()
    for argument in files:
        svm, path = split("--load", argument, backends)
        if holds_inventory(path):
            if svm is not None:
                refuse("--load", path, "an inventory names its SVMs itself; leave out SVM=")
            continue
        try:
            header = header_of(path)
        except OSError as error:
            refuse("--load", path, error)
        if header is None:
            if svm is not None:
                refuse("--load", path, "a seed file names its SVMs itself; leave out SVM=")
            seeds.append(path)
            continue
        svm = svm_of("--load", svm, path, backends)
        if svm in loaded:
            refuse("--load", path, f"the SVM {svm!r} was already loaded from {loaded[svm]}")
        try:
            backends[svm] = MemBackend.load(path)
        except (NessieError, OSError) as error:
            refuse("--load", path, error)
        loaded[svm] = path
        if header.get("clock") == "standing":
            standing.add(svm)
    for path in seeds:
        try:
            seed.load(backends, json.loads(Path(path).read_text("utf-8-sig")))
        except seed.SeedFileError as error:
            refuse("--load", path, error)
        except (ValueError, RecursionError) as error:
            refuse("--load", path, f"it is neither a dump nor a seed file: {error}")
    return standing


class Dumps:
    """The files to which SVMs are dumped at the end."""

    def __init__(self, svms: Iterable[str], files: Iterable[str]) -> None:
        """Read each argument, ``PATH`` or ``SVM=PATH``.

        Raises:
            UsageError: a file is for no SVM, is given twice, or cannot be written.
        """
        names = list(svms)
        self._svms: dict[Path, str] = {}
        for argument in files:
            svm, spelled = split("--dump", argument, names)
            path = Path(spelled).absolute()
            svm = svm_of("--dump", svm, spelled, names)
            # At the end, the user could not correct it.
            if problem := "it is given twice" if path in self._svms else path_error(path):
                refuse("--dump", spelled, problem)
            self._svms[path] = svm

    def write(self, backends: Mapping[str, Any]) -> list[str]:
        """Write all files; return the errors."""
        errors = []
        for path, svm in self._svms.items():
            if svm not in backends:
                errors.append(f"argument --dump: {path}: the SVM {svm!r} was deleted or renamed")
                continue
            try:
                backends[svm].dump(path)
            except OSError as error:
                errors.append(f"argument --dump: {path}: {reason(error)}")
        return errors


def split(option: str, argument: str, svms: Iterable[str]) -> tuple[str | None, str]:
    """Split ``SVM=PATH``; the part before the sign is an SVM only if one has this name."""
    svm, sign, path = argument.partition("=")
    parts = (svm, path) if sign and svm in svms else (None, argument)
    if not parts[1]:
        raise UsageError(f"argument {option}: {argument!r} names no file")
    return parts


def svm_of(option: str, svm: str | None, path: str, svms: Iterable[str]) -> str:
    """Return the SVM of a dump: the named one, or the only one."""
    names = list(svms)
    if svm is None and len(names) > 1:
        choice = " or ".join(names)
        refuse(option, path, f"a dump is of one SVM; write SVM=PATH, where SVM is {choice}")
    return names[0] if svm is None else svm


def header_of(path: str) -> dict[str, Any] | None:
    """Return the first line of a dump, empty if it is damaged; None for other files."""
    with Path(path).open("rb") as file:
        line = file.readline()
    if not DUMP.match(line):
        return None
    try:
        header = json.loads(line)
    except ValueError:
        return {}  # The error of `MemBackend.load` is better.
    return header if isinstance(header, dict) else {}


def refuse(option: str, path: str, problem: str | Exception) -> NoReturn:
    """Raise the error of an option and a file."""
    raise UsageError(f"argument {option}: {path}: {reason(problem)}")


def reason(problem: str | Exception) -> str:
    """Return the text of a problem; that of an `OSError` without the path."""
    return (isinstance(problem, OSError) and problem.strerror) or str(problem)
