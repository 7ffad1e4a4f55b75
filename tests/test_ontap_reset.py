"""A seeded backend that is reset while it is served: new objects have nothing of the old ones."""

from __future__ import annotations

from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client


def test_a_new_volume_has_no_attributes_of_an_old_one_with_its_uuid() -> None:
    backend = MemBackend(seed=1)
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        body = {
            "name": "old",
            "svm": {"name": "svm1"},
            "aggregates": [{"name": "aggr1"}],
            "comment": "from before",
            "space": {"snapshot": {"reserve_percent": 7}},
        }
        client.send("POST", "/api/storage/volumes?return_timeout=15", body)
        before = client.get("/api/storage/volumes?fields=comment,space.snapshot").record
        assert before["comment"] == "from before"
        backend.reset()
        assert backend.create_volume("new")["uuid"] == before["uuid"]
        after = client.get("/api/storage/volumes?fields=comment,space.snapshot").record
        assert after["comment"] == ""
        assert after["space"]["snapshot"]["reserve_percent"] == 5
