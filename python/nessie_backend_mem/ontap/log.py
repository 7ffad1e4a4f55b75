"""The log of a server: its arguments, the form of a line, and the thread that calls it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from nessie_backend_mem._core import _OntapListener

__all__ = ["Log", "Reporter", "log_of", "logger", "shown"]
__dir__ = __all__.copy

logger = logging.getLogger("nessie_backend_mem.ontap")

Log: TypeAlias = Callable[[str, str, int, int, float], object]
"""Called with method, target, status, bytes of the reply and seconds of each request."""

LAST_LINES = 1.0
"""Seconds that the log has for waiting requests when the server is stopped."""

BETWEEN_WARNINGS = 1.0
"""Seconds between two warnings that requests are lost."""


def log_of(log: bool | Log) -> Log | None:
    """Return the function that is called for each request."""
    if log is False:
        return None
    if log is True:
        return to_logger
    if not callable(log):
        raise TypeError(f"log: expected a bool or a callable, not {log!r}")
    return log


def to_logger(method: str, target: str, status: int, size: int, seconds: float) -> None:
    """Log a request."""
    logger.info("%s", shown(method, target, status, size, seconds))


def shown(method: str, target: str, status: int, size: int, seconds: float) -> str:
    """Return a request as text, as ``GET /api/cluster 200 1.4 kB 2.0 ms``."""
    return f"{method} {target} {status} {shown_size(size)} {shown_time(seconds)}"


def shown_size(size: float) -> str:
    """Return bytes with a unit that is a power of 1000."""
    if size < 1000:
        return f"{size} B"
    for unit in ("kB", "MB"):
        size /= 1000
        # 999.95 and more would be rounded to 1000.0.
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} GB"


def shown_time(seconds: float) -> str:
    """Return a duration in milliseconds, or in seconds if it is one second or longer."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.{2 if seconds < 0.001 else 1}f} ms"


class Reporter:
    """Calls the log for each request of a listener, on a separate thread.

    The log may be slow, raise anything, never return, or stop the server. No client waits for it;
    the end of the server waits for one second.
    """

    def __init__(self, listener: _OntapListener, log: Log) -> None:
        """Start to report."""
        self._listener = listener
        # A daemon, so that the interpreter can exit if the log never returns.
        self._thread = threading.Thread(
            target=report, args=(listener, log), name="nessie-ontap-log", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        """Wait until the log has got the waiting requests, then discard those that are left.

        If the log itself calls this, it returns at once, and the log gets the requests afterwards.
        """
        if threading.current_thread() is self._thread:
            return
        self._thread.join(LAST_LINES)
        if self._thread.is_alive():
            self._listener.discard_requests()


def report(listener: _OntapListener, log: Log) -> None:
    """Call the log until the listener has ended and no request waits."""
    reported, quiet_until = 0, 0.0
    while True:
        request = listener.next_request()
        lost = listener.lost_requests
        if lost > reported and (request is None or time.monotonic() >= quiet_until):
            logger.warning(
                "%d requests were not logged: too many wait for the log", lost - reported
            )
            reported, quiet_until = lost, time.monotonic() + BETWEEN_WARNINGS
        if request is None:
            return
        try:
            log(*request)
        except BaseException as error:  # noqa: BLE001 (the thread must continue)
            listener.report_exception(error, log)
