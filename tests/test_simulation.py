"""Shards: one scenario on many backends, through any executor, with the same results on all."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nessie_backend_mem import BackendTimeoutError, Fault, InvalidArgumentError, MemBackend
from nessie_backend_mem._progress import ProgressBar, StatusLine, can_redraw, progress_text
from nessie_backend_mem._shards import Listener, run
from nessie_backend_mem.cli import simulate
from nessie_backend_mem.simulation import (
    ShardError,
    ShardFailures,
    report_progress,
    run_shards,
    shard_seed,
)
from support import TIMEOUT, everything, run_python
from test_copies import go_on, populate

MODULE = ("-W", "error", "-m", "nessie_backend_mem")


class Inline(Executor):
    """Runs calls immediately, in this thread."""

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


def test_results_are_in_the_order_of_the_shards() -> None:
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
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
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
    """In its own process, so that no thread outlives the test."""
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
def test_a_backend_can_be_sent_to_a_worker_and_back(method: str) -> None:
    """With generator and clock: calls have the same results in the worker as here."""
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


def test_the_seeds_of_shards_never_change() -> None:
    assert [shard_seed(0, 0), shard_seed(0, 1), shard_seed(1, 0), shard_seed(2**64 - 1, 9)] == [
        6522141317471353312,
        15259848038411113253,
        7795292709585639954,
        2848123266580672638,
    ]


@pytest.mark.parametrize("shard", [-1, 2**64])
def test_a_shard_out_of_range_has_no_seed(shard: int) -> None:
    with pytest.raises(InvalidArgumentError, match="shard") as refusal:
        shard_seed(0, shard)
    assert refusal.value.target == "shard"


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_out_of_range_are_refused(seed: int) -> None:
    with pytest.raises(InvalidArgumentError):
        run_shards(history, 1, Inline(), seed=seed)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((5, 2), "scenario must be a function"),
        ((print, "2"), "shards must be an int, not '2'"),
        ((print, 2.5), "shards must be an int, not 2.5"),
        ((print, 2, 5), "executor must have the method submit"),
    ],
)
def test_arguments_of_wrong_types_are_named(arguments: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        run_shards(*arguments)


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


def test_failures_can_be_pickled_and_split() -> None:
    with pytest.raises(ShardFailures) as caught:
        run_shards(odd_ones_fail, 4, Inline())
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.results == {0: 0, 2: 20}
    assert set(again.failed) == {1, 3}
    part = caught.value.subgroup(lambda error: error.args == ("odd 3",))
    assert part is not None
    assert [error.args for error in part.exceptions] == [("odd 3",)]


class OneName(Exception):
    """Its `__init__` called with its `args` gives another text."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not there")
        self.name = name


