"""Exceptions that one thread raises in others."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["raise_in"]


def raise_in(threads: Iterable[int], error: type[BaseException]) -> None:
    """Raise an exception in other threads, as soon as they run Python code.

    A thread that waits outside Python is interrupted when it returns. Without `ctypes`, this has no
    effect.

    Args:
        threads: Identifiers of the threads, as `threading.get_ident` returns them.
        error: The class of the exception.
    """
    try:
        import ctypes  # noqa: PLC0415 (rarely needed, and missing on some systems)
    except ImportError:
        return
    own = threading.get_ident()
    request = ctypes.pythonapi.PyThreadState_SetAsyncExc
    for thread in threads:
        request(ctypes.c_ulong(thread), ctypes.py_object(error))
    if sys.version_info < (3, 12):
        # While a request is pending, Python 3.11 runs no traced function in any thread: coverage
        # and debuggers would hang. A request that is served ends this state.
        try:
            request(ctypes.c_ulong(own), ctypes.py_object(error))
            for _ in range(1_000_000):
                pass
        except error:
            pass
