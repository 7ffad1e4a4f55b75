"""Events: what happened to a backend, how to repeat it, and how two backends differ.

>>> from nessie_backend_mem import MemBackend
>>> from nessie_backend_mem.events import diff, replay
>>> backend = MemBackend(seed=1)
>>> with backend.events() as log:
...     volume = backend.create_volume("db", size_bytes=2**30)
...     snapshot = backend.create_snapshot(volume["uuid"], "nightly")
>>> [(event["operation"], event["arguments"].get("name")) for event in log]
[('create_volume', 'db'), ('create_snapshot', 'nightly')]
>>> again = MemBackend(seed=1)
>>> replay(log, again)
>>> bool(diff(backend, again))
False

An event is a dict; `nessie_backend_mem.records.Event` has its keys.
Operations that only read are events if they fail. The order is that in which
the operations took effect.
"""

from __future__ import annotations

from ._core import EventLog
from ._diff import Change, Diff, diff
from ._replay import ReplayDifference, replay

__all__ = ["Change", "Diff", "EventLog", "ReplayDifference", "diff", "replay"]
__dir__ = __all__.copy
