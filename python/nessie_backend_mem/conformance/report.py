"""The results of a run of the suite, for people and for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ConformanceError", "Outcome", "Report", "Result", "Rule", "Tier"]
__dir__ = __all__.copy

WIDTH = 80

# A union of one-word `Literal`s means the same as one `Literal`, and stubtest can check it.

Tier: TypeAlias = Literal["volumes"] | Literal["snapshots"] | Literal["clones"]  # noqa: PYI030
"""The tier that a case needs. A backend without it skips the case."""

Outcome: TypeAlias = (
    Literal["passed"]  # noqa: PYI030
    | Literal["cut_short"]
    | Literal["skipped"]
    | Literal["failed"]
    | Literal["timed_out"]
    | Literal["interrupted"]
)
"""The outcome of a case.

``"timed_out"`` is a failure, too: no answer within the time limit. ``"cut_short"`` is not: the part
of the case that fitted into half of the time limit passed; `Result.message` says how much.
"""

COLUMNS: tuple[tuple[Outcome, str], ...] = (
    ("passed", "passed"),
    ("failed", "failed"),
    ("timed_out", "timed out"),
    ("cut_short", "cut short"),
    ("skipped", "skipped"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the contract.

    Attributes:
        id: Section and word, separated by a dot, such as ``"3.create_volume"``.
        section: Title of the section.
        text: The promise of a backend.
    """

    id: str
    section: str
    text: str

    def __str__(self) -> str:
        return f"{self.id}: {self.text}"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one case. It is false if the case failed.

    Attributes:
        case: Name of the case.
        tier: Tier that it needs.
        outcome: Its outcome.
        seconds: Running time in seconds.
        message: The reason for skipping it, how much was run, or the expected and the actual
            result.
        rules: The rules that the backend breaks, the most likely one first.
        calls: The calls that show it, as Python code; the backend is ``b``.
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
        """Whether the case failed or exceeded its time limit."""
        return self.outcome in {"failed", "timed_out"}

    def __bool__(self) -> bool:
        """Whether the case passed, was cut short or was skipped."""
        return not self.is_failure

    def __str__(self) -> str:
        return self.text()

    def text(self, *, calls: bool = True) -> str:
        """Return the result as text.

        Args:
            calls: Whether to show the calls, too.
        """
        word = self.outcome.upper().replace("_", " ")
        lines = [f"{word} {self.case} ".ljust(WIDTH, "-")]
        for rule in self.rules:
            lines += fill(f"breaks {rule}")
        if self.message:
            lines += ["", *(line for text in self.message.splitlines() for line in fill(text))]
        if calls and self.calls:
            lines += ["", "  The calls that lead there, with `b` the backend:", ""]
            lines += textwrap.indent(self.calls, "    ").splitlines()
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run. It is false if a case failed.

    ``str()`` makes a text for people. Of the cases that break the same rule first, it shows one and
    names the others.

    Attributes:
        backend: Name of the backend's class.
        seed: Seed of the generated sequences. The same seed gives the same sequences.
        seconds: Running time in seconds.
        results: The result of each selected case.
    """

    backend: str
    seed: int
    seconds: float
    results: tuple[Result, ...]

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results of cases that failed or exceeded their time limit."""
        return tuple(result for result in self.results if result.is_failure)

    @property
    def failures_by_rule(self) -> dict[str, tuple[Result, ...]]:
        """The failures by the rule that each breaks first.

        The key of cases that exceeded their time limit is ``"timed_out"``.
        """
        groups: dict[str, list[Result]] = {}
        for failure in self.failures:
            rule = failure.rules[0].id if failure.rules else failure.outcome
            groups.setdefault(rule, []).append(failure)
        return {rule: tuple(failures) for rule, failures in groups.items()}

    @property
    def skipped(self) -> tuple[Result, ...]:
        """The results of cases that do not apply to this backend; `message` has the reason."""
        return tuple(result for result in self.results if result.outcome == "skipped")

    @property
    def cut_short(self) -> tuple[Result, ...]:
        """The results of cases that ended early, at half of the time limit."""
        return tuple(result for result in self.results if result.outcome == "cut_short")

    @property
    def is_success(self) -> bool:
        """Whether no case failed. A case that was skipped or cut short did not fail."""
        return not self.failures

    def __bool__(self) -> bool:
        """Whether no case failed, so that ``assert run(backend)`` works."""
        return self.is_success

    def raise_for_failures(self) -> None:
        """Raise an exception if a case failed.

        Raises:
            ConformanceError: A case failed.
        """
        __tracebackhide__ = is_failure_of_backend
        if self.failures:
            raise ConformanceError(self)

    def as_dict(self) -> dict[str, object]:
        """Return the report as dicts and lists that `json.dumps` accepts."""
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
        return self.text()

    def text(self, *, calls: bool = True) -> str:
        """Return the report as text of 80 columns.

        Args:
            calls: Whether to show the calls that lead to each failure.
        """
        parts = []
        for rule, (first, *others) in self.failures_by_rule.items():
            parts.append(first.text(calls=calls))
            if others:
                parts.append("\n".join(fill(also(rule, others))))
        parts += [self.table(), *self._skips(), *self._groups(), self.summary()]
        return "\n\n".join(parts)

    def summary(self) -> str:
        """Return the number of cases per outcome in one line."""
        counts = Counter(result.outcome for result in self.results)
        words = [f"{counts[outcome]} {word}" for outcome, word in COLUMNS if counts[outcome]]
        text = ", ".join(words) or "no case was run"
        return f"{self.backend}: {text} in {self.seconds:.2f} s; seed {self.seed}"

    def table(self) -> str:
        """Return the number of cases per theme and outcome, as a table of at most 80 columns."""
        themes: dict[str, list[Result]] = {}
        for result in self.results:
            themes.setdefault(result.case.partition(".")[0], []).append(result)
        width = max(map(len, (*themes, "cases")))
        header = "".join(f"{word:>10}" for _, word in COLUMNS)
        lines = [f"{'cases':<{width}}{header}{'seconds':>10}"]
        for theme, results in themes.items():
            counts = Counter(result.outcome for result in results)
            cells = "".join(f"{counts[outcome] or '':>10}" for outcome, _ in COLUMNS)
            seconds = sum(result.seconds for result in results)
            lines.append(f"{theme:<{width}}{cells}{seconds:>10.2f}")
        return "\n".join(lines)

    def _groups(self) -> list[str]:
        """Return the number of failures for each rule, one rule per line."""
        lines = group_lines(self.failures_by_rule)
        return ["\n".join(lines)] if lines else []

    def _skips(self) -> list[str]:
        reasons = Counter(result.message for result in self.skipped)
        lines = [
            line
            for reason, count in reasons.items()
            for line in fill(f"skipped {count}: {reason}", "")
        ]
        for result in self.cut_short:
            lines += fill(f"cut short {result.case}: {result.message}", "")
        return ["\n".join(lines)] if lines else []


