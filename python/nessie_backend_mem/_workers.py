"""Processes of this machine that run shards, one shard at a time each.

A worker gets its next shard when it has ended the last one, so that no shard waits in a queue. If a
worker ends, its shard has failed, and a new worker replaces it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from multiprocessing import connection, process, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import InvalidArgumentError
from ._shards import Ended, Outcome, ShardError, attempt, dumps, explained

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from . import MemBackend
    from ._shards import Listener

__all__ = ["FIX", "TICK", "attempt_packed", "by_workers", "packed", "refuse_to_run_again"]

TICK = 0.5
"""Seconds between two checks for dead workers, and between two drawings of the bar."""

END_TIMEOUT = 2.0
"""Seconds in which a worker must end after its pipe has been closed."""

MOST_ON_WINDOWS = 60
"""Windows waits for at most 64 objects at once."""

RUN_AGAIN = 79
"""The exit status of a worker that called `run_shards` when it imported the program."""

FIX = (
    'Guard the calls of a script with `if __name__ == "__main__":`, and define the scenario in it '
    "or in a module, as a function at the top level. In a notebook or an interactive session, "
    "pass an executor: ThreadPoolExecutor()"
)


def cannot_import(reason: str) -> InvalidArgumentError:
    """Return the error of a scenario that other processes cannot import."""
    return InvalidArgumentError(
        f"the worker processes cannot import the scenario: {reason}. {FIX}", "scenario"
    )


def packed(scenario: Callable[[MemBackend, int], Any]) -> bytes:
    """Pickle a scenario for other processes.

    Raises:
        InvalidArgumentError: they cannot import the scenario or the program.
    """
    program = getattr(sys.modules["__main__"], "__file__", None) or ""
    if Path(program).name.startswith("<"):
        raise cannot_import(f"the program is read from {Path(program).name}, not from a file")
    try:
        return dumps(scenario)
    except Exception as error:  # noqa: BLE001 (pickling runs code of the scenario)
        raise cannot_import(explained(error)) from None


# In a worker ----------------------------------------------------------------------------------

_is_importing = False


def unpacked(scenario: bytes) -> Callable[[MemBackend, int], Any]:
    """Unpickle a scenario, which imports its module."""
    global _is_importing  # noqa: PLW0603 (a state of the process)
    _is_importing = True
    try:
        loaded: Callable[[MemBackend, int], Any] = pickle.loads(scenario)  # noqa: S301 (ours)
    except Exception as error:  # noqa: BLE001 (the import runs code of the module)
        raise cannot_import(explained(error)) from None
    finally:
        _is_importing = False
    return loaded


def attempt_packed(scenario: bytes, seed: int, shard: int) -> Outcome | InvalidArgumentError:
    """Run one shard of a pickled scenario; return an error if it cannot be imported."""
    try:
        loaded = unpacked(scenario)
    except InvalidArgumentError as error:
        return error
    return attempt(loaded, seed, shard)


def refuse_to_run_again() -> None:
    """End or fail if a worker calls `run_shards` when it imports the program or the scenario.

    Otherwise workers would start further workers endlessly.
    """
    if getattr(process.current_process(), "_inheriting", False):
        # Without a message: the process that started this one shows the error once.
        raise SystemExit(RUN_AGAIN)
    if _is_importing:
        raise RuntimeError("importing the scenario's module calls run_shards")


def work(pipe: Connection, scenario: bytes) -> None:
    """Run the shards that are sent through the pipe, until None is sent."""
    # Ctrl-C interrupts the whole process group. The process that started this one ends it.
    signal.signal(signal.SIGINT, lambda *_: None)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        loaded = unpacked(scenario)
    except InvalidArgumentError as error:
        pipe.send(error)
        return
    pipe.send(None)
    while (task := pipe.recv()) is not None:
        seed, shard = task
        pipe.send(attempt(loaded, seed, shard, Reporter(pipe)))


def end_with_parent() -> None:
    """End this process when the one that started it has ended, even within a shard."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Reporter:
    """Sends how much of a shard is done, at most four times a second."""

    def __init__(self, pipe: Connection) -> None:
        """Send through `pipe`."""
        self.pipe = pipe
        self.due = 0.0

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now >= self.due:
            self.due = now + TICK / 2
            self.pipe.send(float(fraction))


# In the process that starts them --------------------------------------------------------------


