"""Shards: one scenario on many backends, through any executor, with the same results on all."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from nessie_backend_mem import InvalidArgumentError, MemBackend
from nessie_backend_mem.simulation import ShardFailures, run_shards, shard_seed
from support import everything, run_python
from test_copies import go_on, populate

MODULE = ("-W", "error", "-m", "nessie_backend_mem")


class Inline(Executor):
    """Runs at once, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future


def history(backend: MemBackend, shard: int) -> tuple[int, str, int]:
    """Says where it ran, and what it did there."""
    populate(backend)
    backend.create_volumes([f"shard{shard}-{number}" for number in range(100)])
    return shard, backend.state_digest(), os.getpid()


def odd_ones_fail(_: MemBackend, shard: int) -> int:
    if shard % 2:
        raise LookupError(f"odd {shard}")
    return shard * 10


def whole(backend: MemBackend, _: int) -> MemBackend:
    return populate(backend)


@contextmanager
def spawned() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


EXPECTED = [history(MemBackend(seed=shard_seed(5, shard)), shard)[:2] for shard in range(4)]


def test_results_come_in_the_order_of_the_shards() -> None:
    with ThreadPoolExecutor(3) as threads:
        results = run_shards(history, 4, threads, seed=5)
    assert [result[:2] for result in results] == EXPECTED


def test_processes_are_the_default() -> None:
    results = run_shards(history, 4, seed=5)
    assert [result[:2] for result in results] == EXPECTED
    assert os.getpid() not in {process for _, _, process in results}


DASK = """
import json, os
from distributed import Client, LocalCluster
from nessie_backend_mem.simulation import ShardFailures, run_shards
from test_simulation import history, odd_ones_fail

if __name__ == "__main__":
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=True, **options) as cluster, Client(cluster) as client:
        executor = client.get_executor()
        results = run_shards(history, 4, executor, seed=5)
        assert os.getpid() not in {process for _, _, process in results}
        try:
            run_shards(odd_ones_fail, 3, executor)
        except ShardFailures as failures:
            kept = list(failures.results.items())
    print(json.dumps([[result[:2] for result in results], kept]))
"""


