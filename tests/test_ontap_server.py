"""The ONTAP server of the Python package: start and stop, arguments, and malformed requests."""

from __future__ import annotations

import gc
import http.client
import json
import logging
import os
import re
import signal
import socket
import ssl
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from dict_backends import CodedError, DictVolumes
from nessie_backend_mem import LimitExceededError, MemBackend
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.ontap.log import shown
from ontap.raw import Client
from support import TIMEOUT, run_python, run_threads

VOLUMES = "/api/storage/volumes"
GIB = 2**30

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no os.fork")
among_threads = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture
def server() -> Iterator[OntapServer]:
    with OntapServer(MemBackend(seed=1), tls=False) as server:
        yield server


@pytest.fixture
def client(server: OntapServer) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def new_volume(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "svm": {"name": "svm1"},
        "aggregates": [{"name": "aggr1"}],
        "size": GIB,
        **fields,
    }


def names(client: Client) -> list[str]:
    return [record["name"] for record in client.get(VOLUMES).records]


def is_serving(server: OntapServer) -> bool:
    with Client(server) as client:
        return client.send("GET", "/api/cluster").status == 200


@contextmanager
def raw(server: OntapServer) -> Iterator[socket.socket]:
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as connection:
        yield connection


def request(server: OntapServer, target: str, *, method: str = "GET", more: str = "") -> bytes:
    """A request as bytes; `more` are further headers and the body."""
    with Client(server) as client:
        ((name, value),) = client.headers
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n{more}\r\n".encode()


def status(connection: socket.socket) -> int | None:
    """The status of the next reply, which is read completely; None if there is none."""
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionError):
        return None
    response.read()
    return response.status


# Start and stop.


def test_it_listens_from_start_to_stop() -> None:
    server = OntapServer()
    assert isinstance(server.backend, MemBackend)
    assert server.ca_file is None
    assert "not running" in repr(server)
    assert server.start() is server
    assert server.is_running
    assert server.url == f"https://127.0.0.1:{server.port}"
    assert server.url in repr(server)
    ca_file = Path(str(server.ca_file))
    assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert is_serving(server)
    with pytest.raises(RuntimeError, match="running already"):
        server.start()
    port = server.port
    server.stop()
    server.stop()
    assert not ca_file.exists()
    assert server.ca_file is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, port))


def test_its_state_is_kept_over_a_restart() -> None:
    server = OntapServer(MemBackend(), tls=False)
    with server, Client(server) as client:
        client.done("POST", VOLUMES, new_volume("kept", comment="kept too"))
        cluster = client.get("/api/cluster").json
    with server, Client(server) as client:
        assert client.get(f"{VOLUMES}?fields=comment").record["comment"] == "kept too"
        assert client.get("/api/cluster").json == cluster


def test_nothing_is_imported_or_started_until_it_is_used() -> None:
    done = run_python(
        "-c",
        "import sys, threading, nessie_backend_mem\n"
        "nessie_backend_mem.MemBackend()\n"
        "print([name for name in sys.modules if 'ontap' in name or name in ('ssl', 'socket')])\n"
        "print(threading.active_count())",
    )
    assert done.stdout.split("\n")[:2] == ["[]", "1"]


def test_each_password_and_certificate_is_new() -> None:
    with OntapServer() as one, OntapServer() as other:
        assert one.password != other.password
        assert len(one.password) >= 16
        assert one.ca_file is not None
        assert other.ca_file is not None
        assert Path(one.ca_file).read_bytes() != Path(other.ca_file).read_bytes()


def test_a_server_without_references_is_stopped() -> None:
    server = OntapServer(tls=False).start()
    where = (server.host, server.port)
    socket.create_connection(where).close()
    del server
    gc.collect()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system has no /proc/self/fd")
def test_servers_leak_no_files_and_no_threads() -> None:
    def held() -> tuple[int, int]:
        lists = (list(Path("/proc/self", each).iterdir()) for each in ("fd", "task"))
        descriptors, threads = map(len, lists)
        return descriptors, threads

    def serve() -> None:
        with OntapServer(log=lambda *_: None) as server:
            assert is_serving(server)

    serve()
    before = held()
    for _ in range(20):
        serve()
    # The system may count a thread for a moment after it has ended.
    deadline = time.monotonic() + TIMEOUT
    while held() != before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert held() == before


