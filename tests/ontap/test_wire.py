"""Requests and replies on the wire, as any client may send and read them."""

from __future__ import annotations

import base64
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer
from support import run_threads

from ontap.raw import Client

MIB = 2**20
GIB = 2**30
VOLUMES = "/api/storage/volumes"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def volume(name: str, **values: Any) -> dict[str, Any]:
    return {
        "name": name,
        "svm": {"name": "svm1"},
        "aggregates": [{"name": "aggr1"}],
        "size": GIB,
        **values,
    }


def make(client: Client, name: str = "v1", **values: Any) -> str:
    reply = client.send("POST", VOLUMES + "?return_timeout=15", volume(name, **values))
    assert reply.status == 201, reply.body
    return reply.headers["Location"].removeprefix(VOLUMES + "/")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("target", [VOLUMES, "/api/cluster", "/api/nothing", "/nothing"])
def test_every_path_needs_a_login(plain: OntapServer, method: str, target: str) -> None:
    with Client(plain, password="wrong") as stranger:
        reply = stranger.send(method, target, {} if method != "GET" else None)
        assert (reply.status, reply.code) == (401, "6691623")
        assert reply.headers["WWW-Authenticate"].startswith("Basic")
        stranger.headers = []
        assert stranger.send(method, target).status == 401
        stranger.headers = [("Authorization", "Basic !!!")]
        assert stranger.send(method, target).status == 401
        stranger.headers = [("Authorization", "Bearer token")]
        assert stranger.send(method, target).status == 401


