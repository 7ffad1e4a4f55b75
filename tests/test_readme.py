"""The Python examples of the README run unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pages import blocks, run_file

README = Path(__file__).parents[1] / "README.md"


def examples() -> list[tuple[int, str]]:
    """The fenced blocks of Python with the lines they begin on."""
    return [
        (block.line, block.code)
        for block in blocks(README.read_text(encoding="utf-8"))
        if block.language in ("python", "py")
    ]


def marked() -> list[Any]:
    """The examples. The one that runs the whole conformance suite is slow."""
    return [
        pytest.param(line, code, marks=[pytest.mark.slow] if "run_all(" in code else [])
        for line, code in examples()
    ]


def test_the_readme_shows_python() -> None:
    code = "".join(code for _, code in examples())
    assert "MemBackend" in code
    assert "create_clone" in code


@pytest.mark.parametrize(("line", "code"), marked(), ids=lambda value: str(value).split("\n")[0])
def test_an_example_runs_unchanged(line: int, code: str, tmp_path: Path) -> None:
    example = tmp_path / f"readme_line_{line}.py"
    example.write_text(code, encoding="utf-8")
    status, output = run_file(example)
    assert status == 0, output
