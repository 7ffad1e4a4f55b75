"""``nessie-mem serve``."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend, inventory
from nessie_backend_mem._sizes import parse_size
from nessie_backend_mem.cli._options import UsageError
from nessie_backend_mem.cli._saved_state import Dumps, load
from nessie_backend_mem.ontap import OntapServer, seed
from ontap.raw import Client
from support import TIMEOUT, run_python

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
    """A server in another process, as clients see it."""

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
    """Sends a signal, checks the clean end, and returns the standard error."""
    process.send_signal(number)
    said, errors = process.communicate(timeout=TIMEOUT)
    assert said == ""
    assert process.returncode == 0, errors
    return errors


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_prints_one_line_and_ends_at_a_signal(name: str) -> None:
    number = getattr(signal, name)

    def by_default() -> None:
        # The tests may run where a signal is ignored, as under nohup.
        signal.signal(number, signal.SIG_DFL)

    with serving(preexec_fn=by_default) as (server, process):
        with Client(server) as client:
            assert client.get("/api/svm/svms").record["name"] == "svm1"
        assert server.ca_file is not None
        assert Path(server.ca_file).exists()
        assert end(process, number) == ""
        assert not Path(server.ca_file).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ignores no signals")
def test_sigint_ends_it_as_a_background_job_of_a_script() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with serving("--http", preexec_fn=ignore) as (_, process):
        assert end(process, signal.SIGINT) == ""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_an_ignored_sighup_stays_ignored() -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with serving("--http", preexec_fn=ignore) as (server, process):
        process.send_signal(signal.SIGHUP)
        with Client(server) as client:
            assert client.send("GET", "/api/cluster").status == 200
        assert process.poll() is None
        end(process)


def test_its_files_exist_as_long_as_it_runs(tmp_path: Path) -> None:
    ready, ca = tmp_path / "ready.json", tmp_path / "ca.pem"
    # From a server that was killed.
    ready.write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": 1}), "utf-8")
    with serving("--ca-file", str(ca), "--ready-file", str(ready)) as (server, process):
        said = json.loads(ready.read_text("utf-8"))
        assert said == {
            "url": server.url,
            "username": "admin",
            "password": server.password,
            "ca_file": str(ca),
            "pid": process.pid,
        }
        if sys.platform != "win32":
            assert ready.stat().st_mode & 0o777 == 0o600
        assert server.ca_file == str(ca)
        with Client(server) as client:
            client.headers = []
            assert client.get("/healthz").json == {"status": "ok"}
        end(process)
    assert list(tmp_path.iterdir()) == []


def test_the_ready_file_replaces_no_other_file(tmp_path: Path) -> None:
    mine, dump = tmp_path / "mine.json", tmp_path / "dump.jsonl"
    mine.write_text('{"url": "mine"}', "utf-8")
    options = ("--http", "--port", "0", "--ready-file", str(mine), "--dump", str(dump))
    done = run_python(*COMMAND, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--ready-file: {mine}" in done.stderr
    assert mine.read_text("utf-8") == '{"url": "mine"}'
    assert list(tmp_path.iterdir()) == [mine]


def test_a_given_certificate_is_used() -> None:
    own = Path(__file__).parent / "certificates"
    options = ("--cert", str(own / "own.pem"), "--key", str(own / "own.key"))
    with serving(*options) as (server, process):
        assert server.ca_file is None
        server._ca_file = str(own / "own.pem")
        with Client(server) as client:
            assert client.send("GET", "/api/cluster").status == 200
        end(process)


def test_a_dump_is_served_and_written_at_the_end(tmp_path: Path) -> None:
    red, blue, kept = (tmp_path / name for name in ("red.jsonl", "blue=.jsonl", "kept.jsonl"))
    for path, number in ((red, 1), (blue, 2)):
        backend = MemBackend(seed=number)
        backend.create_volume(f"of_{path.name[:3]}", 2**30)
        backend.dump(path)
    options = ["--svm", "red", "--svm", "blue", "--load", f"red={red}", "--load", f"blue={blue}"]
    with serving("--http", *options, "--dump", f"blue={kept}") as (server, process):
        with Client(server) as client:
            records = client.get("/api/storage/volumes?fields=svm.name").records
            assert {(each["svm"]["name"], each["name"]) for each in records} == {
                ("red", "of_red"),
                ("blue", "of_blu"),
            }
            made = {**NEW_VOLUME, "svm.name": "blue"}
            assert client.send("POST", "/api/storage/volumes", made).status == 202
        assert not kept.exists()
        end(process)
    again = MemBackend.load(kept)
    assert [volume["name"] for volume in again] == ["of_blu", "v"]
    assert "seed=2" in repr(again)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_dump_that_fails_at_the_end_is_reported(tmp_path: Path) -> None:
    directory = tmp_path / "gone"
    directory.mkdir()
    with serving("--http", "--dump", str(directory / "dump")) as (_, process):
        directory.rmdir()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert f"--dump: {directory / 'dump'}: No such file or directory" in errors
    assert "Traceback" not in errors


LINE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z GET /healthz 200 15 B [0-9.]+ ms"


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_has_a_line_of_each_request(form: str) -> None:
    with serving("--http", "--log", form) as (server, process):
        with Client(server) as client:
            client.get("/healthz")
        (line,) = end(process).splitlines()
    if form == "text":
        assert re.fullmatch(LINE, line), line
        return
    request = json.loads(line)
    assert re.fullmatch(LINE.partition(" ")[0], request.pop("time"))
    assert 0 < request.pop("seconds") < TIMEOUT
    assert request == {"method": "GET", "target": "/healthz", "status": 200, "bytes": 15}


def test_warnings_are_json_if_the_log_is() -> None:
    script = """
        from nessie_backend_mem.cli._request_log import warn_as_json
        from nessie_backend_mem.ontap.log import logger
        warn_as_json()
        logger.warning("%d lost", 5)
    """
    (line,) = run_python("-c", textwrap.dedent(script)).stderr.splitlines()
    warning = json.loads(line)
    assert (warning["level"], warning["message"]) == ("warning", "5 lost")


def test_the_volumes_of_a_seed_file_are_served(tmp_path: Path) -> None:
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


def test_nodes_and_aggregates_are_those_of_the_options() -> None:
    options = ["--node=n1", "--node=n2", "--aggregate=fast:500GiB", "--aggregate=slow:2 TB"]
    with serving("--http", *options, "--aggregate=large") as (server, process):
        with Client(server) as client:
            found = client.get(
                "/api/storage/aggregates?fields=node.name,space.block_storage.size"
            ).records
        end(process)
    assert [
        (each["name"], each["node"]["name"], each["space"]["block_storage"]["size"])
        for each in found
    ] == [("fast", "n1", 500 * 2**30), ("large", "n1", 2**50), ("slow", "n2", 2 * 2**40)]


def test_an_aggregate_is_added_to_those_of_an_inventory(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    with OntapServer(tls=False, aggregates={"a": 2**40, "b": 2**41}, name="c1") as source:
        recorded = inventory.record(source.url, username=source.username, password=source.password)
    path.write_text(json.dumps(recorded))
    options = ["--load", str(path), "--aggregate=b:5GB", "--aggregate=c"]
    with serving("--http", *options) as (server, process):
        with Client(server) as client:
            found = client.get("/api/storage/aggregates?fields=space.block_storage.size").records
        end(process)
    sizes = {each["name"]: each["space"]["block_storage"]["size"] for each in found}
    assert sizes == {"a": 2**40, "b": 5 * 2**30, "c": 2**50}


def test_jobs_can_end_late() -> None:
    with serving("--http", "--jobs", "polls:2") as (server, process):
        with Client(server) as client:
            job = client.send("POST", "/api/storage/volumes", NEW_VOLUME).json["job"]
            href = job["_links"]["self"]["href"]
            states = [client.get(href).json["state"] for _ in range(3)]
        end(process)
    assert states[-1] == "success"
    assert "success" not in states[:1]


def test_the_environment_may_have_the_password() -> None:
    environment = {**os.environ, "NESSIE_ONTAP_PASSWORD": "of my own"}
    with serving("--http", env=environment) as (server, process):
        assert server.password == "of my own"
        with Client(server) as client:
            assert client.send("GET", "/api/cluster").status == 200
        end(process)


OWN = Path(__file__).parent / "certificates"
CERT, KEY = ("--cert", str(OWN / "own.pem")), ("--key", str(OWN / "own.key"))
AGGREGATE = (
    "argument --aggregate: expected NAME or NAME:SIZE with a size such as 500TiB or 50GB, from 1 "
    "to 2^64-1 bytes, not "
)
JOBS = 'argument --jobs: expected "immediate", "polls:N" or "seconds:N", not '


@pytest.mark.parametrize(
    ("arguments", "expected_text"),
    [
        (["--host", ""], "argument --host: it is empty"),
        (["--host", "0.0.0.0"], "argument --password: it is required"),
        (["--host", "192.0.2.1", "--password", "x"], "argument --host, --port: 192.0.2.1:0: "),
        (["--port", "99999"], 'argument --port: expected an integer from 0 to 65535, not "99999"'),
        (["--port", "x"], 'argument --port: expected an integer from 0 to 65535, not "x"'),
        (["--username", ""], "argument --username: it is empty"),
        (["--username", "a:b"], "argument --username: 'a:b' has a colon"),
        (["--username", "a\nb"], "argument --username: 'a\\nb' has control characters"),
        (["--password", ""], "argument --password: it is empty"),
        (["--jobs", "never"], f'{JOBS}"never"'),
        (["--jobs", "polls"], f'{JOBS}"polls"'),
        (["--jobs", "polls:0.5"], f'{JOBS}"polls:0.5"'),
        (["--jobs", "polls:-1"], f'{JOBS}"polls:-1"'),
        (["--jobs", "seconds:nan"], f'{JOBS}"seconds:nan"'),
        (["--jobs", "seconds:-1"], f'{JOBS}"seconds:-1"'),
        (["--jobs", "immediate:1"], f'{JOBS}"immediate:1"'),
        (["--seed", "1", "--jobs", "seconds:2"], "argument --jobs: seconds:N needs"),
        (["--seed", "1", "--run-policies"], "argument --run-policies: it needs a running clock"),
        (["--seed", "-1"], "argument --seed: expected an integer from 0 to 18446744073709551615"),
        (["--load", "nothing.json"], "argument --load: nothing.json: No such file or directory"),
        (["--load", ""], "argument --load: '' names no file"),
        (["--dump", "nothing/dump"], "argument --dump: nothing/dump: directory "),
        (["--ready-file", "no/r"], "argument --ready-file: no/r: No such file or directory"),
        (["--cert", "no.pem", *KEY], "argument --cert: no.pem: No such file or directory"),
        ([*CERT, "--key", "no.key"], "argument --key: no.key: No such file or directory"),
        (["--cert", "", *KEY], "argument --cert: '' names no file"),
        ([*CERT], "argument --cert, --key: "),
        ([*CERT, "--key", str(OWN / "other.key")], "argument --cert, --key: the certificate and"),
        ([*CERT, "--key", os.devnull], "argument --cert, --key: "),
        ([*CERT, *KEY, "--http"], "argument --cert: HTTP has no certificate"),
        ([*CERT, *KEY, "--ca-file", "ca.pem"], "argument --ca-file: it is written only for"),
        (["--ca-file", "ca.pem", "--http"], "argument --ca-file: HTTP has no certificate"),
        (["--ca-file", "no/ca.pem"], "argument --ca-file: no/ca.pem: No such file or directory"),
        (["--ca-file", "."], "argument --ca-file: .: it was not written by a server"),
        (["--log", "xml"], "argument --log: invalid choice: 'xml'"),
        (["--svm", ""], "argument --svm: it is empty"),
        (["--svm", "a", "--svm", "a"], "argument --svm: the same name twice"),
        (["--node", ""], "argument --node: it is empty\n"),
        (["--node", "a", "--node", "a"], 'argument --node: the name "a" is used twice\n'),
        (["--aggregate", ""], f'{AGGREGATE}""\n'),
        (["--aggregate", ":1GB"], f'{AGGREGATE}":1GB"\n'),
        (["--aggregate", "a:"], f'{AGGREGATE}"a:"\n'),
        (["--aggregate", "a:0"], f'{AGGREGATE}"a:0"\n'),
        (["--aggregate", "a:1G"], f'{AGGREGATE}"a:1G"\n'),
        (["--aggregate", "a:16384PiB"], f'{AGGREGATE}"a:16384PiB"\n'),
        (
            ["--aggregate", "a", "--aggregate", "a:1GB"],
            'argument --aggregate: the name "a" is used twice\n',
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_error_names_the_option(
    arguments: list[str], expected_text: str, tmp_path: Path
) -> None:
    environment = {"NESSIE_ONTAP_PASSWORD": ""}
    done = run_python(*COMMAND, "--port", "0", *arguments, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {expected_text}" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "expected_text"),
    [
        (
            ["--jobs", "seconds:2"],
            "argument --jobs: seconds:N needs a running clock; the clock of the dump",
        ),
        (
            ["--run-policies"],
            "argument --run-policies: it needs a running clock; the clocks of the dumps",
        ),
    ],
)
def test_some_options_need_a_running_clock(
    arguments: list[str], expected_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "dump"
    MemBackend(seed=1).dump(path)
    done = run_python(*COMMAND, *arguments, "--load", str(path))
    assert done.returncode == 2
    assert expected_text in done.stderr


def a_file(path: Path, content: str | bytes | MemBackend) -> str:
    """Writes a file, and returns its path as text."""
    if isinstance(content, MemBackend):
        content.dump(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_the_content_distinguishes_dumps_from_seed_files(tmp_path: Path) -> None:
    dumped = MemBackend(seed=3)
    dumped.create_volume("dumped")
    dump = a_file(tmp_path / "seed.json", dumped)
    seed_file = a_file(tmp_path / "dump.jsonl", '\ufeff{"volumes": [{"name": "seeded"}]}')
    backends = {"svm1": MemBackend()}
    # Seed files come last: a dump replaces the whole backend.
    assert load(backends, [seed_file, dump]) == {"svm1"}
    assert [volume["name"] for volume in backends["svm1"]] == ["dumped", "seeded"]
    moving = a_file(tmp_path / "moving", MemBackend())
    assert load(backends, [f"svm1={moving}"]) == set()


def test_a_file_that_cannot_be_loaded_is_named_with_the_reason(tmp_path: Path) -> None:
    dump = a_file(tmp_path / "dump", MemBackend(seed=1))
    cut = a_file(tmp_path / "cut", Path(dump).read_bytes()[:-40])
    seed_file = a_file(tmp_path / "seed", '{"volumes": []}')
    wrong = a_file(tmp_path / "wrong", '{"volumes": [{}]}')
    other = a_file(tmp_path / "other", "name: db\n")
    binary = a_file(tmp_path / "binary", b"\xff\xfe\x00")
    for files, expected_text in (
        ([f"a={cut}"], f"--load: {cut}: .*line"),
        ([f"a={dump}", f"a={dump}"], f"--load: {dump}: the SVM 'a' was already loaded from {dump}"),
        ([dump], f"--load: {dump}: a dump is of one SVM; write SVM=PATH, where SVM is a or b"),
        ([f"a={seed_file}"], f"--load: {seed_file}: a seed file names its SVMs itself"),
        ([f"c={dump}"], f"--load: c={dump}: No such file"),
        ([wrong], rf"--load: {wrong}: volumes\[0\]: the key 'name' is missing"),
        ([other], f"--load: {other}: it is neither a dump nor a seed file"),
        ([binary], f"--load: {binary}: it is neither a dump nor a seed file"),
        ([str(tmp_path)], f"--load: {tmp_path}: "),
        ([""], "--load: '' names no file"),
        (["a="], "--load: 'a=' names no file"),
    ):
        with pytest.raises(UsageError, match=expected_text):
            load({"a": MemBackend(), "b": MemBackend()}, files)


def test_a_dump_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    file = a_file(tmp_path / "file", "")
    for svms, files, expected_text in (
        (["a"], [str(tmp_path)], "it is a directory"),
        (["a"], [""], "--dump: '' names no file"),
        (["a"], [f"{file}/dump"], "does not exist"),
        (["a", "b"], ["dump"], "a dump is of one SVM; write SVM=PATH, where SVM is a or b"),
        (["a", "b"], [f"a={file}", f"b={file}"], "it is given twice"),
    ):
        with pytest.raises(UsageError, match=expected_text):
            Dumps(svms, files)


def test_the_seed_file_in_the_help_can_be_loaded() -> None:
    text = run_python(*COMMAND, "--help").stdout
    example = text[text.index('{"volumes"') : text.index("]}\n\n") + 2]
    seed.load({"svm1": MemBackend(), "svm2": MemBackend()}, json.loads(example))


def test_a_seed_file_creates_the_described_objects() -> None:
    backends = {"svm1": MemBackend(seed=1), "svm2": MemBackend(seed=2)}
    seed.load(backends, DOCUMENT)
    assert backends["svm1"].tree() == tree_by_calls()
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


def tree_by_calls() -> str:
    """The tree of a backend to which the same was done by calls."""
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
    ("text", "size"),
    [
        ("1073741824", 2**30),
        ("50GB", 50 * 2**30),
        ("50 GiB", 50 * 2**30),
        ("7kb", 7 * 2**10),
        ("3MiB", 3 * 2**20),
        ("1TB", 2**40),
        ("2pib", 2**51),
    ],
)
def test_a_size_may_have_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1.5GB", "1G", "1  GB", "1iB", "\u0661GB", "1XB"])
def test_other_texts_are_not_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size such as 50GB, 50GiB or 1073741824"):
        parse_size(text)


@pytest.mark.parametrize(
    ("document", "expected_text"),
    [
        ([], "the document: expected an object"),
        ({"volume": []}, "the document: unknown key 'volume'; the keys are volumes"),
        ({"volumes": {}}, "volumes: expected a list"),
        ({"volumes": [5]}, r"volumes\[0\]: expected an object"),
        ({"volumes": [{}]}, r"volumes\[0\]: the key 'name' is missing"),
        ({"volumes": [{"name": 5}]}, r"volumes\[0\]\.name: expected text, not 5"),
        ({"volumes": [{"name": "a/b"}]}, r"volumes\[0\]: .*a/b"),
        ({"volumes": [{"name": "a", "sise": 1}]}, r"volumes\[0\]: unknown key 'sise'"),
        ({"volumes": [{"name": "a", "size": "1 XB"}]}, r'size: "1 XB" is not a size such'),
        ({"volumes": [{"name": "a", "size": True}]}, r"volumes\[0\]\.size: .*not True"),
        ({"volumes": [{"name": "a", "size": 0}]}, r"volumes\[0\]: .*0"),
        ({"volumes": [{"name": "a", "size": 1.5}]}, r"volumes\[0\]\.size: .*not 1\.5"),
        (
            {"volumes": [{"name": "a", "svm": "x"}]},
            r"volumes\[0\]\.svm: there is no SVM 'x'",
        ),
        ({"volumes": [{"name": "a"}, {"name": "a"}]}, r"volumes\[1\]: .*'?a'?"),
        ({"volumes": [{"name": "a", "state": "asleep"}]}, r"volumes\[0\]: .*asleep"),
        (
            {"volumes": [{"name": "a", "snapshots": "s"}]},
            r"\[0\]\.snapshots: expected a list",
        ),
        ({"volumes": [{"name": "a", "snapshots": [1]}]}, r"volumes\[0\]\.snapshots\[0\]: .*not 1"),
        ({"volumes": [{"name": "a", "clones": [{"name": "b"}]}]}, r"clones\[0\]: the key 'snap"),
        (
            {"volumes": [{"name": "a", "clones": [{"name": "b", "snapshot": "s"}]}]},
            r"volumes\[0\]\.clones\[0\]\.snapshot: the volume 'a' has no snapshot 's'",
        ),
    ],
    ids=str,
)
def test_an_error_of_a_seed_file_names_the_place(document: object, expected_text: str) -> None:
    with pytest.raises(seed.SeedFileError, match=expected_text):
        seed.load({"svm1": MemBackend()}, document)
