"""Seed files: JSON documents with the first volumes of an endpoint.

It is an object with one key, "volumes": a list of objects, created in
this order:

    {"volumes": [
        {"name": "db", "size": "50GB", "junction_path": "/db",
         "snapshots": ["nightly"],
         "clones": [{"name": "db_pr1", "snapshot": "nightly",
                     "junction_path": "/db_pr1"}]},
        {"name": "scratch", "svm": "svm2", "size": 1073741824,
         "state": "offline"}
    ]}

A volume has these keys. Only the name is required:

- name
- svm: one of the server's; the first by default. A clone is in the SVM of its
  parent
- size: bytes, or text with a unit that is a power of 1024: KB, MB, GB, TB, PB
  or KiB, MiB, GiB, TiB, PiB. A clone has the size of its parent by default
- junction_path, export_policy
- state: online (the default), offline or restricted
- snapshots: names, in order of creation
- clones: objects like this one, each with the key "snapshot": the name of the
  snapshot that it is a clone of
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend, NessieError
from nessie_backend_mem._sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nessie_backend_mem import Volume

__all__ = ["SeedFileError", "load"]
__dir__ = __all__.copy

COMMON_KEYS = {"name", "size", "junction_path", "export_policy", "state", "snapshots", "clones"}
VOLUME_KEYS = {*COMMON_KEYS, "svm"}
CLONE_KEYS = {*COMMON_KEYS, "snapshot"}


class SeedFileError(ValueError):
    """The document is not a seed file, or a backend refuses its contents."""


def load(backends: Mapping[str, MemBackend], document: object) -> None:
    """Create the volumes of a document in the backends of these SVMs.

    Raises:
        SeedFileError: with the place in the document. Everything before that place was created.
    """
    keys = object_at("the document", document, {"volumes"})
    for index, entry in enumerate(list_at("volumes", keys.get("volumes", []))):
        place = f"volumes[{index}]"
        fields = object_at(place, entry, VOLUME_KEYS)
        svm = text_at(place, fields, "svm") or next(iter(backends))
        backend = backends.get(svm)
        if backend is None:
            raise SeedFileError(f"{place}.svm: there is no SVM {svm!r}, only {', '.join(backends)}")
        name = required_at(place, fields, "name")
        try:
            volume = backend.create_volume(name, size_at(place, fields))
        except NessieError as error:
            raise SeedFileError(f"{place}: {error}") from error
        apply(backend, place, volume, fields)


def create_clone(backend: MemBackend, place: str, parent: Volume, entry: object) -> None:
    """Create a clone of `parent`."""
    fields = object_at(place, entry, CLONE_KEYS)
    name, snapshot_name = (required_at(place, fields, key) for key in ("name", "snapshot"))
    snapshot = backend.find_snapshot(parent["uuid"], snapshot_name)
    if snapshot is None:
        raise SeedFileError(
            f"{place}.snapshot: the volume {parent['name']!r} has no snapshot {snapshot_name!r}"
        )
    size = size_at(place, fields)
    try:
        clone = backend.create_clone(parent["uuid"], snapshot["uuid"], name)
        if size is not None:
            backend.patch_volume(clone["uuid"], size)
    except NessieError as error:
        raise SeedFileError(f"{place}: {error}") from error
    apply(backend, place, clone, fields)


def apply(backend: MemBackend, place: str, volume: Volume, fields: dict[str, Any]) -> None:
    """Give a new volume the attributes, snapshots, clones and state of its entry."""
    path, policy = (text_at(place, fields, key) for key in ("junction_path", "export_policy"))
    state = text_at(place, fields, "state")
    snapshots = list_at(f"{place}.snapshots", fields.get("snapshots", []))
    try:
        backend.patch_volume(volume["uuid"], junction_path=path, export_policy=policy)
        for index, name in enumerate(snapshots):
            if not isinstance(name, str):
                raise SeedFileError(f"{place}.snapshots[{index}]: expected text, not {name!r}")
            backend.create_snapshot(volume["uuid"], name)
        for index, entry in enumerate(list_at(f"{place}.clones", fields.get("clones", []))):
            create_clone(backend, f"{place}.clones[{index}]", volume, entry)
        # Last, because an offline volume can have neither new snapshots nor new clones.
        if state is not None:
            backend.patch_volume(volume["uuid"], state=state)  # type: ignore[arg-type]
    except NessieError as error:
        raise SeedFileError(f"{place}: {error}") from error


def object_at(place: str, value: object, known: set[str]) -> dict[str, Any]:
    """Return `value` if it is an object that has only known keys."""
    if not isinstance(value, dict):
        raise SeedFileError(f"{place}: expected an object, not {value!r}")
    if unknown := sorted(set(value) - known):
        keys = ", ".join(sorted(known))
        raise SeedFileError(f"{place}: unknown key {unknown[0]!r}; the keys are {keys}")
    return value


def list_at(place: str, value: object) -> list[Any]:
    """Return `value` if it is a list."""
    if not isinstance(value, list):
        raise SeedFileError(f"{place}: expected a list, not {value!r}")
    return value


def text_at(place: str, entry: dict[str, Any], key: str) -> str | None:
    """Return the value of `key`, which is text, or None if it is missing."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise SeedFileError(f"{place}.{key}: expected text, not {value!r}")
    return value


def required_at(place: str, entry: dict[str, Any], key: str) -> str:
    """Return the value of `key`, which is required."""
    value = text_at(place, entry, key)
    if value is None:
        raise SeedFileError(f"{place}: the key {key!r} is missing")
    return value


def size_at(place: str, entry: dict[str, Any]) -> int | None:
    """Return the size in bytes, or None if it is missing."""
    value = entry.get("size")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise SeedFileError(f"{place}.size: expected bytes or text such as '50GB', not {value!r}")
    try:
        return parse_size(value)
    except ValueError as error:
        raise SeedFileError(f"{place}.size: {error}") from None
