"""A cluster whose replies a test prepares: for what the endpoint of this package never sends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nessie_backend_mem.inventory.client import OntapClient

MOST_REQUESTS = 2000
"""After so many requests every connection is closed, so that no test runs without end."""

Reply = tuple[int, dict[str, str], bytes]


def as_json(content: Any, status: int = 200, **headers: str) -> Reply:
    return status, headers, json.dumps(content).encode()


def error(status: int, code: str, message: str = "refused") -> Reply:
    return as_json({"error": {"code": code, "message": message}}, status)


class FakeCluster:
    """Objects and collections by path, in pages as ONTAP has them."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {
            "/api/cluster": {"name": "array", "version": {"full": "NetApp Release 9.14.1"}},
            "/api/storage/aggregates": [],
            "/api/cluster/schedules": [],
            "/api/storage/snapshot-policies": [],
            "/api/svm/svms": [{"name": "svm1", "state": "running", "subtype": "default"}],
            "/api/protocols/nfs/export-policies": [],
            "/api/storage/volumes": [],
        }
        self.first: list[Reply | None] = []
        """Replies to the first requests; None closes the connection."""
        self.requests: list[tuple[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reply(self, target: str) -> Reply:
        parts = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        found = self.objects.get(parts.path)
        if found is None:
            return error(404, "3", "API not found")
        if isinstance(found, tuple):
            return found
        if isinstance(found, dict):
            return as_json(found)
        start, most = int(query.get("start.n", 0)), int(query["max_records"])
        page = {"records": found[start : start + most], "num_records": 0, "_links": {}}
        if start + most < len(found):
            href = f"{parts.path}?max_records={most}&start.n={start + most}"
            page["_links"] = {"next": {"href": href}}
        return as_json(page)

    def client(self, **options: Any) -> OntapClient:
        return OntapClient(self.url, username="reader", password="secret", **options)


def handler_of(cluster: FakeCluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # One packet for a reply: the client would wait for a second one.

        def do_GET(self) -> None:
            cluster.requests.append((self.command, self.path))
            reply = cluster.first.pop(0) if cluster.first else cluster.reply(self.path)
            if reply is None or len(cluster.requests) > MOST_REQUESTS:
                self.close_connection = True
                return
            status, headers, body = reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = headers.get("Connection") == "close"

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def fake_cluster() -> Iterator[FakeCluster]:
    cluster = FakeCluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(cluster))
    server.daemon_threads = True
    cluster.port = server.server_port
    serve: Callable[[], None] = lambda: server.serve_forever(0.01)  # noqa: E731
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
