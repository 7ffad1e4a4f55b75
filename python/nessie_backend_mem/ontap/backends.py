"""The backends that a server makes itself."""

from __future__ import annotations

from nessie_backend_mem import MemBackend

__all__ = ["new_backend"]
__dir__ = __all__.copy


def new_backend(seed: int | None = None) -> MemBackend:
    """Return an empty backend with ONTAP's limits.

    ONTAP's rules for names and sizes are in the endpoint. So a test that creates volumes in the
    backend itself may give them any name.
    """
    return MemBackend(seed=seed, limits=MemBackend(profile="ontap").limits)
