"""A run of the suite: first the cases for all languages, then those for Python."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from nessie_backend_mem import _core
from nessie_backend_mem._threads import raise_in
from nessie_backend_mem.rules import _contract_rules

from .python_cases import PYTHON_CASES, PythonCase, results_are_plain_dicts
from .recorder import (
    VOLUME_METHODS,
    Broken,
    Recorder,
    Skip,
    UnusableError,
    own_methods,
    shown,
    trace,
)
from .report import Report, Result, Rule, Tier, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["NotABackendError", "Progress", "Run", "Source", "all_rules"]
__dir__ = __all__.copy

TICK = 0.05

SWITCH_INTERVAL = 5e-6
"""Seconds after which a thread lets another run: by default 5 ms, in which many calls end."""

FINDERS = ("find_volume", "find_snapshot")
"""The optional methods that the suite replaces by a search of the list."""


class Feature(NamedTuple):
    """A part that a backend may lack.

    Attributes:
        word: The word by which a run expects it.
        name: Its name in reports.
        tier: The tier to which it belongs.
    """

    word: str
    name: str
    tier: Tier

    @property
    def needs(self) -> set[str]:
        """The tiers, methods and keywords without which a backend lacks the feature."""
        tiers = {"volumes": (), "snapshots": ("snapshots",), "clones": ("snapshots", "clones")}
        return {self.word, self.name, *tiers[self.tier]}


FEATURES = (
    *(Feature(*row) for row in _core._conformance_features()),
    Feature("find_volume", "find_volume", "volumes"),
    Feature("find_snapshot", "find_snapshot", "snapshots"),
)
"""Every part that a backend may lack."""


class NotABackendError(TypeError):
    """An object lacks methods that every backend has."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run.

    Attributes:
        done: Number of cases that have ended.
        total: Number of selected cases.
        case: Name of the case that is running, or that has just ended.
        seconds: Running time of that case in seconds.
        outcome: Outcome of that case; ``None`` while it is running.
    """

    done: int
    total: int
    case: str
    seconds: float
    outcome: str | None = None


def all_rules() -> dict[str, Rule]:
    """Return every rule by its identifier."""
    return {row[0]: Rule(*row) for row in _contract_rules()}


@dataclass(frozen=True, slots=True)
class Source:
    """The source of the backend for each case.

    Attributes:
        make: Returns the backend.
        fresh: Whether each call of `make` returns a new backend.
        left_out: The methods of `FINDERS` that the backend lacks.
    """

    make: Callable[[], Any]
    fresh: bool
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, backend: Any) -> Source:
        """Create a source from a backend, or from a callable without arguments that makes one.

        Raises:
            NotABackendError: `backend` is neither.
        """
        is_backend = not isinstance(backend, type) and hasattr(backend, "create_volume")
        if not is_backend and not callable(backend):
            raise NotABackendError(f"{shown(backend)} is neither a backend nor makes one")
        one = backend if is_backend else backend()
        check(one)
        left_out = tuple(name for name in FINDERS if not own_methods(one, name))
        return cls((lambda: one) if is_backend else backend, not is_backend, left_out)


def check(backend: object) -> None:
    """Check that an object has the methods that every backend has."""
    missing = [name for name in VOLUME_METHODS if not own_methods(backend, name)]
    if missing:
        methods = f"method{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise NotABackendError(f"{shown(backend)} is not a backend: missing {methods}")


class Run:
    """A run of selected cases on one backend, or on a new one for each case."""

    def __init__(
        self,
        source: Source,
        selected: Sequence[str],
        expected: frozenset[str],
        progress: Callable[[Progress], object] | None,
        maxfail: int | None = None,
        **options: Any,
    ) -> None:
        """Prepare a run of the cases named in `selected`, on a backend with expected features.

        It ends after `maxfail` failures.
        """
        self.source = source
        self.expected = expected
        self.progress = progress
        self.maxfail = maxfail
        self.failures = 0
        self.options = options
        python = {case.name: case for case in PYTHON_CASES}
        self.names = [name for name in selected if name not in python]
        self.python_cases = [python[name] for name in selected if name in python]
        self.total = len(selected)
        self.results: list[Result] = []

    def report(self, backend: str) -> Report:
        """Run the cases and return a report."""
        rules = all_rules()
        start = time.monotonic()
        if self.names:
            with frequent_switches():
                outcomes = _core._conformance_run(
                    *(self.source.make, self.source.fresh, self.names, self._observe, abandon),
                    expect=sorted(self.expected.difference(FINDERS)),
                    **self.options,
                )
            for name, tier, outcome, seconds, message, ids, calls in outcomes:
                broken = tuple(rules[word] for word in ids)
                result = Result(name, tier, outcome, seconds, message, broken, calls)
                if outcome == "interrupted" and self.is_enough:
                    result = replace(result, outcome="skipped", message=self.why_no_more())
                self.results.append(result)
        self._skip_what_is_left_out()
        self.results += self._run_python_cases(rules)
        seconds = time.monotonic() - start
        return Report(backend, self.options["seed"], seconds, tuple(self.results))

    @property
    def is_enough(self) -> bool:
        """Whether so many cases have failed that the run ends."""
        return self.maxfail is not None and self.failures >= self.maxfail

    def why_no_more(self) -> str:
        """Return why the remaining cases are skipped."""
        return f"not run after {counted(self.failures, 'failure')}"

    def _observe(self, done: int, case: str, seconds: float, outcome: str | None) -> bool:
        """Report the progress. Return whether the run continues."""
        if outcome in {"failed", "timed_out"}:
            self.failures += 1
        if self.progress is not None:
            self.progress(Progress(done, self.total, case, seconds, outcome))
        return not self.is_enough

    def _skip_what_is_left_out(self) -> None:
        """Mark passed cases about a missing method as skipped: only the list was searched."""
        about = {name: ids[0] for name, _, ids, _ in _core._conformance_cases()}
        for index, result in enumerate(self.results):
            for method in self.source.left_out:
                if result and about.get(result.case) == f"3.{method}":
                    reason = f"{method} is not supported by this backend"
                    skipped = replace(result, outcome="skipped", message=result.message or reason)
                    self.results[index] = self._unless_expected(skipped, {method})

    def _unless_expected(self, result: Result, lacking: set[str]) -> Result:
        """Return the result of a case that found some features missing: a failure if expected."""
        for feature in FEATURES:
            if feature.word in self.expected and not lacking.isdisjoint(feature.needs):
                message = f"{feature.name} must be supported, and the backend lacks it"
                return replace(result, outcome="failed", message=message)
        return result

    def _run_python_cases(self, rules: dict[str, Rule]) -> Iterator[Result]:
        hanging = next((r.case for r in self.results if r.outcome == "timed_out"), None)
        for done, case in enumerate(self.python_cases, len(self.names)):
            if self.is_enough:
                yield Result(case.name, case.tier, "skipped", 0.0, self.why_no_more())
                continue
            if hanging and not self.source.fresh:
                reason = f"the backend still hangs in case {hanging}"
                yield Result(case.name, case.tier, "skipped", 0.0, reason)
                continue
            result = self._run_python_case(case, done, rules)
            if result.outcome == "timed_out":
                hanging = case.name
            self._observe(done + 1, case.name, result.seconds, result.outcome)
            yield result

    def _run_python_case(self, case: PythonCase, done: int, rules: dict[str, Rule]) -> Result:
        """Run a case in a thread. After the time limit the thread is abandoned."""
        attempt = Attempt(case, self.source)
        thread = threading.Thread(target=attempt.run, name=f"nessie {case.name}", daemon=True)
        start = time.monotonic()
        try:
            thread.start()
            while thread.is_alive():
                seconds = time.monotonic() - start
                if seconds > self.options["time_limit"]:
                    break
                self._observe(done, case.name, seconds, None)
                thread.join(TICK)
        except BaseException:
            abandon([thread.ident] if thread.ident else [])
            raise
        seconds = time.monotonic() - start
        calls = attempt.calls()
        if attempt.ended is not None:
            raise attempt.ended
        if not attempt.is_over:
            abandon([thread.ident] if thread.ident else [])
            limit = self.options["time_limit"]
            message = f"not over within {limit:g} s"
            return Result(case.name, case.tier, "timed_out", seconds, message, (), calls)
        if attempt.skipped:
            skipped = Result(case.name, case.tier, "skipped", seconds, attempt.skipped)
            return self._unless_expected(skipped, attempt.lacking())
        if attempt.broken:
            broken = tuple(rules[word] for word in attempt.rules or case.rules)
            return Result(case.name, case.tier, "failed", seconds, attempt.broken, broken, calls)
        passed = Result(case.name, case.tier, "passed", seconds)
        return self._unless_expected(passed, attempt.lacking())


@contextmanager
def frequent_switches() -> Iterator[None]:
    """Switch between threads often, so that a call meets another between any two of its lines."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


