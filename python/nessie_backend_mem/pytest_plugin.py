"""The pytest plugin: fixtures with backends, endpoints and conformance cases.

pytest loads it when the package is installed.

`mem_backend` is an empty `MemBackend` for one test. Its seed is derived
from the test's id, so that the test gets the same uuids on every run, in
any order and in any process. The report of a failed test shows the seed,
how to repeat the test, and the contents of the backend. ``--nessie-seed``
changes the seeds of all tests.

`ontap_server` is an ONTAP REST endpoint for the test's `mem_backend`.
`ontap_connection` connects the NetApp SDK, if it is installed, to that
endpoint.

The suffixes ``_module`` and ``_session``, as in `mem_backend_module`, give
fixtures that the tests of a module or all tests of the session share.
`mem_backend_factory` makes further backends, in tests and in fixtures of
every scope:

    @pytest.fixture(scope="session")
    def golden(mem_backend_factory):
        backend = mem_backend_factory("golden")
        backend.create_volumes([f"v{n}" for n in range(1000)])
        return backend

    def test_on_a_copy(golden):
        backend = golden.fork()  # other tests do not see the changes of this test

A test with the fixture `conformance_case` runs once per case of the
conformance suite:

    def test_my_backend(conformance_case):
        conformance_case.check(MyBackend)

`conformance_case.check(MyBackend, expect=["clones", "split"])` fails, and does
not skip, a case that needs one of these features if the backend lacks it.

The marker `nessie_faults` installs faults for a test:

    @pytest.mark.nessie_faults(Fault("create_snapshot", error="timeout", times=1))
    def test_a_nightly_run_survives_a_timeout(mem_backend, nessie_faults):
        nightly_run(mem_backend)
        assert len(nessie_faults.hits) == 1

They are installed in the backend of the test: in `mem_backend`, or else in
`mem_backend_module` or `mem_backend_session` if the test uses that one. The
clients of its `ontap_server` get them, too. They are installed after all other
fixtures of the test were set up, and removed before these are torn down, so
that fixtures are not hit. The fixture `nessie_faults`, the plan, is optional.
A fault that no call has matched is an `UnusedFaultWarning`. Markers of a class
or a module add to those of a test.

`nessie_events` is a log of the events of the same backend. The report of a
failed test with the marker or with this fixture shows the hits and the last
events.
"""

from __future__ import annotations

import hashlib
import shlex
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    import pluggy
    from _pytest.nodes import Node

    from . import MemBackend
    from .events import EventLog
    from .faults import Fault, FaultPlan
    from .ontap import OntapServer

__all__ = [
    "UnusedFaultWarning",
    "mem_backend",
    "mem_backend_factory",
    "mem_backend_module",
    "mem_backend_session",
    "nessie_events",
    "nessie_faults",
    "ontap_connection",
    "ontap_connection_module",
    "ontap_connection_session",
    "ontap_server",
    "ontap_server_module",
    "ontap_server_session",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
]
__dir__ = __all__.copy

OPTION = "--nessie-seed"
CASE = "conformance_case"
FACTORY = "mem_backend_factory"
FAULTS = "nessie_faults"
"""The marker and the fixture."""
EVENTS = "nessie_events"
MARKER = (
    f"{FAULTS}(*faults): install faults, objects of nessie_backend_mem.Fault, in the test's "
    "mem_backend, or else in its mem_backend_module or mem_backend_session."
)
BACKENDS = ("mem_backend", "mem_backend_module", "mem_backend_session")
"""The fixtures in one of which faults are installed: the first that the test uses."""
LONGEST_TREE = 200
"""Lines of a backend's tree that a report shows."""
LAST_EVENTS = 20
"""Events that a report shows."""


class UnusedFaultWarning(pytest.PytestWarning):
    """No call of a test has matched a fault of its marker `nessie_faults`.

    The pattern of the fault may be wrong, or the test does not do what it seems to do. A test that
    fails or is skipped gives no warning.
    """


