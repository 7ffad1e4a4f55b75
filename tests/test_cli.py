"""Common behaviour of all commands: help, errors, signals, pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import nessie_backend_mem
import pytest
from nessie_backend_mem import cli
from support import TIMEOUT, run_python

MODULE = ("-W", "error", "-m", "nessie_backend_mem")

# Each of them ends soon and prints a result.
COMMANDS = {
    "demo": [],
    "conformance": ["--list"],
    "coverage": [],
    # It needs a cluster; test_record_command.py has one.
    "record": ["--help"],
    "serve": ["--http", "--port", "0"],
    "simulate": ["--volumes", "4", "--days", "2", "--shards", "1"],
}
FIRST = {"conformance": ["a:b"], "coverage": ["volumes"]}
"""Arguments that may come first."""
REQUIRED = {"record": ["https://array.invalid"]}
INVOCATIONS = [
    ["--help"],
    ["--version"],
    *([name, *options] for name, options in COMMANDS.items()),
    *([name, "--help"] for name, options in COMMANDS.items() if options != ["--help"]),
]


def succeed(*arguments: str) -> str:
    done = run_python(*MODULE, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_command_is_tested_here() -> None:
    assert list(COMMANDS) == list(cli.COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []], ids=str)
def test_help_names_the_commands(arguments: list[str]) -> None:
    text = succeed(*arguments)
    assert text.startswith("usage: python -m nessie_backend_mem ")
    assert all(f"  {name}" in text for name in COMMANDS)


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_has_80_columns_on_every_terminal(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    wide = succeed(*arguments, "--help")
    assert max(map(len, wide.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "80")
    assert succeed(*arguments, "--help") == wide


def test_the_version_is_the_packages() -> None:
    assert succeed("--version") == f"nessie-backend-mem {nessie_backend_mem.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["dmeo"],
        ["--unknown"],
        *([name, *REQUIRED.get(name, []), "--unknown"] for name in COMMANDS),
        *([name, *FIRST.get(name, []), "extra"] for name in COMMANDS),
        # No option may be shortened: a later one could make it ambiguous.
        ["demo", "--jso"],
    ],
    ids=" ".join,
)
def test_an_unknown_argument_is_named_on_standard_error(arguments: list[str]) -> None:
    done = run_python(*MODULE, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    error, usage = done.stderr.splitlines()
    assert arguments[-1] in error
    assert usage.startswith("python -m nessie_backend_mem")
    assert usage.endswith(" --help shows the usage")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", INVOCATIONS, ids=" ".join)
def test_a_closed_pipe_ends_a_command_without_a_message(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, *MODULE, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        _, errors = process.communicate(timeout=TIMEOUT)
    # The simulation reports its duration.
    assert [line for line in errors.splitlines() if not line.startswith("simulated in")] == []
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("arguments", INVOCATIONS, ids=" ".join)
def test_a_full_disk_is_reported_in_one_line(arguments: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *MODULE, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: cannot write: No space left on device"
    assert "Traceback" not in done.stderr


INTERRUPTED = """
import sys
from importlib import import_module
from nessie_backend_mem import cli

def interrupt(options):
    raise KeyboardInterrupt

import_module(f"nessie_backend_mem.cli.{sys.argv[1]}").run = interrupt
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_ends_a_command_with_status_130_and_without_a_traceback(name: str) -> None:
    done = run_python("-c", INTERRUPTED, name, *REQUIRED.get(name, []))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["server"], "serve"),
        (["serve", "--prot", "8443"], "--port"),
        (["serve", "--usernam=ci"], "--username"),
        (["simulate", "--day", "3"], "--days"),
    ],
    ids=str,
)
def test_an_error_suggests_the_word_that_was_meant(
    given: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(given)
    assert capsys.readouterr().err.splitlines()[0].endswith(f"; did you mean {meant!r}?")


def test_an_unlike_word_has_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["xyzzy"])
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nessie-backend-mem", "nessie-mem"])
def test_each_script_is_the_same_program(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = entry_points(group="console_scripts", name=name)
    monkeypatch.setattr(sys, "argv", [f"/usr/bin/{name}", "coverage", "--help"])
    with pytest.raises(SystemExit):
        script.load()()
    assert capsys.readouterr().out.startswith(f"usage: {name} coverage ")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nessie-mem si", {"simulate"}),
        ("nessie-mem serve --ca", {"--ca-file"}),
        ("nessie-mem serve --log t", {"text"}),
    ],
)
def test_a_shell_completes_commands_and_options(
    line: str, offered: set[str], tmp_path: Path
) -> None:
    pytest.importorskip("argcomplete")
    answer = tmp_path / "answer"
    shell = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    run_python(*MODULE, env=shell)
    assert {word.strip() for word in answer.read_text().splitlines()} == offered
