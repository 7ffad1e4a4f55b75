"""Hypothesis profiles and the fixtures every file shares.

The profile is the environment variable HYPOTHESIS_PROFILE: `dev` (the default) looks for something
new on every run and remembers what failed, `ci` repeats the same examples every time, `brief` does
so with fewer, `thorough` searches long. Each prints what it needs to reproduce a failure.
"""

from __future__ import annotations

import os
from typing import Any

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


def pytest_report_header() -> str:
    return f"nessie_backend_mem: {nessie_backend_mem.__file__}"


@pytest.fixture
def backend() -> MemBackend:
    """An empty backend that does the same on every run."""
    return MemBackend(seed=1)
