"""Times in documents: RFC 3339 in UTC."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

__all__ = ["as_text", "read_time"]
__dir__ = __all__.copy


def read_time(text: str) -> datetime:
    """Read a time with an offset.

    Raises:
        ValueError: the text is no time, or has no offset.
    """
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    raise ValueError(f"expected a time such as 2026-01-31T12:00:00Z, not {text!r}")


def as_text(time: datetime) -> str:
    """Return the text of a time: whole seconds, or with microseconds where it has any."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
