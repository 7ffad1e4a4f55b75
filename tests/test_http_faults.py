"""Faults of requests to an `OntapServer`, as real clients meet them."""

from __future__ import annotations

import copy
import http.client
import os
import pickle
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from nessie_backend_mem import Fault, MemBackend
from nessie_backend_mem.ontap import HttpFault, OntapServer
from ontap.raw import Client
from ontap.sdk import netapp

VOLUMES = "/api/storage/volumes"
CLUSTER = "/api/cluster"

NEW_VOLUME = {"name": "v", "svm.name": "svm1", "aggregates": [{"name": "aggr1"}], "size": "1GB"}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")


@pytest.fixture(scope="module")
def running() -> Iterator[OntapServer]:
    with OntapServer(MemBackend(seed=1), tls=False, seed=1) as server:
        yield server


@pytest.fixture
def server(running: OntapServer) -> OntapServer:
    """A server, empty at the start of each test."""
    running.backend.reset()
    return running


@pytest.fixture
def client(server: OntapServer) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def begin(client: Client, target: str) -> None:
    """Sends a GET, and does not wait for the reply."""
    client.connection.putrequest("GET", target)
    for name, value in client.headers:
        client.connection.putheader(name, value)
    client.connection.endheaders()


def test_a_plan_shows_its_hits_and_removes_its_faults(server: OntapServer, client: Client) -> None:
    used = HttpFault(method="GET", path="/api/clu*", status=503, retry_after=7, times=1)
    unused = HttpFault(path="/api/nothing", status=500)
    with server.inject(used, unused) as plan:
        reply = client.send("GET", f"{CLUSTER}?fields=name")
        assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "8", "7")
        client.get(CLUSTER)
        assert plan.faults == (used, unused)
        assert plan.unused == [unused]
        assert "removed" not in repr(plan)
    time = server.backend.now()
    assert plan.hits == [{"fault": 0, "method": "GET", "path": CLUSTER, "time": time}]
    assert repr(plan).endswith("hits=1, removed>")
    plan.remove()
    always = server.inject(HttpFault(status=429))
    assert client.send("GET", CLUSTER).code == "262160"
    always.remove()
    client.get(CLUSTER)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copied(plan)
    assert pickle.loads(pickle.dumps(used)) == used


def test_a_fault_is_before_the_login_and_survives_a_stop() -> None:
    server = OntapServer(MemBackend(), tls=False)
    plan = server.inject(HttpFault(status=502))
    for _ in range(2):
        with server, Client(server, password="wrong") as client:
            assert client.send("GET", CLUSTER).status == 502
    assert len(plan.hits) == 2


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_connection_is_reset_and_a_body_is_cut(tls: bool) -> None:
    backend = MemBackend()
    with OntapServer(backend, tls=tls) as server:
        lost = HttpFault(method="POST", reset=True, when="after")
        with server.inject(lost), Client(server) as client, pytest.raises(ConnectionResetError):
            client.send("POST", VOLUMES, NEW_VOLUME)
        assert [volume["name"] for volume in backend.list_volumes()] == ["v"]
        with server.inject(HttpFault(truncate=10)), Client(server) as client:
            with pytest.raises(http.client.IncompleteRead) as caught:
                client.send("GET", CLUSTER)
            assert len(caught.value.partial) == 10


def test_a_slow_reply_lets_others_pass(server: OntapServer, client: Client) -> None:
    slow = HttpFault(path=f"{CLUSTER}/nodes", delay=timedelta(hours=1))
    with server.inject(slow) as plan, Client(server) as waiting:
        begin(waiting, f"{CLUSTER}/nodes")
        while not plan.hits:
            client.get(CLUSTER)


