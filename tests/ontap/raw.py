"""Requests as clients write them on the wire: the target is sent byte for byte."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from nessie_backend_mem.ontap import OntapServer

TIMEOUT = 30
"""Seconds after which a missing reply counts as lost."""

TERMINAL = ("success", "failure")


@dataclass(frozen=True)
class Reply:
    """A reply."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of a collection, whose number must be its `num_records`."""
        records: list[dict[str, Any]] = self.json["records"]
        assert self.json["num_records"] == len(records)
        return records

    @property
    def record(self) -> dict[str, Any]:
        """The one record of a collection."""
        (record,) = self.records
        return record

    @property
    def code(self) -> str:
        """The code of an error, which is text on the wire."""
        assert self.status >= 400, (self.status, self.body)
        code = self.json["error"]["code"]
        assert isinstance(code, str)
        assert self.json["error"]["message"]
        return code


class Client:
    """A keep-alive connection with a client's headers and its way to write a URL."""

    def __init__(
        self,
        server: OntapServer,
        headers: Iterable[tuple[str, str]] = (),
        *,
        password: str | None = None,
    ) -> None:
        given = f"{server.username}:{server.password if password is None else password}"
        self.headers = [
            ("Authorization", "Basic " + base64.b64encode(given.encode()).decode()),
            *headers,
        ]
        if server.url.startswith("https:"):
            self.connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                server.host,
                server.port,
                timeout=TIMEOUT,
                context=ssl.create_default_context(cafile=str(server.ca_file)),
            )
        else:
            self.connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def send(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Reply:
        """Sends `target` unchanged; a `body` that is not bytes is sent as JSON."""
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (*self.headers, *headers):
            self.connection.putheader(name, value)
        if payload is not None:
            self.connection.putheader("Content-Length", str(len(payload)))
        self.connection.endheaders(payload)
        response = self.connection.getresponse()
        return Reply(response.status, response.headers, response.read())

    def get(self, target: str) -> Reply:
        """Sends a GET, which must succeed."""
        reply = self.send("GET", target)
        assert reply.status == 200, (target, reply.status, reply.body)
        return reply

    def accepted(
        self, method: str, target: str, body: Any = None, *, poll: str = "?fields=state"
    ) -> dict[str, Any]:
        """Sends a change that must become a job; returns the whole record of the ended job."""
        reply = self.send(method, target, body)
        assert reply.status == 202, (target, reply.status, reply.body)
        if method == "POST":
            assert reply.headers["Location"].startswith("/api/")
        href: str = reply.json["job"]["_links"]["self"]["href"]
        assert href == f"/api/cluster/jobs/{reply.json['job']['uuid']}"
        assert self.get(href + poll).json["state"] in TERMINAL
        job: dict[str, Any] = self.get(href + "?fields=**").json
        return job

    def done(self, method: str, target: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Sends a change whose job must succeed."""
        job = self.accepted(method, target, body, **options)
        assert (job["state"], job["code"]) == ("success", 0), job
        assert "error" not in job
        return job

    def failed(self, method: str, target: str, body: Any = None, **options: Any) -> int:
        """Sends a change whose job must fail; returns the job's code."""
        job = self.accepted(method, target, body, **options)
        assert job["state"] == "failure", job
        code: int = job["code"]
        assert job["error"]["code"] == str(code)
        assert job["error"]["message"] == job["message"] != ""
        return code