def test_a_port_in_use_is_an_error(server: OntapServer) -> None:
    with pytest.raises(OSError, match=str(server.port)):
        OntapServer(port=server.port).start()


def test_servers_are_independent() -> None:
    with OntapServer(tls=False) as one, OntapServer(tls=False) as other:
        one.backend.create_volume("v")
        with Client(one) as client:
            assert names(client) == ["v"]
        with Client(other) as client:
            assert names(client) == []
        with Client(other, password=one.password) as client:
            assert client.send("GET", VOLUMES).status == 401


def test_two_servers_may_have_one_backend() -> None:
    backend = MemBackend()
    with OntapServer(backend, tls=False) as one, OntapServer(backend, tls=False) as other:
        with Client(one) as client:
            client.done("POST", VOLUMES, new_volume("v"))
        with Client(other) as client:
            assert names(client) == ["v"]


EXITS = """
    import sys, threading
    from nessie_backend_mem import MemBackend
    from nessie_backend_mem.ontap import OntapServer
    {backend}
    server = OntapServer(Backend(), {options}).start()
    print(server.ca_file)
    {ending}
"""


@pytest.mark.parametrize("ending", ["", "sys.exit(3)", "raise ValueError('wanted')"])
@pytest.mark.parametrize("options", ["", "log=print", "tls=False"])
def test_a_process_may_exit_while_it_runs(ending: str, options: str) -> None:
    script = EXITS.format(
        backend="from nessie_backend_mem import MemBackend as Backend",
        ending=ending,
        options=options,
    )
    done = run_python("-W", "error", "-c", textwrap.dedent(script))
    assert done.returncode == (3 if "exit" in ending else 1 if ending else 0), done.stderr
    assert ("wanted" in done.stderr) if "raise" in ending else done.stderr == ""
    path = done.stdout.strip()
    assert path == "None" or not Path(path).exists()


def test_a_process_exits_while_the_log_never_returns() -> None:
    script = """
        import urllib.request
        from nessie_backend_mem.ontap import OntapServer, log
        log.LAST_LINES = 0.1
        entered = []
        def stay(*request):
            entered.append(request)
            while True:
                pass
        server = OntapServer(tls=False, log=stay).start()
        urllib.request.urlopen(server.url + "/healthz").read()
        while not entered:
            pass
    """
    done = run_python("-W", "error", "-c", textwrap.dedent(script))
    assert (done.returncode, done.stderr) == (0, "")


def test_several_threads_may_stop_it() -> None:
    with OntapServer(log=lambda *_: None) as server:
        where = (server.host, server.port)

        def stop() -> None:
            server.stop()
            assert not server.is_running
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(where)

        run_threads(stop, stop, stop)


# Forks.


@needs_fork
@among_threads
def test_a_forked_process_has_no_server_and_does_not_stop_the_parents() -> None:
    with OntapServer(log=lambda *_: None) as server:
        assert server.ca_file is not None
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if not server.is_running:
                    server.stop()
                    del server
                    gc.collect()
                    code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert Path(str(server.ca_file)).exists()
        assert is_serving(server)


@needs_fork
@among_threads
def test_a_forked_process_does_not_keep_the_port_open() -> None:
    reader, writer = os.pipe()
    with OntapServer(tls=False) as server:
        where = (server.host, server.port)
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(where, timeout=1)
    finally:
        os.close(reader)
        os.close(writer)
        os.waitpid(child, 0)


@needs_fork
@among_threads
def test_a_process_may_be_forked_while_requests_are_under_way(server: OntapServer) -> None:
    backend = server.backend
    for number in range(500):
        backend.create_volume(f"v{number}", GIB)
    over = threading.Event()

    def load() -> None:
        with Client(server) as client:
            while not over.is_set():
                client.get(f"{VOLUMES}?fields=*")

    def fork() -> None:
        try:
            for _ in range(20):
                child = os.fork()
                if child == 0:
                    signal.alarm(10)  # It ends a child that finds the backend locked.
                    backend.create_volume("of-the-child")
                    os._exit(0 if len(backend.list_volumes()) == 501 else 1)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        finally:
            over.set()

    run_threads(load, load, fork)
    assert len(backend) == 500


class Forking(DictVolumes):
    """Forks in the middle of a request."""

    def get_volume(self, uuid: Any) -> Any:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return super().get_volume(uuid)


