"""The backend of one SVM: what `MemBackend.from_inventory` returns."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from .files import read, refuse
from .load import build

if TYPE_CHECKING:
    from nessie_backend_mem import MemBackend

    from .files import Source

__all__ = ["backend_of"]
__dir__ = __all__.copy


def backend_of(path_or_file: Source, svm: str | None, seed: int | None) -> MemBackend:
    """Return the backend of an SVM, and warn of what it cannot represent."""
    if svm is not None and not isinstance(svm, str):
        raise TypeError(f"svm must be a str, not {type(svm).__name__}")
    document = read(path_or_file)
    names = [each["name"] for each in document["svms"]]
    choice = ", ".join(map(repr, names)) or "none"
    if svm is None and len(names) != 1:
        refuse(f"it has {len(names)} SVMs, so svm must name one: {choice}")
    if svm is not None and svm not in names:
        refuse(f"it has no SVM {svm!r}; it has {choice}")
    chosen = names[0] if svm is None else svm
    svms = [each for each in document["svms"] if each["name"] == chosen]
    inventory = build({**document, "svms": svms}, seed)
    if omitted := len(inventory.omitted) + len(inventory.attributes):
        noun = "object or field is" if omitted == 1 else "objects or fields are"
        warnings.warn(
            f"{omitted} {noun} not represented; nessie_backend_mem.inventory.load() lists them",
            stacklevel=2,
        )
    return inventory.backends[chosen]
