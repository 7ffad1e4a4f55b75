"""The parents of clones, and the order in which volumes can be created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .times import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import CloneEntry, SnapshotEntry, VolumeEntry

__all__ = ["Lineage", "parent_snapshot"]
__dir__ = __all__.copy


class Lineage:
    """The volumes of an SVM, and which is whose parent."""

    def __init__(self, volumes: list[VolumeEntry]) -> None:
        """Index the volumes."""
        self.volumes = volumes
        # Of two volumes with one name or uuid, the first is found.
        self.by_name = {volume["name"]: volume for volume in reversed(volumes)}
        self.by_uuid = {volume["uuid"]: volume for volume in reversed(volumes) if "uuid" in volume}

    def parent(self, volume: VolumeEntry) -> VolumeEntry | None:
        """Return the entry of the parent of a clone, if it is of this SVM."""
        clone = volume.get("clone")
        if clone is None or "svm" in clone:
            return None
        found = self.by_uuid.get(clone.get("parent_volume_uuid", ""))
        return found or self.by_name.get(clone.get("parent_volume", ""))

    def in_order(self) -> Iterator[VolumeEntry]:
        """Yield the volumes by time of creation, parents before their clones."""
        done: set[int] = set()
        for volume in sorted(self.volumes, key=created):
            line = [volume]
            seen = {id(volume)}
            # A document can be wrong and have a circle.
            while (parent := self.parent(line[-1])) and id(parent) not in done | seen:
                line.append(parent)
                seen.add(id(parent))
            for each in reversed(line):
                if id(each) not in done:
                    done.add(id(each))
                    yield each


def parent_snapshot(clone: CloneEntry, parent: VolumeEntry) -> SnapshotEntry | None:
    """Return the entry of the snapshot that a clone was created from."""
    snapshots = parent.get("snapshots", [])
    uuid, name = clone.get("parent_snapshot_uuid"), clone.get("parent_snapshot")
    # By uuid first: the name may be that before a rename.
    by_uuid = (each for each in snapshots if uuid is not None and each.get("uuid") == uuid)
    by_name = (each for each in snapshots if each["name"] == name)
    return next(by_uuid, None) or next(by_name, None)


def created(volume: VolumeEntry) -> str:
    """Order volumes by time of creation; those without one come first."""
    text = volume.get("create_time")
    return "" if text is None else read_time(text).isoformat()
