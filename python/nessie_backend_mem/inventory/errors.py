"""The error of a cluster that cannot be recorded."""

from __future__ import annotations

__all__ = ["RecordError"]
__dir__ = __all__.copy


class RecordError(Exception):
    """A cluster cannot be recorded: it cannot be reached, refuses a request, or is not ONTAP.

    Args:
        message: Text that names the address, the reason and, where there is one, the fix.
        status: HTTP status of the reply; ``None`` if there was none.
        code: ONTAP's code of the error; ``None`` if there was none.

    Attributes:
        status: As the argument.
        code: As the argument.
    """

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
