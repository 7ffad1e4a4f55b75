"""``python -m nessie_backend_mem serve``."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend
from nessie_backend_mem.ontap import OntapServer
from nessie_backend_mem.ontap.planting import PlantingError, plant
from ontap.raw import Client
from support import PATIENCE, run_python

COMMAND = ("-m", "nessie_backend_mem", "serve")

NEW_VOLUME = {
    "name": "v",
    "svm.name": "svm1",
    "aggregates": [{"name": "aggr1"}],
    "size": "1GB",
}

DOCUMENT = {
    "volumes": [
        {
            "name": "db",
            "size": "50GB",
            "junction_path": "/db",
            "export_policy": "team",
            "snapshots": ["nightly", "weekly"],
            "clones": [
                {
                    "name": "db_pr1",
                    "snapshot": "nightly",
                    "size": 2**30,
                    "state": "offline",
                    "snapshots": ["mine"],
                    "clones": [{"name": "db_pr1_again", "snapshot": "mine"}],
                }
            ],
        },
        {"name": "scratch", "svm": "svm2"},
    ]
}


class Serving(OntapServer):
    """What a client needs to know of a server in another process."""

    def __init__(self, words: dict[str, str]) -> None:
        super().__init__(
            username=words["username"],
            password=words["password"],
            tls=words["url"].startswith("https:"),
            port=int(words["url"].rpartition(":")[2]),
        )
        self._ca_file = words.get("ca_file")


@contextmanager
def serving(*arguments: str, **options: Any) -> Iterator[tuple[Serving, subprocess.Popen[str]]]:
    """Runs the command and reads the line that it prints."""
    with subprocess.Popen(
        [sys.executable, *COMMAND, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            first, *words = shlex.split(line)
            assert first == "ready", line
            yield Serving(dict(word.split("=", 1) for word in words)), process
        finally:
            process.kill()


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """Sends a signal; returns what was said on standard error until the clean end."""
    process.send_signal(number)
    said, complaints = process.communicate(timeout=PATIENCE)
    assert said == ""
    assert process.returncode == 0, complaints
    return complaints


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_when_it_is_told_to(number: int) -> None:
    with serving() as (server, process):
        with Client(server) as client:
            assert client.get("/api/svm/svms").record["name"] == "svm1"
        assert server.ca_file is not None
        assert Path(server.ca_file).exists()
        assert end(process, number) == ""
        assert not Path(server.ca_file).exists()


def test_it_begins_with_the_volumes_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(DOCUMENT), "utf-8")
    options = ("--http", "--svm", "svm1", "--svm", "svm2", "--volumes", str(file), "--log")
    with serving(*options) as (server, process):
        with Client(server) as client:
            records = client.get("/api/storage/volumes?fields=svm.name,state,nas.path").records
        assert {(each["svm"]["name"], each["name"], each["state"]) for each in records} == {
            ("svm1", "db", "online"),
            ("svm1", "db_pr1", "offline"),
            ("svm1", "db_pr1_again", "online"),
            ("svm2", "scratch", "online"),
        }
        log = end(process)
    assert "GET /api/storage/volumes?fields=svm.name,state,nas.path 200 " in log


def test_a_seed_gives_the_same_identifiers_on_every_run() -> None:
    def answers() -> list[Any]:
        with serving("--http", "--seed", "7") as (server, process):
            with Client(server) as client:
                made = client.send(
                    "POST",
                    "/api/storage/volumes",
                    {
                        "name": "v",
                        "svm.name": "svm1",
                        "aggregates": [{"name": "aggr1"}],
                        "size": "1GB",
                    },
                )
                found = client.get("/api/storage/volumes?fields=create_time").record
            end(process)
        return [made.json, found]

    assert answers() == answers()


def test_jobs_can_be_made_to_take_their_time() -> None:
    with serving("--http", "--jobs", "polls:2") as (server, process):
        with Client(server) as client:
            job = client.send("POST", "/api/storage/volumes", NEW_VOLUME).json["job"]
            href = job["_links"]["self"]["href"]
            states = [client.get(href).json["state"] for _ in range(3)]
        end(process)
    assert states[-1] == "success"
    assert "success" not in states[:1]


def test_the_password_may_come_from_the_environment() -> None:
    environment = {**os.environ, "NESSIE_ONTAP_PASSWORD": "of my own"}
    with serving("--http", env=environment) as (server, process):
        assert server.password == "of my own"
        with Client(server) as client:
            assert client.send("GET", "/api/cluster").status == 200
        end(process)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "0.0.0.0"], "password"),
        (["--jobs", "never"], "jobs"),
        (["--port", "99999"], "port"),
        (["--port", "x"], "--port"),
        (["--username", "a:b"], "username"),
        (["--seed", "1", "--jobs", "seconds:2"], "--seed"),
        (["--volumes", "nothing.json"], "nothing.json"),
        (["--svm", "a", "--svm", "a"], "--svm"),
        (["--unknown"], "--unknown"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_said_on_standard_error(arguments: list[str], complaint: str) -> None:
    environment = {"NESSIE_ONTAP_PASSWORD": ""}
    done = run_python(*COMMAND, "--port", "0", *arguments, env=environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_shows_the_form_of_the_file() -> None:
    text = run_python(*COMMAND, "--help").stdout
    example = text[text.index('{"volumes"') : text.index("]}\n\n") + 2]
    plant({"svm1": MemBackend(), "svm2": MemBackend()}, json.loads(example))


def test_planting_makes_what_is_written() -> None:
    backends = {"svm1": MemBackend(seed=1), "svm2": MemBackend(seed=2)}
    plant(backends, DOCUMENT)
    assert backends["svm1"].tree() == tree_by_hand()
    db = backends["svm1"].find_volume("db")
    clone = backends["svm1"].find_volume("db_pr1")
    assert db is not None
    assert clone is not None
    assert (db["size_bytes"], db["junction_path"], db["export_policy"]) == (
        50 * 2**30,
        "/db",
        "team",
    )
    assert (clone["size_bytes"], clone["state"]) == (2**30, "offline")
    assert [volume["name"] for volume in backends["svm2"]] == ["scratch"]


def tree_by_hand() -> str:
    """The tree of the same made by hand."""
    backend = MemBackend(seed=1)
    db = backend.create_volume("db", 50 * 2**30)
    backend.patch_volume(db["uuid"], junction_path="/db", export_policy="team")
    nightly, _ = (backend.create_snapshot(db["uuid"], name) for name in ("nightly", "weekly"))
    clone = backend.create_clone(db["uuid"], nightly["uuid"], "db_pr1")
    backend.patch_volume(clone["uuid"], 2**30)
    mine = backend.create_snapshot(clone["uuid"], "mine")
    backend.create_clone(clone["uuid"], mine["uuid"], "db_pr1_again")
    backend.patch_volume(clone["uuid"], state="offline")
    return backend.tree()


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document: expected an object"),
        ({"volume": []}, "the document: 'volume' is none of volumes"),
        ({"volumes": {}}, "volumes: expected a list"),
        ({"volumes": [5]}, r"volumes\[0\]: expected an object"),
        ({"volumes": [{}]}, r"volumes\[0\]: it has no 'name'"),
        ({"volumes": [{"name": 5}]}, r"volumes\[0\]\.name: 5 is no text"),
        ({"volumes": [{"name": "a/b"}]}, r"volumes\[0\]: .*a/b"),
        ({"volumes": [{"name": "a", "sise": 1}]}, r"volumes\[0\]: 'sise' is none of"),
        ({"volumes": [{"name": "a", "size": "1 XB"}]}, r"volumes\[0\]\.size: '1 XB'"),
        ({"volumes": [{"name": "a", "size": True}]}, r"volumes\[0\]\.size: True"),
        ({"volumes": [{"name": "a", "size": 0}]}, r"volumes\[0\]: .*0"),
        ({"volumes": [{"name": "a", "size": 1.5}]}, r"volumes\[0\]\.size: 1\.5"),
        (
            {"volumes": [{"name": "a", "svm": "x"}]},
            r"volumes\[0\]\.svm: there is no 'x'",
        ),
        ({"volumes": [{"name": "a"}, {"name": "a"}]}, r"volumes\[1\]: .*'?a'?"),
        ({"volumes": [{"name": "a", "state": "asleep"}]}, r"volumes\[0\]: .*asleep"),
        (
            {"volumes": [{"name": "a", "snapshots": "s"}]},
            r"\[0\]\.snapshots: expected a list",
        ),
        ({"volumes": [{"name": "a", "snapshots": [1]}]}, r"volumes\[0\]\.snapshots\[0\]: 1"),
        ({"volumes": [{"name": "a", "clones": [{"name": "b"}]}]}, r"clones\[0\]: it has no 'snap"),
        (
            {"volumes": [{"name": "a", "clones": [{"name": "b", "snapshot": "s"}]}]},
            r"volumes\[0\]\.clones\[0\]\.snapshot: 'a' has no 's'",
        ),
    ],
    ids=str,
)
def test_planting_says_where_a_document_is_wrong(document: object, complaint: str) -> None:
    with pytest.raises(PlantingError, match=complaint):
        plant({"svm1": MemBackend()}, document)
