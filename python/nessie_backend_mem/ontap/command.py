"""``python -m nessie_backend_mem serve``: an ONTAP REST endpoint for whoever needs one."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend

from .files import publish, withdraw
from .lines import FORMS, warn_as_json
from .planting import __doc__ as format_of_seeds
from .server import OntapServer
from .states import Dumps, StateError, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["add_parser", "run"]

PASSWORD = "NESSIE_ONTAP_PASSWORD"  # noqa: S105 (the name of a variable)
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""What ends it cleanly, where the system has it."""

DESCRIPTION = """\
Serve an ONTAP REST endpoint from memory until SIGINT, SIGTERM or SIGHUP. Once
it listens it prints one line:

  ready url=URL username=NAME password=PASSWORD ca_file=PATH

where ca_file is what clients verify the server against; it is there as long
as the server. GET / and GET /healthz need no login.

The NetApp SDK takes the file as verify=PATH, unless REQUESTS_CA_BUNDLE or
CURL_CA_BUNDLE is set: those win. Ansible's modules need the variable:

  export REQUESTS_CA_BUNDLE=PATH"""

EPILOG = """\
--load takes dumps, which MemBackend.dump() and --dump write, and seed files. A
dump is of one SVM and has its own seed and clock; where there are several
SVMs, write SVM=FILE. What only the endpoint keeps (comments, jobs, the
policies of ONTAP) is in no dump. Seed files are made after the dumps.

--ready-file is a JSON object with url, username, password, ca_file and pid,
which nobody else can read. It appears once the server listens.

--ca-file and --ready-file are removed at the end, and replace only what an
earlier server wrote.

A seed file is JSON.
"""


