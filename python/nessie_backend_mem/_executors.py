"""Shards on an executor that the caller passes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from . import InvalidArgumentError
from ._shards import Ended, ShardError, explained, run_for_executor
from ._workers import TICK, attempt_packed, packed, refuse_to_run_again

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Executor

    from . import MemBackend
    from ._shards import Listener

__all__ = ["by_executor"]


def by_executor(
    executor: Executor,
    scenario: Callable[[MemBackend, int], Any],
    seeds: Sequence[int],
    listener: Listener,
) -> Generator[Ended[Any] | None, None, None]:
    """Run a shard for each seed; yield the outcome of each, and None at least every `TICK`.

    When the generator ends or is closed, it cancels the shards that have not begun.

    Raises:
        InvalidArgumentError: the processes of the executor cannot import the scenario.
        Exception: the executor refused the first shard.
    """
    is_pool = isinstance(executor, ProcessPoolExecutor)
    if is_pool:
        refuse_to_run_again()
    submit = submission(executor, scenario, seeds, listener)
    # A pool begins queued shards even after Ctrl-C, so it gets only one shard for each process.
    most = getattr(executor, "_max_workers", len(seeds)) if is_pool else len(seeds)
    waiting = deque(range(len(seeds)))
    running: dict[Future[Any], int] = {}
    done: SimpleQueue[Future[Any]] = SimpleQueue()
    refused: Exception | None = None
    broken: BrokenExecutor | None = None
    try:
        while running or (waiting and refused is None):
            while waiting and refused is None and len(running) < most:
                try:
                    future = submit(waiting[0])
                except Exception as error:
                    if len(waiting) == len(seeds):
                        raise
                    refused = error
                else:
                    running[future] = waiting.popleft()
                    future.add_done_callback(done.put)
            try:
                future = done.get(timeout=TICK if running else 0)
            except Empty:
                yield None
                continue
            ended = ended_by(future, running.pop(future), is_pool)
            if isinstance(ended.error, BrokenExecutor):
                broken = broken or ended.error
            yield ended
        if waiting:
            yield Ended(list(waiting), error=broken or refused)
    finally:
        for future in running:
            future.cancel()


def submission(
    executor: Executor,
    scenario: Callable[[MemBackend, int], Any],
    seeds: Sequence[int],
    listener: Listener,
) -> Callable[[int], Future[Any]]:
    """Return a function that submits a shard to the executor."""
    if isinstance(executor, ProcessPoolExecutor):
        pickled = packed(scenario)
        return lambda shard: executor.submit(attempt_packed, pickled, seeds[shard], shard)
    return lambda shard: executor.submit(run_for_executor, scenario, seeds[shard], shard, listener)


def ended_by(future: Future[Any], shard: int, is_packed: bool) -> Ended[Any]:
    """Return the outcome of a shard from its future, which is done."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, Exception):
        return Ended([shard], error=error)
    if error is not None:
        failure = ShardError(f"the executor reports {explained(error)}")
        failure.__cause__ = error
        return Ended([shard], error=failure)
    result = future.result()
    if not is_packed:
        return Ended([shard], result=result)
    if isinstance(result, InvalidArgumentError):
        raise result from None
    ended: Ended[Any] = result.ended(shard)
    return ended