@needs_fork
@among_threads
def test_a_backend_may_fork_within_a_request() -> None:
    backend: Any = Forking()
    uuid = backend.create_volume("v", GIB)["uuid"]
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        assert client.get(f"{VOLUMES}/{uuid}").json["name"] == "v"


# Addresses, logins and certificates.


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_clients_can_verify_it(host: str) -> None:
    with OntapServer(host=host) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ("127.0.0.1", "localhost"):
            connection = http.client.HTTPSConnection(name, server.port, context=context)
            connection.request("GET", "/api")
            assert connection.getresponse().status == 401
            connection.close()


def test_clients_without_the_certificate_refuse_it() -> None:
    with OntapServer() as server, OntapServer() as other:
        for ca_file in (None, other.ca_file):
            context = ssl.create_default_context(cafile=ca_file)
            connection = http.client.HTTPSConnection(server.host, server.port, context=context)
            with pytest.raises(ssl.SSLCertVerificationError):
                connection.request("GET", "/")
            connection.close()
        assert is_serving(server)


CERTIFICATES = Path(__file__).parent / "certificates"
OWN, OWN_KEY, OTHER_KEY = (CERTIFICATES / name for name in ("own.pem", "own.key", "other.key"))


def get_health(server: OntapServer, context: ssl.SSLContext) -> int:
    """The status of a request without a login."""
    connection = http.client.HTTPSConnection("localhost", server.port, context=context)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_given_certificate_is_sent_to_clients() -> None:
    with OntapServer(cert=OWN, key=str(OWN_KEY)) as server:
        assert get_health(server, ssl.create_default_context(cafile=OWN)) == 200
        assert server.ca_file is None
        assert server.environment() == {}


def test_a_certificate_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff")
    for cert, key, about in (
        (OWN, OTHER_KEY, "certificate and the key"),
        (OWN_KEY, OWN_KEY, "CERTIFICATE"),
        (OWN, OWN, "private key"),
        (binary, OWN_KEY, "cert: .*binary"),
    ):
        with pytest.raises(ValueError, match=about):
            OntapServer(cert=cert, key=key).start()
    with pytest.raises(FileNotFoundError) as error:
        OntapServer(cert=tmp_path / "nothing.pem", key=OWN_KEY).start()
    assert error.value.filename == str(tmp_path / "nothing.pem")