def test_headers_of_a_reply(client: Client) -> None:
    reply = client.get("/api/cluster")
    assert reply.headers["Content-Type"] == "application/hal+json"
    assert "no-store" in reply.headers["Cache-Control"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_a_collection_s_envelope(client: Client) -> None:
    uuids = {make(client, f"v{number}") for number in range(3)}
    reply = client.get(f"{VOLUMES}?name=v*&max_records=2&fields=**")
    assert len(reply.records) == 2
    links = reply.json["_links"]
    assert links["self"]["href"] == f"{VOLUMES}?fields=%2A%2A&max_records=2&name=v%2A"
    after = links["next"]["href"]
    for part in ("start.uuid=", "fields=%2A%2A", "max_records=2", "name=v%2A"):
        assert part in after
    assert reply.headers["Link"] == f'<{after}>; rel="next"'
    last = client.get(after)
    assert len(last.records) == 1
    assert {record["uuid"] for record in (*reply.records, *last.records)} == uuids
    assert "next" not in last.json["_links"]
    for record in (*reply.records, *last.records):
        assert record["_links"]["self"]["href"] == f"{VOLUMES}/{record['uuid']}"
    empty = client.get(f"{VOLUMES}?name=nothing").json
    assert (empty["records"], empty["num_records"]) == ([], 0)


def test_a_url_may_have_characters_that_curl_sends_as_they_are(client: Client) -> None:
    make(client, "small", size=GIB)
    make(client, "large", size=4 * GIB)
    for query, names in (
        ("size=>2GB", ["large"]),
        ("size=<2GB", ["small"]),
        ('name="small"', ["small"]),
    ):
        records = client.get(f"{VOLUMES}?{query}").records
        assert [record["name"] for record in records] == names, query


def test_a_count_alone(client: Client) -> None:
    for number in range(3):
        make(client, f"v{number}")
    for value in ("false", "False"):
        reply = client.get(f"{VOLUMES}?return_records={value}&max_records=1").json
        assert reply["num_records"] == 3
        assert "records" not in reply


@pytest.mark.parametrize(
    "target",
    [
        "/api/storage/volumes",
        "/api/storage/volumes/",
        "/api//storage/volumes",
        "/api//storage//volumes/",
        "/api/storage/volumes?",
        "/api/storage/volumes?fields=",
        "/api/storage/volumes/?name=v*&fields=name,uuid,",
        "/api/storage/volumes?fields=name&fields=uuid",
        "/api/storage/volumes?name=v1|v2",
        "/api/storage/volumes?name=v1,v2",
        "/api/storage/volumes?svm=svm1",
        "/api/storage/volumes?svm.name=svm1",
        "/api/storage/volumes?%6eame=v%31",
        "/api/storage/volumes?clone.is_flexclone=False",
        "/api/storage/volumes?pretty=true&ignore_unknown_fields=true&fields=name,colour",
        "/api/storage/volumes?order_by=name%20desc",
        "/api/storage/volumes?order_by=name+desc",
        "/api/storage/volumes?volume.name=v1&fields=nas.export-policy",
        "/api/storage/volumes?$orderBy=name",
        "/api/storage/volumes?return_timeout=120&max_records=10000",
        "/api/storage/volumes?aggregates.name=aggr1",
    ],
)
def test_ways_to_write_one_url(client: Client, target: str) -> None:
    uuid = make(client)
    assert client.get(target).record["uuid"] == uuid


@pytest.mark.parametrize("tail", ["", "/", "?max_records=10000", "?fields=", "?fields=*"])
def test_ways_to_write_an_instance(client: Client, tail: str) -> None:
    uuid = make(client)
    assert client.get(f"{VOLUMES}/{uuid}{tail}").json["uuid"] == uuid
    assert client.get(f"/api//storage/volumes/{uuid.upper()}{tail}").json["name"] == "v1"


BODIES: dict[str, dict[str, Any]] = {
    "nested": volume("v1", nas={"path": "/v1"}, guarantee={"type": "none"}),
    "dotted": {
        "name": "v1",
        "svm.name": "svm1",
        "aggregates": [{"name": "aggr1"}],
        "size": GIB,
        "nas.path": "/v1",
        "guarantee.type": "none",
    },
    "text": {
        "name": "v1",
        "svm.name": "svm1",
        "aggregates": [{"name": "aggr1"}],
        "size": "1GB",
        "nas": {"path": "/v1", "unix_permissions": "0755"},
        "guarantee.type": "none",
        "space.snapshot.reserve_percent": "5",
        "encryption.enabled": "false",
    },
    "nulls": {
        **volume("v1", nas={"path": "/v1"}),
        "guarantee.type": "none",
        "clone.parent_snapshot.name": None,
        "comment": None,
    },
    "permissions in letters": {
        **volume("v1", nas={"path": "/v1", "unix_permissions": "---rwxr-xr-x"}),
        "guarantee": {"type": "none"},
    },
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_ways_to_write_one_body(client: Client, plain: OntapServer, body: dict[str, Any]) -> None:
    client.done("POST", VOLUMES, body)
    (made,) = plain.backend
    assert (made["size_bytes"], made["junction_path"]) == (GIB, "/v1")
    record = client.get(f"{VOLUMES}/{made['uuid']}?fields=**").json
    assert record["size"] == GIB
    assert record["guarantee"]["type"] == "none"
    assert record["nas"]["unix_permissions"] == 755
    assert record["space"]["snapshot"]["reserve_percent"] == 5
    assert record["encryption"]["enabled"] is False


def test_a_space_may_be_a_plus_sign(client: Client) -> None:
    make(client, "v1", comment="hello world")
    make(client, "v2", comment="hello+world")
    for query, name in (("hello+world", "v1"), ("hello%20world", "v1"), ("hello%2Bworld", "v2")):
        assert client.get(f"{VOLUMES}?comment={query}").record["name"] == name


def test_sizes_as_the_command_line_writes_them(client: Client) -> None:
    one = f"{VOLUMES}/{make(client, size='4g')}"
    assert client.get(one).json["size"] == 4 * GIB
    limits = {"autosize": {"mode": "grow", "maximum": "6G", "minimum": "500m"}}
    client.done("PATCH", one, {"space.size": "5g", **limits})
    record = client.get(f"{one}?fields=size,autosize").json
    assert (record["size"], record["autosize"]["maximum"]) == (5 * GIB, 6 * GIB)
    assert record["autosize"]["minimum"] == 500 * MIB
    assert client.get(f"{VOLUMES}?size=%3E4g&autosize.maximum=6g").record["size"] == 5 * GIB


def test_outcomes_at_once(client: Client, plain: OntapServer) -> None:
    soon = "?return_timeout=15"
    made = client.send("POST", f"{VOLUMES}{soon}&return_records=true", volume("v1"))
    uuid = made.json["records"][0]["uuid"]
    assert (made.status, made.headers["Location"]) == (201, f"{VOLUMES}/{uuid}")
    snapshots = f"{VOLUMES}/{uuid}/snapshots"
    taken = client.send("POST", snapshots + soon, {"name": "s1"})
    assert taken.status == 201
    assert taken.headers["Location"].startswith(snapshots + "/")
    assert client.send("PATCH", f"{VOLUMES}/{uuid}{soon}", {"comment": "x"}).status == 200
    assert client.send("DELETE", taken.headers["Location"] + soon).status == 200
    assert client.send("DELETE", f"{VOLUMES}/{uuid}{soon}", {}).status == 200
    assert len(plain.backend) == 0


def test_a_change_is_atomic(client: Client, plain: OntapServer) -> None:
    soon = f"{VOLUMES}/{make(client)}?return_timeout=15"
    before = plain.backend.list_volumes()
    for bad in ({"size": MIB}, {"nas.path": "v2"}, {"state": "error"}, {"colour": "red"}):
        reply = client.send("PATCH", soon, {"name": "v2", "comment": "half", **bad})
        assert reply.status >= 400
        assert plain.backend.list_volumes() == before
        assert client.get(f"{VOLUMES}?comment=half").records == []
    several = {"name": "v2", "comment": "whole", "nas.path": "/v2", "size": 2 * GIB}
    assert client.send("PATCH", soon, several).status == 200
    (stored,) = plain.backend
    assert (stored["name"], stored["size_bytes"]) == ("v2", 2 * GIB)
    assert stored["junction_path"] == "/v2"
    assert client.get(f"{VOLUMES}?comment=whole").record["name"] == "v2"


REFUSED: dict[str, tuple[str, str, Any, int, set[str]]] = {
    "an unknown path": ("GET", "/api/storage/colours", None, 404, {"3"}),
    "a path outside": ("GET", "/nothing", None, 404, {"3"}),
    "an unknown method": ("PUT", VOLUMES, {}, 405, {"3"}),
    "a method of another path": ("POST", "/api/cluster/jobs", {}, 405, {"3"}),
    "an unknown instance": ("GET", f"{VOLUMES}/{UNKNOWN}", None, 404, {"4"}),
    "an unknown query": ("GET", f"{VOLUMES}?colour=red", None, 400, {"262179", "262197"}),
    "an unknown field": ("GET", f"{VOLUMES}?fields=colour", None, 400, {"262197"}),
    "unbalanced braces": ("GET", f"{VOLUMES}?fields=nas.%7Bpath", None, 400, {"262286"}),
    "an unknown key": ("POST", VOLUMES, volume("v1", colour="red"), 400, {"262179"}),
    "a key twice": (
        "POST",
        VOLUMES,
        {**volume("v1"), "nas": {"path": "/a"}, "nas.path": "/b"},
        400,
        {"262188", "262185", "262186"},
    ),
    "text for a number": (
        "POST",
        VOLUMES,
        volume("v1", size="large"),
        400,
        {"262197", "262220", "262222", "262245", "262247"},
    ),
    "an object for text": (
        "POST",
        VOLUMES,
        volume("v1", comment={"text": "x"}),
        400,
        {"262197", "262220", "262222", "262245", "262179", "262247", "262248", "262249", "262250"},
    ),
    "an object for an array": (
        "POST",
        VOLUMES,
        {**volume("v1"), "aggregates": {"name": "aggr1"}},
        400,
        {"262254"},
    ),
    "broken JSON": ("POST", VOLUMES, b'{"name": "v1"', 400, {"262199", "262200", "262201"}),
    "JSON that is no object": ("POST", VOLUMES, b"[]", 400, {"262199", "262200", "262201", "2"}),
    "not UTF-8": ("POST", VOLUMES, b'{"name": "\xff"}', 400, {"262199", "262200", "262201"}),
    "a field that is read only": (
        "POST",
        VOLUMES,
        volume("v1", create_time="2026-01-01T00:00:00Z"),
        400,
        {"262196", "918233"},
    ),
    "a filter on a creation": (
        "POST",
        f"{VOLUMES}?name=v1",
        volume("v1"),
        400,
        {"262210", "262211"},
    ),
    "a body on a deletion": (
        "DELETE",
        f"{VOLUMES}/{UNKNOWN}",
        {"name": "v1"},
        400,
        {"262198"},
    ),
    "a long name": ("POST", f"{VOLUMES}?return_timeout=15", volume("v" * 204), 400, {"917886"}),
    "a long comment": (
        "POST",
        f"{VOLUMES}?return_timeout=15",
        volume("v1", comment="x" * 1024),
        400,
        {"262197", "262220", "262222", "2", "262250"},
    ),
    "deep nesting": ("POST", VOLUMES, b'{"a":' * 5000 + b"1" + b"}" * 5000, 400, set()),
    "a bad escape": ("GET", f"{VOLUMES}?name=%zz", None, 400, set()),
}


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "codes"), REFUSED.values(), ids=REFUSED.keys()
)
def test_errors_have_ontap_s_envelope(
    client: Client,
    plain: OntapServer,
    method: str,
    target: str,
    body: Any,
    status: int,
    codes: set[str],
) -> None:
    reply = client.send(method, target, body)
    assert reply.status == status, (reply.status, reply.body)
    assert reply.code in codes or not codes, reply.body
    assert len(plain.backend) == 0