class TwoNames(Exception):
    """Its `__init__` cannot be called with its `args`."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class Stubborn:
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


def anything(_: MemBackend, shard: int) -> Any:
    """Each shard fails in another way, except the last ones."""
    match shard:
        case 0:
            raise OneName("x")
        case 1:
            raise TwoNames("x", "y")
        case 2:
            raise Unpicklable
        case 3:
            sys.exit("over")
        case 4:
            raise GeneratorExit
        case 5:
            return threading.Lock()
        case 6:
            return Stubborn()
        case 7:
            raise KeyboardInterrupt
    return shard


EXPECTED_FAILURES = {
    0: (OneName, "x is not there"),
    1: (TwoNames, "x and y"),
    2: (ShardError, "Unpicklable: holds a lock"),
    3: (ShardError, "SystemExit: over"),
    4: (ShardError, "GeneratorExit"),
    5: (ShardError, "its result, of type lock, cannot be pickled"),
    6: (ShardError, "its result cannot be unpickled: ValueError"),
    7: (ShardError, "KeyboardInterrupt"),
}


@contextmanager
def own_processes() -> Iterator[None]:
    yield None


@pytest.mark.parametrize("executor", [own_processes, spawned], ids=["own", "pool"])
def test_every_exception_of_a_shard_is_a_failure_of_that_shard(executor: Any) -> None:
    with executor() as pool, pytest.raises(ShardFailures) as caught:
        run_shards(anything, 10, pool)
    failures = caught.value
    assert failures.results == {8: 8, 9: 9}
    assert failures.failed.keys() == EXPECTED_FAILURES.keys()
    for shard, (kind, text) in EXPECTED_FAILURES.items():
        assert type(failures.failed[shard]) is kind
        assert text in str(failures.failed[shard])
    assert vars(failures.failed[0])["name"] == "x"
    cause = failures.failed[0].__cause__
    assert 'raise OneName("x")' in str(cause)


def test_threads_return_the_same_exceptions_and_results() -> None:
    with ThreadPoolExecutor(2) as threads, pytest.raises(ShardFailures) as caught:
        run_shards(anything, 9, threads)
    failures = caught.value
    assert set(failures.results) == {5, 6, 8}
    assert isinstance(failures.results[6], Stubborn)
    assert isinstance(failures.failed[2], Unpicklable)
    assert isinstance(failures.failed[3].__cause__, SystemExit)
    assert isinstance(failures.failed[7].__cause__, KeyboardInterrupt)


def odd_ones_end_their_process(_: MemBackend, shard: int) -> int:
    if shard == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if shard == 3:
        os._exit(7)
    return shard


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_process_that_dies_fails_only_its_own_shard() -> None:
    with pytest.raises(ShardFailures) as caught:
        run_shards(odd_ones_end_their_process, 6)
    assert caught.value.results == {0: 0, 2: 2, 4: 4, 5: 5}
    assert "SIGKILL" in str(caught.value.failed[1])
    assert "exit status 7" in str(caught.value.failed[3])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_broken_pool_is_one_exception_and_loses_no_result() -> None:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with pool, pytest.raises(ShardFailures) as caught:
        run_shards(odd_ones_end_their_process, 5, pool)
    assert caught.value.results == {0: 0}
    [error] = caught.value.exceptions
    assert list(caught.value.failed.values()) == [error] * 4
    [note] = error.__notes__
    assert note.startswith("shards 1, 2, 3, 4 of 5 had not ended")
    assert FIX in note


def test_an_executor_that_refuses_a_shard_loses_no_result() -> None:
    class TakesTwo(Inline):
        taken = 0

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if self.taken == 2:
                raise RuntimeError("no more")
            self.taken += 1
            return super().submit(fn, *args, **kwargs)

    executor = TakesTwo()
    with pytest.raises(ShardFailures) as caught:
        run_shards(history, 4, executor)
    assert set(caught.value.results) == {0, 1}
    assert set(caught.value.failed) == {2, 3}
    with pytest.raises(RuntimeError, match="no more"):
        run_shards(history, 4, executor)


# Scenarios that processes cannot import -------------------------------------------------------

FIX = 'Guard the calls of a script with `if __name__ == "__main__":`'

UNGUARDED = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from nessie_backend_mem.simulation import run_shards

def scenario(backend, shard):
    return shard

pool = ProcessPoolExecutor(2, mp_context=get_context("spawn")) if "pool" in sys.argv else None
run_shards(scenario, 8, pool)
"""


@pytest.mark.parametrize("executor", [own_processes, spawned], ids=["own", "pool"])
def test_a_function_inside_another_is_refused_with_the_fix(executor: Any) -> None:
    with executor() as pool, pytest.raises(InvalidArgumentError) as caught:
        run_shards(lambda _backend, shard: shard, 2, pool)
    assert FIX in str(caught.value)
    assert caught.value.target == "scenario"


@pytest.mark.parametrize("arguments", [["-c", UNGUARDED], ["-c", UNGUARDED, "pool"]])
def test_a_function_without_a_module_is_refused_once_with_the_fix(arguments: list[str]) -> None:
    """As in a notebook, there is no file that a process could import."""
    done = run_python(*arguments)
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.count(FIX) == 1


@pytest.mark.parametrize("arguments", [[], ["pool"]], ids=["own", "pool"])
def test_a_script_without_a_guard_ends_once_with_the_fix(
    tmp_path: Path, arguments: list[str]
) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    done = run_python(str(script), *arguments)
    assert done.returncode == 1
    assert done.stderr.count(FIX) == 1
    assert done.stderr.count("run_shards(scenario, 8, pool)") == 1