def test_dask_is_an_executor_like_any_other(tmp_path: Path) -> None:
    """In a process of its own, where its threads outlive no test."""
    pytest.importorskip("distributed")
    program = tmp_path / "on_dask.py"
    program.write_text(DASK)
    tests = str(Path(__file__).parent)
    done = run_python(str(program), env={"PYTHONPATH": tests}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results, kept = json.loads(done.stdout.splitlines()[-1])
    assert [tuple(result) for result in results] == EXPECTED
    assert sorted(kept) == [[0, 0], [2, 20]]


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_backend_goes_to_a_worker_and_comes_back_whole(method: str) -> None:
    """Generator and clock included, and a worker that goes on does what we would do."""
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system has no os.fork")
    for empty in (MemBackend(seed=1), MemBackend(start="2020-01-01T00:00:00Z")):
        backend = populate(empty)
        backend.advance(5)
        with get_context(method).Pool(1) as pool:
            returned = pool.apply(same, (backend,))
            assert returned.state_digest() == backend.state_digest()
            made = pool.apply(go_on, (backend,))
        assert everything(returned) == everything(backend)
        assert returned.now() == backend.now()
        assert made == go_on(backend) == go_on(returned)
        assert returned.state_digest() == backend.state_digest()


def same(backend: MemBackend) -> MemBackend:
    return backend


def test_backends_are_results_too() -> None:
    with spawned() as pool:
        [backend] = run_shards(whole, 1, pool, seed=5)
    expected = populate(MemBackend(seed=shard_seed(5, 0)))
    assert everything(backend) == everything(expected)
    assert go_on(backend) == go_on(expected)


# Seeds ----------------------------------------------------------------------------------------


def test_the_seeds_of_shards_are_these_for_ever() -> None:
    assert [shard_seed(0, 0), shard_seed(0, 1), shard_seed(1, 0), shard_seed(2**64 - 1, 9)] == [
        6522141317471353312,
        15259848038411113253,
        7795292709585639954,
        2848123266580672638,
    ]


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_out_of_range_are_refused(seed: int) -> None:
    with pytest.raises(InvalidArgumentError):
        run_shards(history, 1, Inline(), seed=seed)


def test_no_shards_have_no_results() -> None:
    assert run_shards(history, 0, Inline()) == []
    with pytest.raises(InvalidArgumentError):
        run_shards(history, -1, Inline())


# Failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [Inline, spawned], ids=["inline", "spawned"])
def test_failing_shards_are_reported_and_the_others_kept(executor: Any) -> None:
    with executor() as pool, pytest.raises(ShardFailures) as caught:
        run_shards(odd_ones_fail, 5, pool, seed=3)
    failures = caught.value
    assert str(failures).startswith("2 of 5 shards failed: 1, 3")
    assert failures.results == {0: 0, 2: 20, 4: 40}
    assert set(failures.failed) == {1, 3}
    assert [error.args for error in failures.exceptions] == [("odd 1",), ("odd 3",)]
    for shard, error in failures.failed.items():
        [note] = error.__notes__
        assert f"shard {shard} of 5" in note
        assert f"seed={shard_seed(3, shard)}" in note


def test_failures_travel_and_split() -> None:
    with pytest.raises(ShardFailures) as caught:
        run_shards(odd_ones_fail, 4, Inline())
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.results == {0: 0, 2: 20}
    assert set(again.failed) == {1, 3}
    part = caught.value.subgroup(lambda error: error.args == ("odd 3",))
    assert part is not None
    assert [error.args for error in part.exceptions] == [("odd 3",)]


# Progress and Ctrl-C --------------------------------------------------------------------------


def test_progress_counts_the_shards() -> None:
    calls: list[tuple[int, int]] = []
    run_shards(history, 3, Inline(), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    run_shards(history, 2, Inline())
    assert screen.getvalue().endswith("2/2 shards\n")
    assert all(len(line) < 80 for line in screen.getvalue().split("\r"))
    screen.truncate(0)
    run_shards(history, 2, Inline(), progress=False)
    assert not screen.getvalue().strip("\0")


def test_what_is_no_terminal_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    run_shards(history, 2, Inline())
    assert capsys.readouterr().err == ""


def test_an_interrupt_cancels_what_has_not_begun() -> None:
    class Waiting(Inline):
        """Runs the first shard, and leaves the others for later."""

        futures: list[Future[Any]]

        def __init__(self) -> None:
            self.futures = []

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = Future() if self.futures else super().submit(fn, *args, **kwargs)
            self.futures.append(future)
            return future

    def interrupt(_: int, __: int) -> None:
        raise KeyboardInterrupt

    executor = Waiting()
    with pytest.raises(KeyboardInterrupt):
        run_shards(history, 3, executor, progress=interrupt)
    assert [future.cancelled() for future in executor.futures] == [False, True, True]


# The example ----------------------------------------------------------------------------------

FLEET = ("simulate", "--volumes", "200", "--days", "40", "--shards", "2")


def succeed(*arguments: str) -> str:
    done = run_python(*MODULE, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_table_fits_a_terminal_and_is_the_same_on_every_run() -> None:
    text = succeed(*FLEET)
    assert text == succeed(*FLEET)
    assert text != succeed(*FLEET, "--seed", "1")
    for line in text.splitlines():
        assert len(line) <= 80
        assert line == line.rstrip()


def test_the_numbers_add_up() -> None:
    outcome = json.loads(succeed(*FLEET, "--json"))
    days = outcome["days"]
    assert [day["day"] for day in days] == list(range(1, 41))
    assert {day["volumes"] for day in days} == {200}
    assert outcome["snapshots_taken"] == 200 * 40
    assert days[-1]["snapshots"] == 200 * 14
    assert outcome["snapshots_taken"] - outcome["snapshots_deleted"] == days[-1]["snapshots"]
    assert outcome["clones_made"] - outcome["clones_deleted"] == days[-1]["clones"]
    assert outcome["clones_made"] > 0
    assert days[-1]["bytes"] > days[0]["bytes"]
    assert len(outcome["digests"]) == 2


def test_a_plot_is_drawn_where_matplotlib_is(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = run_python("-m", "nessie_backend_mem", *FLEET, "--plot", str(tmp_path / "out.png"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError\n")
    done = run_python(
        *MODULE, *FLEET, "--plot", "out.png", env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "pip install matplotlib" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--volumes", "0"], ["--days", "x"], ["--seed", "-1"], ["--shards", "-2"]],
    ids=str,
)
def test_options_out_of_range_are_refused(arguments: list[str]) -> None:
    done = run_python(*MODULE, "simulate", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this system has no process groups")
def test_ctrl_c_ends_the_simulation() -> None:
    command = [sys.executable, *MODULE, "simulate", "--volumes", "50000", "--shards", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(3)
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
