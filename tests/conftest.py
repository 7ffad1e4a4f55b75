"""Hypothesis profiles and shared fixtures.

The profile is the environment variable HYPOTHESIS_PROFILE: `dev` (the default) tries new examples
on every run and repeats failed ones, `ci` uses the same examples on every run, `brief` does so with
fewer, `thorough` uses many. Each prints how to reproduce a failure.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import nessie_backend_mem
import pytest
from hypothesis import HealthCheck, settings
from nessie_backend_mem import MemBackend

COMMON: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("dev", max_examples=40, stateful_step_count=30, **COMMON)
SAME_EVERY_TIME: dict[str, Any] = {"derandomize": True, "database": None, **COMMON}
settings.register_profile("ci", max_examples=50, stateful_step_count=40, **SAME_EVERY_TIME)
settings.register_profile("brief", max_examples=20, stateful_step_count=30, **SAME_EVERY_TIME)
settings.register_profile("thorough", max_examples=3000, stateful_step_count=100, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell starts its background jobs with SIGINT ignored, and their children ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives each test the same name in every process, because pytest-xdist compares the names.

    `ids=repr` would show addresses of objects, and sets in varying order.
    """
    for marker in metafunc.definition.iter_markers("parametrize"):
        ids = marker.kwargs.get("ids")
        if callable(ids):
            cast("dict[str, Any]", marker.kwargs)["ids"] = alike_everywhere(ids)


def alike_everywhere(ids: Callable[[object], object]) -> Callable[[object], object]:
    def name(value: object) -> object:
        if isinstance(value, (set, frozenset)):
            return f"{{{', '.join(sorted(map(repr, value)))}}}"
        text = ids(value)
        return re.sub(r" at 0x[0-9a-f]+", "", text) if isinstance(text, str) else text

    return name


def pytest_report_header() -> str:
    return f"nessie_backend_mem: {nessie_backend_mem.__file__}"


@pytest.fixture
def backend() -> MemBackend:
    """An empty seeded backend."""
    return MemBackend(seed=1)


@pytest.fixture
def switch_often() -> Iterator[None]:
    """Makes the interpreter switch threads a thousand times more often than usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)
