"""Requests that create what an inventory has and backends do not store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nessie_backend_mem.ontap import OntapServer

__all__ = ["is_duplicate", "refusal", "send"]
__dir__ = __all__.copy

BAD_REQUEST = 400
CONFLICT = 409


def send(server: OntapServer, method: str, target: str, body: Any) -> tuple[int, Any]:
    """Send a request to the endpoint, and return its status and its reply."""
    mark = "&" if "?" in target else "?"
    text = b"" if method == "GET" else json.dumps(body).encode()
    status, _, reply = server._cluster.handle(method, f"{target}{mark}return_timeout=120", text)
    return status, json.loads(reply)


def refusal(answer: tuple[int, Any]) -> str | None:
    """Return the message of a refusal."""
    status, reply = answer
    return reply["error"]["message"] if status >= BAD_REQUEST else None


def is_duplicate(answer: tuple[int, Any]) -> bool:
    """Whether an object was not created because there is one with its name."""
    status, reply = answer
    return status == CONFLICT and reply["error"]["code"] == "1"
