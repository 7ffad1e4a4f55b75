"""What a run of the suite found, for people and for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConformanceError", "Outcome", "Report", "Result", "Rule", "Tier"]
__dir__ = __all__.copy

WIDTH = 80

# Unions of one word each mean what one `Literal` of all would, and stubtest can check them.

Tier: TypeAlias = Literal["volumes"] | Literal["snapshots"] | Literal["clones"]  # noqa: PYI030
"""The part of the contract that a case needs; a backend without it skips the case."""

Outcome: TypeAlias = (
    Literal["passed"]  # noqa: PYI030
    | Literal["skipped"]
    | Literal["failed"]
    | Literal["timed_out"]
    | Literal["interrupted"]
)
"""What came of a case. ``"timed_out"`` is a failure too: the backend did not answer in time."""

COLUMNS: tuple[tuple[Outcome, str], ...] = (
    ("passed", "passed"),
    ("failed", "failed"),
    ("timed_out", "timed out"),
    ("skipped", "skipped"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence of the contract that a backend can break.

    Attributes:
        id: the section, a dot, and a word, as ``"3.create_volume"``.
        section: the title of its section.
        text: what a backend promises.
    """

    id: str
    section: str
    text: str

    def __str__(self) -> str:
        return f"{self.id}: {self.text}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case. It is false if the backend did not stand the case.

    Attributes:
        case: the name of the case.
        tier: the tier it needs.
        outcome: what came of it.
        seconds: how long it took.
        message: why it was skipped, or what happened and what should have.
        rules: the rules that were found broken, the likeliest first.
        calls: the calls that lead there, as Python code; the backend is ``b``.
    """

    case: str
    tier: Tier
    outcome: Outcome
    seconds: float
    message: str = ""
    rules: tuple[Rule, ...] = ()
    calls: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether the backend did not stand the case."""
        return self.outcome in {"failed", "timed_out"}

    def __bool__(self) -> bool:
        """Whether the case did not fail; a skip is no failure."""
        return not self.is_failure

    def __str__(self) -> str:
        word = self.outcome.upper().replace("_", " ")
        lines = [f"{word} {self.case} ".ljust(WIDTH, "-")]
        for rule in self.rules:
            lines += fill(f"breaks {rule}")
        if self.message:
            lines += ["", *(line for text in self.message.splitlines() for line in fill(text))]
        if self.calls:
            lines += ["", "  The calls that lead there, with `b` the backend:", ""]
            lines += textwrap.indent(self.calls, "    ").splitlines()
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. Prints as text for people, and is false if a case failed.

    Attributes:
        backend: what was held to the contract, by the name of its class.
        seed: where the generated sequences came from; the same seed gives the same ones.
        seconds: how long the run took.
        results: what came of each selected case.
    """

    backend: str
    seed: int
    seconds: float
    results: tuple[Result, ...]

    @property
    def failures(self) -> tuple[Result, ...]:
        """What the backend did not stand: cases that failed or were not over in time."""
        return tuple(result for result in self.results if result.is_failure)

    @property
    def skipped(self) -> tuple[Result, ...]:
        """The cases that do not apply to this backend; their `message` says why."""
        return tuple(result for result in self.results if result.outcome == "skipped")

    @property
    def is_success(self) -> bool:
        """Whether no case failed. Skips are no failures."""
        return not self.failures

    def __bool__(self) -> bool:
        """Whether no case failed, so that ``assert run(backend)`` means what it says."""
        return self.is_success

    def raise_for_failures(self) -> None:
        """Raise `ConformanceError` unless `is_success`."""
        __tracebackhide__ = is_failure_of_backend
        if self.failures:
            raise ConformanceError(self)

    def as_dict(self) -> dict[str, object]:
        """Return everything as dicts and lists, ready for `json.dumps`."""
        counts = Counter(result.outcome for result in self.results)
        return {
            "success": self.is_success,
            "backend": self.backend,
            "seed": self.seed,
            "seconds": self.seconds,
            "counts": {outcome: counts[outcome] for outcome, _ in COLUMNS},
            "results": [asdict(result) for result in self.results],
        }

    def __str__(self) -> str:
        parts = [str(failure) for failure in self.failures]
        parts += [self.table(), *self._skips(), self.summary()]
        return "\n\n".join(parts)

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = Counter(result.outcome for result in self.results)
        words = [f"{counts[outcome]} {word}" for outcome, word in COLUMNS if counts[outcome]]
        text = ", ".join(words) or "no case was run"
        return f"{self.backend}: {text} in {self.seconds:.2f} s; seed {self.seed}"

    def table(self) -> str:
        """Return how many cases of each theme came to what, as a table of 80 columns at most."""
        themes: dict[str, list[Result]] = {}
        for result in self.results:
            themes.setdefault(result.case.partition(".")[0], []).append(result)
        width = max(map(len, (*themes, "cases")))
        header = "".join(f"{word:>11}" for _, word in COLUMNS)
        lines = [f"{'cases':<{width}}{header}{'seconds':>10}"]
        for theme, results in themes.items():
            counts = Counter(result.outcome for result in results)
            cells = "".join(f"{counts[outcome] or '':>11}" for outcome, _ in COLUMNS)
            seconds = sum(result.seconds for result in results)
            lines.append(f"{theme:<{width}}{cells}{seconds:>10.2f}")
        return "\n".join(lines)

    def _skips(self) -> list[str]:
        reasons = Counter(result.message for result in self.skipped)
        lines = [
            line
            for reason, count in reasons.items()
            for line in fill(f"skipped {count}: {reason}", "")
        ]
        return ["\n".join(lines)] if lines else []


class ConformanceError(AssertionError):
    """A backend breaks the contract.

    Attributes:
        case: the name of the first case that failed.
        rules: the rules it found broken, the likeliest first.
        rule: the first of them as text, or ``""`` where the case was not over in time.
        calls: the shortest sequence of calls that shows it, as Python code.
        report: everything the run found.
    """

    report: Report

    def __init__(self, report: Report) -> None:
        """Make the error of a report with at least one failure."""
        super().__init__(report)
        self.report = report
        first = report.failures[0]
        self.case = first.case
        self.rules = first.rules
        self.rule = str(first.rules[0]) if first.rules else ""
        self.calls = first.calls

    def __str__(self) -> str:
        first, *others = self.report.failures
        lines = [self.report.summary(), "", str(first)]
        if others:
            lines += ["", f"{len(others)} more:", *named(others)]
        return "\n".join(lines)


def is_failure_of_backend(caught: Any) -> bool:
    """Whether pytest leaves the suite's own frames out of a traceback, given its `ExceptionInfo`.

    A backend that fails has nothing to do with them; any other error may have.
    """
    return isinstance(caught.value, ConformanceError)


def named(results: Sequence[Result], most: int = 20) -> list[str]:
    """Return the first names of cases with the rules they found broken, one a line."""
    lines = [
        f"  {result.case} ({', '.join(rule.id for rule in result.rules) or result.outcome})"
        for result in results[:most]
    ]
    return [*lines, *(["  …"] if len(results) > most else [])]


def fill(text: str, indent: str = "  ") -> list[str]:
    """Fill lines of `WIDTH` columns with words; text that is set in keeps its shape."""
    if text.startswith(" ") or len(text) + len(indent) <= WIDTH:
        return [indent + text]
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
