"""The last second of the calendar, which clients send for never, on the wire."""

from __future__ import annotations

from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client

NEVER = "9999-12-31T23:59:59Z"


def test_never_is_accepted_as_an_expiry_time_and_as_a_bound() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v")
    snapshots = f"/api/storage/volumes/{volume['uuid']}/snapshots"
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        body = {"name": "s", "expiry_time": NEVER}
        assert client.send("POST", f"{snapshots}?return_timeout=15", body).status == 201
        (record,) = client.get(f"{snapshots}?fields=expiry_time").records
        assert record["expiry_time"] == "9999-12-31T23:59:59+00:00"
        assert len(client.get(f"{snapshots}?expiry_time=%3E%3D{NEVER}").records) == 1
        assert len(client.get(f"/api/storage/volumes?create_time=%3C{NEVER}").records) == 1
