"""The conformance suite: it finds out whether a backend keeps the contract, rule by rule.

>>> from nessie_backend_mem import MemBackend
>>> from nessie_backend_mem.conformance import run_all
>>> run_all(MemBackend())

A backend is any object with the methods of `nessie_backend_mem.Backend`, or a callable without
arguments that makes one, such as its class: then every case has a new one. An object that holds
volumes already keeps them; the suite takes away what it made.

One test for each case, with pytest::

    import pytest
    from nessie_backend_mem.conformance import cases

    @pytest.mark.parametrize("case", cases())
    def test_my_backend(case):
        case.check(MyBackend)

From a shell, for the class, function or object `MyBackend` of a module that can be imported::

    python -m nessie_backend_mem conformance my_package.my_module:MyBackend

What a backend may leave out: the tiers that `capabilities` does not promise; `find_volume`,
`find_snapshot`, `rename_snapshot`, `restore_snapshot`, `split_clone` and the keywords ``name`` and
``state`` of `patch_volume`. What is left out is skipped, and the report says so.

Something missing may be reported by `VolumeNotFoundError` and `SnapshotNotFoundError`, by any
exception whose ``code`` is theirs, or by returning ``None`` where a record or a list was due. Other
refusals are known by their ``code`` too. `KeyboardInterrupt`, `SystemExit` and the like are never
taken for an answer: they end the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import _core

from .python_cases import PYTHON_CASES
from .report import ConformanceError, Outcome, Report, Result, Rule, Tier, is_failure_of_backend
from .runner import Progress, Run, Source, all_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Case",
    "ConformanceError",
    "Outcome",
    "Progress",
    "Report",
    "Result",
    "Rule",
    "Tier",
    "cases",
    "rules",
    "run",
    "run_all",
]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a backend is held to.

    Attributes:
        name: the theme, a dot, and what is promised.
        tier: the tier without which the case is skipped.
        rules: the rules it checks.
        summary: what it does, in a sentence.
    """

    name: str
    tier: Tier
    rules: tuple[Rule, ...]
    summary: str

    @property
    def __name__(self) -> str:
        """The name: what pytest calls a parameter by."""
        return self.name

    def __str__(self) -> str:
        return self.name

    def check(self, backend: Any, **options: Any) -> None:
        """Hold a backend to this case alone. `options` are those of `run`.

        Raises:
            ConformanceError: the backend breaks a rule.
            unittest.SkipTest: the case does not apply; unittest and pytest understand it.
        """
        __tracebackhide__ = is_failure_of_backend
        report = run(backend, cases=[self.name], **options)
        report.raise_for_failures()
        for result in report.skipped:
            from unittest import SkipTest  # noqa: PLC0415 (slow to import, and seldom needed)

            raise SkipTest(result.message)


def rules() -> tuple[Rule, ...]:
    """Return the sentences of the contract that a backend is held to."""
    return tuple(all_rules().values())


def cases() -> tuple[Case, ...]:
    """Return every case, those about Python alone at the end."""
    by_id = all_rules()
    listed = [
        *_core._conformance_cases(),
        *((case.name, case.tier, case.rules, case.summary) for case in PYTHON_CASES),
    ]
    return tuple(
        Case(name, tier, tuple(by_id[word] for word in ids), summary)
        for name, tier, ids, summary in listed
    )


def run(
    backend: Any,
    *,
    seed: int = 0,
    cases: Iterable[str] = ("*",),
    time_limit: float = 30.0,
    objects: int | None = None,
    threads: int | None = None,
    rounds: int | None = None,
    sequences: int | None = None,
    steps: int | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Report:
    """Hold a backend to the contract and report what came of it.

    Args:
        backend: the backend, or a callable without arguments that makes one for each case.
        seed: where generated sequences come from; 0 to 2**64 - 1.
        cases: names of cases to run; ``*``, ``?`` and ``[...]`` stand for what they do in a shell.
        time_limit: how many seconds one case may take. One that takes longer is abandoned.
        objects: how many volumes, snapshots or clones the `scale` cases create.
        threads: how many threads call at once in the cases about concurrency.
        rounds: how often each race is run.
        sequences: how many sequences of operations are compared with a model.
        steps: how many operations such a sequence has.
        progress: called in the caller's thread as cases begin, go on and end.

    The numbers that are not given suit a backend that answers in microseconds; smaller ones suit
    one that is slow.

    Raises:
        TypeError: `backend` is no backend and makes none.
        ValueError: no case has such a name, or a number is out of range.
        BaseException: what is no `Exception`, as `KeyboardInterrupt`, ends the run.
    """
    selected = select(cases)
    if not 0 < time_limit < 2**63:
        raise ValueError(f"time_limit must be a positive number of seconds, not {time_limit!r}")
    source = Source.of(backend)
    sizes = {
        "objects": objects,
        "threads": threads,
        "rounds": rounds,
        "sequences": sequences,
        "steps": steps,
    }
    for argument, number in {"seed": seed, **sizes}.items():
        if isinstance(number, int) and not 0 <= number < 2**64:
            raise ValueError(f"{argument} must be from 0 to 2**64-1, not {number!r}")
    started = Run(source, selected, progress, seed=seed, time_limit=time_limit, **sizes)
    return started.report(name_of(backend))


def run_all(backend: Any, **options: Any) -> None:
    """Hold a backend to the contract. `options` are those of `run`.

    Raises:
        ConformanceError: the backend breaks a rule; the error says which, in which case, and by
            which shortest sequence of calls.
    """
    __tracebackhide__ = is_failure_of_backend
    run(backend, **options).raise_for_failures()


def select(patterns: Iterable[str]) -> list[str]:
    """Return the names of the cases that match one of the patterns.

    Raises:
        ValueError: a pattern matches none.
    """
    if isinstance(patterns, str):
        patterns = [patterns]
    names = [case.name for case in cases()]
    chosen: set[str] = set()
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            near = get_close_matches(pattern, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"no case is called {pattern!r}{hint}")
        chosen.update(matching)
    return [name for name in names if name in chosen]


def name_of(backend: Any) -> str:
    """Return the name of what is held to the contract."""
    name = getattr(backend, "__name__", None)
    return name if isinstance(name, str) else type(backend).__name__
