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
from typing import TYPE_CHECKING

from nessie_backend_mem import MemBackend

from .planting import PlantingError, plant
from .planting import __doc__ as format_of_volumes
from .server import OntapServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["add_parser", "run"]

PASSWORD = "NESSIE_ONTAP_PASSWORD"  # noqa: S105 (the name of a variable)
SIGNALS = (signal.SIGINT, signal.SIGTERM)

DESCRIPTION = """\
Serve an ONTAP REST endpoint from memory until SIGINT or SIGTERM. Once it
listens it prints one line:

  ready url=URL username=NAME password=PASSWORD ca_file=PATH

where ca_file is what clients verify the server against; it is there as long
as the server."""


class UsageError(Exception):
    """The command line asks for what cannot be."""


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    """Add this command to the `commands` of a parser and return its own."""
    rest = (format_of_volumes or "").partition("\n")[2]
    parser = commands.add_parser(
        name,
        help=summary,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=DESCRIPTION,
        epilog=f"--volumes reads a JSON file.\n{rest}",
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
    parser.add_argument("--volumes", metavar="FILE", help="what to begin with; see below")
    parser.add_argument("--username", default="admin", help="the one user (default: admin)")
    parser.add_argument(
        "--password",
        help=f"their password; otherwise that of the variable {PASSWORD}, or one made up",
    )
    parser.add_argument("--http", action="store_true", help="speak HTTP instead of HTTPS")
    parser.add_argument(
        "--jobs",
        default="immediate",
        metavar="PACE",
        help="when a job ends: immediate, polls:N or seconds:N (default: immediate)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="the same identifiers on every run, and a clock that stands still",
    )
    parser.add_argument(
        "--log", action="store_true", help="print each request on the standard error"
    )
    parser.set_defaults(parser=parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    parser: argparse.ArgumentParser = arguments.parser
    stopped = threading.Event()
    with on_signals(stopped):
        try:
            server = make(arguments)
            server.start()
        except (UsageError, ValueError, OSError) as error:
            parser.error(str(error))
        try:
            show(ready(server))
            # In steps: on some systems a wait without an end is deaf to Ctrl-C.
            while not stopped.wait(0.5):
                pass
        finally:
            server.stop()
    return 0


@contextmanager
def on_signals(stopped: threading.Event) -> Iterator[None]:
    """Let the signals that end a process set `stopped` instead."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (so it is called)
        stopped.set()

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make(arguments: argparse.Namespace) -> OntapServer:
    """Make the server that the command line asks for."""
    if arguments.seed is not None and arguments.jobs.startswith("seconds"):
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
    if arguments.volumes is not None:
        plant_file(backends, arguments.volumes)
    return OntapServer(
        backends,
        host=arguments.host,
        port=arguments.port,
        username=arguments.username,
        password=arguments.password or os.environ.get(PASSWORD) or None,
        tls=not arguments.http,
        jobs=arguments.jobs,
        seed=seed,
        log=to_stderr if arguments.log else False,
    )


def plant_file(backends: dict[str, MemBackend], path: str) -> None:
    """Make what a file says."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        plant(backends, document)
    except (PlantingError, ValueError, RecursionError) as error:
        raise UsageError(f"--volumes: {path}: {error}") from error


def ready(server: OntapServer) -> str:
    """Say where the server is and how to be let in."""
    words = {
        "url": server.url,
        "username": server.username,
        "password": server.password,
        "ca_file": server.ca_file,
    }
    given = (f"{word}={shlex.quote(value)}" for word, value in words.items() if value is not None)
    return " ".join(["ready", *given])


def show(line: str) -> None:
    """Print a line for whoever waits for it."""
    print(line, flush=True)  # noqa: T201 (the output asked for)


def to_stderr(method: str, target: str, status: int, size: int, seconds: float) -> None:
    """Print a request: method, target, status, bytes and microseconds."""
    line = f"{method} {target} {status} {size} {seconds * 1e6:.0f}"
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (the output asked for)
