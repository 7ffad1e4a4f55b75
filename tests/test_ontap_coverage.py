"""The tables of the paths and fields of ONTAP's REST API that are served."""

from __future__ import annotations

import re

from nessie_backend_mem import MemBackend
from nessie_backend_mem.cli.coverage import markdown
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client
from support import run_python

ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", re.MULTILINE)


def test_the_command_prints_the_table() -> None:
    done = run_python("-m", "nessie_backend_mem", "coverage")
    assert done.returncode == 0, done.stderr
    assert done.stdout == markdown()


def test_every_path_of_the_table_is_served_with_these_methods_only() -> None:
    backend = MemBackend(seed=1)
    volume = backend.create_volume("v", 2**30)
    snapshot = backend.create_snapshot(volume["uuid"], "s")
    rows = ROW.findall(markdown())
    assert len(rows) > 10
    with OntapServer(backend, tls=False) as server, Client(server) as client:
        for path, methods in rows:
            target = path.replace("{volume.uuid}", volume["uuid"])
            target = target.replace("/snapshots/{uuid}", f"/snapshots/{snapshot['uuid']}")
            target = target.replace("{uuid}", volume["uuid"])
            reply = client.send("OPTIONS", target)
            assert reply.status == 200, (path, reply.body)
            allowed = set(reply.headers["Allow"].replace(" ", "").split(","))
            listed = set(methods.replace(" ", "").split(","))
            assert allowed - {"OPTIONS", "HEAD"} == listed - {"OPTIONS", "HEAD"}, path
            for method in {"GET", "POST", "PATCH", "DELETE"} - listed:
                reply = client.send(method, target, {})
                assert (reply.status, reply.code) == (405, "3"), (method, path)


def test_the_fields_of_the_table_can_be_requested() -> None:
    always = re.findall(r"^\| volume \| (.*?) \| always", markdown(), re.MULTILINE)
    assert {"`name`", "`uuid`"} == set(always)
    rows = re.findall(r"^\| volume \| (.*?) \| ", markdown(), re.MULTILINE)
    fields = re.findall(r"`([^`]*)`", " ".join(rows))
    assert len(fields) == len(set(fields))
    with OntapServer(tls=False) as server, Client(server) as client:
        server.backend.create_volume("v", 2**30)
        for field in fields:
            client.get(f"/api/storage/volumes?fields={field}")
            client.get(f"/api/storage/volumes?{field}=!null")
        assert client.send("GET", "/api/storage/volumes?fields=nonsense").code == "262197"
