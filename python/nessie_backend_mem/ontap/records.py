"""Records and errors of this package as ONTAP writes them, without a server.

For tests of code that reads ONTAP's replies, and for prepared replies in ONTAP's form.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nessie_backend_mem._core import _ontap_error, _ontap_snapshot, _ontap_volume

from .server import AGGREGATE_BYTES, SVM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nessie_backend_mem import NessieError, Snapshot, Volume

__all__ = ["error_envelope", "snapshot_record", "volume_record"]
__dir__ = __all__.copy


def volume_record(
    volume: Volume, *, svm: str = SVM, fields: str | Iterable[str] | None = None
) -> dict[str, Any]:
    """Return a volume as ``GET /api/storage/volumes/{uuid}`` shows it.

    Args:
        volume: A record that a backend returned.
        svm: The name of its SVM.
        fields: The value of the parameter ``fields``, as text or as names. None selects the default
            fields of a single record.

    Raises:
        ValueError: A field is unknown, or `volume` is not a record of a volume.
    """
    record: dict[str, Any] = json.loads(
        _ontap_volume(volume, svm, AGGREGATE_BYTES, field_list(fields))
    )
    return record


def snapshot_record(
    snapshot: Snapshot,
    volume: Volume,
    *,
    svm: str = SVM,
    fields: str | Iterable[str] | None = None,
) -> dict[str, Any]:
    """Return a snapshot as ``GET /api/storage/volumes/{uuid}/snapshots/{uuid}`` shows it.

    Args:
        snapshot: A record that a backend returned.
        volume: The record of its volume.
        svm: The name of their SVM.
        fields: As for `volume_record`.

    Raises:
        ValueError: A field is unknown, or an argument is not such a record.
    """
    record: dict[str, Any] = json.loads(
        _ontap_snapshot(snapshot, volume, svm, AGGREGATE_BYTES, field_list(fields))
    )
    return record


def error_envelope(error: NessieError) -> dict[str, Any]:
    """Return the body of the reply to a request that failed with `error`.

    For example ``{"error": {"code": "4", "message": "...", "target": "..."}}``. ``target`` is left
    out if the error has none.
    """
    _, body = _ontap_error(error.code or "", error.message, error.target)
    envelope: dict[str, Any] = json.loads(body)
    return envelope


def field_list(fields: str | Iterable[str] | None) -> str:
    """Return names of fields as the parameter ``fields`` has them."""
    return fields if isinstance(fields, str) else ",".join(fields or ())
