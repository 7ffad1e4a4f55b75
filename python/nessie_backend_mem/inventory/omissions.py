"""The list of what is not represented."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .result import Omission

__all__ = ["Omissions"]
__dir__ = __all__.copy


class Omissions:
    """Adds to the list, for one SVM or for the cluster."""

    def __init__(self, omitted: list[Omission], svm: str | None = None) -> None:
        """Add to `omitted` what belongs to `svm`; to the cluster if it is None."""
        self.omitted = omitted
        self.svm = svm

    def add(self, kind: str, name: str, reason: str, field: str | None = None) -> None:
        """Add an object, or one field of it."""
        omission: Omission = {"kind": kind, "name": name, "reason": reason}
        if self.svm is not None:
            omission["svm"] = self.svm
        if field is not None:
            omission["field"] = field
        self.omitted.append(omission)