def test_the_certificate_for_clients_is_written_to_ca_file(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    server = OntapServer(ca_file=path)
    assert not path.exists()
    left_behind = ""
    for _ in range(2):
        with server:
            assert server.ca_file == str(path)
            assert get_health(server, ssl.create_default_context(cafile=path)) == 200
            if sys.platform != "win32":
                assert path.stat().st_mode & 0o777 == 0o644
            left_behind = path.read_text()
            assert list(tmp_path.iterdir()) == [path]
        assert list(tmp_path.iterdir()) == []
    # The file of a killed server is replaced. The file of another running server is kept.
    path.write_text(left_behind)
    with OntapServer(ca_file=str(path)) as one:
        assert path.read_text() != left_behind
        with OntapServer(ca_file=path) as other:
            one.stop()
            assert get_health(other, ssl.create_default_context(cafile=path)) == 200
    assert not path.exists()


def test_the_certificate_replaces_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    for content in (b"", b"mine", OWN.read_bytes(), b"\xff" * 100_000):
        path.write_bytes(content)
        with pytest.raises(FileExistsError, match="mine"):
            OntapServer(ca_file=path).start()
        assert path.read_bytes() == content
    with pytest.raises(FileExistsError):
        OntapServer(ca_file=tmp_path).start()
    with pytest.raises(FileNotFoundError) as error:
        OntapServer(ca_file=tmp_path / "nothing" / "ca.pem").start()
    assert error.value.filename == str(tmp_path / "nothing" / "ca.pem")
    assert list(tmp_path.iterdir()) == [path]


def test_the_environment_variables_make_clients_trust_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with OntapServer() as server:
        environment = server.environment()
        assert set(environment) == {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert get_health(server, ssl.create_default_context()) == 200
    assert server.environment() == {}
    with OntapServer(tls=False) as server:
        assert server.environment() == {}


@pytest.mark.parametrize("tls", [False, True])
def test_name_and_health_need_no_password(tls: bool) -> None:
    with OntapServer(tls=tls) as server, Client(server) as client:
        client.headers = []
        assert client.get("/healthz").json == {"status": "ok"}
        about = client.get("/").json
        assert about["api"] == "/api"
        assert "ONTAP" in about["product"]


@pytest.mark.parametrize("tls", [False, True])
def test_everything_else_needs_the_password(tls: bool) -> None:
    with OntapServer(username="root", password="käse", tls=tls) as server:
        assert is_serving(server)
        for target in ("/api", "/api/cluster", VOLUMES, "/nothing", "/servlets/x"):
            for method in ("GET", "POST", "DELETE", "OPTIONS", "PUT"):
                with Client(server, password="kase") as client:
                    reply = client.send(method, target)
                assert (reply.status, reply.code) == (401, "6691623")
                assert reply.headers["WWW-Authenticate"].startswith("Basic")


def test_every_reply_carries_the_headers_of_an_array(client: Client) -> None:
    for target, status_code in (("/api/cluster", 200), ("/api/nothing", 404)):
        reply = client.send("GET", target)
        assert reply.headers["Server"] == "libzapid-httpd"
        assert reply.headers["Content-Type"] == "application/hal+json"
        assert reply.headers["Cache-Control"] == "no-cache,no-store,must-revalidate"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.status == status_code


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"backends": object()}, TypeError, "create_volume|methods"),
    ({"backends": {"svm1": 5}}, TypeError, "int"),
    ({"backends": MemBackend}, TypeError, r"the class MemBackend: MemBackend\(\)"),
    ({"backends": {5: MemBackend()}}, TypeError, "backends"),
    ({"backends": {"": MemBackend()}}, ValueError, "backends"),
    ({"host": 5}, TypeError, "host"),
    ({"host": "0.0.0.0"}, ValueError, "password"),
    ({"host": "::"}, ValueError, "password"),
    ({"host": "192.0.2.1"}, ValueError, "password"),
    ({"port": -1}, ValueError, "port"),
    ({"port": 65536}, ValueError, "port"),
    ({"port": "443"}, TypeError, "port"),
    ({"port": True}, TypeError, "port"),
    ({"username": ""}, ValueError, "username"),
    ({"username": "a:b"}, ValueError, "username"),
    ({"password": ""}, ValueError, "password"),
    ({"password": 5}, TypeError, "password"),
    ({"tls": "no"}, TypeError, "tls"),
    ({"cert": 5, "key": "k"}, TypeError, "cert"),
    ({"cert": b"c", "key": "k"}, TypeError, "cert"),
    ({"cert": "", "key": "k"}, ValueError, "cert"),
    ({"cert": "c"}, ValueError, "cert, key"),
    ({"key": "k"}, ValueError, "cert, key"),
    ({"cert": "c", "key": "k", "tls": False}, ValueError, "cert"),
    ({"ca_file": 5}, TypeError, "ca_file"),
    ({"ca_file": "a\0b"}, ValueError, "ca_file"),
    ({"ca_file": "c", "tls": False}, ValueError, "ca_file"),
    ({"ca_file": "c", "cert": "c", "key": "k"}, ValueError, "ca_file"),
    ({"username": "a\nb"}, ValueError, "username: .*control"),
    ({"password": "a\0b"}, ValueError, "password: .*control"),
    ({"host": "a\0b", "password": "p"}, ValueError, "host: .*control"),
    ({"job_polls": -1}, ValueError, "job_polls"),
    ({"job_polls": 2**32}, ValueError, "job_polls"),
    ({"job_polls": 1.5}, TypeError, "job_polls"),
    ({"job_seconds": float("nan")}, ValueError, "job_seconds"),
    ({"job_seconds": -1}, ValueError, "job_seconds"),
    ({"job_seconds": 2**63}, ValueError, "job_seconds"),
    ({"job_seconds": "2"}, TypeError, "job_seconds"),
    ({"job_polls": 1, "job_seconds": 1}, ValueError, "job_polls, job_seconds: .* not both"),
    ({"jobs": "polls:3"}, TypeError, "jobs"),
    ({"name": ""}, ValueError, "name"),
    ({"nodes": "node1"}, TypeError, "nodes"),
    ({"nodes": [""]}, ValueError, "nodes"),
    ({"aggregates": "aggr1"}, TypeError, "aggregates"),
    ({"aggregates": {"aggr1": "1GB"}}, TypeError, "aggregates"),
    ({"aggregates": {"aggr1": -1}}, ValueError, "aggregates"),
    ({"lifs": {"lif": "nowhere"}}, ValueError, "lifs"),
    ({"lifs": {"lif": {"address": "::1"}}}, ValueError, "lifs: 'lif' lacks services"),
    ({"seed": -1}, ValueError, "seed"),
    ({"seed": "1"}, TypeError, "seed"),
    ({"log": "yes"}, TypeError, "log"),
    ({"prot": 443}, TypeError, "prot"),
]


