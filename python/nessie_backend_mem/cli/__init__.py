# PYTHON_ARGCOMPLETE_OK
"""The command line: ``nessie-backend-mem COMMAND``, or ``python -m nessie_backend_mem COMMAND``.

``nessie-mem`` is a short name of the same command. With the extra ``completion``, shells complete
commands and options after ``eval "$(register-python-argcomplete nessie-mem)"``.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from nessie_backend_mem import __version__

from ._options import UsageError, print_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from _typeshed import SupportsWrite

__all__ = ["main"]
__dir__ = __all__.copy

COMMANDS = {
    "demo": "run a demo: one week of a CI build cache",
    "conformance": "run the conformance suite against your backend",
    "coverage": "print which paths and fields of ONTAP's REST API are served",
    "record": "record the volumes of a real cluster in a file that serve can load",
    "serve": "serve an ONTAP REST endpoint from memory",
    "simulate": "simulate one year of a fleet of CI build caches",
}
"""The summary of each command.

The module of the same name has `configure(parser)`, which sets the description and adds options,
and `run(options)`, which returns the exit status. Only that module is imported.
"""

FAILED = 1
USAGE = 2
# The status that a shell reports after a signal: 128 and the number of the signal.
INTERRUPTED = 130
BROKEN_PIPE = 141

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of a full disk, an exceeded quota, a file that is too large, and a broken device."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Ctrl-C and a reader that closes the pipe end the command without a message. If the output cannot
    be written, as on a full disk, the command ends with one line on standard error.

    Args:
        arguments: the command and its options; those of this process if None.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal lacks is replaced; it does not end the command.
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            return dispatch(sys.argv[1:] if arguments is None else arguments)
        finally:
            # Errors of the flush at the interpreter's exit could not be handled.
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return BROKEN_PIPE
    except OSError as error:
        # An error with a file name is about a file of the command, not about its output.
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        discard_output()
        print_error(f"error: cannot write: {error.strerror}")
        return FAILED


def dispatch(arguments: Sequence[str]) -> int:
    """Parse `arguments` and run the command that they name."""
    parser = Parser(
        prog=program(sys.argv[0]),
        description="An in-memory ONTAP: volumes, snapshots and FlexClones.",
    )
    parser.add_argument("--version", action="version", version=f"nessie-backend-mem {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    # Set by a shell that wants to know what can follow.
    completes = "_ARGCOMPLETE" in os.environ
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in arguments or completes:
            module = import_module(f".{name}", __name__)
            module.configure(command)
            command.set_defaults(run=module.run, parser=command)
    if completes:
        import_module("argcomplete").autocomplete(parser)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        parser.error(f"unknown command {arguments[0]!r}{suggestion(arguments[0], COMMANDS)}")
    options, unknown = parser.parse_known_args(arguments)
    chosen: Parser = getattr(options, "parser", parser)
    if unknown:
        known = chosen.option_strings()
        chosen.error(f"unrecognized arguments: {' '.join(unknown)}{suggestion(unknown[0], known)}")
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        return int(options.run(options))
    except UsageError as error:
        chosen.error(str(error))


def program(path: str) -> str:
    """Return the name of the command, as the user called it."""
    if path.endswith("__main__.py"):
        return "python -m nessie_backend_mem"
    return "nessie-backend-mem" if Path(path).stem == "nessie-backend-mem" else "nessie-mem"


def suggestion(given: str, known: Iterable[str]) -> str:
    """Return a question about the known word that is most like the given one, if there is one."""
    close = get_close_matches(given.partition("=")[0], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


class Parser(argparse.ArgumentParser):
    """A parser for one command, or for the choice of the command."""

    def __init__(self, **settings: Any) -> None:
        """Show help in 80 columns, and accept no shortened options."""
        help_format = partial(argparse.RawDescriptionHelpFormatter, width=80)
        super().__init__(**settings, allow_abbrev=False, formatter_class=help_format)

    def option_strings(self) -> list[str]:
        """Return the options, as users type them."""
        return [name for action in self._actions for name in action.option_strings]

    def error(self, message: str) -> NoReturn:
        """Report a usage error in two lines, and end with status 2."""
        print_error(f"{self.prog}: error: {message}\n{self.prog} --help shows the usage")
        raise SystemExit(USAGE)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help, the version or an error; `argparse` itself ignores a broken pipe."""
        print(message, end="", file=file or sys.stderr)


def discard_output() -> None:
    """Redirect standard output to the null device, so that the flush at exit does not fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
