"""Faults: calls of a backend that fail, are late, or fail after they have happened.

>>> from nessie_backend_mem import BackendTimeoutError, Fault, MemBackend
>>> backend = MemBackend(seed=1)
>>> db = backend.create_volume("db")["uuid"]
>>> with backend.inject(Fault("create_snapshot", error="timeout", times=1)) as plan:
...     try:
...         backend.create_snapshot(db, "nightly")
...     except BackendTimeoutError:
...         snapshot = backend.create_snapshot(db, "nightly")
>>> [(hit["operation"], hit["name"]) for hit in plan.hits]
[('create_snapshot', 'nightly')]

`MemBackend.inject` installs faults in a `MemBackend`. A `FaultyBackend` does
so for any other backend, and for a program that uses one. `MemBackend.events`
and `FaultyBackend.events` record what happened, see
`nessie_backend_mem.events`.

Plans apply in the order in which they were installed, and the faults of a plan
in their order. Delays add up. The first error ends the call, and later faults
do not count it. A call that the backend itself refuses keeps its error, and
faults with ``when="after"`` do not count it. A bulk call is matched and hit as
one call. Copies, pickles and dumps of a backend have no faults; `reset` keeps
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from ._core import _OPERATIONS, EventLog, FaultPlan, _check_fault, _Hooks
from .protocols import FullBackend, VolumeBackend

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import SupportsIndex

    from .records import Capabilities

__all__ = ["Fault", "FaultPlan", "FaultyBackend"]
__dir__ = __all__.copy

BackendT_co = TypeVar("BackendT_co", bound=VolumeBackend, covariant=True)

REQUIRED = (
    *("capabilities", "create_volume", "list_volumes", "get_volume", "patch_volume"),
    *("delete_volume", "access_handle"),
)
"""The methods that every backend has."""

RECORDED = (
    *("create_snapshot_policy", "get_snapshot_policy", "replace_snapshot_policy"),
    *("delete_snapshot_policy", "advance", "run_due", "reset"),
)
"""The methods that no fault can hit and that are events."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fault:
    """Which calls are hit, and what happens to them. It can be used for several backends.

    Of the calls that match `operation` and `name`, the first `after` pass. Of each `every` calls
    that follow, the last is hit, with the given probability, and at most `times` in all. Calls of
    all threads are counted together. A fault without `error` and `delay` only records its hits.

    In patterns ``*`` matches any characters and ``?`` exactly one; case matters.

    Args:
        operation: Pattern for the name of the method. The methods that read or change volumes,
            snapshots and space can be hit, single and bulk ones.
        name: Pattern for the names and uuids of the volumes and snapshots that the call is about.
        error: What the call raises: the `code` of an exception of `nessie_backend_mem.errors`,
            such as ``"timeout"``, whose target is then the object of the call; or an `Exception`,
            or a class of exceptions that can be made without arguments. ``None`` means that the
            call succeeds.
        delay: How much longer the call takes, in seconds or as a `timedelta`. A clock that only
            `advance` moves is advanced, with the snapshot policies that are due; otherwise the
            thread waits.
        when: ``"before"``: the delay comes before the operation, and after an error nothing has
            changed. ``"after"``: the operation has happened, and then the caller waits or gets
            the error.
        after: How many matching calls pass first.
        times: How many calls are hit at most; ``None`` means no limit.
        every: Of so many calls the last is hit; 1 hits each.
        probability: Probability of a hit, 0 to 1; ``None`` means always. On a backend with a seed
            the same calls are hit on every run.

    Raises:
        InvalidArgumentError: No operation matches, the code is unknown, a number is out of range,
            or `when` is another word.

    Example:
        >>> Fault("create_*", name="db*", error="timeout", when="after", every=3)
        Fault('create_*', name='db*', error='timeout', when='after', every=3)
    """

    operation: str = field(default="*", kw_only=False)
    name: str = "*"
    error: str | Exception | type[Exception] | None = None
    delay: float | timedelta | None = None
    when: Literal["before", "after"] = "before"
    after: int = 0
    times: int | None = None
    every: int = 1
    probability: float | None = None

    def __post_init__(self) -> None:
        _check_fault(self)

    def __repr__(self) -> str:
        operation, *others = fields(self)
        shown = [] if self.operation == operation.default else [repr(self.operation)]
        for each in others:
            value = getattr(self, each.name)
            if value != each.default:
                is_class = isinstance(value, type)
                shown.append(f"{each.name}={value.__qualname__ if is_class else repr(value)}")
        return f"Fault({', '.join(shown)})"


