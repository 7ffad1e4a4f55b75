"""The tables of the paths and fields of ONTAP's REST API that are served."""

from __future__ import annotations

import re

import pytest
from nessie_backend_mem import MemBackend, cli
from nessie_backend_mem.cli.coverage import markdown
from nessie_backend_mem.ontap import OntapServer
from ontap.raw import Client

ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", re.MULTILINE)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["coverage", *arguments]) == 0
    return capsys.readouterr().out


def test_the_command_prints_each_path_with_its_methods(capsys: pytest.CaptureFixture[str]) -> None:
    words = [line.split() for line in printed(capsys).replace("\n ", " ").splitlines()]
    rows = [(path, methods) for path, *methods in words]
    assert rows == [(path, methods.split(", ")) for path, methods in ROW.findall(markdown())]


def test_a_pattern_selects_paths_and_prints_the_fields_of_their_objects(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys, "/api/storage/volumes/*/snapshots*")
    paths = [line.split()[0] for line in text.splitlines() if line.startswith("/")]
    assert paths == [
        "/api/storage/volumes/{volume.uuid}/snapshots",
        "/api/storage/volumes/{volume.uuid}/snapshots/{uuid}",
    ]
    assert "snapshot: fields that a reply has always, set by POST and PATCH\n  name\n" in text
    assert "volume: " not in text
    assert max(map(len, text.splitlines())) <= 80


def test_markdown_has_the_paths_that_match(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--markdown") == markdown()
    text = printed(capsys, "--markdown", "compliance")
    assert [path for path, _ in ROW.findall(text)] == [
        "/api/storage/snaplock/compliance-clocks",
        "/api/storage/snaplock/compliance-clocks/{node.uuid}",
    ]


def test_a_pattern_that_matches_nothing_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coverage", "igroups"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "no path of the endpoint matches 'igroups'\n")


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