def test_a_program_of_standard_input_is_refused_with_the_fix() -> None:
    done = subprocess.run(
        [sys.executable, "-"], input=UNGUARDED, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.count(FIX) == 1


def test_a_module_that_runs_its_own_scenario_is_refused_once(tmp_path: Path) -> None:
    (tmp_path / "unguarded.py").write_text(UNGUARDED)
    done = run_python("-c", "import unguarded", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert "importing the scenario's module calls run_shards" in done.stderr


# Progress -------------------------------------------------------------------------------------


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
    *_, last = screen.getvalue().split("\r")
    assert last.startswith("[####################] 100 % 2/2 shards ")
    assert last.endswith("\n")
    screen.truncate(0)
    run_shards(history, 2, Inline(), progress=False)
    assert not screen.getvalue().strip("\0")


def test_other_streams_show_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    run_shards(history, 2, Inline())
    assert capsys.readouterr().err == ""


def test_a_log_gets_lines_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    run_shards(history, 2, Inline(), progress=True)
    [line] = capsys.readouterr().err.splitlines()
    assert "100 % 2/2 shards" in line


def test_a_log_gets_a_line_after_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    log = io.StringIO()
    line = StatusLine(log)
    for second in range(12):
        now = 100.0 + second
        line.draw(f"{second} s")
    assert log.getvalue() == "5 s\n10 s\n"


def test_a_line_is_cut_to_the_terminal_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    line = StatusLine(terminal)
    line.draw(progress_text(0, 4, "volumes.are_listed"))
    assert terminal.getvalue().endswith("]   0 % 0/4 volumes.are_listed")
    line.draw(progress_text(2, 4, "a.case 3 s"))
    last = terminal.getvalue().split("\r")[-1].rstrip()
    assert last == "[##########..........]  50 % 2/4 a.case 3 s"
    line.draw(progress_text(3, 4, "a_case_of_a_name_that_is_much_too_long." * 3))
    assert all(len(each) < 60 for each in terminal.getvalue().split("\r"))
    line.clear()
    assert terminal.getvalue().split("\r")[-2:] == [" " * 59, ""]


def test_a_notebook_shows_the_same_bar_as_a_terminal() -> None:
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    assert can_redraw(stream)
    assert not can_redraw(io.StringIO())
    assert not can_redraw(None)


def test_the_bar_shows_rate_and_remaining_time_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    listener = Listener()
    bar = ProgressBar(listener.fractions, 4)
    assert bar.text(0) == "[....................]   0 % 0/4 shards 0:00"
    now = 30.0
    listener.of(1)(0.5)
    assert bar.text(1) == "[#######.............]  37 % 1/4 shards 3.0/min 0:30, 0:50 left"
    now = 400_000.0
    listener.fractions.clear()
    assert "1/4 shards 0.0/h 111:06:40, 333:20:00 left" in bar.text(1)
    assert len(ProgressBar(listener.fractions, 1_000_000).text(999_999)) < 80


def waits_half_way(_: MemBackend, __: int, seen: Path) -> None:
    """Reports that it is half done until the file `seen` exists."""
    deadline = time.monotonic() + TIMEOUT
    while not seen.exists():
        assert time.monotonic() < deadline
        report_progress(0.5)
        time.sleep(0.01)


@pytest.mark.parametrize("executor", [own_processes, ThreadPoolExecutor], ids=["own", "threads"])
def test_the_bar_moves_within_a_shard(
    executor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"

    class Watched(Terminal):
        def write(self, text: str) -> int:
            if " 50 % 0/1 shards" in text:
                seen.touch()
            return super().write(text)

    monkeypatch.setattr(sys, "stderr", Watched())
    with executor() as pool:
        run_shards(partial(waits_half_way, seen=seen), 1, pool)


def test_progress_outside_of_a_shard_is_not_reported_and_must_be_a_fraction() -> None:
    report_progress(0.5)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(InvalidArgumentError):
            report_progress(wrong)


def test_the_simulation_reports_each_day() -> None:
    seen: list[float] = []
    fleet = simulate.Fleet(volumes=10, days=4, shards=1, seed=0, capacity=2**40)
    run(partial(simulate.scenario, fleet=fleet), 0, 0, seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


# Ctrl-C ---------------------------------------------------------------------------------------


def test_an_interrupt_cancels_the_shards_that_have_not_begun() -> None:
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


LONG = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from nessie_backend_mem.simulation import run_shards

def scenario(backend, shard):
    Path(str(shard)).touch()
    time.sleep(60)

if __name__ == "__main__":
    run_shards(scenario, 8, ProcessPoolExecutor(2) if "pool" in sys.argv else None)
"""

needs_groups = pytest.mark.skipif(
    not hasattr(os, "killpg"), reason="this system has no process groups"
)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def long_run(directory: Path, *arguments: str, begun: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """A program of which `begun` shards have started; `directory` has a file for each.

    Its standard error is closed when all its processes have ended.
    """
    program = directory.with_suffix(".py")
    program.write_text(LONG)
    directory.mkdir()
    command = [sys.executable, str(program), *arguments]
    with subprocess.Popen(
        command, cwd=directory, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            wait_until(lambda: len(list(directory.iterdir())) >= begun)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@needs_groups
@pytest.mark.parametrize("arguments", [[], ["pool"]], ids=["own", "pool"])
def test_ctrl_c_ends_immediately_and_starts_no_shard(tmp_path: Path, arguments: list[str]) -> None:
    directory = tmp_path / "shards"
    # A worker of a given pool may lose a signal until its shard has started.
    begun = 2 if arguments else 1
    with long_run(directory, *arguments, begun=begun) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == -signal.SIGINT
        assert b"KeyboardInterrupt" in errors
        most = 2 if arguments else os.cpu_count() or 1
        assert len(list(directory.iterdir())) <= most


@needs_groups
def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    directory = tmp_path / "shards"
    with long_run(directory) as process:
        process.kill()
        process.communicate(timeout=20)


# The command ----------------------------------------------------------------------------------

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


def outcome_of(*arguments: str) -> Any:
    return json.loads(succeed(*FLEET, "--json", *arguments))


def total(outcome: Any, key: str) -> int:
    return sum(day[key] for day in outcome["days"])


def test_the_numbers_add_up() -> None:
    outcome = outcome_of("--capacity", "100TiB")
    days = outcome["days"]
    assert [day["day"] for day in days] == list(range(1, 41))
    assert {day["volumes"] for day in days} == {200}
    assert [day["snapshots"] for day in days[:14]] == [200 * day for day in range(1, 15)]
    # A snapshot with a clone is kept longer.
    assert 200 * 14 <= days[-1]["snapshots"] <= 200 * 14 + outcome["clones_made"]
    assert outcome["clones_made"] - outcome["clones_deleted"] == days[-1]["clones"]
    assert outcome["clones_made"] > outcome["clones_deleted"] > 0
    assert (
        total(outcome, "writes")
        == 200 * 41 + sum(day["clones"] for day in days[1:]) + (outcome["clones_deleted"])
    )
    assert total(outcome, "refused_writes") == total(outcome, "refused_bytes") == 0
    assert len(outcome["digests"]) == 2


def test_the_pool_fills_up_and_refuses_what_does_not_fit() -> None:
    fleet = outcome_of()["fleet"]
    assert fleet["capacity"] == 200 * 50 * 2**30
    outcome = outcome_of("--capacity", "6TiB")
    days = outcome["days"]
    assert max(day["used_bytes"] for day in days) <= 6 * 2**40
    assert days[-1]["used_bytes"] > 5.9 * 2**40
    assert [day["refused_writes"] for day in days[:7]] == [0] * 7
    assert total(outcome, "refused_writes") > 0
    assert total(outcome, "refused_bytes") > 0
    larger = outcome_of("--capacity", "6400GiB")
    assert total(larger, "refused_writes") < total(outcome, "refused_writes")
    for day in days:
        assert day["snapshot_bytes"] <= day["used_bytes"]
        assert day["refused_writes"] <= day["writes"]


def test_snapshots_hold_what_two_weeks_overwrite() -> None:
    """Working days overwrite 2 to 6 % of a cache, days of a weekend a fifth of that."""
    day = outcome_of("--capacity", "100TiB")["days"][-1]
    live = day["used_bytes"] - day["snapshot_bytes"]
    assert 10.8 * 0.03 < day["snapshot_bytes"] / live < 10.8 * 0.05
    # What clones share with their parents is used once.
    assert live < day["logical_bytes"] < 1.2 * live


def test_the_golden_numbers_of_a_small_fleet() -> None:
    """The same on every machine. The digests may change with the layout of a dump."""
    golden = Path(__file__).parent / "golden" / "simulation.json"
    outcome = outcome_of("--capacity", "6TiB")
    del outcome["digests"]
    assert outcome == json.loads(golden.read_text(encoding="utf-8"))


def test_the_number_of_processes_changes_nothing() -> None:
    fleet = simulate.Fleet(volumes=50, days=20, shards=3, seed=4, capacity=10**12)
    parts = run_shards(partial(simulate.scenario, fleet=fleet), 3, Inline(), seed=4)
    digests = [digest for part in parts for digest in part.digests]
    assert simulate.simulate(fleet).digests == digests


def test_a_fleet_repeats_calls_that_time_out() -> None:
    text = succeed(*FLEET, "--faults", "0.3")
    assert "where a call times out with probability 0.3" in text
    numbers = {
        line[:45].strip(): int(line[45:].replace(",", ""))
        for line in text.splitlines()
        if line.startswith("calls ")
    }
    timed_out, repeated, given_up = numbers.values()
    assert timed_out == repeated + given_up
    assert timed_out > 50
    assert given_up > 0
    assert "calls" not in succeed(*FLEET)


def test_the_same_seed_gives_the_same_faults_in_every_process() -> None:
    fleet = simulate.Fleet(volumes=50, days=30, shards=3, seed=4, capacity=10**14, faults=0.2)
    parts = run_shards(partial(simulate.scenario, fleet=fleet), 3, Inline(), seed=4)
    together = simulate.simulate(fleet)
    assert together.digests == [digest for part in parts for digest in part.digests]
    assert together.timeouts == sum(part.timeouts for part in parts) > 0
    assert together.given_up == sum(part.given_up for part in parts) > 0
    assert together != simulate.simulate(replace(fleet, seed=5))


@pytest.mark.parametrize("faults", [1.0, 0.5])
def test_a_fleet_survives_any_number_of_faults(faults: float) -> None:
    fleet = simulate.Fleet(volumes=200, days=40, shards=1, seed=0, capacity=10**14, faults=faults)
    backend = MemBackend(seed=0)
    outcome = simulate.scenario(backend, 0, fleet)
    clones = len(backend.volumes(is_clone=True))
    assert outcome.clones_made - outcome.clones_deleted == outcome.days[-1].clones == clones
    if faults == 1:
        assert (outcome.clones_made, outcome.days[-1].used_bytes) == (0, 0)
        assert outcome.timeouts == 3 * outcome.given_up
    else:
        assert outcome.clones_made > outcome.clones_deleted > 0


@pytest.mark.parametrize("faults", ["1.01", "nan"])
def test_a_probability_outside_0_to_1_is_refused(faults: str) -> None:
    done = run_python(*MODULE, "simulate", f"--faults={faults}")
    assert done.returncode == 2
    assert f'argument --faults: expected a number from 0 to 1, not "{faults}"' in done.stderr


def fails_by_a_fault(backend: MemBackend, shard: int) -> list[Any]:
    """Raises what a fault of the shard's seed raises, or returns the hits."""
    with backend.inject(
        Fault("create_volume", error="timeout", probability=0.02),
        Fault("list_volumes", delay=5, probability=0.5),
    ) as plan:
        for number in range(20):
            backend.create_volume(f"v-{shard}-{number}")
            backend.list_volumes()
    return [*plan.hits]


def test_the_note_of_a_failed_shard_repeats_its_faults() -> None:
    outcomes = []
    for executor in (Inline(), None):
        with pytest.raises(ShardFailures) as caught:
            run_shards(fails_by_a_fault, 8, executor, seed=3)
        assert 0 < len(caught.value.failed) < 8
        outcomes.append((dict(caught.value.results), {*caught.value.failed}))
        for error in caught.value.exceptions:
            [note] = error.__notes__
            line = note.partition("; ")[2].removesuffix(" repeats the shard")
            with pytest.raises(BackendTimeoutError) as again:
                eval(line, {"scenario": fails_by_a_fault, "MemBackend": MemBackend})
            assert str(again.value) == str(error)
    assert outcomes[0] == outcomes[1]


@given(
    volumes=st.integers(1, 10**7),
    shards=st.integers(1, 100),
    capacity=st.integers(0, 2**64 - 1),
)
def test_the_shards_share_the_volumes_and_the_pool(
    volumes: int, shards: int, capacity: int
) -> None:
    shards, capacity = min(shards, volumes), max(capacity, volumes)
    fleet = simulate.Fleet(volumes, 1, shards, 0, capacity)
    counts = [fleet.first(shard + 1) - fleet.first(shard) for shard in range(shards)]
    shares = [fleet.share(shard) for shard in range(shards)]
    assert (sum(counts), sum(shares)) == (volumes, capacity)
    assert max(counts) - min(counts) <= 1
    for count, share in zip(counts, shares, strict=True):
        assert abs(share * volumes - capacity * count) < 2 * volumes
        assert min(count, share) >= 1


def test_more_shards_than_volumes_are_one_for_each_volume() -> None:
    arguments = ("--volumes", "3", "--days", "2", "--json")
    outcome = json.loads(succeed("simulate", *arguments))
    assert outcome["fleet"]["shards"] == len(outcome["digests"]) == 3


def test_the_table_of_a_large_fleet_fits_a_terminal() -> None:
    million = 10**6
    fleet = simulate.Fleet(100 * million, 365, 1_000, 2**64 - 1, 2**63, 1 / 3)
    sizes = (2**63, 2**63, 2**63)
    writes = 999 * million
    day = simulate.Day(365, 100 * million, 9 * million, writes, *sizes, writes, writes, 2**63)
    outcome = simulate.Outcome([day], writes, writes, writes, writes, writes, [])
    for line in simulate.table(fleet, outcome):
        assert len(line) <= 80
        assert line == line.rstrip()


@pytest.mark.parametrize(
    ("capacity", "shown"),
    [(9, "9 B"), (20 * 2**10, "20.0 KiB"), (2**40, "1,024.0 GiB"), (500 * 2**40, "500.0 TiB")],
)
def test_sizes_are_shown_in_the_unit_of_the_pool(capacity: int, shown: str) -> None:
    assert simulate.in_unit(capacity, capacity) == shown
    assert simulate.in_unit(0, 500 * 2**40) == "0.0 TiB"


def test_a_plot_is_drawn_with_matplotlib(tmp_path: Path) -> None:
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
    ("path", "complaint"),
    [("nothing/out.png", "does not exist"), (".", "it is a directory"), ("a.xyz", "xyz")],
)
def test_a_plot_that_cannot_be_written_is_refused_before_any_work(
    path: str, complaint: str, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    # That many volumes would take minutes.
    done = run_python(*MODULE, "simulate", "--volumes", "10000000", "--plot", path, cwd=tmp_path)
    assert done.returncode == 2
    assert f"argument --plot: {path}: " in done.stderr
    assert complaint in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--volumes", "0"], ["--days", "x"], ["--seed", "-1"], ["--shards", "-2"]],
    ids=str,
)
def test_options_out_of_range_are_refused(arguments: list[str]) -> None:
    done = run_python(*MODULE, "simulate", *arguments)
    assert done.returncode == 2
    assert f"argument {arguments[0]}: expected an integer from " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("capacity", ["", "0", "-5", "5.5TiB", "5XiB", "16384PiB", "9" * 400, "∞"])
def test_a_capacity_that_is_not_a_size_is_refused_with_the_rule(capacity: str) -> None:
    done = run_python(*MODULE, "simulate", f"--capacity={capacity}")
    assert done.returncode == 2
    rule = "expected a size such as 500TiB or 50GB, from 1 to 2^64-1 bytes, not"
    assert f'argument --capacity: {rule} "{capacity}"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pool_that_is_too_small_for_the_volumes_is_refused_with_the_rule() -> None:
    done = run_python(*MODULE, "simulate", "--volumes", "5", "--capacity", "4")
    assert done.returncode == 2
    rule = "4 bytes are less than one for each of 5 volumes"
    assert f"argument --capacity: {rule}" in done.stderr
    tiny = ("--volumes", "5", "--capacity", "5", "--days", "3", "--json")
    [*_, last] = json.loads(succeed("simulate", *tiny))["days"]
    assert last["used_bytes"] <= 5


@needs_groups
def test_ctrl_c_ends_the_simulation() -> None:
    command = [sys.executable, *MODULE, "simulate", "--volumes", "500000", "--shards", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors == b""
