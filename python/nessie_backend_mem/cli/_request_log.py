"""The log of ``nessie-mem serve``: one line on standard error for each request."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from nessie_backend_mem.ontap.log import logger, shown

from ._options import print_error

if TYPE_CHECKING:
    from nessie_backend_mem.ontap.log import Log

__all__ = ["FORMS", "warn_as_json"]


def now() -> str:
    """Return the current time as a line shows it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def as_text(method: str, target: str, status: int, size: int, seconds: float) -> None:
    """Print a request for people."""
    print_error(f"{now()} {shown(method, target, status, size, seconds)}")


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
    print_error(json.dumps(request))


FORMS: dict[str, Log] = {"text": as_text, "json": as_json}
"""The function that prints a request, for each form of the log."""


class AsJson(logging.Handler):
    """Prints a record of `logging` as a JSON object."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        level = record.levelname.lower()
        print_error(json.dumps({"time": now(), "level": level, "message": record.getMessage()}))


def warn_as_json() -> None:
    """Print warnings of the server as JSON objects, too."""
    logger.addHandler(AsJson())
    logger.propagate = False
