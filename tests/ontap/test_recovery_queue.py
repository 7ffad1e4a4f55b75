"""The recovery queue: Trident's purge of a deleted volume, and the SDK's command line."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer

from ontap.conftest import Serve
from ontap.raw import Client
from ontap.sdk import make, make_clone

QUEUE = "/api/private/cli/volume/recovery-queue"


def test_trident_purges_a_deleted_volume(serve: Serve) -> None:
    server = serve(tls=False, recovery_queue_hours=12)
    server.backend.create_volume("trident_pvc_1", size_bytes=2**30)
    with Client(server, [("User-Agent", "Go-http-client/1.1")]) as client:
        uuid = client.get("/api/storage/volumes?name=trident_pvc_1").record["uuid"]
        client.done("DELETE", f"/api/storage/volumes/{uuid}")
        found = client.get(f"{QUEUE}?vserver=svm1&volume=trident_pvc_1%2A").record
        body = {"vserver": "svm1", "volume": found["volume"]}
        assert client.send("POST", f"{QUEUE}/purge", body).status == 202
        assert client.get(f"{QUEUE}?vserver=svm1&volume=trident_pvc_1%2A").records == []
    assert len(server.backend) == 0


def test_a_clone_in_the_queue_keeps_its_parent(serve: Serve, connect: Callable[..., Any]) -> None:
    backend = MemBackend(seed=1)
    connect(serve(backend, tls=False, recovery_queue_hours=1))
    parent = make("parent")
    clone = make_clone(parent, "clone")
    clone.delete()
    cli: Any = importlib.import_module("netapp_ontap.resources").CLI
    shown = cli().execute("volume recovery-queue show", fields="retention_hours")
    (record,) = shown.http_response.json()["records"]
    assert (record["volume"], record["retention_hours"]) == ("clone_1025", 1)
    with pytest.raises(Exception, match="is busy"):
        parent.delete()
    backend.advance(3600)
    parent.delete()
    assert [volume["name"] for volume in backend] == ["parent_1026"]


def test_wrong_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="recovery_queue_hours: -1"):
        OntapServer(recovery_queue_hours=-1)
    with pytest.raises(TypeError, match="recovery_queue_hours"):
        OntapServer(recovery_queue_hours=1.5)  # type: ignore[arg-type]