@pytest.mark.parametrize(("arguments", "error", "about"), WRONG, ids=str)
def test_a_wrong_argument_is_refused_at_once(
    arguments: dict[str, Any], error: type[Exception], about: str
) -> None:
    with pytest.raises(error, match=about):
        OntapServer(**arguments)


def test_another_address_is_served_with_a_given_password() -> None:
    with OntapServer(host="0.0.0.0", password="mine", tls=False) as server:
        assert is_serving(server)


def test_a_server_has_as_many_svms_as_backends() -> None:
    backends = {"red": MemBackend(), "blue": MemBackend()}
    backends["blue"].create_volume("v")
    with OntapServer(backends, tls=False) as server, Client(server) as client:
        assert dict(server.backends) == backends
        with pytest.raises(ValueError, match="2 backends"):
            _ = server.backend
        assert {svm["name"] for svm in client.get("/api/svm/svms").records} == {"red", "blue"}
        assert client.get(f"{VOLUMES}?fields=svm.name").record["svm"]["name"] == "blue"
        client.done("POST", VOLUMES, new_volume("v", svm={"name": "red"}))
        assert backends["red"].find_volume("v") is not None


def test_a_backend_that_the_server_makes_has_the_limits_of_ontap() -> None:
    made = OntapServer().backend
    assert made.limits == MemBackend(profile="ontap").limits
    assert made.profile is None
    assert OntapServer(MemBackend(limits={"volumes": 1})).backend.limits["clone_depth"] is None


def test_the_cluster_is_made_from_the_arguments() -> None:
    with (
        OntapServer(
            tls=False,
            name="moon",
            nodes=["n1", "n2"],
            aggregates={"fast": 2**40, "slow": 2**44},
            lifs={"lif1": "192.0.2.7", "lif2": {"address": "::1", "services": ["data_iscsi"]}},
        ) as server,
        Client(server) as client,
    ):
        assert client.get("/api/cluster").json["name"] == "moon"
        nodes = client.get("/api/cluster/nodes").records
        assert [node["name"] for node in nodes] == ["n1", "n2"]
        aggregates = client.get("/api/storage/aggregates?fields=space.block_storage.size").records
        sizes = {each["name"]: each["space"]["block_storage"]["size"] for each in aggregates}
        assert sizes == {"fast": 2**40, "slow": 2**44}
        lifs = client.get("/api/network/ip/interfaces?fields=ip.address,services").records
        assert {lif["name"]: lif["ip"]["address"] for lif in lifs} == {
            "lif1": "192.0.2.7",
            "lif2": "::1",
        }


def test_a_seeded_server_gives_the_same_identifiers_on_every_run() -> None:
    def identifiers() -> list[Any]:
        with (
            OntapServer(MemBackend(seed=3), seed=4, tls=False) as server,
            Client(server) as client,
        ):
            job = client.done("POST", VOLUMES, new_volume("v"))
            paths = ("cluster", "svm/svms", "storage/aggregates", "cluster/nodes")
            return [job, *(client.get(f"/api/{path}").json for path in paths)]

    assert identifiers() == identifiers()


# One state.


def test_python_and_rest_see_one_state(server: OntapServer, client: Client) -> None:
    backend = server.backend
    volume = backend.create_volume("made-here", GIB)
    assert client.get(f"{VOLUMES}/{volume['uuid']}").json["size"] == GIB
    client.done("PATCH", f"{VOLUMES}/{volume['uuid']}", {"size": 2 * GIB})
    assert backend.get_volume(volume["uuid"])["size_bytes"] == 2 * GIB
    client.done("POST", VOLUMES, new_volume("made_there", nas={"path": "/there"}))
    there = backend.find_volume("made_there")
    assert there is not None
    assert there["junction_path"] == "/there"
    client.done("POST", f"{VOLUMES}/{there['uuid']}/snapshots", {"name": "s"})
    assert [each["name"] for each in backend.list_snapshots(there["uuid"])] == ["s"]
    backend.delete_volume(there["uuid"])
    assert client.send("GET", f"{VOLUMES}/{there['uuid']}").code == "4"
    client.done("DELETE", f"{VOLUMES}/{volume['uuid']}", {})
    assert len(backend) == 0


