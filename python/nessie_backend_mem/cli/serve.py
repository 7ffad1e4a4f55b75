"""``nessie-mem serve``: an ONTAP REST endpoint in a separate process."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.inventory.endpoint import apply, cluster_options
from nessie_backend_mem.ontap import OntapServer, seed
from nessie_backend_mem.ontap.backends import new_backend
from nessie_backend_mem.ontap.files import publish, withdraw
from nessie_backend_mem.ontap.server import AGGREGATE_BYTES

from . import _options
from ._omissions import print_omissions
from ._options import UsageError, print_error
from ._request_log import FORMS, warn_as_json
from ._saved_state import Dumps, load, load_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from nessie_backend_mem.inventory.result import Inventory

__all__ = ["configure", "run"]
__dir__ = __all__.copy

PASSWORD = "NESSIE_ONTAP_PASSWORD"  # noqa: S105 (the name of a variable)

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals that end the server, where the system has them."""

OPTIONS = {
    "backends": "--svm",
    "nodes": "--node",
    "aggregates": "--aggregate",
    **{
        argument: f"--{argument.replace('_', '-')}"
        for argument in ("host", "port", "username", "password", "cert", "key", "ca_file", "events")
    },
}
"""The option for each argument of `OntapServer`."""

DESCRIPTION = """\
Serve an ONTAP REST endpoint from memory until SIGINT, SIGTERM or SIGHUP. When
it listens, it prints one line:

  ready url=URL username=NAME password=PASSWORD ca_file=PATH

Clients verify the server against ca_file, which exists while the server runs.
GET / and GET /healthz need no login.

The NetApp SDK accepts the file as verify=PATH, unless REQUESTS_CA_BUNDLE or
CURL_CA_BUNDLE is set, which the SDK prefers. Ansible's modules need:

  export REQUESTS_CA_BUNDLE=PATH"""

