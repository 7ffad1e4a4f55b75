"""The command that runs the conformance suite: its output and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from nessie_backend_mem import conformance
from support import run_python

MODULE = ("-W", "error", "-m", "nessie_backend_mem", "conformance")
FEW = ("--case", "create_volume.*", "--case", "python.*")

BACKENDS = """
import sys
import time

from nessie_backend_mem import MemBackend

print("this is not part of the report")


class Right:
    def __init__(self):
        self.backend = MemBackend()

    def __getattr__(self, name):
        return getattr(self.backend, name)


class Wrong(Right):
    def get_volume(self, uuid):
        return {**self.backend.get_volume(uuid), "size_bytes": "five"}


class Unsplit(Right):
    split_clone = None


class Hanging(Right):
    def get_volume(self, uuid):
        print("about to hang", flush=True)
        time.sleep(3600)


class Spinning(Right):
    def get_volume(self, uuid):
        while True:
            pass


class Exiting(Right):
    def get_volume(self, uuid):
        sys.exit(0)


class Interrupting(Right):
    def get_volume(self, uuid):
        raise KeyboardInterrupt


class Library:
    backend = Right()


def make():
    return Right()


def fail():
    raise RuntimeError("no backend today")


def leave():
    sys.exit(0)


one = Right()
number = 5
"""


@pytest.fixture(name="here")
def backends(tmp_path: Path) -> Path:
    """A directory with the module `backends`."""
    (tmp_path / "backends.py").write_text(BACKENDS, "utf-8")
    (tmp_path / "broken.py").write_text("import not_there\n", "utf-8")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "package" / "module.py").write_text("from backends import Right\n", "utf-8")
    return tmp_path


def command(here: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_python(*MODULE, *arguments, cwd=here, **options)


@pytest.mark.parametrize(
    "name",
    [
        *("backends:Right", "backends:make", "backends:one", "backends:Library.backend"),
        *("package.module:Right", "nessie_backend_mem:MemBackend"),
    ],
)
def test_a_right_backend_ends_with_status_0(here: Path, name: str) -> None:
    done = command(here, name, *FEW)
    assert (done.returncode, "failed" in done.stdout.splitlines()[-1]) == (0, False)
    assert " passed" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_whole_suite_runs_unless_cases_are_chosen(here: Path) -> None:
    few = (*("--objects", "20"), *("--rounds", "1"), *("--sequences", "1"), *("--steps", "10"))
    done = command(here, "nessie_backend_mem:MemBackend", "--json", *few)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads(done.stdout)["results"]
    assert [result["case"] for result in results] == [case.name for case in conformance.cases()]


def test_a_wrong_backend_ends_with_status_1_and_shows_why(here: Path) -> None:
    done = command(here, "backends:Wrong", *FEW)
    assert done.returncode == 1
    assert "breaks 1.volume: " in done.stdout
    assert "'five'" in done.stdout
    assert 'vol1 = b.create_volume("' in done.stdout
    assert " failed" in done.stdout.splitlines()[-1]


def test_an_expected_feature_that_is_missing_ends_with_status_1(here: Path) -> None:
    few = ("--case", "split.frees*", "--case", "restore.drops*", "--case", "create_volume.makes*")
    right = command(here, "backends:Right", *few, "--expect", "clones,rename,restore,split")
    assert right.returncode == 0, right.stdout
    assert command(here, "backends:Unsplit", *few).returncode == 0
    done = command(
        here, "backends:Unsplit", *few, "--expect", "clones,restore", "--expect", "split"
    )
    assert done.returncode == 1
    assert "split_clone must be supported, and " in done.stdout
    wrong = command(here, "backends:Right", *few, "--expect", "clones,clone")
    assert wrong.returncode == 2
    assert "argument --expect: 'clone' is not a feature; the features are " in wrong.stderr


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_it_ends_after_the_first_failure(here: Path, option: str) -> None:
    done = command(here, "backends:Wrong", *FEW, option)
    assert done.returncode == 1
    assert " 1 failed" in done.stdout.splitlines()[-1]
    assert "not run after 1 failure" in done.stdout


def test_a_short_report_has_no_calls(here: Path) -> None:
    done = command(here, "backends:Wrong", *FEW, "--short")
    assert done.returncode == 1
    assert "breaks 1.volume: " in done.stdout
    assert "1.volume: " in done.stdout.split("\n\n")[-2]
    assert "b.create_volume(" not in done.stdout


def test_sizes_are_passed_on(here: Path) -> None:
    sizes = ("--objects=20", "--threads=2", "--rounds=1", "--sequences=0", "--steps=1")
    done = command(here, "backends:Right", "--case", "model.*", "--case", "scale.*", *sizes)
    assert done.returncode == 0
    assert "the number of sequences is 0" in done.stdout


def test_pytest_writes_one_junit_test_for_each_case(here: Path) -> None:
    (here / "test_it.py").write_text(
        "import pytest\n"
        "from backends import Wrong\n"
        "from nessie_backend_mem.conformance import cases\n"
        "@pytest.mark.parametrize('case', [c for c in cases() if c.name.startswith('create_v')])\n"
        "def test_my_backend(case):\n"
        "    case.check(Wrong)\n"
    )
    done = run_python(
        "-m", "pytest", "-q", "--junitxml=out.xml", "-p", "no:cacheprovider", cwd=here
    )
    assert done.returncode == 1, done.stdout
    written = ET.parse(here / "out.xml").getroot()
    names = [each.get("name") for each in written.iter("testcase")]
    assert names == [f"test_my_backend[{name}]" for name in conformance.select(["create_volume.*"])]
    failure = next(written.iter("failure"))
    assert "breaks 1.volume: " in str(failure.text)
    assert 'vol1 = b.create_volume("' in str(failure.text)


def test_a_table_of_80_columns_sums_it_up(here: Path) -> None:
    text = command(here, "backends:one", *FEW).stdout
    assert max(map(len, text.splitlines())) <= 80
    header, row, *_ = text.splitlines()
    assert header.split()[:3] == ["cases", "passed", "failed"]
    assert row.split()[0] == "create_volume"


def test_json_is_one_object(here: Path) -> None:
    done = command(here, "backends:Wrong", *FEW, "--json", "--seed", "7")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["success"] is False
    assert report["backend"] == "Wrong"
    assert report["seed"] == 7
    assert report["counts"]["failed"] > 0
    failed = [result for result in report["results"] if result["outcome"] == "failed"]
    assert {"id", "section", "text"} == set(failed[0]["rules"][0])
    assert "get_volume" in failed[0]["calls"]


def test_output_of_the_backend_is_not_in_the_report(here: Path) -> None:
    done = command(here, "backends:one", *FEW)
    assert "not part of the report" not in done.stdout
    assert "not part of the report" in done.stderr


@pytest.mark.parametrize("name", ["Hanging", "Spinning"])
def test_a_backend_that_hangs_is_reported(here: Path, name: str) -> None:
    done = command(here, f"backends:{name}", "--case", "create_volume.*", "--time-limit", "0.2")
    assert done.returncode == 1
    assert "TIMED OUT create_volume." in done.stdout
    assert "timed out" in done.stdout.splitlines()[-1]
    assert "Fatal" not in done.stderr


@pytest.mark.parametrize("name", ["Exiting", "leave"])
def test_a_backend_that_ends_the_process_is_a_failure(here: Path, name: str) -> None:
    done = command(here, f"backends:{name}", *FEW)
    assert done.returncode == 1
    assert "SystemExit(0)" in done.stderr


def test_a_backend_that_raises_an_interrupt_is_a_failure(here: Path) -> None:
    assert command(here, "backends:Interrupting", *FEW).returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("case", ["create_volume.*", "python.results_are_fresh"])
def test_ctrl_c_ends_it_while_a_case_hangs(here: Path, case: str) -> None:
    with subprocess.Popen(
        [sys.executable, *MODULE, "backends:Hanging", "--case", case],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "about to hang" not in process.stderr.readline():
            assert process.poll() is None
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert time.monotonic() - start < 20
    assert process.returncode == 128 + signal.SIGINT
    assert (output, "Traceback" in errors) == ("", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing argument MODULE:NAME"),
        (["backends"], "argument MODULE:NAME: 'backends' is not of the form MODULE:NAME"),
        (["not_there:Backend"], "argument MODULE:NAME: module 'not_there' not found"),
        (["package.not_there:Backend"], "module 'package.not_there' not found"),
        (["backends:Backend"], "argument MODULE:NAME: 'backends' has no 'Backend'"),
        (["backends:number"], "argument MODULE:NAME: 5 is neither a backend nor makes one"),
        (["backends:Library"], "Library object at 0x"),
        (
            ["backends:Right", "--case", "create_volumes.*"],
            "argument --case: no case matches 'create_volumes.*'",
        ),
        *(
            (
                ["backends:Right", "--seed", seed],
                f'expected an integer from 0 to 18446744073709551615, not "{seed}"',
            )
            for seed in ("-1", "one", str(2**64))
        ),
        *(
            (
                ["backends:Right", "--time-limit", limit],
                f'argument --time-limit: expected a positive number of seconds, not "{limit}"',
            )
            for limit in ("0", "nan", "1e300", "soon")
        ),
        (["backends:Right", "--jsn"], "--jsn"),
        (["backends:Right", "--json", "--short"], "not allowed with argument"),
        (["backends:Right", "-x", "--maxfail=2"], "not allowed with argument"),
        (["backends:Right", "--maxfail=0"], "expected an integer from 1 up"),
        (["backends:Right", "--threads=17"], "expected an integer from 2 to 16"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_argument_ends_with_status_2(
    here: Path, arguments: list[str], message: str
) -> None:
    done = command(here, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "--help shows the usage" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("backends:fail", "RuntimeError: no backend today"),
        ("broken:Backend", "No module named 'not_there'"),
    ],
)
def test_a_backend_that_cannot_be_made_ends_with_status_2(
    here: Path, name: str, message: str
) -> None:
    done = command(here, name)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr


def test_cases_can_be_listed() -> None:
    done = run_python(*MODULE, "--list")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        case.name for case in conformance.cases()
    ]
    assert max(map(len, lines)) <= 80
    some = run_python(*MODULE, "--list", "--case", "python.keys*", "--json")
    assert [case["case"] for case in json.loads(some.stdout)] == ["python.keys_are_in_order"]


def test_rules_can_be_printed() -> None:
    done = run_python(*MODULE, "--rules")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.strip() for line in lines if line.startswith("  ") and line[2] != " "] == [
        rule.id for rule in conformance.rules()
    ]
    words = " ".join(done.stdout.split())
    assert all(f"{rule.id} {rule.text}" in words for rule in conformance.rules())
    assert max(map(len, lines)) <= 80
    some = run_python(*MODULE, "--rules", "--case", "python.keys*", "--json")
    assert [rule["rule"] for rule in json.loads(some.stdout)] == ["python.keys"]
    both = run_python(*MODULE, "--rules", "--list")
    assert (both.returncode, both.stdout) == (2, "")


def test_the_help_names_the_options() -> None:
    text = run_python(*MODULE, "--help").stdout
    for option in (
        "MODULE:NAME",
        "--json",
        "--list",
        "--rules",
        "--case",
        "--seed",
        "--time-limit",
        "--short",
        "-x",
        "--maxfail",
        "--objects",
        "--steps",
        "--junitxml",
    ):
        assert option in text


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_bar_is_drawn_on_a_terminal_only(here: Path) -> None:
    reading, writing = os.openpty()
    done = subprocess.run(
        [sys.executable, *MODULE, "nessie_backend_mem:MemBackend", *FEW],
        cwd=here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        timeout=120,
        check=False,
    )
    os.close(writing)
    drawn = os.read(reading, 65536).decode()
    os.close(reading)
    assert done.returncode == 0
    assert "[#" in drawn
    assert "[#" not in done.stdout.decode()
    assert command(here, "nessie_backend_mem:MemBackend", *FEW).stderr == ""
