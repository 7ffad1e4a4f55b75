"""The cases about Python, and the decorator that adds one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from nessie_backend_mem.conformance.recorder import Recorder
    from nessie_backend_mem.conformance.report import Tier

__all__ = ["PYTHON_CASES", "PythonCase", "case"]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class PythonCase:
    """A test that only applies to backends in Python."""

    name: str
    tier: Tier
    rules: tuple[str, ...]
    summary: str
    body: Callable[[Recorder], None]


PYTHON_CASES: list[PythonCase] = []

Body = TypeVar("Body", bound="Callable[[Recorder], None]")


def case(*rules: str, tier: Tier = "volumes") -> Callable[[Body], Body]:
    """Turn a function into a case with its name and its docstring."""

    def add(body: Body) -> Body:
        summary = (body.__doc__ or "").strip()
        name = f"python.{body.__name__}"
        PYTHON_CASES.append(PythonCase(name, tier, rules, summary, body))
        return body

    return add