def test_of_two_posts_of_one_name_exactly_one_succeeds(server: OntapServer) -> None:
    def post() -> int:
        with Client(server) as client:
            codes = [
                client.accepted("POST", VOLUMES, new_volume(f"v{number}"))["code"]
                for number in range(20)
            ]
        return codes.count(0)

    assert sum(run_threads(*[post] * 4)) == 20
    assert len(server.backend) == 20


def test_jobs_end_by_the_clock_of_the_backend() -> None:
    backend = MemBackend(seed=1)
    with OntapServer(backend, job_seconds=2, tls=False) as server, Client(server) as client:
        reply = client.send("POST", VOLUMES, new_volume("v"))
        job = reply.json["job"]["_links"]["self"]["href"]
        assert client.get(job).json["state"] in ("queued", "running")
        backend.advance(1.5)
        assert client.get(job).json["state"] in ("queued", "running")
        backend.advance(0.5)
        assert client.get(job).json["state"] == "success"


def test_another_type_of_backend_is_served() -> None:
    backend: Any = DictVolumes()
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        assert server.backend is backend
        client.done("POST", VOLUMES, new_volume("v"))
        (volume,) = backend.list_volumes()
        assert volume["name"] == "v"
        client.done("PATCH", f"{VOLUMES}/{volume['uuid']}", {"nas": {"path": "/v"}})
        assert backend.get_volume(volume["uuid"])["junction_path"] == "/v"
        # It has no snapshots; its capabilities declare this.
        reply = client.send("GET", f"{VOLUMES}/{volume['uuid']}/snapshots")
        assert reply.status >= 400, reply.body
        client.done("DELETE", f"{VOLUMES}/{volume['uuid']}")
        assert backend.list_volumes() == []


class Full(DictVolumes):
    """Has as many volumes as it may, by an error with a limit and by one with its code alone."""

    def create_volume(self, name: str, size_bytes: int | None = None) -> Any:
        if name == "coded":
            raise CodedError("limit_exceeded")
        raise LimitExceededError("full", "snapshots", 7)


def test_a_limit_of_another_type_of_backend_is_passed_on() -> None:
    backend: Any = Full()
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        target = f"{VOLUMES}?return_timeout=1"
        reply = client.send("POST", target, new_volume("v"))
        assert (reply.status, reply.code) == (409, "525062")
        message = "the call exceeds limit snapshots, which is 7; delete a snapshot first"
        assert reply.json["error"]["message"] == message
        reply = client.send("POST", target, new_volume("coded"))
        assert (reply.status, reply.code) == (409, "460770")


