"""`/simulator`: control of a server from outside. The examples of its page are run here."""

from __future__ import annotations

import base64
import http.client
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dict_backends import DictVolumes
from nessie_backend_mem import BackendTimeoutError, Fault, InvalidArgumentError, MemBackend
from nessie_backend_mem.events import replay
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client
from test_serve_command import end, serving

PAGE = Path(__file__).parents[1] / "crates" / "nessie-store" / "SIMULATOR.md"

VOLUMES = "/api/storage/volumes?return_timeout=15"
NEW_VOLUME = {"name": "db", "svm.name": "svm1", "aggregates": [{"name": "aggr1"}], "size": "1GB"}


def examples() -> Iterator[tuple[list[str], str | None]]:
    """The words of each curl command of the page, and the reply that the page shows."""
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        if not block.startswith("curl"):
            continue
        for command in re.split(r"\n(?=curl)", block.strip()):
            text, *replies = re.split(r"^# ", command, flags=re.MULTILINE)
            yield shlex.split(text), replies[0].strip() if replies else None


class Curl:
    """The options of curl that the page uses."""

    def __init__(self, url: str, login: str, directory: Path) -> None:
        self.variables = {"$URL": url, "$LOGIN": login}
        self.directory = directory

    def run(self, words: list[str]) -> tuple[int, bytes]:
        for name, value in self.variables.items():
            words = [word.replace(name, value) for word in words]
        options, url = {"-X": ""}, ""
        rest = iter(words[1:])
        for word in rest:
            if word == "-i":
                continue
            if word.startswith("-"):
                options[word] = next(rest)
            else:
                url = word
        data = options.get("-d", "").encode() or None
        if file := options.get("--data-binary"):
            data = (self.directory / file.removeprefix("@")).read_bytes()
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        token = base64.b64encode(options["-u"].encode()).decode()
        target = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        method = options["-X"] or ("POST" if data else "GET")
        connection.request(method, target, data, {"Authorization": f"Basic {token}"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if output := options.get("-o"):
            (self.directory / output).write_bytes(body)
        return response.status, body


def test_each_example_of_the_page_works(tmp_path: Path) -> None:
    found = list(examples())
    assert len(found) > 20
    with serving("--http", "--seed", "1", "--password", "secret") as (server, process):
        curl = Curl(server.url, "admin:secret", tmp_path)
        for words, shown in found:
            status, body = curl.run(words)
            text = body.decode()
            if shown is None:
                assert status < 300, (words, text)
            else:
                assert json.loads(text) == json.loads(shown), (words, text)
        end(process)


def test_the_command_keeps_events_and_turns_the_simulator_off() -> None:
    with serving("--http", "--events", "1") as (server, process):
        with Client(server) as client:
            for name in ("a", "b"):
                assert client.send("POST", VOLUMES, NEW_VOLUME | {"name": name}).status == 201
            reply = client.get("/simulator/events")
            assert reply.json["arguments"]["name"] == "b"
            assert (reply.headers["X-Events-Lost"], reply.headers["X-Events-Next"]) != ("0", "0")
            assert client.send("GET", "/simulator/events?since=0").status == 410
        end(process)
    with serving("--http", "--no-simulator") as (server, process):
        with Client(server) as client:
            assert client.send("GET", "/simulator").status == 404
        end(process)


@pytest.mark.parametrize(("simulator", "status"), [(None, 404), (True, 200), (False, 404)])
def test_on_other_addresses_it_is_off_unless_it_is_wanted(
    simulator: bool | None, status: int
) -> None:
    server = OntapServer(
        MemBackend(), host="0.0.0.0", password="secret", tls=False, simulator=simulator
    )
    with server, Client(server) as client:
        assert client.send("GET", "/simulator").status == status


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"simulator": 1}, TypeError),
        ({"events": "1"}, TypeError),
        ({"events": True}, TypeError),
        ({"events": 0}, ValueError),
        ({"events": -1}, ValueError),
        ({"events": 2**32}, ValueError),
    ],
)
def test_arguments_that_break_a_rule_are_refused(
    arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        OntapServer(MemBackend(), **arguments)


def test_what_a_client_does_is_seen_in_python() -> None:
    backend = MemBackend(seed=1)
    with (
        OntapServer(backend, tls=False) as server,
        Client(server) as client,
        backend.events() as log,
    ):
        assert client.send("POST", VOLUMES, NEW_VOLUME).status == 201
        write = {"volume": "db", "write": 100, "overwrite": 0}
        assert client.send("POST", "/simulator/space", write).json["used_bytes"] == 100
        assert client.send("POST", "/simulator/clock", {"advance": 60}).status == 200
        assert client.send("POST", "/simulator/reset").status == 200
        performed = [event["operation"] for event in log if event["error"] is None]
    reset = performed.index("reset")
    assert performed[:reset] == ["create_volume", "write", "advance"]
    assert backend.now() == "2000-01-01T00:00:00Z"
    assert not backend


def test_a_load_is_an_event_that_a_replay_refuses() -> None:
    backend = MemBackend(seed=1)
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        dump = client.get("/simulator/state").body
        with backend.events() as log:
            backend.create_volume("db")
            loaded = client.send("PUT", "/simulator/state", dump).json
    assert not backend
    assert [event["operation"] for event in log] == ["create_volume", "load"]
    assert log[1]["arguments"] == loaded == {"digest": backend.state_digest()}
    with pytest.raises(InvalidArgumentError, match="event 1 has replaced"):
        replay(log, MemBackend(seed=1))


def test_faults_of_a_backend_reach_clients() -> None:
    backend = MemBackend(seed=1)
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        errors: list[tuple[Any, int, str]] = [
            ("no_space", 500, "917536"),
            (BackendTimeoutError, 503, "8"),
            (OSError("the disk is gone"), 500, "65541"),
            (KeyError, 500, "65541"),
        ]
        for error, status, code in errors:
            with backend.inject(Fault("create_volume", error=error)) as plan:
                reply = client.send("POST", VOLUMES, NEW_VOLUME)
            assert (reply.status, reply.code) == (status, code)
            assert [hit["name"] for hit in plan.hits] == ["db"]
        late = Fault("create_volume", delay=3600, when="after")
        with backend.inject(late), backend.events() as log:
            assert client.send("POST", VOLUMES, NEW_VOLUME).status == 201
        performed = [(event["operation"], event["cause"]) for event in log if not event["error"]]
        assert performed[:2] == [("create_volume", "call"), ("advance", "delay")]
        assert backend.now() == "2000-01-01T01:00:00Z"


def test_a_loaded_state_is_that_of_the_backend_in_python() -> None:
    backend, other = MemBackend(seed=1), MemBackend(seed=2)
    other.create_volume("web")
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        for origin in (other, backend.fork()):
            with OntapServer(origin, tls=False) as second, Client(second) as reader:
                dump = reader.get("/simulator/state").body
            reply = client.send("PUT", "/simulator/state", dump)
            digest = origin.state_digest()
            assert reply.json == {"digest": digest}
            assert backend.state_digest() == digest
        # The objects of before the load are not found.
        assert client.get("/api/storage/volumes").records == []


def test_a_backend_written_in_python_has_space_and_faults_of_requests() -> None:
    backends: dict[str, Any] = {"svm1": MemBackend(seed=1), "svm2": DictVolumes()}
    with OntapServer(backends, tls=False) as server, Client(server) as client:
        svms = client.get("/simulator").json["svms"]
        assert [svm["in_memory"] for svm in svms] == [True, False]
        assert client.get("/simulator/clock?svm=svm1").json["kind"] == "standing"
        fault = {"operation": "list_volumes", "delay": 60}
        assert client.send("POST", "/simulator/faults?svm=svm1", fault).status == 201
        client.get("/api/storage/volumes?svm.name=svm1")
        assert client.get("/simulator/clock?svm=svm1").json["now"] == "2000-01-01T00:01:00Z"
        reply = client.send("POST", "/simulator/faults?svm=svm2", fault)
        assert (reply.status, reply.code) == (405, "3")
        assert '"svm2"' in reply.json["error"]["message"]
        assert client.send("POST", "/simulator/faults", {"path": "/x"}).status == 201