EPILOG = """\
--load accepts seed files, and dumps, which MemBackend.dump() and --dump write.
A dump is of one SVM and has its own seed and clock; with several SVMs, write
SVM=FILE. Dumps have snapshot policies and expiry times, and lack the state of
the endpoint: comments, jobs, the other policies of ONTAP. Seed files are loaded
after all dumps.

It also accepts one inventory of a real cluster, which the command record
writes. The SVMs are then those of the inventory, and those of --svm; so are the
aggregates, and a size of --aggregate counts. What cannot be represented is
listed on standard error.

With /simulator, clients in any language control the server over HTTP:

  GET /simulator                   the SVMs, and these resources
  POST /simulator/reset            delete all volumes
  GET, PUT /simulator/state        the dump of an SVM; its hash: /state/digest
  GET, PUT /simulator/configuration  policies, SVMs, qtrees and so on
  GET, POST /simulator/clock       the time; with --seed, {"advance": SECONDS}
  GET, POST /simulator/faults      faults of requests and of backends
  GET, DELETE /simulator/faults/ID
  GET /simulator/events?since=N    what changed or was refused, as JSON lines
  GET, POST /simulator/space       {"volume": NAME, "write": BYTES}

  curl -u admin:PASSWORD --cacert PATH URL/simulator/faults \\
    -d '{"path": "/api/storage/*", "status": 503, "times": 2}'

help("nessie_backend_mem.guides.endpoint_in_ci") has examples, and SIMULATOR.md
of the crate nessie-store describes all of them.

--ready-file gets a JSON object with url, username, password, ca_file and pid.
Only its owner can read the file.

--ca-file and --ready-file replace only files of an earlier server, and are
removed at the end.

A seed file is a JSON document.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = DESCRIPTION
    parser.epilog = EPILOG + (seed.__doc__ or "").partition("\n")[2]
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="name or address to listen at (default: 127.0.0.1); an address that other machines "
        "can reach requires a password",
    )
    parser.add_argument(
        "--port",
        type=_options.integer(0, 2**16 - 1),
        default=8443,
        metavar="N",
        help="port to listen at; 0 for a free port (default: 8443)",
    )
    parser.add_argument(
        "--svm", action="append", metavar="NAME", help="an SVM; may be repeated (default: svm1)"
    )
    parser.add_argument(
        "--node", action="append", metavar="NAME", help="a node; may be repeated (default: node1)"
    )
    parser.add_argument(
        "--aggregate",
        action="append",
        type=aggregate,
        default=[],
        metavar="NAME[:SIZE]",
        help="an aggregate, on the nodes in turn; may be repeated (default: aggr1:1PiB). SIZE, as "
        "500TiB, counts only if an SVM's volumes have no capacity of their own",
    )
    parser.add_argument(
        "--load",
        "--volumes",
        action="append",
        default=[],
        metavar="FILE",
        help="file with the initial volumes: a seed file, a dump or an inventory (formats below); "
        "may be repeated",
    )
    parser.add_argument(
        "--dump",
        action="append",
        default=[],
        metavar="FILE",
        help="write the volumes to FILE at the end, as a dump; SVM=FILE with several SVMs",
    )
    parser.add_argument(
        "--username", default="admin", metavar="NAME", help="name of the user (default: admin)"
    )
    parser.add_argument(
        "--password", help=f"password of the user (default: the variable {PASSWORD}, or random)"
    )
    parser.add_argument("--http", action="store_true", help="serve HTTP instead of HTTPS")
    parser.add_argument(
        "--ca-file",
        metavar="PATH",
        help="write the certificate that clients verify the server against to PATH (default: a "
        "temporary file)",
    )
    parser.add_argument(
        "--cert", metavar="PATH", help="certificate of the server, in PEM (default: a new one)"
    )
    parser.add_argument(
        "--key", metavar="PATH", help="private key of --cert, in PEM, not encrypted"
    )
    parser.add_argument(
        "--ready-file", metavar="PATH", help="write the login to PATH when the server listens"
    )
    parser.add_argument(
        "--jobs",
        type=job_options,
        default={},
        metavar="WHEN",
        help="when a job ends: immediate; polls:N, when a client has read it N times; seconds:N, "
        "after N seconds (default: immediate)",
    )
    parser.add_argument(
        "--seed",
        type=_options.seed,
        metavar="N",
        help="the same identifiers on every run, and a stopped clock",
    )
    parser.add_argument(
        "--run-policies",
        action="store_true",
        help="let each request first run the rules of snapshot policies that became due "
        "(default: no snapshot appears only because time passed); needs a running clock",
    )
    parser.add_argument(
        "--root-volumes",
        action="store_true",
        help="give each SVM a root volume, mounted at /; those that clients create have one anyway",
    )
    parser.add_argument(
        "--recovery-queue-hours",
        type=_options.integer(0, 2**32 - 1),
        metavar="N",
        help="keep a volume that a client deletes in the recovery queue for N hours (default: "
        "delete it at once)",
    )
    parser.add_argument(
        "--simulator",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="serve /simulator, with which clients control the server (default: if --host is a "
        "loopback address)",
    )
    parser.add_argument(
        "--events",
        type=_options.integer(1, 2**32 - 1),
        metavar="N",
        help="keep the last N events of each SVM from the start, for GET /simulator/events "
        "(default: the last 10000 from the first such request)",
    )
    parser.add_argument(
        "--log",
        nargs="?",
        const="text",
        choices=FORMS,
        help="print each request on standard error: time, method, target, status, bytes and "
        "duration, as text (default) or json",
    )


def aggregate(text: str) -> tuple[str, int]:
    """Return the name and the size of the option ``--aggregate``."""
    name, colon, size = text.partition(":")
    try:
        if name:
            return name, _options.size(size) if colon else AGGREGATE_BYTES
    except argparse.ArgumentTypeError:
        pass
    raise argparse.ArgumentTypeError(
        "expected NAME or NAME:SIZE with a size such as 500TiB or 50GB, from 1 to 2^64-1 bytes, "
        f'not "{text}"'
    )


def cluster_of(options: argparse.Namespace, inventory: Inventory | None) -> dict[str, Any]:
    """Return the arguments of the server that the inventory and the options give the cluster."""
    arguments = {} if inventory is None else cluster_options(inventory)
    if options.node is not None:
        arguments["nodes"] = options.node
    if options.aggregate:
        given = [name for name, _ in options.aggregate]
        if twice := [name for name in given if given.count(name) > 1]:
            raise UsageError(f'argument --aggregate: the name "{twice[0]}" is used twice')
        arguments["aggregates"] = {**arguments.get("aggregates", {}), **dict(options.aggregate)}
    return arguments


def job_options(text: str) -> dict[str, Any]:
    """Return the arguments of `OntapServer` for the option ``--jobs``."""
    word, _, number = text.partition(":")
    try:
        if text == "immediate":
            return {}
        if word == "polls":
            return {"job_polls": _options.integer(0, 2**32 - 1)(number)}
        if word == "seconds":
            return {"job_seconds": 0.0 if float(number) == 0 else _options.seconds(number)}
    except (ValueError, argparse.ArgumentTypeError):
        pass
    raise argparse.ArgumentTypeError(
        f'expected "immediate", "polls:N" or "seconds:N", not "{text}"'
    )


def run(options: argparse.Namespace) -> int:
    """Serve until a signal arrives; return the exit status."""
    stopped = threading.Event()
    if options.log == "json":
        warn_as_json()
    with on_signals(stopped):
        try:
            server, dumps = make(options)
            server.start()
        except (ValueError, OSError) as error:
            raise UsageError(f"argument {described(error, options)}") from error
        try:
            with ready_file(server, options.ready_file):
                print(ready_line(server), flush=True)
                # With a timeout: on some systems, Ctrl-C does not interrupt a wait without one.
                while not stopped.wait(0.5):
                    pass
        finally:
            server.stop()
        errors = dumps.write(server.backends)
    for text in errors:
        print_error(f"{options.parser.prog}: error: {text}")
    return 1 if errors else 0


@contextmanager
def on_signals(stopped: threading.Event) -> Iterator[None]:
    """Handle the signals that end the server by setting `stopped`."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler)
        stopped.set()

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    # nohup ignores SIGHUP, and it must stay ignored. SIGINT is ignored in a background job of a
    # script, which may end the server by it.
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        numbers.remove(hangup)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make(options: argparse.Namespace) -> tuple[OntapServer, Dumps]:
    """Make the server of the options, and the dumps that are due at its end."""
    needs_running_clock = "job_seconds" in options.jobs
    if options.seed is not None and needs_running_clock:
        raise UsageError("argument --jobs: seconds:N needs a running clock; --seed stops it")
    if options.seed is not None and options.run_policies:
        raise UsageError("argument --run-policies: it needs a running clock; --seed stops it")
    given = options.svm or []
    if len(set(given)) < len(given):
        raise UsageError("argument --svm: the same name twice")
    inventory = load_inventory(options.load, options.seed)
    backends = {} if inventory is None else inventory.backends
    names = list(dict.fromkeys([*backends, *given])) or ["svm1"]
    for index, name in enumerate(names):
        if name not in backends:
            # With equal seeds, all backends would generate the same identifiers.
            own_seed = None if options.seed is None else (options.seed + index) % 2**64
            backends[name] = new_backend(own_seed)
    dumps = Dumps(names, options.dump)
    standing = load(backends, options.load)
    if names[0] in standing and needs_running_clock:
        raise UsageError(
            "argument --jobs: seconds:N needs a running clock; the clock of the dump is stopped"
        )
    if options.run_policies and standing.issuperset(names):
        raise UsageError(
            "argument --run-policies: it needs a running clock; the clocks of the dumps are stopped"
        )
    password = os.environ.get(PASSWORD) or None if options.password is None else options.password
    server = OntapServer(
        backends,
        host=options.host,
        port=options.port,
        username=options.username,
        password=password,
        tls=not options.http,
        cert=options.cert,
        key=options.key,
        ca_file=options.ca_file,
        seed=options.seed,
        run_policies=options.run_policies,
        root_volumes=options.root_volumes,
        recovery_queue_hours=options.recovery_queue_hours,
        simulator=options.simulator,
        events=options.events,
        log=FORMS[options.log] if options.log else False,
        **options.jobs,
        **cluster_of(options, inventory),
    )
    if inventory is not None:
        apply(inventory, server)
        print_omissions(options.parser.prog, inventory.omitted)
    return server, dumps


