"""The conformance suite: tests whether a backend keeps the contract, rule by rule.

>>> from nessie_backend_mem import MemBackend
>>> from nessie_backend_mem.conformance import run_all
>>> run_all(MemBackend())

Pass a backend, or a callable without arguments that makes one, such as a
class. With a callable, every case gets a new backend, and one case makes
three and tests that they are independent. If all backends have the same
storage behind them, pass one object. A backend that is passed may already
have volumes: the suite keeps them and deletes what it has created.
`nessie_backend_mem.protocols` says what a backend is.

One test per case, with pytest:

    import pytest
    from nessie_backend_mem.conformance import cases

    @pytest.mark.parametrize("case", cases())
    def test_my_backend(case):
        case.check(MyBackend)

The name of a case is part of the name of its test. `pytest --junitxml=report.xml` writes the
results for a CI server: one test for each case, a failure with its rules and calls.

From a shell, for the class, function or object `MyBackend` of a module that
can be imported:

    python -m nessie_backend_mem conformance my_package.my_module:MyBackend

These may be missing; their cases are then skipped, and the report says so:
the tiers that are false in `capabilities`; `find_volume`, `find_snapshot`,
`rename_snapshot`, `restore_snapshot`, `split_clone`, `space`; the keywords
``name`` and ``state`` of `patch_volume`. Pass what your backend has as
`expect`: then a case that would be skipped because it is missing fails, as in
``run(MyBackend, expect=["clones", "split"])``. `features` returns the words.

A correct backend may differ from `MemBackend` in these: a list is any
`collections.abc.Sequence`; `used_bytes`, `size_consumed` and the numbers of
`space` may differ in each call, and records may lack `used_bytes`; values may
be of subclasses of `str` and `int`, while a record is exactly a `dict`;
records may lack `create_time`; access handles are of any kind in
`nessie_backend_mem.records`; exceptions may be of other packages.

A run makes about 150 000 calls, most of them in the cases `model.*` and
`concurrency.*`. Smaller numbers suit a slow backend, or one with many
volumes. This run makes about 35 000 calls, and no case more than 1 500:

    run(backend, objects=10, threads=2, rounds=1, sequences=2, steps=20)

It takes six minutes at 10 ms a call. The suite lists all volumes after most
calls: with 500 of them in the backend a run takes half a minute, with 5 000
five minutes. With the same numbers, these cases take less than a minute at
10 ms a call:

    cases=["model.*", "snapshots.*", "errors.*", "create_volume.*"]

A backend may report a missing object with `VolumeNotFoundError` or
`SnapshotNotFoundError`, with any exception that has the same ``code``, or
by returning ``None`` in place of a record or a list. Other errors are
recognised by their ``code``, too. `KeyboardInterrupt`, `SystemExit` and
other exceptions that are not an `Exception` end the run.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import _core

from .python_cases import PYTHON_CASES
from .report import ConformanceError, Outcome, Report, Result, Rule, Tier, is_failure_of_backend
from .runner import FEATURES, Progress, Run, Source, all_rules

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
    "features",
    "rules",
    "run",
    "run_all",
]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class Case:
    """One test of the suite.

    Attributes:
        name: Theme and promise, separated by a dot.
        tier: Tier that the case needs; a backend without it skips the case.
        rules: Rules that the case checks.
        summary: What the case does, in one sentence.
    """

    name: str
    tier: Tier
    rules: tuple[Rule, ...]
    summary: str

    @property
    def __name__(self) -> str:
        """The name, which pytest shows as the parameter's id."""
        return self.name

    def __str__(self) -> str:
        return self.name

    def check(self, backend: Any, **options: Any) -> None:
        """Run this case on a backend.

        A case that half of the time limit cuts short issues a `UserWarning`.

        Args:
            backend: A backend, or a callable without arguments that makes one.
            **options: Keyword arguments of `run`, except `cases`.

        Raises:
            ConformanceError: The backend breaks a rule.
            unittest.SkipTest: The case does not apply. unittest and pytest report a skipped test.
        """
        __tracebackhide__ = is_failure_of_backend
        report = run(backend, cases=[self.name], **options)
        report.raise_for_failures()
        warn_of_cut_short(report)
        for result in report.skipped:
            from unittest import SkipTest  # noqa: PLC0415 (slow to import, and seldom needed)

            raise SkipTest(result.message)


def rules() -> tuple[Rule, ...]:
    """Return all rules of the contract."""
    return tuple(all_rules().values())


def cases() -> tuple[Case, ...]:
    """Return all cases, those about Python last."""
    by_id = all_rules()
    listed = [
        *_core._conformance_cases(),
        *((case.name, case.tier, case.rules, case.summary) for case in PYTHON_CASES),
    ]
    return tuple(
        Case(name, tier, tuple(by_id[word] for word in ids), summary)
        for name, tier, ids, summary in listed
    )


