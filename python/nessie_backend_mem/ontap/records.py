"""Records and errors of this package as ONTAP writes them, without a server.

For tests of code that reads ONTAP's replies, and for prepared replies in ONTAP's form.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nessie_backend_mem._core import _ontap_error, _ontap_snapshot, _ontap_volume

from .server import AGGREGATE_BYTES, SVM, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nessie_backend_mem import NessieError, Snapshot, Volume

__all__ = ["error_envelope", "snapshot_record", "volume_record"]
__dir__ = __all__.copy


def volume_record(
    volume: Volume, *, svm: str = SVM, fields: str | Iterable[str] | None = None
) -> dict[str, Any]:
    """Return a volume in the form of the reply to ``GET /api/storage/volumes/{uuid}``.

    Args:
        volume: The volume, as a backend returns it.
        svm: Name of its SVM.
        fields: Value of the query parameter ``fields``, as one text or as names. ``None`` returns
            the default fields of a single record.

    Raises:
        TypeError: `svm` or `fields` has a wrong type.
        ValueError: A field does not exist, or `volume` is not a record of a backend.
    """
    record: dict[str, Any] = json.loads(
        _ontap_volume(volume, text("svm", svm), AGGREGATE_BYTES, field_list(fields))
    )
    return record


def snapshot_record(
    snapshot: Snapshot,
    volume: Volume,
    *,
    svm: str = SVM,
    fields: str | Iterable[str] | None = None,
) -> dict[str, Any]:
    """Return a snapshot in the form of the reply to ``GET …/volumes/{uuid}/snapshots/{uuid}``.

    Args:
        snapshot: The snapshot, as a backend returns it.
        volume: The snapshot's volume.
        svm: Name of their SVM.
        fields: As for `volume_record`.

    Raises:
        TypeError: As for `volume_record`.
        ValueError: As for `volume_record`.
    """
    record: dict[str, Any] = json.loads(
        _ontap_snapshot(snapshot, volume, text("svm", svm), AGGREGATE_BYTES, field_list(fields))
    )
    return record


def error_envelope(error: NessieError) -> dict[str, Any]:
    """Return the body of the reply to a request that was refused with an error.

    Args:
        error: The error of a backend.

    Returns:
        ``{"error": {"code": "4", "message": "...", "target": "..."}}``; ``target`` is absent if the
        error has none.
    """
    body = _ontap_error(error.code or "", error.message, error.target)
    envelope: dict[str, Any] = json.loads(body)
    return envelope


def field_list(fields: str | Iterable[str] | None) -> str:
    """Return names of fields as the parameter ``fields`` has them."""
    if fields is None or isinstance(fields, str):
        return fields or ""
    return ",".join(texts("fields", fields))