def described(error: ValueError | OSError, options: argparse.Namespace) -> str:
    """Return the option that an error of `OntapServer` is about, and the text of the error."""
    if not isinstance(error, OSError):
        # The text begins with the names of the arguments.
        arguments, sign, text = str(error).partition(": ")
        return ", ".join(OPTIONS.get(name, name) for name in arguments.split(", ")) + sign + text
    if error.filename is None:
        return f"--host, --port: {error}"
    for argument in ("cert", "key", "ca_file"):
        given = getattr(options, argument)
        if given is not None and Path(given).absolute() == Path(error.filename):
            return f"{OPTIONS[argument]}: {given}: {error.strerror}"
    return f"--ca-file: {error.filename}: {error.strerror}"


@contextmanager
def ready_file(server: OntapServer, given: str | None) -> Iterator[None]:
    """Keep the file that describes the server, while the server listens."""
    if given is None:
        yield
        return
    path = Path(given).absolute()
    content = json.dumps({**login(server), "pid": os.getpid()}) + "\n"
    try:
        publish(path, content, mode=0o600, is_one=is_ready_file)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise UsageError(f"argument --ready-file: {given}: {reason}") from error
    try:
        yield
    finally:
        withdraw(path, content)


def is_ready_file(content: str) -> bool:
    """Whether a server wrote this content as its ready file."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"url", "pid"} <= document.keys()


def login(server: OntapServer) -> dict[str, str | None]:
    """Return the address of the server and the data for a login."""
    return {
        "url": server.url,
        "username": server.username,
        "password": server.password,
        "ca_file": server.ca_file,
    }


def ready_line(server: OntapServer) -> str:
    """Return the line that is printed when the server listens."""
    given = ((key, value) for key, value in login(server).items() if value is not None)
    return " ".join(["ready", *(f"{key}={shlex.quote(value)}" for key, value in given)])