class ConformanceError(AssertionError):
    """A backend breaks the contract.

    Args:
        report: A report with at least one failure.

    Attributes:
        case: Name of the first case that failed.
        rules: The rules that the backend breaks in this case, the most likely one first.
        rule: The first of these rules as text, or ``""`` if the case exceeded its time limit.
        calls: The shortest sequence of calls that shows it, as Python code.
        report: The report of the run.
    """

    report: Report

    def __init__(self, report: Report) -> None:
        """Create the error of a report with at least one failure."""
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
            lines += ["", *group_lines(self.report.failures_by_rule)]
        return "\n".join(lines)


def is_failure_of_backend(caught: Any) -> bool:
    """Whether pytest hides the suite's own frames in a traceback, given its `ExceptionInfo`.

    They explain nothing about a backend that fails. They may explain another error.
    """
    return isinstance(caught.value, ConformanceError)


def group_lines(groups: Mapping[str, Sequence[Result]]) -> list[str]:
    """Return the number of failures for each rule and the first case, one rule per line."""
    return [
        f"{rule}: {counted(len(failures), 'case')}, first {failures[0].case}"
        for rule, failures in groups.items()
    ]


def also(rule: str, others: Sequence[Result], most: int = 8) -> str:
    """Return a sentence with the names of the other cases that break a rule first."""
    names = ", ".join(result.case for result in others[:most])
    rest = f" and {len(others) - most} more" if len(others) > most else ""
    verb = "breaks" if len(others) == 1 else "break"
    if rule == "timed_out":
        return f"{counted(len(others), 'more case')} timed out: {names}{rest}"
    return f"{counted(len(others), 'more case')} {verb} {rule} first: {names}{rest}"


def counted(count: int, noun: str) -> str:
    """Return a number and a noun, such as "1 case" or "2 cases"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def fill(text: str, indent: str = "  ") -> list[str]:
    """Wrap text to `WIDTH` columns. Indented text is not changed."""
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