def features() -> tuple[str, ...]:
    """Return the words for what a backend may lack, as `run` expects them.

    `snapshots` and `clones` are the tiers; ``"name"``, ``"state"`` and ``"restricted"`` are patches
    of a volume; ``"rename"``, ``"restore"`` and ``"split"`` are `rename_snapshot`,
    `restore_snapshot` and `split_clone`; ``"space"`` is the method of that name. A backend that is
    used in Python may also lack `find_volume` and `find_snapshot`.
    """
    return tuple(feature.word for feature in FEATURES)


def run(
    backend: Any,
    *,
    seed: int = 0,
    cases: Iterable[str] = ("*",),
    expect: Iterable[str] = (),
    time_limit: float = 30.0,
    objects: int | None = None,
    threads: int | None = None,
    rounds: int | None = None,
    sequences: int | None = None,
    steps: int | None = None,
    maxfail: int | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Report:
    """Run cases on a backend and report their outcomes.

    The defaults of `objects`, `threads`, `rounds`, `sequences` and `steps` suit a backend that
    answers in microseconds. Use smaller numbers for a slow backend.

    Args:
        backend: A backend, or a callable without arguments that makes one for each case.
        seed: Seed of the generated sequences, 0 to 2**64 - 1.
        cases: Names of the cases to run, or patterns with ``*``, ``?`` and ``[...]``.
        expect: What the backend must have; see `features`. A case that would be skipped because it
            is missing fails instead. Names in reports, such as ``"rename_snapshot"``, are accepted.
        time_limit: Seconds that one case may take. A case that takes longer is abandoned. At half
            of it, a case of generated sequences or of repeated races is cut short.
        objects: Number of volumes, snapshots and clones in the `scale` cases.
        threads: Number of threads in the cases about concurrency.
        rounds: Number of repetitions of each race.
        sequences: Number of sequences of operations that are compared with a model.
        steps: Number of operations in each sequence.
        maxfail: Number of failures after which the run ends; the remaining cases are skipped. If it
            is None, every case runs.
        progress: Called in the caller's thread when a case starts, while it runs and when it ends.

    Returns:
        A report with one result per case.

    Raises:
        TypeError: `backend` is not a backend, and calling it does not make one.
        ValueError: A pattern matches no case, `expect` has an unknown word, or a number is out of
            range.
        KeyboardInterrupt: The user pressed Ctrl-C. It ends the run, as do `SystemExit` and other
            exceptions of the backend that are not an `Exception`.
    """
    selected = select(cases)
    expected = words(expect)
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
    if isinstance(maxfail, int) and maxfail < 1:
        raise ValueError(f"maxfail must be at least 1, not {maxfail!r}")
    options = {"seed": seed, "time_limit": time_limit, **sizes}
    started = Run(source, selected, expected, progress, maxfail, **options)
    return started.report(name_of(backend))


def run_all(backend: Any, **options: Any) -> None:
    """Run the suite on a backend, and raise an exception if a case fails.

    A case that half of the time limit cuts short issues a `UserWarning`.

    Args:
        backend: A backend, or a callable without arguments that makes one for each case.
        **options: Keyword arguments of `run`.

    Raises:
        ConformanceError: The backend breaks a rule. The error names the case and the rule, and has
            the shortest sequence of calls that shows it.
    """
    __tracebackhide__ = is_failure_of_backend
    report = run(backend, **options)
    report.raise_for_failures()
    warn_of_cut_short(report)


def warn_of_cut_short(report: Report) -> None:
    """Warn the caller's caller of each case that found nothing and was not complete."""
    for result in report.cut_short:
        warnings.warn(f"{result.case} was cut short: {result.message}", stacklevel=3)


def select(patterns: Iterable[str]) -> list[str]:
    """Return the names of the cases that match one of the patterns.

    Raises:
        ValueError: A pattern matches no case.
    """
    if isinstance(patterns, str):
        patterns = [patterns]
    names = [case.name for case in cases()]
    chosen: set[str] = set()
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            near = get_close_matches(pattern, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see cases(), or --list in a shell"
            raise ValueError(f"no case matches {pattern!r}; {hint}")
        chosen.update(matching)
    return [name for name in names if name in chosen]


def words(expect: Iterable[str]) -> frozenset[str]:
    """Return the words of expected features, which may be given by their names in reports.

    Raises:
        ValueError: A feature is unknown.
    """
    if isinstance(expect, str):
        expect = [expect]
    known = {feature.name: feature.word for feature in FEATURES}
    known |= {word: word for word in features()}
    wanted = list(expect)
    for word in wanted:
        if word not in known:
            raise ValueError(f"{word!r} is not a feature; the features are {', '.join(features())}")
    return frozenset(known[word] for word in wanted)


def name_of(backend: Any) -> str:
    """Return the name of a backend for the report."""
    name = getattr(backend, "__name__", None)
    return name if isinstance(name, str) else type(backend).__name__