def test_a_body_of_2_mb_is_refused(client: Client, plain: OntapServer) -> None:
    body = b'{"name":"' + b"x" * 2 * MIB + b'"}'
    # A client that still writes after the reply may find the connection closed.
    with suppress(ConnectionError):
        reply = client.send("POST", VOLUMES, body)
        assert reply.status in {400, 413}
        assert reply.code
    client.connection.close()
    assert client.get(VOLUMES).records == []
    assert len(plain.backend) == 0


def test_options_lists_the_methods(client: Client) -> None:
    reply = client.send("OPTIONS", VOLUMES)
    assert reply.status in {200, 204}
    assert {"GET", "POST", "PATCH", "DELETE"} <= {
        method.strip() for method in reply.headers["Allow"].split(",")
    }


def test_two_creations_of_one_name_make_one(plain: OntapServer) -> None:
    def create() -> int:
        with Client(plain) as client:
            target = f"{VOLUMES}?return_timeout=15"
            return client.send("POST", target, volume("v1", nas={"path": "/v1"})).status

    for _ in range(5):
        statuses = run_threads(create, create, create, create)
        assert statuses.count(201) == 1
        assert len(plain.backend) == 1
        plain.backend.delete_volume(plain.backend.list_volumes()[0]["uuid"])


def test_requests_in_a_row_without_waiting(plain: OntapServer) -> None:
    given = base64.b64encode(f"{plain.username}:{plain.password}".encode()).decode()
    request = (
        f"GET /api/cluster?fields=version HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {given}\r\n"
    )
    with socket.create_connection((plain.host, plain.port), timeout=30) as peer:
        peer.sendall(f"{request}\r\n{request}\r\n{request}Connection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: peer.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_the_server_works_after_these_requests(client: Client) -> None:
    for method, target, body, _, _ in REFUSED.values():
        client.send(method, target, body)
        client.connection.close()
    make(client)
    assert json.loads(client.get(VOLUMES).body)["num_records"] == 1
