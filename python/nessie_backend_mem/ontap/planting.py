"""Seed files: volumes, snapshots and clones, in JSON, for a server of the command line.

The document is an object with one key, "volumes": a list of objects, made in
this order:

    {"volumes": [
        {"name": "db", "size": "50GB", "junction_path": "/db",
         "snapshots": ["nightly"],
         "clones": [{"name": "db_pr1", "snapshot": "nightly",
                     "junction_path": "/db_pr1"}]},
        {"name": "scratch", "svm": "svm2", "size": 1073741824,
         "state": "offline"}
    ]}

A volume has these keys, of which only the name must be there:

- name
- svm: one of the server's, the first unless given; a clone is in its parent's
- size: bytes, or text with KB, MB, GB, TB or PB, times 1024; a clone begins
  with its parent's
- junction_path, export_policy
- state: online, as it is unless given, offline or restricted
- snapshots: names, in order of creation
- clones: objects like this one, each with "snapshot", the name of the one it
  is made of
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend, NessieError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nessie_backend_mem import Volume

__all__ = ["PlantingError", "plant"]

UNITS = {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40, "PB": 2**50}
SIZE = re.compile(r"([0-9]+) ?([KMGTP]B)?", re.ASCII | re.IGNORECASE)

OF_BOTH = {"name", "size", "junction_path", "export_policy", "state", "snapshots", "clones"}
OF_A_VOLUME = {*OF_BOTH, "svm"}
OF_A_CLONE = {*OF_BOTH, "snapshot"}


class PlantingError(ValueError):
    """The document is not of the form above, or a backend refuses what it says."""


def plant(backends: Mapping[str, MemBackend], document: object) -> None:
    """Make what a document says in the backends of these SVMs.

    Raises:
        PlantingError: with the place in the document. What came before it is made.
    """
    keys = object_at("the document", document, {"volumes"})
    for index, entry in enumerate(list_at("volumes", keys.get("volumes", []))):
        place = f"volumes[{index}]"
        volume = object_at(place, entry, OF_A_VOLUME)
        svm = text_at(place, volume, "svm") or next(iter(backends))
        backend = backends.get(svm)
        if backend is None:
            raise PlantingError(f"{place}.svm: there is no {svm!r}, only {', '.join(backends)}")
        name = required_at(place, volume, "name")
        try:
            planted = backend.create_volume(name, size_at(place, volume))
        except NessieError as error:
            raise PlantingError(f"{place}: {error}") from error
        tend(backend, place, planted, volume)


def plant_clone(backend: MemBackend, place: str, parent: Volume, entry: object) -> None:
    """Make a clone of `parent`."""
    clone = object_at(place, entry, OF_A_CLONE)
    name, of = required_at(place, clone, "name"), required_at(place, clone, "snapshot")
    snapshot = backend.find_snapshot(parent["uuid"], of)
    if snapshot is None:
        raise PlantingError(f"{place}.snapshot: {parent['name']!r} has no {of!r}")
    size = size_at(place, clone)
    try:
        planted = backend.create_clone(parent["uuid"], snapshot["uuid"], name)
        if size is not None:
            backend.patch_volume(planted["uuid"], size)
    except NessieError as error:
        raise PlantingError(f"{place}: {error}") from error
    tend(backend, place, planted, clone)


def tend(backend: MemBackend, place: str, volume: Volume, entry: dict[str, Any]) -> None:
    """Give a volume that was made all that the document says it has."""
    path, policy = (text_at(place, entry, key) for key in ("junction_path", "export_policy"))
    state = text_at(place, entry, "state")
    snapshots = list_at(f"{place}.snapshots", entry.get("snapshots", []))
    try:
        backend.patch_volume(volume["uuid"], junction_path=path, export_policy=policy)
        for index, name in enumerate(snapshots):
            if not isinstance(name, str):
                raise PlantingError(f"{place}.snapshots[{index}]: {name!r} is no text")
            backend.create_snapshot(volume["uuid"], name)
        for index, clone in enumerate(list_at(f"{place}.clones", entry.get("clones", []))):
            plant_clone(backend, f"{place}.clones[{index}]", volume, clone)
        # Last: an offline volume can be neither copied nor cloned.
        if state is not None:
            backend.patch_volume(volume["uuid"], state=state)  # type: ignore[arg-type]
    except NessieError as error:
        raise PlantingError(f"{place}: {error}") from error


def object_at(place: str, value: object, known: set[str]) -> dict[str, Any]:
    """Return `value` if it is an object with keys that are known."""
    if not isinstance(value, dict):
        raise PlantingError(f"{place}: expected an object, not {value!r}")
    if unknown := sorted(set(value) - known):
        raise PlantingError(f"{place}: {unknown[0]!r} is none of {', '.join(sorted(known))}")
    return value


def list_at(place: str, value: object) -> list[Any]:
    """Return `value` if it is a list."""
    if not isinstance(value, list):
        raise PlantingError(f"{place}: expected a list, not {value!r}")
    return value


def text_at(place: str, entry: dict[str, Any], key: str) -> str | None:
    """Return the value of `key` if it is text, or None if it is not there."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise PlantingError(f"{place}.{key}: {value!r} is no text")
    return value


def required_at(place: str, entry: dict[str, Any], key: str) -> str:
    """Return the value of `key`, which must be there."""
    value = text_at(place, entry, key)
    if value is None:
        raise PlantingError(f"{place}: it has no {key!r}")
    return value


def size_at(place: str, entry: dict[str, Any]) -> int | None:
    """Return the size in bytes, or None if none is given."""
    value = entry.get("size")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    match = SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PlantingError(f"{place}.size: {value!r} is neither bytes nor text such as '50GB'")
    return int(match[1]) * UNITS[(match[2] or "").upper()]
