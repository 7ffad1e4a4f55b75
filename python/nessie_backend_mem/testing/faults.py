"""Hypothesis strategies for faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from nessie_backend_mem import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

__all__ = ["fault_plans", "faults"]
__dir__ = __all__.copy

OPERATIONS = (
    *("create_volume", "create_snapshot", "create_clone", "patch_volume", "delete_snapshot"),
    *("delete_volume", "*"),
)
ERRORS = ("timeout", "substrate")
MOST = 3
"""The largest count."""
MOST_FAULTS = 4
LONGEST_DELAY = 3600


def faults(
    *,
    operations: Sequence[str] = OPERATIONS,
    errors: Sequence[str | Exception | type[Exception]] = ERRORS,
    delays: bool = False,
) -> SearchStrategy[Fault]:
    """Return faults, each with an error. Each hits at most 3 calls, so that retries end.

    They shrink to the first operation and the first error, before the operation, of the first call.

    Args:
        operations: Patterns for operations.
        errors: Values of the argument `error` of a `Fault`.
        delays: Whether some faults have a delay of at most an hour in place of an error. On a
            backend without a seed the test waits.
    """
    outcomes: SearchStrategy[dict[str, Any]]
    outcomes = st.fixed_dictionaries({"error": st.sampled_from(errors)})
    if delays:
        outcomes |= st.fixed_dictionaries({"delay": st.integers(1, LONGEST_DELAY)})
    counts: dict[str, SearchStrategy[Any]] = {
        "when": st.sampled_from(("before", "after")),
        "after": st.integers(0, MOST),
        "times": st.integers(1, MOST),
        "every": st.integers(1, MOST),
    }
    return st.builds(
        lambda operation, outcome, counts: Fault(operation, **outcome, **counts),
        st.sampled_from(operations),
        outcomes,
        st.fixed_dictionaries(counts),
    )


def fault_plans(
    *,
    operations: Sequence[str] = OPERATIONS,
    errors: Sequence[str | Exception | type[Exception]] = ERRORS,
    delays: bool = False,
) -> SearchStrategy[list[Fault]]:
    """Return lists of at most 4 faults, for ``backend.inject(*plan)``. Some are empty.

    They shrink to fewer faults, and then to simpler ones.

    Args:
        operations: As in `faults`.
        errors: As in `faults`.
        delays: As in `faults`.
    """
    each = faults(operations=operations, errors=errors, delays=delays)
    return st.lists(each, max_size=MOST_FAULTS)
