"""The guides: every example runs, and shows what it prints.

Examples in the form of the interactive interpreter are run with those of all docstrings. The fenced
blocks of a guide are run here, in order and in one folder. A block that begins with a comment with
the name of a file is written to that file; a Python file is run, too. Blocks of shell commands are
run by bash. A block of text is the output of the block before it, without its durations; ``...``
matches any text.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nessie_backend_mem
import pytest
from nessie_backend_mem import guides
from pages import blocks, run_file

NAMES = [each.name for each in pkgutil.iter_modules(guides.__path__)]

PORT = "8443"
"""The port of the servers of the guides. Each test replaces it."""

PROGRAMS = ("curl", "go", "java")
"""Programs that an example needs and a machine may lack."""

FILE_NAME = re.compile(r"(?:#|//) ([\w.]+)\n")


def text_of(name: str) -> str:
    return inspect.getdoc(importlib.import_module(f"nessie_backend_mem.guides.{name}")) or ""


class Shell:
    """Runs shell commands in a folder, and ends what they have left running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.groups: list[int] = []
        programs = folder / "bin"
        programs.mkdir()
        command = programs / "nessie-mem"
        command.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m nessie_backend_mem "$@"\n'
        )
        command.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(self, code: str) -> tuple[int, str]:
        # To a file: a pipe would not end before the last program that is left running.
        with (self.folder / "output.txt").open("w+") as output:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", code],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.groups.append(process.pid)
            status = process.wait(300)
            output.seek(0)
            return status, output.read()

    def end(self) -> None:
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.end()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def missing(language: str, code: str, folder: Path) -> list[str]:
    """The programs and Python packages that an example needs and the machine lacks."""
    if language == "sh":
        if sys.platform == "win32":
            return ["POSIX shell"]
        used = [name for name in PROGRAMS if re.search(rf"\b{name} ", code)]
        lacking = [name for name in ["bash", *used] if shutil.which(name) is None]
        if "SSL_CERT_FILE" in code and sys.platform != "linux":
            lacking.append("Go that reads SSL_CERT_FILE")
        return lacking
    return [
        name
        for name in re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
        if importlib.util.find_spec(name) is None and not (folder / f"{name}.py").exists()
    ]


def without_durations(text: str) -> str:
    return re.sub(r"\d+\.\d+ ?s\b( \(\d+:\d\d:\d\d\))?", "0 s", text).strip()


def matches(shown: str, printed: str) -> bool:
    """Whether an output is as shown, where ``...`` matches any text."""
    parts = [re.escape(part.strip()) for part in without_durations(shown).split("...")]
    pattern = r".*".join(r"\s*" + part + r"\s*" for part in parts)
    return re.fullmatch(pattern, without_durations(printed), re.DOTALL) is not None


def test_the_package_and_the_list_of_the_guides_name_each_guide() -> None:
    for page in (nessie_backend_mem.__doc__, guides.__doc__):
        rows = re.findall(r"^\|.*`nessie_backend_mem\.guides\.(\w+)`", page or "", re.MULTILINE)
        assert sorted(rows) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_begins_with_its_result_and_ends_with_where_to_read_on(name: str) -> None:
    page = text_of(name)
    assert page.split("\n\n")[1].startswith("After this page ")
    assert re.findall(r"^## (.*)", page, re.MULTILINE)[-1] == "Where to read on"


def test_the_workflow_of_a_guide_runs_the_commands_of_the_guide() -> None:
    yaml = pytest.importorskip("yaml")
    found = blocks(text_of("endpoint_in_ci"))
    first, second = (yaml.safe_load(each.code) for each in found if each.language == "yaml")
    start = next(each.code for each in found if each.language == "sh")

    def words(code: str) -> str:
        return " ".join(code.replace("\\\n", " ").split())

    steps = first["jobs"]["test"]["steps"]
    assert words(start) in words(steps[1]["run"])
    assert second["jobs"]["test"]["services"]["ontap"]["ports"] == ["8443:8443"]


@pytest.mark.parametrize("name", NAMES)
def test_each_example_of_a_guide_runs(name: str, tmp_path: Path, shell: Shell) -> None:
    page = text_of(name).replace(PORT, str(free_port()))
    output: str | None = None
    status = 0
    lacking: list[str] = []
    for line, language, code in blocks(page):
        place = f"line {line} of {name}"
        if language == "text":
            if output is not None:
                assert matches(code, output), f"{place}:\n{output}"
                fails = code.startswith("1 failed", code.rfind("\n", 0, -1) + 1)
                assert status == fails, place
            output, status = None, 0
            continue
        assert status == 0, output
        output = None
        file = FILE_NAME.match(code)
        path = tmp_path / file[1] if file else None
        if path is not None:
            path.write_text(code, encoding="utf-8")
        if language not in ("python", "sh"):
            assert language in ("go", "java", "yaml"), place
        elif absent := missing(language, code, tmp_path):
            lacking += absent
        elif language == "sh":
            status, output = shell.run(code)
        else:
            assert path is not None, f"{place} has no name"
            status, output = run_file(path)
    assert status == 0, output
    if lacking:
        pytest.skip(f"the other examples ran; the machine has no {', '.join(lacking)}")
