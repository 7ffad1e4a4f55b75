"""Servers for the clients, and the default connection of the SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap import sdk
from ontap.raw import Client

HERE = Path(__file__).parent

Serve: TypeAlias = Callable[..., OntapServer]

JSON = [("Accept", "application/json"), ("Content-Type", "application/json")]
TUNNEL = ("X-Dot-SVM-Name", "svm1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignores a warning that the SDK causes in its own library when it loads its models.

    As an error, the warning would make the SDK refuse the call.
    """
    ignored = pytest.mark.filterwarnings(
        "ignore::marshmallow.warnings.ChangedInMarshmallow4Warning"
    )
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(ignored)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the variables that the clients' HTTP library prefers to a connection's settings."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that stop when the test ends; they hold an empty seeded backend."""
    with ExitStack() as stack:

        def start(backends: Any = None, **options: Any) -> OntapServer:
            if backends is None:
                backends = MemBackend(seed=1)
            return stack.enter_context(OntapServer(backends, **options))

        yield start


@pytest.fixture
def server(request: pytest.FixtureRequest, serve: Serve) -> OntapServer:
    """An empty server. It speaks https, except where `each_scheme` selects http."""
    return serve(tls=getattr(request, "param", True))


@pytest.fixture
def plain(serve: Serve) -> OntapServer:
    """An empty server that speaks http."""
    return serve(tls=False)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Connects the SDK to a server and makes the connection the test's default."""
    with ExitStack() as stack:

        def start(server: OntapServer, **options: Any) -> Any:
            scheme = server.url.partition(":")[0]
            values = {
                "username": server.username,
                "password": server.password,
                "verify": str(server.ca_file) if scheme == "https" else True,
                "scheme": scheme,
                "port": server.port,
                "poll_interval": 0.01,
            }
            connection = sdk.HostConnection(server.host, **(values | options))
            stack.callback(connection.session.close)
            monkeypatch.setattr(sdk.config, "CONNECTION", connection)
            return connection

        yield start


@pytest.fixture
def sdk_server(backend: MemBackend, serve: Serve, connect: Callable[..., Any]) -> OntapServer:
    """A server over `backend` that speaks http. It is the SDK's default connection."""
    started = serve(backend, tls=False)
    connect(started)
    return started


@pytest.fixture
def connection(server: OntapServer, connect: Callable[..., Any]) -> Any:
    """The SDK's default connection, to `server`."""
    return connect(server)


@pytest.fixture
def client(plain: OntapServer) -> Iterator[Client]:
    """A client with default headers and URLs."""
    with Client(plain) as client:
        yield client


@pytest.fixture
def administrator(plain: OntapServer) -> Iterator[Client]:
    """Manila with the cluster's credentials: no SVM in its headers."""
    with Client(plain, JSON) as client:
        yield client


@pytest.fixture
def manila(plain: OntapServer) -> Iterator[Client]:
    """Manila with the SVM in its headers."""
    with Client(plain, [*JSON, TUNNEL]) as client:
        yield client


@pytest.fixture
def terraform(plain: OntapServer) -> Iterator[Client]:
    """Terraform's provider."""
    headers = [
        ("User-Agent", "Go-http-client/1.1"),
        ("Content-Type", "application/json"),
        ("X-Dot-Client-App", "terraform-provider-netapp-ontap/2.0.0"),
    ]
    with Client(plain, headers) as client:
        yield client