class AbandonedError(Exception):
    """The time limit of the case that made this call has passed."""


def abandon(threads: Sequence[int]) -> None:
    """Raise an exception in abandoned threads, so that they end.

    A thread that kept running Python code would slow down the rest of the run.
    """
    raise_in(threads, AbandonedError)


class Attempt:
    """A Python case on one backend, and its outcome."""

    def __init__(self, case: PythonCase, source: Source) -> None:
        """Prepare to run `case` on a backend of `source`."""
        self.case = case
        self.source = source
        self.recorder: Recorder | None = None
        self.is_over = False
        self.code = ""
        self.broken = ""
        self.rules: tuple[str, ...] = ()
        self.skipped = ""
        self.ended: BaseException | None = None

    def run(self) -> None:
        """Run the case, then clean up, whether or not it failed."""
        try:
            make = self.source.make
            self.recorder = Recorder(make(), make if self.source.fresh else None)
            try:
                self.case.body(self.recorder)
            except BaseException:
                self.code = self.recorder.code()
                with suppress(Exception):  # What the case found is reported, not what it left.
                    self.recorder.clean_up()
                raise
            self.recorder.clean_up()
        except Skip as skip:
            self.skipped = str(skip)
        except UnusableError as error:
            # One case reports the fault. The others are skipped.
            if self.case.body is results_are_plain_dicts:
                self.broken = str(error)
            else:
                self.skipped = "list_volumes cannot be used"
        except Broken as broken:
            self.broken = str(broken)
            self.rules = broken.rules
        except Exception as error:  # noqa: BLE001 (the backend may raise anything)
            self.broken = f"the case ended with\n{trace(error)}"
        except BaseException as error:  # noqa: BLE001 (raised again by `_run_python_case`)
            self.ended = error
        self.is_over = True

    def lacking(self) -> set[str]:
        """Return the tiers, methods and keywords that the case looked for and did not find."""
        return set() if self.recorder is None else self.recorder.lacking

    def calls(self) -> str:
        """Return the calls that the case has made so far, or until it failed, as Python code."""
        return self.code or ("" if self.recorder is None else self.recorder.code())