def test_jobs_fail_or_run_until_the_end_of_the_plan(server: OntapServer, client: Client) -> None:
    def state(reply: Any) -> str:
        job: str = client.get(f"/api/cluster/jobs/{reply.json['job']['uuid']}").json["state"]
        return job

    with server.inject(HttpFault(method="POST", job="failure")):
        reply = client.send("POST", f"{VOLUMES}?return_timeout=15", NEW_VOLUME)
        assert (reply.status, state(reply)) == (202, "failure")
    assert server.backend.find_volume("v")
    with server.inject(HttpFault(method="POST", job="running")):
        reply = client.send("POST", VOLUMES, NEW_VOLUME | {"name": "w"})
        assert [state(reply), state(reply)] == ["queued", "running"]
    assert state(reply) == "success"


def test_netapps_sdk_retries_what_is_throttled(
    server: OntapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netapp.config, "RETRY_API_ON_ERROR", True)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    connection = netapp.HostConnection(
        server.host,
        username=server.username,
        password=server.password,
        scheme="http",
        port=server.port,
    )
    with (
        connection.session,
        server.inject(HttpFault(path=f"{CLUSTER}*", status=503, retry_after=0, times=2)) as plan,
    ):
        cluster = netapp.resources.Cluster()
        cluster.set_connection(connection)
        cluster.get()
        assert cluster.name == "nessie"
    assert [hit["path"] for hit in plan.hits] == [CLUSTER, CLUSTER]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"path": "api"}, ValueError, "path"),
        ({"path": "/simulator"}, ValueError, "no fault hits"),
        ({"method": "get"}, ValueError, "GET, HEAD"),
        ({"status": 200}, ValueError, "400 to 599"),
        ({"status": "503"}, TypeError, "status: expected int"),
        ({"status": True}, TypeError, "status: expected int"),
        ({"retry_after": 1}, ValueError, "without a status"),
        ({"status": 503, "retry_after": 1.5}, TypeError, "retry_after"),
        ({"status": 503, "reset": True}, ValueError, "exclusive"),
        ({"reset": 1}, TypeError, "reset: expected bool"),
        ({"truncate": -1}, ValueError, "-1"),
        ({"truncate": 1, "when": "before"}, ValueError, "truncate"),
        ({"job": "success"}, ValueError, '"running"'),
        ({"job": "failure", "delay": 1}, ValueError, "delay"),
        ({"delay": -1}, ValueError, "negative"),
        ({"delay": timedelta(days=-1)}, ValueError, "negative"),
        ({"delay": timedelta(days=999)}, ValueError, "a year"),
        ({"delay": float("inf")}, ValueError, "delay: inf"),
        ({"when": "now"}, ValueError, '"now"'),
        ({"after": -1}, ValueError, "after"),
        ({"times": 2**64}, ValueError, "times"),
        ({"every": 0}, ValueError, "every"),
        ({"probability": 1.1}, ValueError, "0 to 1"),
        ({"probability": float("nan")}, ValueError, "probability: nan"),
        ({"method": None}, TypeError, "method: expected str"),
        ({"every": None}, TypeError, "every: expected int"),
    ],
)
def test_arguments_that_break_a_rule_are_refused(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        HttpFault(**arguments)
    assert text in str(caught.value)


def test_only_faults_of_requests_are_installed(server: OntapServer) -> None:
    for wrong in ({"status": 503}, None, HttpFault):
        with pytest.raises(TypeError, match="HttpFault"):
            server.inject(HttpFault(status=503), wrong)  # type: ignore[arg-type]
    assert server.inject().hits == []


@needs_fork
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_fork_does_not_wait_for_a_delay() -> None:
    # On the system's clock, a delay blocks the thread that serves the request.
    backend = MemBackend()
    with (
        OntapServer(backend, tls=False) as server,
        Client(server) as client,
        Client(server) as waiting,
        backend.inject(Fault("list_volumes", delay=3600)) as plan,
    ):
        begin(waiting, VOLUMES)
        while not plan.hits:
            client.get(CLUSTER)
        child = os.fork()
        if not child:
            os._exit(len(backend))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.get(CLUSTER)
