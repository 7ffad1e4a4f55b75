"""``nessie-mem record``, and ``nessie-mem serve --load`` of what it writes."""

from __future__ import annotations

import getpass
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_cluster import FakeCluster, fake_cluster
from nessie_backend_mem import cli, inventory
from nessie_backend_mem.cli._omissions import print_omissions
from nessie_backend_mem.inventory.files import to_text
from nessie_backend_mem.inventory.record import Recorder
from nessie_backend_mem.ontap import OntapServer
from support import run_python
from test_inventory import comparable, furnished, record_of
from test_serve_command import end, serving


class Terminal(io.StringIO):
    """Input of a terminal."""

    def isatty(self) -> bool:
        return True


COMMAND = ("-W", "error", "-m", "nessie_backend_mem", "record")
PASSWORD = "NESSIE_ONTAP_PASSWORD"


@pytest.fixture(scope="module")
def server() -> Iterator[OntapServer]:
    with OntapServer({"svm1": furnished()}) as server:
        yield server


@pytest.fixture
def record(server: OntapServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command in this process for the server, with the right password."""
    monkeypatch.setenv(PASSWORD, server.password)

    def record(*arguments: str) -> int:
        return cli.main(["record", server.url, "--cacert", str(server.ca_file), *arguments])

    return record


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The text of a usage error."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["record", *arguments])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()[0].partition(": error: ")[2]


def test_a_record_in_a_process_is_loaded_by_serve(server: OntapServer, tmp_path: Path) -> None:
    file = tmp_path / "array.json"
    login = {PASSWORD: server.password}
    arguments = (*COMMAND, server.url, "--cacert", str(server.ca_file), "-o", str(file))
    done = run_python(*arguments, env=login)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == [file]
    document = json.loads(file.read_text("utf-8"))
    with serving("--load", str(file), "--svm", "more") as (served, process):
        again = record_of(served)
        assert end(process) == ""
    assert [svm["name"] for svm in again["svms"]] == ["more", "svm1"]
    del again["svms"][0]
    assert comparable(again) == comparable(document)


def test_a_record_goes_to_standard_output(record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert record() == 0
    said = capsys.readouterr()
    assert said.err == ""
    document = json.loads(said.out)
    assert said.out == to_text(document)
    assert record("-o", "-") == 0
    assert comparable(json.loads(capsys.readouterr().out)) == comparable(document)


def test_the_same_seed_gives_the_same_replacements(
    record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        assert record("--anonymise", "--seed", seed) == 0
        texts.append(json.dumps(comparable(json.loads(capsys.readouterr().out))))
    assert texts[0] == texts[1] != texts[2]
    assert "no_quota" not in texts[0]


def test_a_file_is_replaced_only_if_it_is_an_inventory(
    record: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    assert record("-o", str(file)) == record("-o", str(file)) == 0
    file.write_text("{}", "utf-8")
    assert record("--output", str(file)) == 1
    assert f"error: argument -o: {file}: it is not an inventory; remove" in capsys.readouterr().err
    assert file.read_text("utf-8") == "{}"


@pytest.mark.parametrize("before", [None, "inventory"])
def test_ctrl_c_leaves_the_file_as_it_was(
    record: Any,
    before: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "file"
    if before is not None:
        assert record("-o", str(file)) == 0
    text = file.read_text("utf-8") if before is not None else None

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Recorder, "volume", interrupt)
    assert record("-o", str(file)) == 130
    assert capsys.readouterr() == ("", "")
    assert (file.read_text("utf-8") if file.exists() else None) == text
    assert list(tmp_path.iterdir()) == ([file] if before is not None else [])


def test_progress_is_shown_on_a_terminal(
    record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nessie_backend_mem.cli.record.can_redraw", lambda stream: True)
    monkeypatch.setattr("nessie_backend_mem._progress.can_redraw", lambda stream: True)
    assert record("-o", str(tmp_path / "file")) == 0
    drawn = capsys.readouterr().err
    assert "\r[####................]  20 % 1/5 volumes" in drawn
    # The line is removed at the end.
    assert drawn.endswith(" \r")


def test_errors_of_the_cluster_end_the_command_with_one_line(
    server: OntapServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSWORD, "wrong")
    arguments = ["record", server.url, "--cacert", str(server.ca_file)]
    assert cli.main(arguments) == 1
    assert cli.main(arguments[:2]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first.endswith(
        f" record: error: {server.url}/api/cluster: the cluster refuses user or password"
    )
    assert "cannot be verified" in second
    assert second.endswith("(cacert)")
    assert "wrong" not in said.err


def test_an_insecure_record_warns(
    server: OntapServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSWORD, server.password)
    assert cli.main(["record", server.url, "--insecure"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["cluster"]["name"] == "nessie"
    assert "warning: --insecure: the cluster is not verified" in said.err


def test_the_password_is_read_at_the_terminal_without_echo(
    server: OntapServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return server.password

    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    arguments = [server.url, "--cacert", str(server.ca_file), "--username", "admin"]
    message = refused(capsys, *arguments)
    assert message == f"there is no terminal to read the password at; set {PASSWORD}"
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", answer)
    assert cli.main(["record", *arguments]) == 0
    assert asked == [f"Password of admin at {server.url}: "]
    assert json.loads(capsys.readouterr().out)["cluster"]["name"] == "nessie"

    def end_of_file(prompt: str) -> str:
        raise EOFError(prompt)

    monkeypatch.setattr(getpass, "getpass", end_of_file)
    assert refused(capsys, *arguments) == "no password was given"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: URL"),
        (["array"], "argument URL: 'array' has no scheme; write https://array"),
        (["http://array"], "argument URL: 'http://array' would send the password unencrypted"),
        (["https://a:b@array"], "argument URL: it has a user name; give the user separately"),
        (["https://array", "--seed", "1"], "argument --seed: it is for --anonymise"),
        (["https://array", "--timeout", "0"], "argument --timeout: expected a positive number"),
        (["https://array", "-o", "."], "argument -o: .: it is a directory"),
        (["https://array", "-o", "no/such"], "argument -o: no/such: directory "),
        (["https://array", "--username", "a:b"], "argument --username: 'a:b' has a colon"),
        (["https://array", "--cacert", "no/such"], "argument --cacert: no/such: No such file"),
        (["https://array", "--cacert", os.devnull], "argument --cacert: '/dev/null' has no cert"),
        (["https://array", "--cacert", "a", "--insecure"], "argument --cacert: --insecure "),
        (["https://array", "--password", "secret"], "unrecognized arguments: --password secret"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    assert refused(capsys, *arguments).startswith(message)


# serve --load --------------------------------------------------------------------------------


def test_serve_lists_what_it_does_not_represent(tmp_path: Path) -> None:
    with fake_cluster() as cluster:
        file = fleet(cluster, tmp_path)
    with serving("--load", str(file), "--seed", "3") as (served, process):
        volumes = record_of(served)["svms"][0]["volumes"]
        assert [(each["name"], each.get("comment")) for each in volumes] == [("plain", "hers")]
        errors = end(process)
    assert errors == (
        "python -m nessie_backend_mem serve: not represented:\n"
        "  volume svm1:fg1, svm1:fg2: it is a flexgroup; a backend has FlexVol volumes\n"
        "  aggregates of volume svm1:plain: the aggregate 'gone' and its size are not in\n"
        "    the inventory\n"
    )


def fleet(cluster: FakeCluster, tmp_path: Path) -> Path:
    """The file of a cluster with a volume that can be represented and two that cannot."""
    common = {"svm": {"name": "svm1"}, "snapshot_count": 0}
    cluster.objects["/api/storage/volumes"] = [
        {
            **common,
            "name": "plain",
            "uuid": "1",
            "size": 2**30,
            "comment": "hers",
            "aggregates": [{"name": "gone"}],
        },
        {**common, "name": "fg1", "uuid": "2", "style": "flexgroup"},
        {**common, "name": "fg2", "uuid": "3", "style": "flexgroup"},
    ]
    file = tmp_path / "fleet.json"
    inventory.write(inventory.record(cluster.url, username="a", password="b"), file)
    return file


def test_serve_refuses_inventories_that_it_cannot_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_cluster() as cluster:
        file = fleet(cluster, tmp_path)
    second, newer, bom = (tmp_path / name for name in ("second", "newer", "bom"))
    second.write_text(file.read_text("utf-8"), "utf-8")
    newer.write_text(file.read_text("utf-8").replace('"version": 1', '"version": 9'), "utf-8")
    bom.write_text("\ufeff" + json.dumps(json.loads(file.read_text("utf-8"))), "utf-8")
    for given, message in (
        ([file, second], f"{second}: it is the second inventory, and a server has one"),
        ([newer], f"{newer}: the inventory cannot be loaded: it has version 9"),
        ([bom, f"svm1={file}"], f"{file}: an inventory names its SVMs itself; leave out SVM="),
    ):
        with pytest.raises(SystemExit) as caught:
            cli.main(["serve", *(f"--load={path}" for path in given), "--port", "0"])
        assert caught.value.code == 2
        assert message in capsys.readouterr().err


def test_omissions_without_an_svm_or_a_field_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_omissions("p", [])
    assert capsys.readouterr().err == ""
    print_omissions(
        "p",
        [
            {"kind": "cluster", "name": "c", "field": "timezone", "reason": "why"},
            {"svm": "s", "kind": "volume", "name": "v", "reason": "why"},
        ],
    )
    assert capsys.readouterr().err == (
        "p: not represented:\n  timezone of cluster c: why\n  volume s:v: why\n"
    )
