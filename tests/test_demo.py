"""The demo: the same events on every run, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

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


def test_the_demo_has_all_its_steps(events: list[dict[str, Any]]) -> None:
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


def test_text_and_json_have_the_same_events(events: list[dict[str, Any]]) -> None:
    text = " ".join(succeed("demo").split())
    for event in events:
        assert event["text"] in text
        if "record" in event:
            assert event["record"]["uuid"] in text
        if "tree" in event:
            assert " ".join(event["tree"].split()) in text


def test_a_terminal_may_have_ascii_only() -> None:
    text = succeed("demo", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert text.isascii()


def test_help_of_the_demo_names_its_option() -> None:
    assert "--json" in succeed("demo", "--help")