class UsageError(Exception):
    """The command line asks for what cannot be."""


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add this command to the `commands` of a parser and return its own."""
    rest = (format_of_seeds or "").partition("\n")[2]
    parser = commands.add_parser(
        name,
        help=summary,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=DESCRIPTION,
        epilog=f"{EPILOG}{rest}",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the name or address to listen at (default: 127.0.0.1); one that other machines can "
        "reach needs a password of yours",
    )
    parser.add_argument(
        "--port", type=int, default=8443, help="the port; 0 for any that is free (default: 8443)"
    )
    parser.add_argument(
        "--svm", action="append", metavar="NAME", help="an SVM; may be repeated (default: svm1)"
    )
    parser.add_argument(
        "--load",
        "--volumes",
        action="append",
        default=[],
        metavar="FILE",
        help="what to begin with: a dump or a seed file, see below; may be repeated",
    )
    parser.add_argument(
        "--dump",
        action="append",
        default=[],
        metavar="FILE",
        help="write the volumes to FILE at the end, as a dump",
    )
    parser.add_argument("--username", default="admin", help="the one user (default: admin)")
    parser.add_argument(
        "--password",
        help=f"their password; otherwise that of the variable {PASSWORD}, or one made up",
    )
    parser.add_argument("--http", action="store_true", help="speak HTTP instead of HTTPS")
    parser.add_argument(
        "--ca-file",
        metavar="PATH",
        help="where to write what clients verify the server against (default: a temporary file)",
    )
    parser.add_argument(
        "--cert", metavar="PATH", help="a certificate of your own, in PEM, instead of a new one"
    )
    parser.add_argument("--key", metavar="PATH", help="its private key, in PEM, not encrypted")
    parser.add_argument(
        "--ready-file", metavar="PATH", help="say in this file that it listens, see below"
    )
    parser.add_argument(
        "--jobs",
        type=job_options,
        default={},
        metavar="WHEN",
        help="when a job ends: immediate, polls:N or seconds:N (default: immediate)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="the same identifiers on every run, and a clock that stands still",
    )
    parser.add_argument(
        "--log",
        nargs="?",
        const="text",
        choices=FORMS,
        help="print each request on the standard error: time, method, target, status, bytes and "
        "duration, as text (default) or json",
    )
    parser.set_defaults(parser=parser)
    return parser


def job_options(text: str) -> dict[str, Any]:
    """Return the arguments of `OntapServer` for the option ``--jobs``."""
    word, _, number = text.partition(":")
    try:
        if text == "immediate":
            return {}
        if word == "polls":
            return {"job_polls": int(number)}
        if word == "seconds":
            return {"job_seconds": float(number)}
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f'expected "immediate", "polls:N" or "seconds:N", not "{text}"'
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    parser: argparse.ArgumentParser = arguments.parser
    stopped = threading.Event()
    if arguments.log == "json":
        warn_as_json()
    with on_signals(stopped):
        try:
            server, dumps = make(arguments)
            server.start()
        except (UsageError, StateError, ValueError, OSError) as error:
            parser.error(said(error))
        try:
            with announced(server, arguments.ready_file):
                show(ready(server))
                # In steps: on some systems a wait without an end is deaf to Ctrl-C.
                while not stopped.wait(0.5):
                    pass
        except UsageError as error:
            parser.error(str(error))
        finally:
            server.stop()
        failures = dumps.write(server.backends)
    for failure in failures:
        complain(f"{parser.prog}: error: {failure}")
    return 1 if failures else 0


@contextmanager
def on_signals(stopped: threading.Event) -> Iterator[None]:
    """Let the signals that end a process set `stopped` instead."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (so it is called)
        stopped.set()

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    # Under nohup a hang-up is ignored, and stays so.
    wanted = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make(arguments: argparse.Namespace) -> tuple[OntapServer, Dumps]:
    """Make the server that the command line asks for, and what it leaves."""
    needs_time = "job_seconds" in arguments.jobs
    if arguments.seed is not None and needs_time:
        raise UsageError("--jobs seconds:N needs a clock that moves, and --seed stops it")
    names = arguments.svm or ["svm1"]
    if len(set(names)) < len(names):
        raise UsageError("--svm: the same name twice")
    seed = arguments.seed
    backends = {
        # A seed of its own for each, or all would give the same identifiers.
        name: MemBackend(seed=None if seed is None else (seed + index) % 2**64)
        for index, name in enumerate(names)
    }
    dumps = Dumps(names, arguments.dump)
    if names[0] in load(backends, arguments.load) and needs_time:
        raise UsageError("--jobs seconds:N needs a clock that moves, and that of the dump stands")
    server = OntapServer(
        backends,
        host=arguments.host,
        port=arguments.port,
        username=arguments.username,
        password=arguments.password or os.environ.get(PASSWORD) or None,
        tls=not arguments.http,
        cert=arguments.cert,
        key=arguments.key,
        ca_file=arguments.ca_file,
        seed=seed,
        log=FORMS[arguments.log] if arguments.log else False,
        **arguments.jobs,
    )
    return server, dumps


@contextmanager
def announced(server: OntapServer, ready_file: str | None) -> Iterator[None]:
    """Say in a file where the server is, as long as it listens."""
    if ready_file is None:
        yield
        return
    path = Path(ready_file).absolute()
    content = json.dumps({**words(server), "pid": os.getpid()}) + "\n"
    try:
        publish(path, content, mode=0o600, is_one=is_announcement)
    except (OSError, ValueError) as error:
        raise UsageError(f"--ready-file: {said(error)}") from error
    try:
        yield
    finally:
        withdraw(path, content)


def is_announcement(content: str) -> bool:
    """Whether a server has written this into its file."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"url", "pid"} <= document.keys()


def words(server: OntapServer) -> dict[str, str | None]:
    """Return where the server is and how to be let in."""
    return {
        "url": server.url,
        "username": server.username,
        "password": server.password,
        "ca_file": server.ca_file,
    }


def ready(server: OntapServer) -> str:
    """Say where the server is and how to be let in."""
    given = ((word, value) for word, value in words(server).items() if value is not None)
    return " ".join(["ready", *(f"{word}={shlex.quote(value)}" for word, value in given)])


def said(error: Exception) -> str:
    """Return what went wrong, the file first where it is about one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def show(line: str) -> None:
    """Print a line for whoever waits for it."""
    print(line, flush=True)  # noqa: T201 (the output asked for)


def complain(line: str) -> None:
    """Print a line that says what went wrong."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (the output asked for)
