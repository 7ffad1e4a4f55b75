"""Print the licence texts of the crates that are linked into the wheel.

    python3 .ci/notices.py > crates/nessie-backend-mem-py/THIRD-PARTY-NOTICES.txt

The crates are those of every platform, so that the file is the same on every machine. Equal
texts are printed once, below the names of all the crates that carry them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = "nessie-backend-mem-py"
TEXTS = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)
RULE = "=" * 80


def metadata() -> dict[str, Any]:
    """Return cargo's metadata of the workspace and its dependencies."""
    command = ["cargo", "metadata", "--locked", "--format-version=1"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def linked(known: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the packages of registries that are linked into the extension, in order of names."""
    packages = {package["id"]: package for package in known["packages"]}
    nodes = {node["id"]: node for node in known["resolve"]["nodes"]}
    (root,) = (key for key, package in packages.items() if package["name"] == ROOT)
    found, waiting = set(), [root]
    while waiting:
        key = waiting.pop()
        kinds = {kind for target in packages[key]["targets"] for kind in target["kind"]}
        if key in found or "proc-macro" in kinds:
            continue
        found.add(key)
        waiting += [
            dependency["pkg"]
            for dependency in nodes[key]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
        ]
    foreign = [packages[key] for key in found if packages[key]["source"] is not None]
    return sorted(foreign, key=lambda package: (package["name"], package["version"]))


def texts(package: dict[str, Any]) -> list[str]:
    """Return the licence texts of a package, or its licence expression if it has no text."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and TEXTS.match(file.name))
    if not files:
        authors = ", ".join(package["authors"])
        by = f"\nAuthors: {authors}" if authors else ""
        return [f"Licence: {package['license']}{by}"]
    lines = (file.read_text(encoding="utf-8", errors="replace").splitlines() for file in files)
    return ["\n".join(line.rstrip() for line in text).strip() for text in lines]


def main() -> None:
    """Print the notices."""
    carriers: dict[str, tuple[str, list[str]]] = {}
    for package in linked(metadata()):
        label = f"{package['name']} {package['version']} ({package['license']})"
        for text in texts(package):
            # Copies of one licence differ in white space.
            _, labels = carriers.setdefault(" ".join(text.split()), (text, []))
            if label not in labels:
                labels.append(label)
    out = ["The wheels of nessie-backend-mem contain code of these crates, under these licences."]
    for text, labels in carriers.values():
        out += ["", RULE, *labels, RULE, "", text]
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
