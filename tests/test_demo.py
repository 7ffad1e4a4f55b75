"""The command line: a demo that tells the same story every time, to people and to programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import nessie_backend_mem
import pytest
from support import run_python

MODULE = ("-W", "error", "-m", "nessie_backend_mem")


def succeed(*arguments: str, **options: Any) -> str:
    done = run_python(*MODULE, *arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module", name="events")
def demo_events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in succeed("demo", "--json").splitlines()]


@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--json"]], ids=" ".join)
def test_the_output_is_the_same_on_every_run(arguments: list[str]) -> None:
    first = succeed(*arguments, env={"PYTHONHASHSEED": "1", "COLUMNS": "40", "TZ": "Asia/Tokyo"})
    again = succeed(*arguments, env={"PYTHONHASHSEED": "2", "COLUMNS": "200", "TZ": "UTC"})
    assert first == again
    assert first.endswith("\n")


def test_the_text_fits_a_terminal_and_is_plain() -> None:
    lines = succeed("demo").splitlines()
    assert len(lines) > 20
    for line in lines:
        assert len(line) <= 80
        assert line == line.rstrip()
        assert line.isprintable()


def test_the_text_ends_with_the_tree() -> None:
    text = succeed("demo")
    for name in ("build-cache", "nightly", "pr-"):
        assert name in text.split("What is left")[-1]


def test_json_lines_are_objects_with_a_step_and_a_text(events: list[dict[str, Any]]) -> None:
    assert len(events) > 10
    for event in events:
        assert isinstance(event["step"], str)
        assert isinstance(event["text"], str)


def test_the_story_has_what_was_promised(events: list[dict[str, Any]]) -> None:
    """A volume, nightlies, clones, a refused busy delete, a split, a clean-up by age, the tree."""
    steps = Counter(event["step"] for event in events)
    assert steps["volume"] >= 1
    assert steps["nightly"] >= 5
    assert steps["pull-request"] >= 2
    busy = [event["error"] for event in events if event["step"] == "busy" and "error" in event]
    assert {error["code"] for error in busy} == {"snapshot_busy", "volume_busy"}
    split = [event["record"] for event in events if event["step"] == "split" and "record" in event]
    assert split
    assert "clone" not in split[0]
    assert steps["clean-up"] >= 3
    assert "build-cache" in events[-1]["tree"]


def test_text_and_json_tell_the_same_story(events: list[dict[str, Any]]) -> None:
    text = " ".join(succeed("demo").split())
    for event in events:
        assert event["text"] in text
        if "record" in event:
            assert event["record"]["uuid"] in text
        if "tree" in event:
            assert " ".join(event["tree"].split()) in text


def test_a_terminal_that_knows_only_ascii_is_served() -> None:
    text = succeed("demo", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert text.isascii()


@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--json"]], ids=" ".join)
def test_a_reader_that_stops_reading_is_no_error_to_speak_of(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, *MODULE, *arguments], stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        _, errors = process.communicate(timeout=60)
    assert errors == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    "arguments",
    [["demo"], ["demo", "--json"], ["coverage"], ["conformance", "--list"]],
    ids=" ".join,
)
def test_a_full_disk_is_reported_in_one_line(arguments: list[str]) -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, *MODULE, *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [b"error: cannot write: No space left on device"]


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []], ids=str)
def test_help_names_the_commands(arguments: list[str]) -> None:
    text = succeed(*arguments)
    assert "python -m nessie_backend_mem" in text
    assert "demo" in text


def test_help_of_the_demo_names_its_option() -> None:
    assert "--json" in succeed("demo", "--help")


def test_the_version_is_the_packages() -> None:
    assert nessie_backend_mem.__version__ in succeed("--version")


@pytest.mark.parametrize(
    "arguments", [["dmeo"], ["demo", "--jsn"], ["demo", "extra"], ["--unknown"]], ids=" ".join
)
def test_what_is_not_understood_is_said_on_standard_error(arguments: list[str]) -> None:
    done = run_python(*MODULE, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: python -m nessie_backend_mem" in done.stderr
    assert arguments[-1] in done.stderr
    assert "Traceback" not in done.stderr
