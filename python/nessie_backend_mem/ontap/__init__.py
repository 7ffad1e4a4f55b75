"""An ONTAP REST endpoint: unmodified ONTAP clients work with backends of this package.

>>> from nessie_backend_mem import MemBackend
>>> from nessie_backend_mem.ontap import OntapServer
>>> with OntapServer(MemBackend()) as server:
...     server.url.startswith("https://127.0.0.1:")
True

`OntapServer` serves volumes, snapshots, FlexClones, jobs, and the objects
around them that clients read. A change by a client is visible in the
backend at once, and a change in the backend is visible to clients.
`volume_record`, `snapshot_record` and `error_envelope` return single
replies without a server. `HttpFault` makes requests fail, end early or take
longer. ``python -m nessie_backend_mem serve`` runs a
server from a shell.
"""

from __future__ import annotations

from .faults import HttpFault, HttpFaultPlan, HttpHit
from .records import error_envelope, snapshot_record, volume_record
from .server import Lif, OntapServer

__all__ = [
    "HttpFault",
    "HttpFaultPlan",
    "HttpHit",
    "Lif",
    "OntapServer",
    "error_envelope",
    "snapshot_record",
    "volume_record",
]
__dir__ = __all__.copy