class Worker:
    """A process, the pipe to it, and the shard that it runs."""

    def __init__(self, scenario: bytes) -> None:
        """Start the process."""
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        with other:
            self.process: SpawnProcess = context.Process(target=work, args=(other, scenario))
            self.process.start()
        self.shard: int | None = None

    def give(self, shard: int, seed: int) -> None:
        """Send it a shard to run."""
        self.shard = shard
        # If it has ended, `answer` raises.
        with suppress(OSError):
            self.pipe.send((seed, shard))

    def answer(self) -> Any:
        """Return its next message, which must have arrived.

        Raises:
            OSError: it has ended.
        """
        try:
            return self.pipe.recv()
        except (EOFError, pickle.UnpicklingError) as error:
            raise OSError("the pipe has ended") from error

    def how_it_ended(self) -> str:
        """Wait for its end and describe it."""
        # join with a timeout would block for ever if the process has closed its own files.
        deadline = time.monotonic() + END_TIMEOUT
        while self.process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        status = self.process.exitcode
        if status is None:
            self.process.kill()
            return "closed its pipe"
        if status < 0:
            names = [each.name for each in signal.Signals if each == -status]
            name = names[0] if names else f"signal {-status}"
            hint = " (Linux does that when memory runs out)" if name == "SIGKILL" else ""
            return f"was ended by {name}{hint}"
        return f"ended itself with exit status {status}"

    def close(self) -> None:
        """Wait for its end."""
        self.process.join()
        self.process.close()
        self.pipe.close()


class Workers:
    """The processes of one run."""

    def __init__(self, scenario: bytes, seeds: Sequence[int], listener: Listener) -> None:
        """Prepare to run one shard for each seed; no worker is started yet."""
        self.scenario = scenario
        self.seeds = seeds
        self.listener = listener
        self.waiting = deque(range(len(seeds)))
        self.workers: list[Worker] = []
        self.leaving: list[Worker] = []
        """The workers that get no more shards, and will end."""
        self.can_import = False
        """Whether a worker has imported the scenario. Until then, only one is started."""
        self.trouble: Exception | None = None
        """Why no further worker is started."""

    def run(self) -> Iterator[Ended[Any] | None]:
        """Run all shards; yield the outcome of each, and None at least every `TICK`."""
        most = processors()
        while self.waiting or self.workers:
            wanted = min(most if self.can_import else 1, len(self.waiting) + self.busy())
            while self.trouble is None and len(self.workers) < wanted:
                self.start()
            if not self.workers:
                yield Ended(list(self.waiting), error=self.trouble)
                break
            ready = connection.wait([worker.pipe for worker in self.workers], TICK)
            for worker in list(self.workers):
                if worker.pipe in ready:
                    yield from self.hear(worker)
                elif not worker.process.is_alive():
                    # The pipe is still open if the scenario has started a process that holds it.
                    yield from self.lose(worker)
            yield None
        while self.leaving:
            self.leaving[-1].close()
            self.leaving.pop()

    def busy(self) -> int:
        return sum(worker.shard is not None for worker in self.workers)

    def start(self) -> None:
        """Start a worker."""
        try:
            with interrupts_blocked():
                self.workers.append(Worker(self.scenario))
        except OSError as error:
            self.fail_to_start(error)

    def fail_to_start(self, error: Exception) -> None:
        """Start no further worker; raise `error` if no shard has begun."""
        if not self.can_import:
            raise error from None
        self.trouble = error

    def hear(self, worker: Worker) -> Iterator[Ended[Any]]:
        """Handle the message or the end of a worker, and give it the next shard."""
        shard = worker.shard
        try:
            answer = worker.answer()
        except OSError:
            yield from self.lose(worker)
            return
        if isinstance(answer, float):
            if shard is not None:
                self.listener.fractions[shard] = answer
            return
        if isinstance(answer, InvalidArgumentError):
            self.remove(worker)
            self.fail_to_start(answer)
            return
        self.can_import = True
        worker.shard = None
        if self.waiting:
            following = self.waiting.popleft()
            worker.give(following, self.seeds[following])
        else:
            with suppress(OSError):
                worker.pipe.send(None)
            self.remove(worker)
        if shard is not None:
            yield answer.ended(shard)

    def lose(self, worker: Worker) -> Iterator[Ended[Any]]:
        """Handle the end of a worker."""
        how = worker.how_it_ended()
        self.remove(worker)
        if worker.shard is not None:
            yield Ended([worker.shard], error=ShardError(f"the process of the shard {how}"))
        elif how.endswith(f"status {RUN_AGAIN}"):
            self.fail_to_start(cannot_import("importing the program calls run_shards again"))
        else:
            self.fail_to_start(cannot_import(f"a process {how} before it had imported the program"))

    def remove(self, worker: Worker) -> None:
        """Let a worker end."""
        self.workers.remove(worker)
        self.leaving.append(worker)

    def end(self) -> None:
        """Kill all workers that still run."""
        left = [*self.workers, *self.leaving]
        for worker in left:
            worker.process.kill()
        for worker in left:
            worker.close()


def by_workers(
    scenario: Callable[[MemBackend, int], Any], seeds: Sequence[int], listener: Listener
) -> Generator[Ended[Any] | None, None, None]:
    """Run a shard for each seed; yield the outcome of each, and None at least every `TICK`.

    When the generator ends or is closed, all workers have ended.

    Raises:
        InvalidArgumentError: the workers cannot import the scenario.
    """
    refuse_to_run_again()
    workers = Workers(packed(scenario), seeds, listener)
    try:
        yield from workers.run()
    finally:
        workers.end()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = os.cpu_count() or 1
    return min(count, MOST_ON_WINDOWS) if os.name == "nt" else count


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C; a process that is started meanwhile blocks it until it can handle it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # If the first worker had to start it, that would end the block.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
