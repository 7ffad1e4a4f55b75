"""One scenario on many backends at once, through any executor of `concurrent.futures`.

>>> from concurrent.futures import ThreadPoolExecutor
>>> from nessie_backend_mem.simulation import run_shards
>>> def scenario(backend, shard):
...     return backend.create_volume(f"volume-{shard}")["name"]
>>> with ThreadPoolExecutor() as threads:
...     run_shards(scenario, 3, threads, seed=7)
['volume-0', 'volume-1', 'volume-2']

There is no scheduler here: processes of this machine are the default, and Dask's
``Client.get_executor()`` or anything else with ``submit`` takes a simulation to other machines.

A script that runs processes guards its own calls, because each process imports the script::

    if __name__ == "__main__":
        results = run_shards(scenario, shards=64)

In a notebook or an interactive session, where there is no script to import, pass an executor, such
as ``ThreadPoolExecutor()``.
"""

from __future__ import annotations

import hashlib
import sys
import time
from concurrent.futures import BrokenExecutor, Executor
from contextlib import closing
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from . import InvalidArgumentError, MemBackend
from ._executors import by_executor
from ._progress import StatusLine, can_redraw, clock, progress_text
from ._shards import Listener, ShardError, report_progress
from ._workers import FIX, by_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Self

    from ._shards import Ended

__all__ = ["ShardError", "ShardFailures", "report_progress", "run_shards", "shard_seed"]
__dir__ = __all__.copy

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Scenario(Protocol[Result_co]):
    """What runs on each backend; a function of a module, so that other processes find it."""

    def __call__(self, backend: MemBackend, shard: int, /) -> Result_co:
        """Do the work of one shard and return its result."""