@dataclass(frozen=True, slots=True)
class Given:
    """A backend of a test, and its data for the report.

    Attributes:
        fixture: Name of the fixture that made it.
        title: Title of its section in the report.
        seed: Seed of the backend.
        backend: The backend.
    """

    fixture: str
    title: str
    seed: int
    backend: MemBackend


given_backends = pytest.StashKey[list[Given]]()
"""The backends of a test, a module or the session."""

running_test = pytest.StashKey[pytest.Item]()
"""The running test of the session."""

installed_plan = pytest.StashKey["FaultPlan"]()
"""The faults of a test."""

open_log = pytest.StashKey["EventLog"]()
"""The log of a test's backend."""

has_passed = pytest.StashKey[bool]()
"""Whether the test itself has passed. Its fixtures are torn down later."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--nessie-seed``."""
    parser.getgroup("nessie-backend-mem").addoption(
        OPTION,
        dest="nessie_seed",
        type=int,
        default=0,
        metavar="N",
        help="an int that the seed of each mem_backend derives from (default: 0)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `nessie_faults`."""
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Check the markers `nessie_faults`, and add the fixture that installs their faults.

    Wrong arguments, and a test that uses no backend, are usage errors.
    """
    for item in items:
        if item.get_closest_marker(FAULTS) is not None:
            faults_of(item)
            names = getattr(item, "fixturenames", [])
            if not {*BACKENDS} & {*names}:
                raise pytest.UsageError(
                    f"{item.nodeid}: the marker {FAULTS} needs a test that uses one of the "
                    f"fixtures {', '.join(BACKENDS)}"
                )
            # The last fixture, in a list of this item's own.
            rest = [name for name in names if name != FAULTS]
            item.fixturenames = [*rest, FAULTS]  # type: ignore[attr-defined]


@pytest.fixture
def mem_backend(request: pytest.FixtureRequest) -> MemBackend:
    """Return an empty `MemBackend` with a seed derived from the name of the test."""
    return make_backend(request)


@pytest.fixture(scope="module")
def mem_backend_module(request: pytest.FixtureRequest) -> MemBackend:
    """Return a `MemBackend` that the tests of a module share, with the same seed on every run."""
    return make_backend(request)


@pytest.fixture(scope="session")
def mem_backend_session(request: pytest.FixtureRequest) -> MemBackend:
    """Return a `MemBackend` that all tests of the session share, with the same seed on every run.

    If tests run in several processes, each process has its own, all with the same seed.
    """
    return make_backend(request)


@pytest.fixture(scope="session")
def mem_backend_factory(request: pytest.FixtureRequest) -> Callable[[str], MemBackend]:
    """Return ``make(name: str) -> MemBackend``, a function that makes an empty backend.

    The seed is derived from the name: the same name gives the same uuids in every test, in every
    fixture and on every run. The report of a failed test shows the backends that were made while
    it ran.
    """
    from . import MemBackend  # noqa: PLC0415 (most tests do not need it)

    session = request.session

    def make(name: str) -> MemBackend:
        seed = derived_seed(session.config, f"{FACTORY}({name!r})")
        backend = MemBackend(seed=seed)
        test = session.stash.get(running_test, None)
        if test is not None:
            keep(test, Given(FACTORY, f"{FACTORY}({name!r})", seed, backend))
        return backend

    return make


@pytest.fixture
def ontap_server(mem_backend: MemBackend, request: pytest.FixtureRequest) -> Iterator[OntapServer]:
    """Run an `OntapServer` for `mem_backend`, for one test."""
    with running_server(mem_backend, request) as server:
        yield server


@pytest.fixture(scope="module")
def ontap_server_module(
    mem_backend_module: MemBackend, request: pytest.FixtureRequest
) -> Iterator[OntapServer]:
    """Run an `OntapServer` for `mem_backend_module`, for the tests of a module."""
    with running_server(mem_backend_module, request) as server:
        yield server


@pytest.fixture(scope="session")
def ontap_server_session(
    mem_backend_session: MemBackend, request: pytest.FixtureRequest
) -> Iterator[OntapServer]:
    """Run an `OntapServer` for `mem_backend_session`, for all tests of the session."""
    with running_server(mem_backend_session, request) as server:
        yield server


@pytest.fixture
def ontap_connection(ontap_server: OntapServer) -> Iterator[Any]:
    """Connect the NetApp SDK to `ontap_server`, and return its default `HostConnection`.

    Skips the test if the SDK is not installed.
    """
    with default_connection(ontap_server) as connection:
        yield connection


@pytest.fixture(scope="module")
def ontap_connection_module(ontap_server_module: OntapServer) -> Iterator[Any]:
    """Connect the NetApp SDK to `ontap_server_module`, and return its default `HostConnection`.

    Skips the tests if the SDK is not installed.
    """
    with default_connection(ontap_server_module) as connection:
        yield connection


@pytest.fixture(scope="session")
def ontap_connection_session(ontap_server_session: OntapServer) -> Iterator[Any]:
    """Connect the NetApp SDK to `ontap_server_session`, and return its default `HostConnection`.

    Skips the tests if the SDK is not installed.
    """
    with default_connection(ontap_server_session) as connection:
        yield connection


@pytest.fixture
def nessie_events(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    """Record the events of the test's backend, and return the `EventLog`.

    It begins when this fixture is set up, and the report of a failed test shows the last events.
    """
    log: EventLog
    with backend_of(request).events() as log:
        request.node.stash[open_log] = log
        yield log


@pytest.fixture
def nessie_faults(request: pytest.FixtureRequest) -> Iterator[FaultPlan]:
    """Install the faults of the marker `nessie_faults`, and return the `FaultPlan`."""
    node = request.node
    backend = backend_of(request)
    log: EventLog
    plan: FaultPlan
    with backend.events(LAST_EVENTS) as log, backend.inject(*faults_of(node)) as plan:
        node.stash.setdefault(open_log, log)
        node.stash[installed_plan] = plan
        yield plan
    for fault in plan.unused if node.stash.get(has_passed, False) else ():
        warnings.warn(UnusedFaultWarning(f"no call has matched {fault!r}"), stacklevel=1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the fixture `conformance_case` once per case of the suite."""
    if CASE in metafunc.fixturenames:
        from .conformance import cases  # noqa: PLC0415 (most tests do not need it)

        metafunc.parametrize(CASE, cases(), ids=str)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Store the running test, which has no backends yet."""
    item.stash[given_backends] = []
    item.session.stash[running_test] = item


# The older form of wrapper, which all versions of pytest understand.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Add the backends of a failed test to its report."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.stash[has_passed] = report.passed
    if report.failed:
        for node in item.listchain():
            for given in node.stash.get(given_backends, ()):
                # Not every test uses the backends of its module or of the session.
                if node is item or given.fixture in getattr(item, "fixturenames", ()):
                    scope = item if given.fixture == FACTORY else node
                    report.sections.append((given.title, describe(scope, given)))
        if installed_plan in item.stash:
            report.sections.append((FAULTS, describe_plan(item.stash[installed_plan])))
        if open_log in item.stash:
            report.sections.append((EVENTS, describe_log(item.stash[open_log])))


def make_backend(request: pytest.FixtureRequest) -> MemBackend:
    """Make the backend of a test, a module or the session for a fixture."""
    from . import MemBackend  # noqa: PLC0415 (most tests do not need it)

    seed = seed_of(request.node)
    backend = MemBackend(seed=seed)
    name = request.fixturename or ""
    keep(request.node, Given(name, name, seed, backend))
    return backend


def keep(node: Node, given: Given) -> None:
    """Store a backend for the reports of a test, or of all tests of a node."""
    node.stash.setdefault(given_backends, []).append(given)


def backend_of(request: pytest.FixtureRequest) -> MemBackend:
    """Return the backend in which the faults of a test are installed."""
    used = [name for name in BACKENDS if name in request.fixturenames]
    backend: MemBackend = request.getfixturevalue((used or BACKENDS)[0])
    return backend


def faults_of(node: Node) -> list[Fault]:
    """Return the faults of the markers of a test, those of its module first.

    Wrong arguments are a usage error.
    """
    from . import Fault  # noqa: PLC0415 (most tests do not need it)

    faults: list[Fault] = []
    for marker in reversed([*node.iter_markers(FAULTS)]):
        wrong = [repr(value) for value in marker.args if not isinstance(value, Fault)]
        wrong += [f"{name}={value!r}" for name, value in marker.kwargs.items()]
        if wrong or not marker.args:
            found = f", not {', '.join(wrong)}" if wrong else ""
            raise pytest.UsageError(
                f"{node.nodeid}: the marker {FAULTS} takes one or more objects of "
                f"nessie_backend_mem.Fault{found}"
            )
        faults += marker.args
    return faults


@contextmanager
def running_server(backend: MemBackend, request: pytest.FixtureRequest) -> Iterator[OntapServer]:
    """Run an endpoint over a backend, with the same seed."""
    from .ontap import OntapServer  # noqa: PLC0415 (most tests do not need it)

    with OntapServer(backend, seed=seed_of(request.node)) as server:
        yield server


@contextmanager
def default_connection(server: OntapServer) -> Iterator[Any]:
    """Make the default connection of the SDK, to a server; skip if the SDK is not installed."""
    netapp_ontap = pytest.importorskip("netapp_ontap")
    with pytest.MonkeyPatch.context() as patch:
        # The SDK would prefer them to the certificate of the connection.
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        connection = netapp_ontap.HostConnection(
            server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            verify=server.ca_file,
        )
        patch.setattr(netapp_ontap.config, "CONNECTION", connection)
        try:
            yield connection
        finally:
            connection.session.close()


def id_of(node: Node) -> str:
    """Return the node id without a suffix that a plugin has added to group tests."""
    collector = node.parent
    if isinstance(node, pytest.Item) and collector is not None:
        return f"{collector.nodeid}::{node.name}"
    return node.nodeid


def seed_of(node: Node) -> int:
    """Derive the seed of a node from the option and its id, the same in every process."""
    return derived_seed(node.config, id_of(node))


def derived_seed(config: pytest.Config, text: str) -> int:
    """Derive a seed from the option and a text."""
    text = f"{config.getoption('nessie_seed')} {text}"
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:8], "big")


def describe(node: Node, given: Given) -> str:
    """Return the section of a report about a backend: seed, command to repeat, and tree."""
    option = f"{OPTION}={node.config.getoption('nessie_seed')}"
    command = ["pytest", option, *([shlex.quote(id_of(node))] if id_of(node) else [])]
    tree = given.backend.tree().splitlines()
    hidden = len(tree) - LONGEST_TREE
    return "\n".join(
        [
            f"seed:   {given.seed}",
            f"repeat: {' '.join(command)}",
            f"{given.backend!r}",
            *tree[:LONGEST_TREE],
            *([f"... and {hidden} lines more"] if hidden > 0 else []),
        ]
    )


def describe_plan(plan: FaultPlan) -> str:
    """Return the section of a report about faults: each fault with the calls that it has hit."""
    lines = []
    for position, fault in enumerate(plan.faults):
        hits = [hit for hit in plan.hits if hit["fault"] == position]
        lines.append(f"{fault!r}: {len(hits)} hit{'' if len(hits) == 1 else 's'}")
        for hit in hits[-LAST_EVENTS:]:
            about = "" if hit["name"] is None else f" {hit['name']}"
            lines.append(f"    {hit['time']} {hit['operation']}{about}")
    return "\n".join(lines)


def describe_log(log: EventLog) -> str:
    """Return the section of a report about events: the last ones."""
    from ._replay import call_text  # noqa: PLC0415 (most tests do not need it)

    count = len(log) + log.lost
    shown = log.since(max(count - LAST_EVENTS, 0))
    lines = [f"the last {len(shown)} of {count} events:" if len(shown) < count else "all events:"]
    for event in shown:
        by_fault = f", by a fault {event['fault']} it" if "fault" in event else ""
        ended = f": {event['error']}{by_fault}" if event["error"] else ""
        cause = f" ({event['cause']})" if event["cause"] != "call" else ""
        lines.append(f"{event['seq']:>5}  {event['time']}  {call_text(event)}{cause}{ended}")
    return "\n".join(lines)
