"""Run one scenario on many backends in parallel, with any executor of `concurrent.futures`.

>>> from concurrent.futures import ThreadPoolExecutor
>>> from nessie_backend_mem.simulation import run_shards
>>> def scenario(backend, shard):
...     return backend.create_volume(f"volume-{shard}")["name"]
>>> with ThreadPoolExecutor() as threads:
...     run_shards(scenario, 3, threads, seed=7)
['volume-0', 'volume-1', 'volume-2']

The default runs processes on this machine. Dask's
``Client.get_executor()``, or another object with the method ``submit``,
runs a simulation on other machines.

A script guards its calls, because each process imports the script:

    if __name__ == "__main__":
        results = run_shards(scenario, shards=64)

A notebook or an interactive session has no script to import. Pass an
executor there, such as ``ThreadPoolExecutor()``.

How much space do 14 nightly snapshots take if 5 % of the data changes every
day? 70 % of the live data, if no two days change the same data:

>>> from nessie_backend_mem import MemBackend
>>> gib = 2**30
>>> backend = MemBackend(seed=1)
>>> db = backend.create_volume("db")["uuid"]
>>> used = backend.write(db, 100 * gib)["used_bytes"]
>>> for night in range(30):
...     snapshot = backend.create_snapshot(db, f"night-{night}")
...     used = backend.write(db, 5 * gib, overwrite_bytes=5 * gib)["used_bytes"]
...     snapshots = backend.list_snapshots(db)
...     if len(snapshots) > 14:
...         backend.delete_snapshot(db, snapshots[0]["uuid"])
>>> backend.space()["live_bytes"] / gib, backend.space()["snapshot_bytes"] / gib
(100.0, 70.0)

``nessie-mem simulate`` does this for a fleet of volumes in a pool that fills
up, and draws it with ``--plot``.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import BrokenExecutor, Executor
from contextlib import closing
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from . import InvalidArgumentError, MemBackend
from ._executors import by_executor
from ._progress import ProgressBar, can_redraw
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
    """A function that runs on each backend. Other processes must be able to import it."""

    def __call__(self, backend: MemBackend, shard: int, /) -> Result_co:
        """Do the work of one shard.

        Args:
            backend: The shard's backend.
            shard: The shard's number, counted from 0.

        Returns:
            The shard's result.
        """


class ShardFailures(ExceptionGroup[Exception], Generic[Result]):
    """Some shards failed. Each exception has a note with the shard and the seed that repeat it.

    An exception that several shards share, such as the `BrokenExecutor` of a process pool that lost
    a worker, is in the group once. ``except*`` and ``ExceptionGroup.split`` make plain
    exception groups.

    Args:
        message: Text for people.
        failed: Exceptions by shard.
        results: Results of the other shards by shard.

    Attributes:
        results: Results of the other shards by shard.
        failed: Exceptions by shard.
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
        """Pickle all attributes."""
        return type(self), (self.message, dict(self.failed), dict(self.results))


def shard_seed(seed: int, shard: int) -> int:
    """Return the seed of a shard's backend, the same on every machine and in every version.

    It is the first 8 bytes, little-endian, of the SHA-256 of ``nessie-backend-mem shard``, the
    seed and the shard's number, both as 8 bytes, little-endian.

    Args:
        seed: Seed of the simulation, 0 to 2**64 - 1.
        shard: Number of the shard, counted from 0.

    Raises:
        InvalidArgumentError: `seed` or `shard` is out of range.
    """
    for argument, value in (("seed", seed), ("shard", shard)):
        if not 0 <= value < 2**64:
            raise InvalidArgumentError(f"{argument} {value} is outside 0 to 2^64-1", argument)
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
    """Run a scenario once per shard, each on a new backend.

    Ctrl-C, and an exception of `progress`, end the processes of the default executor at once. In an
    executor of the caller, shards that have not begun are cancelled, and running ones continue.

    Args:
        scenario: Called with a `MemBackend` of the seed ``shard_seed(seed, shard)`` and the number
            of the shard. The scenario, its result and its exceptions are pickled if they pass
            between processes. It may call `report_progress`.
        shards: Number of shards.
        executor: An object with the methods of `concurrent.futures.Executor`; it keeps running.
            ``None`` spawns one process per processor, and ends them.
        seed: 0 to 2**64 - 1. The same seed gives the same results with every executor.
        progress: Called after each shard with the number of ended shards and the number of all
            shards. ``None`` shows a bar with the rate and the remaining time on standard error if
            that is a terminal or belongs to a notebook. ``True`` always shows the bar, as separate
            lines where it cannot be redrawn. ``False`` never shows it.

    Returns:
        The results in the order of the shards.

    Raises:
        ShardFailures: Some shards failed. The others ran to their end; the exception has their
            results. An exception of the scenario, a result that cannot be pickled and the end of a
            spawned process fail one shard. A broken executor fails all shards that had not ended.
        InvalidArgumentError: The processes cannot import the scenario, or `shards` or `seed` is out
            of range.
        KeyboardInterrupt: The user pressed Ctrl-C.
    """
    check_run(scenario, shards, executor, seed)
    seeds = [shard_seed(seed, shard) for shard in range(shards)]
    listener = Listener()
    run: Generator[Ended[Result] | None, None, None] = (
        by_workers(scenario, seeds, listener)
        if executor is None
        else by_executor(executor, scenario, seeds, listener)
    )
    is_shown = progress is True or (progress is None and can_redraw(sys.stderr))
    shown = ProgressBar(listener.fractions, shards) if is_shown else None
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


def check_run(scenario: Any, shards: Any, executor: Any, seed: Any) -> None:
    """Refuse wrong arguments of `run_shards`."""
    if not callable(scenario):
        raise TypeError(f"scenario must be a function of a backend and a number, not {scenario!r}")
    for argument, value in (("shards", shards), ("seed", seed)):
        if not isinstance(value, int):
            raise TypeError(f"{argument} must be an int, not {value!r}")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor must have the method submit, which {executor!r} lacks")
    if shards < 0:
        raise InvalidArgumentError(f"shards {shards} is negative", "shards")


def add_notes(failed: Mapping[int, Exception], seeds: Sequence[int]) -> None:
    """Add a note to each exception: its shards, and the fix."""
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
