"""The command line: ``python -m nessie_backend_mem COMMAND``."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

# Command -> the module that carries it out, and its line in the help. The module has
# `add_parser(commands, name, summary)`, which adds and returns the command's parser, and
# `run(arguments)`, which returns the exit status. Only the module asked for is imported.
COMMANDS = {
    "demo": ("demo", "tell one week of a CI build cache, from volume to clean-up"),
    "conformance": ("conformance.command", "hold a backend of your own to the contract"),
    "coverage": ("ontap.coverage", "show what of ONTAP's REST API the endpoint has"),
    "serve": ("ontap.command", "serve an ONTAP REST endpoint from memory"),
    "simulate": ("examples.ci_fleet", "simulate a year of a fleet of CI build caches"),
}

# What a shell reports for a program that one of these signals ended: 128 + its number.
INTERRUPTED = 130
FAILED = 1
# What the system says of a full disk, of a quota, of a file that is too large, of a broken device.
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, of this process unless `arguments` are given; return the exit status.

    Ctrl-C and a reader that stops reading end it without a word. Where the output cannot be
    written, as on a full disk, it ends with a line that says so.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character shows another instead of ending the command.
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            return dispatch(sys.argv[1:] if arguments is None else arguments)
        finally:
            # Now, while a broken pipe can still be answered, and not as the interpreter exits.
            # Without a standard output there is no stream at all.
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return BROKEN_PIPE
    except OSError as error:
        # Printing knows no file name.
        if error.errno not in UNWRITABLE or error.filename is not None:
            raise
        discard_output()
        print(f"error: cannot write: {error.strerror}", file=sys.stderr)  # noqa: T201
        return FAILED


def dispatch(arguments: Sequence[str]) -> int:
    """Parse `arguments` and run the command they name."""
    parser = argparse.ArgumentParser(
        prog="python -m nessie_backend_mem",
        description="The in-memory reference backend for volumes, snapshots and clones.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nessie-backend-mem {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (module_name, summary) in COMMANDS.items():
        if name in arguments:
            module = import_module(f".{module_name}", __package__)
            module.add_parser(commands, name, summary).set_defaults(run=module.run)
        else:
            commands.add_parser(name, help=summary)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    return int(options.run(options))


def discard_output() -> None:
    """Point standard output nowhere: what is still buffered would fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
