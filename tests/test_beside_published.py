"""The README's table of what this package does beside the published 0.3.1 says what is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nessie_backend_mem
import pytest
from features import FEATURES

PROBE = Path(__file__).with_name("features.py")
README = Path(__file__).parent.parent / "README.md"


def probe(site: Path) -> dict[str, bool]:
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, str(PROBE)]
    output = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=120
    )
    does: dict[str, bool] = json.loads(output.stdout)
    return does


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    site = tmp_path_factory.mktemp("published")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
    ]
    subprocess.run([*install, "nessie-backend-mem==0.3.1"], check=True, timeout=300)
    return probe(site)


@pytest.fixture(scope="module")
def ours() -> dict[str, bool]:
    return probe(Path(nessie_backend_mem.__file__).parent.parent)


def test_this_package_does_all_of_the_table(ours: dict[str, bool]) -> None:
    assert ours == dict.fromkeys(FEATURES, True)


def test_the_readme_shows_each_probe_and_its_outcome(
    ours: dict[str, bool], published: dict[str, bool]
) -> None:
    row = re.compile(
        r"^\| (?P<name>[^|]+) \| (?P<published>yes|no) \| (?P<ours>yes|no) \|$", re.MULTILINE
    )
    shown = {
        match["name"]: (match["published"] == "yes", match["ours"] == "yes")
        for match in row.finditer(README.read_text(encoding="utf-8"))
    }
    assert shown == {name: (published[name], ours[name]) for name in FEATURES}
