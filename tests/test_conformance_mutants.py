"""The suite accepts `Strict`, and rejects each backend that is `Strict` with one fault."""

from __future__ import annotations

import pytest
from faulty_backends import FAULTS, Racing
from nessie_backend_mem.conformance import Result, cases, run, run_all
from strict_backend import Strict

pytestmark = pytest.mark.slow

TIME_LIMIT = 300.0  # A loaded machine must not decide.
SLOW_THEMES = {"histories", "scale", "concurrency", "model"}


def parts(backend: type[Strict]) -> list[str]:
    """Return patterns that select all cases: first the theme that is likely to find the fault."""
    first = "concurrency" if issubclass(backend, Racing) else "python"
    themes = {case.name: case.name.partition(".")[0] for case in cases()}
    quick = {f"{theme}.*": None for theme in themes.values() if theme not in SLOW_THEMES}
    slow = [name for name, theme in themes.items() if theme in SLOW_THEMES]
    return sorted([*quick, *slow], key=lambda part: not part.startswith(first))


def first_failure(backend: type[Strict]) -> Result | None:
    for part in parts(backend):
        report = run(backend, cases=[part], time_limit=TIME_LIMIT)
        if report.failures:
            return report.failures[0]
    return None


def test_the_strict_backend_is_accepted() -> None:
    run_all(Strict, time_limit=TIME_LIMIT)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str) -> None:
    backend, rule = FAULTS[name]
    failure = first_failure(backend)
    assert failure is not None, f"{name} is accepted, and breaks {rule}"
    assert failure.rules
