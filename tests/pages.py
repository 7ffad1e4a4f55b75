"""Examples of pages: fenced blocks in Markdown, and how they run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from support import run_python

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block of a page."""

    line: int
    """The line that it begins on."""
    language: str
    code: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(page.count("\n", 0, match.start()) + 1, match["language"], match["code"])
        for match in FENCE.finditer(page)
    ]


def run_file(path: Path) -> tuple[int, str]:
    """Runs a Python file of an example, with pytest if it has tests: its status and its output."""
    program = ["-m", "pytest", "-q"] if "def test_" in path.read_text("utf-8") else ["-W", "error"]
    done = run_python(*program, str(path), cwd=path.parent)
    return done.returncode, done.stdout + done.stderr
