"""``python -m nessie_backend_mem conformance``: hold a backend to the contract from a shell."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from nessie_backend_mem._progress import StatusLine, can_redraw

from . import cases, select
from . import run as run_suite
from .recorder import trace
from .report import fill
from .runner import NotABackendError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from . import Case
    from .runner import Progress

__all__ = ["add_parser", "run"]

PASSED = 0
FAILED = 1
NOT_RUN = 2


class UsageError(Exception):
    """The command line asks for something that there is not."""


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add this command to the `commands` of a parser and return its own."""
    parser = commands.add_parser(
        name,
        help=summary,
        allow_abbrev=False,
        description="Hold a backend to the contract, case by case, and say which rules it breaks "
        "and by which calls. The exit status is 0 if it keeps them all, 1 if it breaks one, 2 if "
        "the suite could not be run.",
    )
    parser.add_argument(
        "backend",
        nargs="?",
        metavar="MODULE:NAME",
        help="a backend, or what makes one when called, such as its class",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--list", action="store_true", help="list the cases and run none")
    parser.add_argument(
        "--case",
        action="append",
        metavar="GLOB",
        help="run only cases whose name matches; may be given several times",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="N",
        help="where generated sequences come from (default: 0)",
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long one case may take (default: 30)",
    )
    parser.set_defaults(parser=parser)
    return parser


def seed(text: str) -> int:
    """Read a seed."""
    number = int(text)
    if not 0 <= number < 2**64:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to 2**64-1")
    return number


def seconds(text: str) -> float:
    """Read a length of time."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no positive number of seconds")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for and return the exit status."""
    parser: argparse.ArgumentParser = arguments.parser
    try:
        chosen = select(arguments.case or ["*"])
        if arguments.list:
            print_cases([case for case in cases() if case.name in chosen], arguments.json)
            return PASSED
        return run_on_backend(arguments, chosen)
    except (UsageError, NotABackendError, ValueError) as error:
        parser.error(str(error))


def run_on_backend(arguments: argparse.Namespace, chosen: Sequence[str]) -> int:
    """Run the cases on the backend that the command line names, and print the report."""
    if arguments.backend is None:
        raise UsageError("which backend? It is named as MODULE:NAME")
    bar = Bar(sys.stderr)
    backend = None
    try:
        # What the backend prints is not part of the report.
        with redirect_stdout(sys.stderr):
            backend = load(arguments.backend)
            report = run_suite(
                backend,
                seed=arguments.seed,
                cases=chosen,
                time_limit=arguments.time_limit,
                progress=bar.show,
            )
    except (UsageError, NotABackendError):
        raise
    except SystemExit as error:
        bar.clear()
        print_error(f"{arguments.backend} called for the end of the process: {error!r}")
        return NOT_RUN if backend is None else FAILED
    except Exception as error:  # noqa: BLE001 (whatever the module or the callable does)
        bar.clear()
        print_error(f"{arguments.backend} could not be made:\n{trace(error)}")
        return NOT_RUN
    finally:
        bar.clear()
    if arguments.json:
        print(json.dumps(report.as_dict()))  # noqa: T201 (the output asked for)
    else:
        print(report)  # noqa: T201 (the output asked for)
    return PASSED if report.is_success else FAILED


def load(argument: str) -> Any:
    """Import what ``MODULE:NAME`` names; NAME may have dots.

    Raises:
        UsageError: there is no such module, or nothing of that name in it.
    """
    module_name, _, name = argument.partition(":")
    if not module_name or not name:
        raise UsageError(f"{argument!r} is not of the form MODULE:NAME")
    here = str(Path.cwd())
    if not sys.flags.safe_path and not {"", here} & set(sys.path):
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # The module is there and lacks another.
        raise UsageError(f"there is no module {error.name!r}") from None
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(f"{module_name!r} has no {name!r}") from None
    return found


def print_cases(listed: Sequence[Case], as_json: bool) -> None:
    """Print what each case is called and what it does."""
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
        print(json.dumps(objects))  # noqa: T201 (the output asked for)
        return
    for case in listed:
        print(case.name)  # noqa: T201 (the output asked for)
        print(*fill(case.summary, "    "), sep="\n")  # noqa: T201 (the same)


def print_error(text: str) -> None:
    """Print to standard error."""
    print(text.rstrip(), file=sys.stderr)  # noqa: T201 (the same)


class Bar:
    """Shows on a terminal or in a notebook how far a run is; elsewhere it shows nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        """Draw on `stream` if text on it can be drawn over."""
        self.line = StatusLine(stream if can_redraw(stream) else None)

    def show(self, progress: Progress) -> None:
        """Draw how far the run is."""
        width = min(shutil.get_terminal_size().columns, 80) - 1
        filled = 20 * progress.done // max(progress.total, 1)
        text = f"[{'#' * filled:<20}] {progress.done}/{progress.total} {progress.case}"
        if progress.outcome is None and progress.seconds >= 1:
            text += f" {progress.seconds:.0f} s"
        self.line.draw(text[:width])

    def clear(self) -> None:
        """Take the bar away."""
        self.line.clear()
