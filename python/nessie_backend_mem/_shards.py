"""One shard: how it runs, and how its result or exception is sent to another process."""

from __future__ import annotations

import pickle
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import InvalidArgumentError, MemBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Ended",
    "Listener",
    "Outcome",
    "ShardError",
    "attempt",
    "dumps",
    "explained",
    "report_progress",
    "run_for_executor",
]

Result = TypeVar("Result")


class ShardError(Exception):
    """A failure of a shard that cannot be sent as an exception. The text describes it.

    For example: an exception that cannot be pickled, `SystemExit`, a result that cannot be pickled,
    or the end of the process that ran the shard.
    """

    __module__ = "nessie_backend_mem.simulation"


class WorkerTraceback(Exception):  # noqa: N818 (the cause of an error)
    """The traceback of an exception in the process that raised it, as text."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@dataclass(frozen=True, slots=True)
class Ended(Generic[Result]):
    """The outcome of shards: a result, or an exception that they share."""

    shards: Sequence[int]
    result: Result | None = None
    error: Exception | None = None


# Progress -------------------------------------------------------------------------------------

_of_thread = threading.local()


def report_progress(fraction: float) -> None:
    """Report, inside a scenario, how much of its shard is done. The progress bar shows it.

    It does nothing outside of `run_shards`, in threads other than the scenario's, and in processes
    of an executor of the caller. It is cheap enough to be called often.

    Args:
        fraction: Part of the shard's work that is done, from 0 to 1.

    Raises:
        InvalidArgumentError: `fraction` is out of range.
    """
    if not 0 <= fraction <= 1:
        raise InvalidArgumentError(f"fraction {fraction!r} is outside 0 to 1", "fraction")
    report = getattr(_of_thread, "report", None)
    if report is not None:
        report(fraction)


class Listener:
    """Stores how much of each running shard is done. It is pickled as None."""

    def __init__(self) -> None:
        """Begin without running shards."""
        self.fractions: dict[int, float] = {}

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    def of(self, shard: int) -> Callable[[float], None]:
        """Return a function that stores the fractions of one shard."""

        def report(fraction: float) -> None:
            self.fractions[shard] = fraction

        return report


# Running --------------------------------------------------------------------------------------


def run(
    scenario: Callable[[MemBackend, int], Result],
    seed: int,
    shard: int,
    report: Callable[[float], None] | None,
) -> Result:
    """Run one shard in this thread."""
    before = getattr(_of_thread, "report", None)
    _of_thread.report = report
    try:
        return scenario(MemBackend(seed=seed), shard)
    finally:
        _of_thread.report = before


def run_for_executor(
    scenario: Callable[[MemBackend, int], Result], seed: int, shard: int, listener: Listener | None
) -> Result:
    """Run one shard on any executor, which transports the result or the exception in its own way.

    Raises:
        ShardError: the shard ended with an exception that the executor could not transport, or that
            would end the worker.
        KeyboardInterrupt: the user pressed Ctrl-C, and this runs in the main thread.
    """
    report = listener.of(shard) if listener is not None else None
    try:
        return run(scenario, seed, shard, report)
    except Exception as error:
        if listener is not None or is_same_after(error, error):
            raise
        raise ShardError(ended_with(error)) from error
    except BaseException as error:
        of_main_thread = threading.current_thread() is threading.main_thread()
        if isinstance(error, KeyboardInterrupt) and of_main_thread:
            raise
        raise ShardError(ended_with(error)) from error


# Between processes ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a shard, pickled, so that unpickling errors concern this shard only."""

    data: bytes
    trace: str | None = None
    """The traceback if it failed."""

    def ended(self, shard: int) -> Ended[Any]:
        """Unpickle it."""
        try:
            value = pickle.loads(self.data)  # noqa: S301 (from a process of this program)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 (only this shard fails)
            what = "result" if self.trace is None else "exception"
            failure = ShardError(f"its {what} cannot be unpickled: {explained(error)}")
            failure.__cause__ = error if self.trace is None else WorkerTraceback(self.trace)
            return Ended([shard], error=failure)
        if self.trace is None:
            return Ended([shard], result=value)
        value.__cause__ = WorkerTraceback(self.trace)
        return Ended([shard], error=value)


def attempt(
    scenario: Callable[[MemBackend, int], Any],
    seed: int,
    shard: int,
    report: Callable[[float], None] | None = None,
) -> Outcome:
    """Run one shard; every exception is its outcome."""
    try:
        result = run(scenario, seed, shard, report)
    except BaseException as error:  # noqa: BLE001 (it is the outcome)
        return failed(error)
    try:
        return Outcome(dumps(result))
    except BaseException as error:  # noqa: BLE001 (pickling runs code of the result)
        kind = type(result).__qualname__
        failure = ShardError(f"its result, of type {kind}, cannot be pickled: {explained(error)}")
        return Outcome(dumps(failure), traced(error))


def failed(error: BaseException) -> Outcome:
    """Pickle an exception unchanged if possible, else as a `ShardError` with its text."""
    trace = traced(error)
    if isinstance(error, Exception):
        for form in (error, Rebuilt(error)):
            if is_same_after(form, error):
                return Outcome(dumps(form), trace)
    return Outcome(dumps(ShardError(ended_with(error))), trace)


class Rebuilt:
    """Pickles an exception whose `__init__` cannot be called again with its `args`."""

    def __init__(self, error: Exception) -> None:
        """Pickle as `error`."""
        self.error = error

    def __reduce__(self) -> tuple[object, ...]:
        return rebuild, (type(self.error), self.error.args, dict(vars(self.error)))


def rebuild(kind: type[Exception], arguments: tuple[object, ...], state: dict[str, Any]) -> object:
    """Create an exception again without calling its `__init__`."""
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    vars(error).update(state)
    return error


def is_same_after(form: object, error: Exception) -> bool:
    """Whether `form` is unpickled as an exception with the type and the text of `error`."""
    try:
        again = pickle.loads(dumps(form))  # noqa: S301 (it was pickled a moment ago)
        return type(again) is type(error) and str(again) == str(error)
    except Exception:  # noqa: BLE001 (the code of any exception may run)
        return False


def dumps(value: object) -> bytes:
    """Pickle as `multiprocessing` does."""
    return bytes(ForkingPickler.dumps(value))


def traced(error: BaseException) -> str:
    """Show an exception with its traceback."""
    return "".join(traceback.format_exception(error)).rstrip()


def ended_with(error: BaseException) -> str:
    return f"the scenario ended with {explained(error)}"


def explained(error: BaseException) -> str:
    """Show an exception without its traceback."""
    return "".join(traceback.format_exception_only(error)).strip()
