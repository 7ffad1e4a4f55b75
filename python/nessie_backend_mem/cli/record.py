"""``nessie-mem record``: the inventory of a real cluster, as one JSON file."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nessie_backend_mem import inventory
from nessie_backend_mem._progress import StatusLine, can_redraw, progress_text
from nessie_backend_mem.inventory.client import origin_of
from nessie_backend_mem.inventory.files import to_text

from . import _options
from ._options import UsageError, path_error, print_error

if TYPE_CHECKING:
    import argparse

    from nessie_backend_mem.inventory import Document

__all__ = ["configure", "run"]
__dir__ = __all__.copy

PASSWORD = "NESSIE_ONTAP_PASSWORD"  # noqa: S105 (the name of a variable)

STANDARD_OUTPUT = "-"

FAILED = 1

DESCRIPTION = f"""\
Record the SVMs, aggregates, volumes, snapshots, clones, snapshot policies and
schedules of an ONTAP cluster in one JSON file, and its export policies with
their rules, NFS services, DNS configurations, QoS policies, qtrees and quota
rules. Only GET requests are sent, so a user with a role that may only read is
enough.

The password is read from the variable {PASSWORD}, or at the
terminal."""

EPILOG = """\
The file can be loaded:

  nessie-mem serve --load FILE           an ONTAP REST endpoint with the volumes
  MemBackend.from_inventory("FILE")      the backend of one SVM, in Python

Only its owner can read the file. Two records of an unchanged cluster differ
only in the time of the record. help("nessie_backend_mem.inventory.Document")
in Python describes each field.

--anonymise replaces names, comments, junction paths and uuids, each by the
same text wherever it is. Sizes, times, states, the release and the time zone
stay. With --seed, records of one cluster have the same replacements. Keep the
seed secret: whoever has it can check guesses of names.

A request that the cluster answers with 429 or 503, or not at all, is sent again
up to four times.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = DESCRIPTION
    parser.epilog = EPILOG
    parser.add_argument("url", metavar="URL", help="the cluster, such as https://array.example")
    parser.add_argument(
        "--username", default="admin", metavar="NAME", help="name of the user (default: admin)"
    )
    parser.add_argument(
        "--cacert",
        metavar="FILE",
        help="verify the cluster with the certificates in FILE, in PEM (default: those that the "
        "system trusts)",
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="do not verify the cluster; anybody on the network can then read the password",
    )
    parser.add_argument(
        "--timeout",
        type=_options.seconds,
        default=30.0,
        metavar="SECONDS",
        help="longest wait for a reply (default: 30)",
    )
    parser.add_argument(
        "--anonymise",
        action="store_true",
        help="replace names, comments, paths and uuids",
    )
    parser.add_argument(
        "--seed",
        type=_options.seed,
        metavar="N",
        help="the same replacements on every run (default: random ones)",
    )
    parser.add_argument(
        "-o",
        "--output",
        default=STANDARD_OUTPUT,
        metavar="FILE",
        help="file to write, - for standard output (default: -); replaced only if it is an "
        "inventory, and only when all is recorded",
    )


def run(options: argparse.Namespace) -> int:
    """Record the cluster and return the exit status."""
    check(options)
    if options.insecure:
        print_error(
            f"{options.parser.prog}: warning: --insecure: the cluster is not verified, and anybody "
            "on the network can read the password"
        )
    password = read_password(options.username, options.url)
    try:
        document = recorded(options, password)
    except inventory.RecordError as error:
        print_error(f"{options.parser.prog}: error: {error}")
        return FAILED
    if options.anonymise:
        document = inventory.anonymise(document, seed=options.seed)
    if options.output == STANDARD_OUTPUT:
        print(to_text(document), end="")
        return 0
    try:
        inventory.write(document, options.output)
    except OSError as error:
        text = f"{options.output}: {error.strerror or error}"
        print_error(f"{options.parser.prog}: error: argument -o: {text}")
        return FAILED
    return 0


def check(options: argparse.Namespace) -> None:
    """Refuse arguments that would only fail after the password was given or all is recorded."""
    if options.seed is not None and not options.anonymise:
        raise UsageError("argument --seed: it is for --anonymise")
    if options.cacert is not None and options.insecure:
        raise UsageError("argument --cacert: --insecure verifies nothing; leave out one of them")
    try:
        origin_of(options.url)
    except ValueError as error:
        raise UsageError(f"argument URL: {str(error).removeprefix('url: ')}") from error
    if options.output != STANDARD_OUTPUT and (problem := path_error(Path(options.output))):
        raise UsageError(f"argument -o: {options.output}: {problem}")


def read_password(username: str, url: str) -> str:
    """Return the password from the environment, or from the terminal, without echo."""
    if password := os.environ.get(PASSWORD):
        return password
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to read the password at; set {PASSWORD}")
    try:
        return getpass.getpass(f"Password of {username} at {url}: ")
    except EOFError:
        raise UsageError("no password was given") from None


def recorded(options: argparse.Namespace, password: str) -> Document:
    """Return the document of the cluster. A terminal shows the progress."""
    line = StatusLine(sys.stderr if can_redraw(sys.stderr) else None)
    try:
        return inventory.record(
            options.url,
            username=options.username,
            password=password,
            cacert=options.cacert,
            verify=not options.insecure,
            timeout=options.timeout,
            progress=lambda done, total: line.draw(progress_text(done, total, "volumes")),
        )
    except OSError as error:
        text = f"{options.cacert}: {error.strerror or error}"
        raise UsageError(f"argument --cacert: {text}") from error
    except ValueError as error:
        # The text begins with the name of the argument.
        name, sign, text = str(error).partition(": ")
        argument = {"url": "URL", "username": "--username", "cacert": "--cacert"}.get(name, name)
        raise UsageError(f"argument {argument}{sign}{text}") from error
    finally:
        line.clear()