if TYPE_CHECKING:

    class _Operations(FullBackend):
        """What type checkers and editors show of a `FaultyBackend`."""

        capabilities = FullBackend.capabilities
        create_volume = FullBackend.create_volume
        list_volumes = FullBackend.list_volumes
        get_volume = FullBackend.get_volume
        find_volume = FullBackend.find_volume
        patch_volume = FullBackend.patch_volume
        delete_volume = FullBackend.delete_volume
        access_handle = FullBackend.access_handle
        create_snapshot = FullBackend.create_snapshot
        list_snapshots = FullBackend.list_snapshots
        get_snapshot = FullBackend.get_snapshot
        find_snapshot = FullBackend.find_snapshot
        rename_snapshot = FullBackend.rename_snapshot
        delete_snapshot = FullBackend.delete_snapshot
        restore_snapshot = FullBackend.restore_snapshot
        create_clone = FullBackend.create_clone
        split_clone = FullBackend.split_clone

else:

    class _Operations:
        """Nothing: a method that the other backend lacks is not found in the class."""


class FaultyBackend(_Operations, Generic[BackendT_co]):
    """A backend around another one, with faults and events.

    It has the methods of the other backend, and passes the conformance suite if that backend does.
    Methods that no fault can hit and all other attributes are those of the other backend. ``len``,
    iteration and ``in`` need that backend itself: use the attribute `backend`. Calls that are made
    there are not hit and not recorded. Copies and pickles have a copy of it, and no faults.

    Args:
        backend: The other backend.
        seed: Seed of the probabilities of faults, 0 to 2**64 - 1. ``None`` means random.

    Attributes:
        backend: The other backend.
        seed: Seed of the probabilities of faults.

    Raises:
        TypeError: `backend` lacks a method that every backend has.
        InvalidArgumentError: `seed` is out of range.

    Example:
        >>> backend = FaultyBackend(MemBackend())
        >>> with backend.inject(Fault("list_volumes", error=ConnectionResetError)):
        ...     backend.list_volumes()
        Traceback (most recent call last):
        ConnectionResetError
        >>> backend.list_volumes()
        []
    """

    backend: BackendT_co
    seed: SupportsIndex | None

    def __init__(self, backend: BackendT_co, *, seed: SupportsIndex | None = None) -> None:
        if isinstance(backend, type):
            raise TypeError(f"{backend.__name__} is a class; pass one of its instances")
        missing = [name for name in REQUIRED if not callable(getattr(backend, name, None))]
        if missing:
            kind = type(backend).__name__
            raise TypeError(f"{kind} is not a backend: it has no method {missing[0]}")
        self.backend = backend
        self.seed = seed
        self._hooks = _Hooks(seed)
        # Attributes of the object, because `isinstance` does not ask `__getattr__` from Python
        # 3.12 on.
        for kind in (*_OPERATIONS, *RECORDED):
            if callable(getattr(backend, kind, None)):
                setattr(self, kind, _wrapped(self._hooks, backend, kind))

    def inject(self, *faults: Fault) -> FaultPlan:
        """Install faults. They stay until the end of the ``with`` block, or until `remove`.

        Args:
            *faults: The faults, in the order in which they apply.

        Returns:
            The plan: what was hit, and `remove`. It is a context manager.
        """
        return self._hooks.inject(*faults)

    def events(self, keep: SupportsIndex | None = None) -> EventLog:
        """Open a log, which records each operation that changes something or is refused.

        Args:
            keep: How many events the log keeps, the last ones. ``None`` means all.

        Returns:
            The open log. It records until it is closed or dropped.

        Raises:
            InvalidArgumentError: `keep` is less than 1.
        """
        return self._hooks.events(keep)

    def capabilities(self) -> Capabilities:
        """Return which tiers the other backend has."""
        return self.backend.capabilities()

    def __getattr__(self, name: str) -> Any:
        if name in ("backend", "_hooks"):  # not yet set
            raise AttributeError(name)
        return getattr(self.backend, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.backend)})

    def __repr__(self) -> str:
        seed = "" if self.seed is None else f", seed={self.seed!r}"
        return f"FaultyBackend({self.backend!r}{seed})"

    def __reduce__(self) -> tuple[object, ...]:
        return partial(FaultyBackend, seed=self.seed), (self.backend,)


def _wrapped(hooks: _Hooks, backend: Any, kind: str) -> Callable[..., Any]:
    """Return a method of a backend with its faults and events."""

    # Its signature is that of the method: programs look there for arguments.
    @wraps(getattr(backend, kind))
    def operation(*args: Any, **kwargs: Any) -> Any:
        return hooks.call(kind, backend, getattr(backend, kind), args, kwargs)

    return operation
