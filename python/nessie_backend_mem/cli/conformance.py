"""``nessie-mem conformance``: run the conformance suite from a shell."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import conformance
from nessie_backend_mem._progress import StatusLine, can_redraw, progress_text
from nessie_backend_mem.conformance.recorder import trace
from nessie_backend_mem.conformance.report import fill
from nessie_backend_mem.conformance.runner import NotABackendError

from ._options import UsageError, integer, print_error, seconds, seed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from nessie_backend_mem.conformance import Case, Progress

__all__ = ["configure", "run"]
__dir__ = __all__.copy

PASSED = 0
FAILED = 1
NOT_RUN = 2

BACKEND = "MODULE:NAME"

LARGEST = 2**64 - 1

SIZES = (
    ("objects", 20, LARGEST, "volumes, snapshots and clones in the scale cases (default: 1030)"),
    ("threads", 2, 16, "threads in the cases about concurrency, 2 to 16 (default: 4)"),
    ("rounds", 1, LARGEST, "repetitions of each race (default: 100)"),
    ("sequences", 0, LARGEST, "sequences that are compared with a model (default: 60)"),
    ("steps", 1, LARGEST, "operations in each sequence (default: 60)"),
)
"""The options for sizes: name, least and greatest value, and help."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = """\
Run the conformance suite against your backend. It reports which rules of the
contract the backend breaks, and the calls that show it. The exit status is 0 if
no case fails, 1 if one fails, and 2 if the suite could not be run.

For JUnit XML, run the cases with pytest and --junitxml, one test for each case:
help(nessie_backend_mem.conformance) shows the test file."""
    parser.add_argument(
        "backend",
        nargs="?",
        metavar=BACKEND,
        help="a backend, or a callable that makes one, such as its class",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    output.add_argument(
        "--short", action="store_true", help="leave out the calls that lead to the failures"
    )
    without_run = parser.add_mutually_exclusive_group()
    without_run.add_argument("--list", action="store_true", help="list the cases and run none")
    without_run.add_argument(
        "--rules", action="store_true", help="print the rules that the cases check and run none"
    )
    parser.add_argument(
        "--case",
        action="append",
        metavar="GLOB",
        help="only the cases whose names match; may be repeated",
    )
    parser.add_argument(
        "--expect",
        action="extend",
        type=lambda text: text.split(","),
        default=[],
        metavar="FEATURE,...",
        help="fail, and do not skip, the cases that need one of these if the backend lacks it: "
        + ", ".join(conformance.features()),
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="N",
        help="seed of the generated sequences (default: 0)",
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="the most seconds that one case may take (default: 30)",
    )
    ending = parser.add_mutually_exclusive_group()
    ending.add_argument(
        "-x", action="store_const", const=1, dest="maxfail", help="end after the first failure"
    )
    ending.add_argument("--maxfail", type=integer(1), metavar="N", help="end after N failures")
    sizes = parser.add_argument_group("sizes", "Use smaller ones for a slow backend.")
    for name, least, most, text in SIZES:
        sizes.add_argument(f"--{name}", type=integer(least, most), metavar="N", help=text)


def run(options: argparse.Namespace) -> int:
    """Print the rules, list the cases or run them; return the exit status."""
    try:
        selected = conformance.select(options.case or ["*"])
    except ValueError as error:
        raise UsageError(f"argument --case: {error}") from None
    try:
        conformance.words(options.expect)
    except ValueError as error:
        raise UsageError(f"argument --expect: {error}") from None
    cases = [case for case in conformance.cases() if case.name in selected]
    if options.rules:
        print_rules(cases, options.json)
    elif options.list:
        print_cases(cases, options.json)
    else:
        return run_suite(options, selected)
    return PASSED


def run_suite(options: argparse.Namespace, selected: Sequence[str]) -> int:
    """Run the selected cases on the backend of the options, and print the report."""
    if options.backend is None:
        raise UsageError(f"missing argument {BACKEND}")
    line = StatusLine(sys.stderr if can_redraw(sys.stderr) else None)

    def show(progress: Progress) -> None:
        line.draw(progress_text(progress.done, progress.total, described(progress)))

    backend = None
    try:
        # The report is the only text on standard output; the backend may print, too.
        with redirect_stdout(sys.stderr):
            backend = load(options.backend)
            report = conformance.run(
                backend,
                seed=options.seed,
                cases=selected,
                expect=options.expect,
                time_limit=options.time_limit,
                maxfail=options.maxfail,
                progress=show,
                **{name: getattr(options, name) for name, *_ in SIZES},
            )
    except UsageError:
        raise
    except NotABackendError as error:
        raise UsageError(f"argument {BACKEND}: {error}") from None
    except SystemExit as error:
        line.clear()
        print_error(f"{options.backend} tried to end the process: {error!r}")
        return NOT_RUN if backend is None else FAILED
    except Exception as error:  # noqa: BLE001 (the code of the backend may raise anything)
        line.clear()
        print_error(f"{options.backend} could not be made:\n{trace(error)}")
        return NOT_RUN
    finally:
        line.clear()
    if options.json:
        print(json.dumps(report.as_dict()))
    else:
        print(report.text(calls=not options.short))
    return PASSED if report.is_success else FAILED


def described(progress: Progress) -> str:
    """Return the case, and after one second also how long it has been running."""
    if progress.outcome is None and progress.seconds >= 1:
        return f"{progress.case} {progress.seconds:.0f} s"
    return progress.case


def load(argument: str) -> Any:
    """Import the object ``MODULE:NAME``; NAME may have dots.

    Raises:
        UsageError: the module does not exist or lacks the name.
    """
    module_name, _, name = argument.partition(":")
    if not module_name or not name:
        raise UsageError(f"argument {BACKEND}: {argument!r} is not of the form {BACKEND}")
    here = str(Path.cwd())
    if not sys.flags.safe_path and not {"", here} & set(sys.path):
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # The module exists, but a module that it imports is missing.
        raise UsageError(f"argument {BACKEND}: module {error.name!r} not found") from None
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(f"argument {BACKEND}: {module_name!r} has no {name!r}") from None
    return found


def print_rules(cases: Sequence[Case], as_json: bool) -> None:
    """Print the name and the text of each rule that one of the cases checks, by section."""
    checked = {rule for case in cases for rule in case.rules}
    rules = [rule for rule in conformance.rules() if rule in checked]
    if as_json:
        print(
            json.dumps(
                [{"rule": rule.id, "section": rule.section, "text": rule.text} for rule in rules]
            )
        )
        return
    for section, listed in groupby(rules, key=lambda rule: rule.section):
        print(f"{section}\n")
        for rule in listed:
            print(f"  {rule.id}", *fill(rule.text, "      "), sep="\n")
        print()


def print_cases(listed: Sequence[Case], as_json: bool) -> None:
    """Print the name and the summary of each case."""
    if as_json:
        objects = [
            {
                "case": case.name,
                "tier": case.tier,
                "rules": [rule.id for rule in case.rules],
                "summary": case.summary,
            }
            for case in listed
        ]
        print(json.dumps(objects))
        return
    for case in listed:
        print(case.name)
        print(*fill(case.summary, "    "), sep="\n")
