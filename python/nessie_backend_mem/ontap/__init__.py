"""The ONTAP face: unmodified ONTAP clients run against backends of this package.

>>> from nessie_backend_mem import MemBackend
>>> from nessie_backend_mem.ontap import OntapServer
>>> with OntapServer(MemBackend()) as server:
...     server.url.startswith("https://127.0.0.1:")
True

`OntapServer` is an ONTAP REST endpoint with volumes, snapshots, FlexClones, jobs and what clients
look at around them. What a client changes through it shows in the backend at once, and the other
way round. `volume_record`, `snapshot_record` and `error_envelope` show what it would say, without
one. ``python -m nessie_backend_mem serve`` is the same for those who have no Python at hand.
"""

from __future__ import annotations

from .records import error_envelope, snapshot_record, volume_record
from .server import Lif, OntapServer

__all__ = ["Lif", "OntapServer", "error_envelope", "snapshot_record", "volume_record"]
__dir__ = __all__.copy