class ShardFailures(ExceptionGroup[Exception], Generic[Result]):
    """Some shards failed. Each exception has a note with the shard and the seed that repeat it.

    An exception that several shards share, such as the `BrokenExecutor` of a process pool that lost
    a worker, is in the group once. The parts that ``except*`` and `split` make are plain groups.

    Attributes:
        results: what the other shards returned, by shard.
        failed: the exceptions, by shard.
    """

    results: Mapping[int, Result]
    failed: Mapping[int, Exception]

    def __new__(
        cls, message: str, failed: Mapping[int, Exception], results: Mapping[int, Result]
    ) -> Self:
        """Group the exceptions in the order of their shards."""
        different = {id(failed[shard]): failed[shard] for shard in sorted(failed)}
        self = super().__new__(cls, message, list(different.values()))
        self.results, self.failed = results, failed
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle whole."""
        return type(self), (self.message, dict(self.failed), dict(self.results))


def shard_seed(seed: int, shard: int) -> int:
    """Derive the seed of a shard's backend: the same on every machine and in every version.

    It is the first 8 bytes, little-endian, of the SHA-256 of ``nessie-backend-mem shard``, the
    seed and the shard's number, both as 8 bytes, little-endian.
    """
    if not 0 <= seed < 2**64:
        raise InvalidArgumentError(f"seed {seed} is outside 0 to 2^64-1", "seed")
    text = b"nessie-backend-mem shard" + seed.to_bytes(8, "little") + shard.to_bytes(8, "little")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")


def run_shards(
    scenario: Scenario[Result],
    shards: int,
    executor: Executor | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] | bool | None = None,
) -> list[Result]:
    """Run `scenario(backend, shard)` on a backend of its own for each shard; return the results.

    Args:
        scenario: gets a `MemBackend` with the seed `shard_seed(seed, shard)` and the shard's
            number. It, its result and what it raises are pickled on the way between processes. It
            may call `report_progress`.
        shards: how many; they are numbered from 0.
        executor: whatever has the methods of `concurrent.futures.Executor`; it is left running.
            None makes processes, one per processor, by spawning, and ends them.
        seed: from 0 to 2**64-1; the same one gives the same results, whatever the executor.
        progress: called with the shards done and their number after each shard. None shows a bar
            with the rate and the remaining time on standard error if that is a terminal or belongs
            to a notebook; True shows it always, as lines where it cannot be redrawn; False never.

    Returns:
        The results in the order of the shards.

    Raises:
        ShardFailures: some shards failed; all others ran to their end, and it has their results.
            Whatever a scenario raises, a result that cannot be pickled and the end of a process
            made here fail that shard alone. An executor that breaks fails all shards that had not
            ended.
        InvalidArgumentError: the processes cannot import the scenario, or `shards` or `seed` is out
            of range.
        KeyboardInterrupt: the user pressed Ctrl-C.

    Ctrl-C, and whatever `progress` raises, end the processes made here at once. In an executor of
    the caller's, the shards that have not begun are cancelled, and those that run go on.
    """
    if shards < 0:
        raise InvalidArgumentError(f"shards {shards} is negative", "shards")
    seeds = [shard_seed(seed, shard) for shard in range(shards)]
    listener = Listener()
    run: Generator[Ended[Result] | None, None, None] = (
        by_workers(scenario, seeds, listener)
        if executor is None
        else by_executor(executor, scenario, seeds, listener)
    )
    is_shown = progress is True or (progress is None and can_redraw(sys.stderr))
    shown = Bar(listener, shards) if is_shown else None
    results: dict[int, Result] = {}
    failed: dict[int, Exception] = {}
    try:
        with closing(run):
            for ended in run:
                if ended is not None:
                    for shard in ended.shards:
                        listener.fractions.pop(shard, None)
                        if ended.error is not None:
                            failed[shard] = ended.error
                        else:
                            results[shard] = ended.result  # type: ignore[assignment]
                        if callable(progress):
                            progress(len(results) + len(failed), shards)
                if shown is not None:
                    shown.draw(len(results) + len(failed))
    finally:
        if shown is not None:
            shown.end(len(results) + len(failed))
    if failed:
        add_notes(failed, seeds)
        message = f"{len(failed)} of {shards} shards failed: {listed(sorted(failed))}"
        raise ShardFailures(message, failed, results)
    return [results[shard] for shard in range(shards)]


def add_notes(failed: Mapping[int, Exception], seeds: Sequence[int]) -> None:
    """Note at each exception which shards it is about, and what to do."""
    sharing: dict[int, list[int]] = {}
    for shard in sorted(failed):
        sharing.setdefault(id(failed[shard]), []).append(shard)
    for first, *others in sharing.values():
        error = failed[first]
        if isinstance(error, BrokenExecutor):
            error.add_note(
                f"{named([first, *others])} of {len(seeds)} had not ended when the executor broke: "
                f"one of its processes was killed, or cannot import the program. {FIX}. Without an "
                "executor, run_shards replaces a process that is killed"
            )
        elif others:
            error.add_note(f"{named([first, *others])} of {len(seeds)} failed with this exception")
        else:
            error.add_note(
                f"{named([first])} of {len(seeds)} failed; "
                f"scenario(MemBackend(seed={seeds[first]}), {first}) repeats the shard"
            )


def named(shards: Sequence[int]) -> str:
    return f"shard{'s' if len(shards) > 1 else ''} {listed(shards)}"


def listed(shards: Sequence[int]) -> str:
    return ", ".join(str(shard) for shard in shards[:8]) + (", ..." if len(shards) > 8 else "")


REDRAW = 0.2
"""The least seconds between two drawings of the bar."""


class Bar:
    """Shows how much of a run is done, the rate, the time so far and the time left."""

    def __init__(self, listener: Listener, total: int) -> None:
        """Show the progress of `total` shards on standard error."""
        self.listener = listener
        self.total = total
        self.began = time.monotonic()
        self.next_time = self.began
        self.line = StatusLine(sys.stderr)

    def draw(self, done: int) -> None:
        """Show how many shards are done, and parts of shards; at most five times a second."""
        now = time.monotonic()
        if now >= self.next_time:
            self.next_time = now + REDRAW
            self.line.draw(self.text(done))

    def end(self, done: int) -> None:
        """Show the last state for good."""
        self.line.end(self.text(done))

    def text(self, done: int) -> str:
        """Describe the state in less than 80 characters."""
        seconds = time.monotonic() - self.began
        # A copy, because other threads change it.
        amount = done + sum(list(self.listener.fractions.values()))
        fraction = amount / self.total if self.total else 1.0
        note = "shards"
        if amount and seconds:
            note += f" {rate(amount / seconds)}"
        note += f" {clock(seconds)}"
        if 0 < fraction < 1:
            note += f", {clock(seconds * (1 - fraction) / fraction)} left"
        return progress_text(done, self.total, note, amount)


def rate(per_second: float) -> str:
    """Write a rate per second, minute or hour: the first of them that gives 1 or more."""
    for seconds, unit in ((1, "s"), (60, "min")):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:.1f}/{unit}"
    return f"{per_second * 3600:.1f}/h"
