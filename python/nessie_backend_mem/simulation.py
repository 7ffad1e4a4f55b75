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
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from . import InvalidArgumentError, MemBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

__all__ = ["ShardFailures", "run_shards", "shard_seed"]

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Scenario(Protocol[Result_co]):
    """What runs on each backend; a function of a module, so that other processes find it."""

    def __call__(self, backend: MemBackend, shard: int, /) -> Result_co:
        """Do the work of one shard and return its result."""


class ShardFailures(ExceptionGroup[Exception], Generic[Result]):
    """Some shards failed. Each exception has a note with the shard and the seed that repeat it.

    The parts that ``except*`` and `split` make are plain groups.

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
        self = super().__new__(cls, message, [failed[shard] for shard in sorted(failed)])
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
            number. It, its result and what it raises are pickled on the way between processes.
        shards: how many; they are numbered from 0.
        executor: whatever has the methods of `concurrent.futures.Executor`; it is left running.
            None makes processes, one per processor, by spawning, and ends them.
        seed: from 0 to 2**64-1; the same one gives the same results, whatever the executor.
        progress: called with the shards done and their number. None shows a bar on standard error
            if that is a terminal; True always does, False never.

    Returns:
        The results in the order of the shards.

    Raises:
        ShardFailures: some shards raised; all others ran to their end, and it has their results.

    Ctrl-C, and whatever `progress` raises, cancels the shards that have not begun.
    """
    if shards < 0:
        raise InvalidArgumentError(f"shards {shards} is negative", "shards")
    seeds = [shard_seed(seed, shard) for shard in range(shards)]
    if executor is not None:
        return _collect(executor, scenario, seeds, progress)
    own = ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))
    try:
        results = _collect(own, scenario, seeds, progress)
    except ShardFailures:
        own.shutdown()
        raise
    except BaseException:
        own.shutdown(wait=False, cancel_futures=True)
        raise
    own.shutdown()
    return results


def _run_shard(scenario: Scenario[Result], seed: int, shard: int) -> Result:
    """Run one shard, in whatever process."""
    return scenario(MemBackend(seed=seed), shard)


def _collect(
    executor: Executor,
    scenario: Scenario[Result],
    seeds: list[int],
    progress: Callable[[int, int], object] | bool | None,
) -> list[Result]:
    shown = _bar if progress is True or (progress is None and _is_terminal()) else progress
    results: dict[int, Result] = {}
    failed: dict[int, Exception] = {}
    futures: dict[Future[Result], int] = {}
    try:
        for shard, seed in enumerate(seeds):
            futures[executor.submit(_run_shard, scenario, seed, shard)] = shard
        for done, future in enumerate(as_completed(futures), 1):
            shard = futures[future]
            try:
                results[shard] = future.result()
            except Exception as error:  # noqa: BLE001 (reported with all others at the end)
                error.add_note(
                    f"shard {shard} of {len(seeds)} failed; "
                    f"scenario(MemBackend(seed={seeds[shard]}), {shard}) repeats it"
                )
                failed[shard] = error
            if callable(shown):
                shown(done, len(seeds))
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    if failed:
        which = ", ".join(str(shard) for shard in sorted(failed)[:8])
        more = ", ..." if len(failed) > 8 else ""
        message = f"{len(failed)} of {len(seeds)} shards failed: {which}{more}"
        raise ShardFailures(message, failed, results)
    return [results[shard] for shard in range(len(seeds))]


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _bar(done: int, total: int) -> None:
    """Draw how far it is over the last time it was drawn."""
    width = 50
    full = width * done // total
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r[{'#' * full}{'.' * (width - full)}] {done}/{total} shards{end}")
    sys.stderr.flush()
