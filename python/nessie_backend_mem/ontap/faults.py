"""Faults of requests: what clients must survive."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypedDict, final

from nessie_backend_mem._core import _check_http_fault

if TYPE_CHECKING:
    from types import TracebackType

    from nessie_backend_mem._core import _HttpFaultPlan

__all__ = ["HttpFault", "HttpFaultPlan", "HttpHit"]
__dir__ = __all__.copy

TYPES: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "status": (int,),
    "retry_after": (int,),
    "reset": (bool,),
    "truncate": (int,),
    "job": (str,),
    "delay": (int, float, timedelta),
    "when": (str,),
    "after": (int,),
    "times": (int,),
    "every": (int,),
    "probability": (int, float),
}
"""The types of the arguments. A bool counts only as a bool."""


class HttpHit(TypedDict):
    """A request that a fault has hit.

    Attributes:
        fault: Position of the fault in its plan, from 0.
        method: The method, such as ``GET``.
        path: The path, without the query.
        time: When, on the clock of the server, in RFC 3339.
    """

    fault: int
    method: str
    path: str
    time: str


@final
@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class HttpFault:
    """A fault of requests to an `OntapServer`: which requests it hits, and what happens to them.

    `method` and `path` are patterns: ``*`` stands for any characters and ``?`` for one. Of the
    requests that match both, the first `after` pass. Of each `every` that follow, the last is hit,
    with the given `probability`, and at most `times` in all. A fault comes before the login, as
    that of a proxy in front of an array. Requests to ``/simulator`` are never hit.

    A fault has at most one of `status`, `reset`, `truncate` and `job`.

    Args:
        method: Pattern of the method, such as ``GET`` or ``P*``.
        path: Pattern of the path as it was sent, without the query, such as
            ``/api/storage/volumes*``.
        status: Status of the reply, 400 to 599. The reply has an error of ONTAP.
        retry_after: Seconds in the header ``Retry-After``; it needs `status`.
        reset: Whether to reset the connection.
        truncate: Number of bytes of the body after which the reply ends. Its header has the whole
            length, and the connection is closed.
        job: ``"failure"`` for a job that fails although its change has succeeded; ``"running"`` for
            a job that runs until the faults are removed. A client that waits for the result
            (``return_timeout``) gets the job too.
        delay: Seconds or a `timedelta` by which the reply is late. Other requests do not wait. It
            ends when the server is stopped.
        when: ``"before"`` or ``"after"`` the request is handled. After it, only a request that has
            succeeded counts. Without it, `truncate` and `job` are after it, the others before.
        after: Number of requests that pass first.
        times: Largest number of requests that are hit.
        every: Number of requests of which the last is hit.
        probability: Probability of each hit, 0 to 1, from the server's seed.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: A value breaks a rule, or arguments exclude each other.

    Example:
        >>> from nessie_backend_mem.ontap import HttpFault
        >>> HttpFault(method="GET", path="/api/cluster/jobs/*", status=503, retry_after=1, times=2)
        HttpFault(method='GET', path='/api/cluster/jobs/*', status=503, retry_after=1, times=2)
    """

    method: str = "*"
    path: str = "*"
    status: int | None = None
    retry_after: int | None = None
    reset: bool = False
    truncate: int | None = None
    job: Literal["failure", "running"] | None = None
    delay: float | timedelta | None = None
    when: Literal["before", "after"] | None = None
    after: int = 0
    times: int | None = None
    every: int = 1
    probability: float | None = None

    def __post_init__(self) -> None:
        for name, value in given(self).items():
            types = TYPES[name]
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                expected = " or ".join(type_.__name__ for type_ in types)
                raise TypeError(f"{name}: expected {expected}, not {value!r}")
        _check_http_fault(as_json(self))

    def __repr__(self) -> str:
        values = ((field, getattr(self, field.name)) for field in fields(self))
        shown = (f"{field.name}={value!r}" for field, value in values if value != field.default)
        return f"HttpFault({', '.join(shown)})"


def given(fault: HttpFault) -> dict[str, Any]:
    """Return the arguments, without those that may be None and are."""
    values = ((field, getattr(fault, field.name)) for field in fields(fault))
    return {
        field.name: value
        for field, value in values
        if value is not None or field.default is not None
    }


def as_json(fault: HttpFault) -> bytes:
    """Return a fault as the cluster reads it."""
    values = given(fault)
    if isinstance(values.get("delay"), timedelta):
        values["delay"] = values["delay"].total_seconds()
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name}: {value} is not a finite number")
    return json.dumps(values).encode()


@final
class HttpFaultPlan:
    """Faults of requests that are installed in a server.

    `OntapServer.inject` returns it. As a context manager it removes the faults at the end. It can
    be read afterwards.

    Args:
        plan: The plan of the cluster. Only `OntapServer.inject` makes one.
        faults: The faults, in their order.
    """

    def __init__(self, plan: _HttpFaultPlan, faults: tuple[HttpFault, ...]) -> None:
        """Keep the faults with the plan that has installed them."""
        self._plan = plan
        self._faults = faults

    @property
    def faults(self) -> tuple[HttpFault, ...]:
        """The faults, in their order."""
        return self._faults

    @property
    def hits(self) -> list[HttpHit]:
        """The requests that were hit, in their order."""
        return [
            {"fault": fault, "method": method, "path": path, "time": time}
            for fault, method, path, time in self._plan.hits
        ]

    @property
    def unused(self) -> list[HttpFault]:
        """The faults whose patterns no request has matched."""
        return [self._faults[position] for position in self._plan.unused]

    def remove(self) -> None:
        """Remove the faults. Jobs that they keep running end.

        A second call has no effect.
        """
        self._plan.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled."""
        raise TypeError("cannot copy or pickle an HttpFaultPlan: its faults belong to one server")

    def __repr__(self) -> str:
        state = "" if self._plan.is_installed else ", removed"
        return f"<HttpFaultPlan {self._faults!r}, hits={len(self._plan.hits)}{state}>"
