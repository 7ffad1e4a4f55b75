"""The keys of each record, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import is_list

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CAPABILITIES", "Shape", "records"]
__dir__ = __all__.copy


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a record, in order, and those that may be absent."""

    keys: tuple[str, ...]
    optional: frozenset[str] = frozenset()


VOLUME = Shape(
    (
        *("uuid", "name", "size_bytes", "state", "style", "vol_type"),
        *("create_time", "used_bytes", "junction_path", "export_policy", "snapshot_policy"),
        "clone",
    ),
    frozenset(
        {
            *("create_time", "used_bytes", "junction_path", "export_policy", "snapshot_policy"),
            "clone",
        }
    ),
)
ORIGIN = Shape(("parent_volume", "parent_snapshot", "parent_volume_uuid", "parent_snapshot_uuid"))
SNAPSHOT = Shape(
    ("uuid", "name", "create_time", "size_consumed", "expires_at"),
    frozenset({"create_time", "expires_at"}),
)
SPACE = Shape(("capacity_bytes", "used_bytes", "available_bytes", "live_bytes", "snapshot_bytes"))
CAPABILITIES = Shape(("snapshots", "clones", "replication"))
HANDLES = {
    "in_memory": Shape(("kind",)),
    "nfs_export": Shape(("kind", "server", "path")),
    "s3_presigned": Shape(("kind", "url", "expires_at")),
    "git_ref": Shape(("kind", "remote", "ref_name")),
    "p4_stream": Shape(("kind", "p4port", "stream")),
    "ontap_passthrough": Shape(("kind", "mgmt_lif", "data_lif")),
}
SHAPES = {
    "volume": VOLUME,
    "snapshot": SNAPSHOT,
    "space": SPACE,
    "capabilities": CAPABILITIES,
}


def records(value: Any, kind: str) -> Iterator[tuple[Any, Shape | None]]:
    """Yield the records of a result, including nested ones, each with its shape."""
    for record in value if is_list(value) else (value,):
        if kind == "handle":
            word = record.get("kind") if isinstance(record, Mapping) else None
            yield record, HANDLES.get(word) if isinstance(word, str) else None
            continue
        yield record, SHAPES[kind]
        if kind == "volume" and isinstance(record, Mapping) and "clone" in record:
            yield record["clone"], ORIGIN
