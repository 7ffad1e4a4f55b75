"""Types: the stubs are correct, and a type checker reports wrong uses."""

from __future__ import annotations

import re
import shutil
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import nessie_backend_mem as nessie
import pytest
from nessie_backend_mem import MemBackend
from support import run_python, volume_with_snapshots

HERE = Path(__file__).parent / "typing"
IGNORE = re.compile(r"  # type: ignore\[([a-z-]+)\]$")


def mypy(directory: Path, *files: Path) -> list[str]:
    """The output of `mypy --strict` for `files`, without this project's settings and sources."""
    done = run_python(
        *("-m", "mypy", "--strict", "--no-incremental", "--hide-error-context"),
        *("--no-error-summary", "--config-file=", "--warn-unreachable"),
        *map(str, files),
        cwd=directory,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_type_checker_accepts_correct_uses_and_reports_each_wrong_one(tmp_path: Path) -> None:
    usage, misuse = tmp_path / "usage.py", tmp_path / "misuse.py"
    shutil.copy(HERE / "usage.py", usage)
    expected = set()
    bare_lines = []
    for number, line in enumerate((HERE / "misuse.py").read_text("utf-8").splitlines(), 1):
        if match := IGNORE.search(line):
            expected.add((number, match[1]))
        bare_lines.append(IGNORE.sub("", line))
    misuse.write_text("\n".join(bare_lines) + "\n", "utf-8")
    assert len(expected) > 30

    output = mypy(tmp_path, usage, misuse)
    reported = set()
    for line in output:
        if " note: " in line:
            continue
        match = re.fullmatch(r"misuse\.py:(\d+): error: .* \[([a-z-]+)\]", line)
        assert match, line
        reported.add((int(match[1]), match[2]))
    assert reported == expected


def test_the_package_is_marked_as_typed() -> None:
    package = Path(nessie.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


# Real records against their types ------------------------------------------------------------


def conforms(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type `hint`; also for TypedDicts."""
    if hint in (typing.NotRequired, typing.Required):
        raise TypeError(hint)
    if get_origin(hint) in (typing.NotRequired, typing.Required):
        return conforms(value, get_args(hint)[0])
    if is_typeddict(hint):
        if type(value) is not dict or not hint.__required_keys__ <= value.keys():
            return False
        hints = get_type_hints(hint)
        return value.keys() <= hints.keys() and all(
            conforms(item, hints[key]) for key, item in value.items()
        )
    if get_origin(hint) is typing.Literal:
        return value in get_args(hint)
    if get_origin(hint) is list:
        return type(value) is list and all(conforms(item, *get_args(hint)) for item in value)
    options = get_args(hint)
    return any(conforms(value, each) for each in options) if options else type(value) is hint


def words(hint: Any) -> list[str]:
    """The words of a `Literal`, or of a union of them."""
    if get_origin(hint) is typing.Literal:
        return list(get_args(hint))
    return [word for each in get_args(hint) for word in words(each)]


def full_records() -> dict[str, tuple[Any, Any]]:
    """Real results that together have every key, and the types they are documented with."""
    backend = MemBackend(seed=1)
    volume, [snapshot] = volume_with_snapshots(backend, "v", "s")
    plain_clone = backend.create_clone(volume["uuid"], snapshot["uuid"], "c")
    backend.write(plain_clone["uuid"], 1)
    backend.create_snapshot_policy(
        "nightly", [{"schedule": "0 2 * * *", "prefix": "night", "keep": 7}]
    )
    clone = backend.patch_volume(plain_clone["uuid"], 5, "/c", "open", snapshot_policy="nightly")
    locked = backend.create_snapshot(volume["uuid"], "locked", expires_at="9999-12-31T23:59:59Z")
    return {
        "volume": (volume, nessie.Volume),
        "clone": (clone, nessie.Volume),
        "origin": (clone["clone"], nessie.CloneOrigin),
        "snapshot": (snapshot, nessie.Snapshot),
        "locked": (locked, nessie.Snapshot),
        "policy": (backend.get_snapshot_policy("nightly"), nessie.SnapshotPolicy),
        "capabilities": (backend.capabilities(), nessie.Capabilities),
        "space": (backend.space(), nessie.Space),
        "in_memory": (backend.access_handle(volume["uuid"]), nessie.InMemoryHandle),
    }


@pytest.mark.parametrize("which", full_records())
def test_real_records_are_of_their_documented_types(which: str) -> None:
    record, hint = full_records()[which]
    assert conforms(record, hint)


def test_the_required_keys_are_those_that_are_always_there() -> None:
    """A plain volume has the required keys and `create_time`; a full one has them all."""
    records = full_records()
    plain, full = records["volume"][0], records["clone"][0]
    assert set(plain) == nessie.Volume.__required_keys__ | {"create_time"}
    assert list(full) == list(get_type_hints(nessie.Volume))
    optional = {"create_time", "used_bytes", "junction_path", "export_policy"}
    optional |= {"snapshot_policy", "clone"}
    assert nessie.Volume.__optional_keys__ == optional


@pytest.mark.parametrize(
    "which", ["origin", "locked", "policy", "space", "capabilities", "in_memory"]
)
def test_the_other_records_have_exactly_their_documented_keys_in_order(which: str) -> None:
    """Other backends may omit `create_time`; this one never does."""
    record, hint = full_records()[which]
    assert list(record) == list(get_type_hints(hint))
    assert hint.__optional_keys__ <= {"create_time", "expires_at"}


def test_the_handles_of_other_backends_have_the_keys_of_the_contract() -> None:
    kinds = {
        get_args(get_type_hints(handle)["kind"])[0]: list(get_type_hints(handle))[1:]
        for handle in get_args(nessie.AccessHandle)
    }
    assert kinds == {
        "in_memory": [],
        "nfs_export": ["server", "path"],
        "s3_presigned": ["url", "expires_at"],
        "git_ref": ["remote", "ref_name"],
        "p4_stream": ["p4port", "stream"],
        "ontap_passthrough": ["mgmt_lif", "data_lif"],
    }


def test_the_literals_are_the_words_of_the_contract() -> None:
    assert words(nessie.VolumeState) == ["online", "offline", "restricted"]
    assert words(nessie.VolumeType) == ["rw", "dp"]
    assert words(get_type_hints(nessie.Volume)["style"]) == ["flexvol"]


def test_records_can_be_checked_at_run_time() -> None:
    """The check itself can fail."""
    record, hint = full_records()["clone"]
    spoiled: list[Callable[[dict[str, Any]], object]] = [
        lambda r: r.pop("uuid"),
        lambda r: r.update(more=1),
        lambda r: r.update(size_bytes="5"),
        lambda r: r.update(size_bytes=True),
        lambda r: r.update(state="sleeping"),
        lambda r: r["clone"].pop("parent_volume"),
    ]
    for spoil in spoiled:
        copied = {**record, "clone": dict(record["clone"])}
        assert conforms(copied, hint)
        spoil(copied)
        assert not conforms(copied, hint)
