"""The pytest plugin: the fixture `mem_backend`, a fresh seeded `MemBackend` for each test.

It is there as soon as the package is installed. A test gets a backend of its own that does the same
on every run, whatever other tests run beside it and in whichever process. When the test fails, its
report shows the seed, how to repeat the test and what is in the backend. ``--nessie-seed`` gives
every test other identifiers.

A test that asks for `ontap_server` gets an ONTAP REST endpoint over its `mem_backend`, and one that
asks for `ontap_connection` has the NetApp SDK, if it is installed, connected to that endpoint.

A test that asks for `conformance_case` runs once for each case of the conformance suite::

    def test_my_backend(conformance_case):
        conformance_case.check(MyBackend)
"""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    import pluggy

    from . import MemBackend
    from .ontap import OntapServer

__all__ = [
    "mem_backend",
    "ontap_connection",
    "ontap_server",
    "pytest_addoption",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
]

OPTION = "--nessie-seed"
CASE = "conformance_case"
LONGEST_TREE = 200
"""Lines of a backend's tree that a report shows."""

given_backend = pytest.StashKey["MemBackend"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the seeds."""
    parser.getgroup("nessie-backend-mem").addoption(
        OPTION,
        dest="nessie_seed",
        type=int,
        default=0,
        metavar="N",
        help="an int that the seed of each test's mem_backend derives from (default: 0)",
    )


@pytest.fixture
def mem_backend(request: pytest.FixtureRequest) -> MemBackend:
    """Return an empty `MemBackend` with a seed of this test's own, the same on every run."""
    from . import MemBackend  # noqa: PLC0415 (only a test that asks for one needs it)

    backend = MemBackend(seed=seed_of(request.node))
    request.node.stash[given_backend] = backend
    return backend


@pytest.fixture
def ontap_server(mem_backend: MemBackend, request: pytest.FixtureRequest) -> Iterator[OntapServer]:
    """Run an ONTAP REST endpoint over `mem_backend`, for this test alone."""
    from .ontap import OntapServer  # noqa: PLC0415 (only a test that asks for one needs it)

    with OntapServer(mem_backend, seed=seed_of(request.node)) as server:
        yield server


@pytest.fixture
def ontap_connection(ontap_server: OntapServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Connect the NetApp SDK to `ontap_server`, as its default connection; skip where it is not."""
    netapp_ontap = pytest.importorskip("netapp_ontap")
    # These would be believed instead of the certificate that the connection names.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    connection = netapp_ontap.HostConnection(
        ontap_server.host,
        port=ontap_server.port,
        username=ontap_server.username,
        password=ontap_server.password,
        verify=ontap_server.ca_file,
    )
    monkeypatch.setattr(netapp_ontap.config, "CONNECTION", connection)
    yield connection
    connection.session.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `conformance_case` once for each case of the suite."""
    if CASE in metafunc.fixturenames:
        from .conformance import cases  # noqa: PLC0415 (only a test that asks for one needs it)

        metafunc.parametrize(CASE, cases(), ids=str)


# The older kind of wrapper: this plugin is loaded by whichever pytest is there.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Add the backend to the report of a test that failed with one."""
    outcome = yield
    report = outcome.get_result()
    backend = item.stash.get(given_backend, None)
    if report.failed and backend is not None:
        report.sections.append(("mem_backend", story_of(item, backend)))


def id_of(item: pytest.Item) -> str:
    """Return the test's node id, without what a plugin may have added to it to group tests."""
    collector = item.parent
    return f"{collector.nodeid}::{item.name}" if collector is not None else item.nodeid


def seed_of(item: pytest.Item) -> int:
    """Derive the seed of a test from the option and its node id, the same in every process."""
    text = f"{item.config.getoption('nessie_seed')} {id_of(item)}"
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:8], "big")


def story_of(item: pytest.Item, backend: MemBackend) -> str:
    """Say which backend the test had, how to have it again, and what is in it."""
    option = f"{OPTION}={item.config.getoption('nessie_seed')}"
    tree = backend.tree().splitlines()
    hidden = len(tree) - LONGEST_TREE
    return "\n".join(
        [
            f"seed:   {seed_of(item)}",
            f"repeat: pytest {option} {shlex.quote(id_of(item))}",
            f"{backend!r}",
            *tree[:LONGEST_TREE],
            *([f"... and {hidden} lines more"] if hidden > 0 else []),
        ]
    )
