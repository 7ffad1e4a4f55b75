"""Moves of volumes to other aggregates: requests of Manila, replayed, and Ansible's module."""

from __future__ import annotations

from typing import Any

import pytest
from nessie_backend_mem.ontap import OntapServer

from ontap.ansible import Run, attempt, changed
from ontap.conftest import Serve
from ontap.raw import Client
from ontap.test_ansible import VOLUME

__all__ = ["attempt", "changed"]

VOLUMES = "/api/storage/volumes"


@pytest.fixture
def server(serve: Serve) -> OntapServer:
    return serve(aggregates=("aggr1", "aggr2"), nodes=("node1", "node2"))


def test_ansible_moves_a_volume_once(attempt: Run, changed: Run, server: OntapServer) -> None:
    assert attempt("na_ontap_volume", **VOLUME)["changed"] is True
    changed("na_ontap_volume", **{**VOLUME, "aggregate_name": "aggr2"})
    assert len(server.backend) == 1


def test_manila_migrates_a_share(serve: Serve) -> None:
    server = serve(tls=False, aggregates=("aggr1", "aggr2"), job_polls=1)
    server.backend.create_volume("share_1", size_bytes=2**30)
    with Client(server, [("Content-Type", "application/json")]) as client:
        share = client.get(f"{VOLUMES}?name=share_1&svm.name=svm1&fields=uuid").record["uuid"]
        body: dict[str, Any] = {
            "movement.destination_aggregate.name": "aggr2",
            "validate_only": "true",
        }
        assert client.send("PATCH", f"{VOLUMES}/{share}?return_timeout=0", body).status == 202
        body = {"movement.destination_aggregate.name": "aggr2", "movement.state": "wait"}
        client.done("PATCH", f"{VOLUMES}?name=share_1&svm.name=svm1", body)
        status = f"{VOLUMES}?name=share_1&svm.name=svm1"
        status += "&fields=movement.percent_complete,movement.state"
        movement = client.get(status).record["movement"]
        assert movement == {"percent_complete": 100, "state": "cutover_wait"}
        cutover = {"movement.state": "cutover"}
        client.done("PATCH", f"{VOLUMES}?name=share_1&svm.name=svm1", cutover)
        assert client.get(status).record["movement"]["state"] == "success"
        found = client.get(f"{VOLUMES}/{share}?fields=aggregates").json
        assert [aggregate["name"] for aggregate in found["aggregates"]] == ["aggr2"]
