"""The lines that the command line prints of each request, on the standard error."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING

from .log import logger, shown

if TYPE_CHECKING:
    from .log import Log

__all__ = ["FORMS", "warn_as_json"]


def now() -> str:
    """Return the time of a line."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def as_text(method: str, target: str, status: int, size: int, seconds: float) -> None:
    """Print a request for people."""
    write(f"{now()} {shown(method, target, status, size, seconds)}")


def as_json(method: str, target: str, status: int, size: int, seconds: float) -> None:
    """Print a request as a JSON object."""
    request = {
        "time": now(),
        "method": method,
        "target": target,
        "status": status,
        "bytes": size,
        "seconds": round(seconds, 6),
    }
    write(json.dumps(request))


FORMS: dict[str, Log] = {"text": as_text, "json": as_json}
"""Each form of the log, and what prints a request in it."""


class AsJson(logging.Handler):
    """Prints a record of `logging` as a JSON object."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        level = record.levelname.lower()
        write(json.dumps({"time": now(), "level": level, "message": record.getMessage()}))


def warn_as_json() -> None:
    """Let warnings of the server be JSON objects too."""
    logger.addHandler(AsJson())
    logger.propagate = False


def write(line: str) -> None:
    """Print a line."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (the output asked for)