class Slow(DictVolumes):
    """Answers when ten requests have arrived and the test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = threading.Barrier(11)

    def get_volume(self, uuid: Any) -> Any:
        self.meeting.wait(TIMEOUT)
        return super().get_volume(uuid)


def test_a_slow_backend_delays_no_other_client() -> None:
    slow: Any = Slow()
    uuid = slow.create_volume("v", GIB)["uuid"]
    with OntapServer({"slow": slow, "quick": MemBackend()}, tls=False) as server:

        def ask() -> None:
            with Client(server) as client:
                assert client.send("GET", f"{VOLUMES}/{uuid}").status == 200

        def go_on() -> None:
            assert is_serving(server)
            slow.meeting.wait(TIMEOUT)

        run_threads(*[ask] * 10, go_on)


class Broken(DictVolumes):
    def get_volume(self, uuid: Any) -> Any:
        raise RuntimeError("wanted here")


def test_an_exception_of_a_backend_is_an_error_reply() -> None:
    broken: Any = Broken()
    uuid = broken.create_volume("v", GIB)["uuid"]
    with OntapServer(broken, tls=False) as server, Client(server) as client:
        assert client.send("GET", f"{VOLUMES}/{uuid}").status >= 500
        assert is_serving(server)


# Clients that break the rules of HTTP.


def descriptors(wanted: int) -> None:
    """Raises the limit of file descriptors to `wanted`, or skips the test."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"this system gives a process {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def test_a_thousand_connections_at_once(server: OntapServer) -> None:
    descriptors(4096)
    with ExitStack() as stack:
        connections = [stack.enter_context(raw(server)) for _ in range(1000)]
        whole = request(server, "/api/cluster")
        for number, connection in enumerate(connections):
            connection.sendall(whole if number % 2 else whole[:40])
        for connection in connections[1::2]:
            assert status(connection) == 200
        assert is_serving(server)
        for connection in connections[::2]:
            connection.sendall(whole[40:])
        for connection in connections[::2]:
            assert status(connection) == 200
    assert is_serving(server)


def test_an_unfinished_request_delays_no_other_client(server: OntapServer) -> None:
    body = request(server, VOLUMES, method="POST", more="Content-Length: 99\r\n")
    with ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(raw(server))
            connection.sendall([b"GET / HT", body, body + b'{"name":', b""][number % 4])
        assert is_serving(server)
        server.stop()


def test_a_body_of_100_megabytes_is_refused(server: OntapServer, client: Client) -> None:
    reply = client.send("POST", VOLUMES, b" " * (100 << 20))
    assert reply.status == 413
    assert "1048576" in reply.json["error"]["message"]
    assert is_serving(server)
    assert len(server.backend) == 0


def test_pipelined_requests_are_answered_in_order(server: OntapServer) -> None:
    uuids = [server.backend.create_volume(f"v{number}", GIB)["uuid"] for number in range(50)]
    with raw(server) as connection:
        connection.sendall(b"".join(request(server, f"{VOLUMES}/{uuid}") for uuid in uuids))
        stream = connection.makefile("rb")
        for number in range(50):
            length = 0
            while (line := stream.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split()[1])
            assert json.loads(stream.read(length))["name"] == f"v{number}"


MALFORMED = [
    (b"\x00\xff" * 50, 400),
    (b"nonsense\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", 431),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
]


def replies(connection: socket.socket) -> list[tuple[int, Any]]:
    """The status and the document of each reply until the connection is closed."""
    found = []
    stream = connection.makefile("rb")
    while line := stream.readline():
        length = 0
        while (header := stream.readline().strip().lower()) != b"":
            if header.startswith(b"content-length:"):
                length = int(header.split()[1])
        found.append((int(line.split()[1]), json.loads(stream.read(length))))
    return found


@pytest.mark.parametrize("half_closed", [False, True])
def test_bytes_after_a_request_that_are_not_http_are_refused(
    server: OntapServer, half_closed: bool
) -> None:
    for number, (sent, refusal) in enumerate(MALFORMED):
        body = json.dumps(new_volume(f"v{number}")).encode()
        more = f"Content-Length: {len(body)}\r\n"
        with raw(server) as connection:
            connection.sendall(request(server, VOLUMES, method="POST", more=more) + body + sent)
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
            (good, _), (bad, document) = replies(connection)
        assert (good, bad) == (202, refusal), sent[:50]
        assert document["error"]["code"].isdigit()
        assert document["error"]["message"]
    assert len(server.backend) == len(MALFORMED)


def test_a_client_without_tls_is_refused() -> None:
    with OntapServer() as server:
        for sent, _ in MALFORMED:
            with raw(server) as connection:
                try:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    received = connection.recv(65536)
                except ConnectionError:
                    continue  # It was closed before all was sent.
            assert sent[:1] == b"\x16" or b"https://" in received, (sent[:50], received)
        assert is_serving(server)


DEEP = 100_000
BODIES = [
    b"{",
    b"nonsense",
    b"[]",
    b'"text"',
    b"null",
    b'{"name": "v", "name": "w"}',
    b'{"name": "\\ud800"}',
    b"\xff\xfe",
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b"[" * DEEP,
    b'{"size": 1e999}',
    b'{"size": 99999999999999999999999999}',
]


def test_a_body_that_cannot_be_read_is_refused(server: OntapServer, client: Client) -> None:
    for body in BODIES:
        reply = client.send("POST", VOLUMES, body)
        assert 400 <= reply.status < 500, (body[:50], reply)
        assert reply.code.isdigit()
    assert len(server.backend) == 0
    assert is_serving(server)


def test_a_target_that_cannot_be_read_is_refused(server: OntapServer, client: Client) -> None:
    for target in ("/api/%", "/api/%zz", "/api/%ff", f"{VOLUMES}?name=%f", f"{VOLUMES}?x%ff=1"):
        reply = client.send("GET", target)
        assert 400 <= reply.status < 500, (target, reply)
        assert reply.code.isdigit()
    assert is_serving(server)


# Its log.


def test_the_log_has_each_request(caplog: pytest.LogCaptureFixture) -> None:
    lines: list[tuple[Any, ...]] = []

    def call(*line: Any) -> None:
        lines.append(line)

    with OntapServer(tls=False, log=call) as server, Client(server) as client:
        size = len(client.get("/api/cluster").body)
        client.send("GET", f"{VOLUMES}?name=a|b")
    assert [line[:3] for line in lines] == [
        ("GET", "/api/cluster", 200),
        ("GET", f"{VOLUMES}?name=a|b", 200),
    ]
    assert lines[0][3] == size
    assert all(0 <= line[4] < TIMEOUT for line in lines)

    with (
        caplog.at_level(logging.INFO, "nessie_backend_mem.ontap"),
        OntapServer(tls=False, log=True) as server,
    ):
        assert is_serving(server)
    (line,) = (record.getMessage() for record in caplog.records)
    assert re.fullmatch(r"GET /api/cluster 200 [0-9.]+ k?B [0-9.]+ m?s", line), line


def test_a_log_that_raises_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", failures.append)

    def fail(*_: Any) -> None:
        raise ValueError("wanted here")

    with OntapServer(tls=False, log=fail) as server:
        assert is_serving(server)
        assert is_serving(server)
    assert len(failures) == 2


def test_the_log_gets_printable_text() -> None:
    lines: list[Any] = []
    with OntapServer(tls=False, log=lambda *line: lines.append(line[:3])) as server:
        for sent in (
            b"GET /\xc2\x85forged\xe2\x80\xa8\xc2\x9b31mred HTTP/1.1\r\nHost: x\r\n\r\n",
            b"G\x1bET / HTTP/1.1\r\n\r\n",
        ):
            with raw(server) as connection:
                connection.sendall(sent)
                replies(connection)
    assert lines == [("GET", "/%C2%85forged%E2%80%A8%C2%9B31mred", 401), ("-", "-", 400)]


def test_a_log_may_stop_the_server() -> None:
    lines: list[Any] = []
    servers: list[OntapServer] = []
    stopped = threading.Event()

    def log(*line: Any) -> None:
        lines.append(line)
        servers[0].stop()
        stopped.set()

    server = OntapServer(tls=False, log=log).start()
    servers.append(server)
    with Client(server) as client:
        client.get("/healthz")
    assert stopped.wait(TIMEOUT)
    assert not server.is_running
    assert len(lines) == 1
    server.stop()


def test_a_log_that_does_not_return_does_not_delay_the_stop(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nessie_backend_mem.ontap.log.LAST_LINES", 0.1)
    lines: list[Any] = []
    entered, may_return = threading.Event(), threading.Event()

    def log(*line: Any) -> None:
        lines.append(line)
        entered.set()
        may_return.wait(TIMEOUT)

    with OntapServer(tls=False, log=log) as server, Client(server) as client:
        client.get("/healthz")
        assert entered.wait(TIMEOUT)
        # The log accepts nothing meanwhile, and the queue is limited to 4 MiB.
        for _ in range(80):
            client.get(f"/healthz?{'x' * 60_000}")
        lost = server.unlogged_requests
        assert 0 < lost < 80
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < TIMEOUT / 2
    # The lines still in the queue are lost too.
    assert server.unlogged_requests == 80
    may_return.set()
    (thread,) = (each for each in threading.enumerate() if each.name == "nessie-ontap-log")
    thread.join(TIMEOUT)
    assert len(lines) == 1
    assert "80 requests were not logged" in caplog.text


@pytest.mark.parametrize(
    ("size", "seconds", "text"),
    [
        (0, 0.0, "0 B 0.00 ms"),
        (999, 0.000_041, "999 B 0.04 ms"),
        (1375, 0.002_049, "1.4 kB 2.0 ms"),
        (999_949, 0.9999, "999.9 kB 999.9 ms"),
        (999_950, 1.0, "1.0 MB 1.0 s"),
        (64 << 20, 61.5, "67.1 MB 61.5 s"),
        (2 * 10**9, 0.001, "2.0 GB 1.0 ms"),
    ],
)
def test_values_of_a_log_line_have_units(size: int, seconds: float, text: str) -> None:
    assert shown("GET", "/api", 200, size, seconds) == f"GET /api 200 {text}"
