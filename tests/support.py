"""Shared helpers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import MemBackend, NessieError, Snapshot, Volume

UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""A well-formed identifier that no backend has returned."""

ANY = object()

TIMEOUT = 60
"""Seconds after which a running thread counts as stuck."""


class Index:
    """An integer like NumPy's: not an `int`, but with an `__index__`."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


def everything(backend: MemBackend) -> list[tuple[str, Any]]:
    """All records of a backend, key order included, in a comparable form."""
    volumes = backend.list_volumes()
    return [
        *((v["name"], list(v.items())) for v in volumes),
        *(
            (v["uuid"], [list(s.items()) for s in backend.list_snapshots(v["uuid"])])
            for v in volumes
        ),
        ("tree", backend.tree()),
        ("len", len(backend)),
    ]


@contextmanager
def refuses(
    backend: MemBackend, error_type: type[NessieError], *, target: object = ANY
) -> Iterator[pytest.ExceptionInfo[Any]]:
    """Expects exactly this error, about `target`, and an unchanged backend."""
    before, state_before = everything(backend), pickle.dumps(backend)
    with pytest.raises(error_type) as caught:
        yield caught
    assert type(caught.value) is error_type
    if target is not ANY:
        assert caught.value.target == target
    assert everything(backend) == before
    assert pickle.dumps(backend) == state_before
    backend.check_invariants()


def volume_with_snapshots(
    backend: MemBackend, name: str, *snapshot_names: str, size_bytes: int | None = None
) -> tuple[Volume, list[Snapshot]]:
    volume = backend.create_volume(name, size_bytes)
    return volume, [backend.create_snapshot(volume["uuid"], s) for s in snapshot_names]


def volume_names(backend: MemBackend) -> list[str]:
    return [volume["name"] for volume in backend.list_volumes()]


def snapshot_names(backend: MemBackend, vol_uuid: str) -> list[str]:
    return [snapshot["name"] for snapshot in backend.list_snapshots(vol_uuid)]


def run_python(
    *arguments: str,
    timeout: float = 120,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs the same interpreter with `arguments`; its output is text, its input empty."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        env={**os.environ, "PYTHONUTF8": "1", **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        check=False,
    )


RESIDENT = """
import gc, os

def resident():
    gc.collect()
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
"""

reads_memory = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is read from /proc/self/statm"
)


def growth(program: str) -> float:
    """Mebibytes that `program` prints as its last word. It may call `resident()`."""
    done = run_python("-c", RESIDENT + program)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


def code_of(call: Callable[[], object]) -> str | None:
    """The code of the error `call` raises, or None if it succeeds."""
    try:
        call()
    except NessieError as error:
        return error.code
    return None


def run_threads(*works: Callable[[], Any]) -> list[Any]:
    """Runs all `works` at the same time and returns their results; an error in one is raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def run(position: int, work: Callable[[], Any]) -> None:
        try:
            start.wait(TIMEOUT)
            results[position] = work()
        except BaseException as error:  # noqa: BLE001 (the test must see every error)
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(position, work), daemon=True)
        for position, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "a thread is stuck"
    if errors:
        raise errors[0]
    return results


def while_running(work: Callable[[], Any], *disturbances: Callable[[], Any]) -> Any:
    """Runs `work` while each of `disturbances` is called repeatedly in a thread."""
    done = threading.Event()

    def again_and_again(disturb: Callable[[], Any]) -> Callable[[], None]:
        def repeat() -> None:
            while not done.is_set():
                disturb()

        return repeat

    def finish() -> Any:
        try:
            return work()
        finally:
            done.set()

    return run_threads(finish, *map(again_and_again, disturbances))[0]
