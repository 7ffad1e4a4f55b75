"""Backends of a few lines, written as a third party would write them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from typing import Any
from uuid import uuid4

from model import Model, Refusal
from nessie_backend_mem import (
    InvalidArgumentError,
    JunctionPathExistsError,
    MemBackend,
    NotFoundError,
    VolumeExistsError,
    VolumeNotFoundError,
    VolumeOfflineError,
    rules,
)

Record = dict[str, Any]


class DictVolumes:
    """Volumes alone, in a dict, with the package's exceptions and checks."""

    def __init__(self) -> None:
        self.volumes: dict[str, Record] = {}
        self.lock = threading.RLock()

    def capabilities(self) -> Record:
        return {"snapshots": False, "clones": False, "replication": False}

    def create_volume(self, name: str, size_bytes: int | None = None) -> Record:
        with self.lock:
            rules.check_new_volume(name, size_bytes)
            self.check_name_free(name)
            uuid = str(uuid4())
            self.volumes[uuid] = {
                "uuid": uuid,
                "name": name,
                "size_bytes": size_bytes,
                "state": "online",
                "style": "flexvol",
                "vol_type": "rw",
            }
            return self.answer(self.volumes[uuid])

    def list_volumes(self) -> list[Record]:
        with self.lock:
            return [self.answer(volume) for volume in self.volumes.values()]

    def get_volume(self, uuid: str) -> Record:
        with self.lock:
            return self.answer(self.volume(uuid))

    def patch_volume(
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
        *,
        name: str | None = None,
        state: str | None = None,
    ) -> Record:
        check_form(size_bytes, junction_path, export_policy, name, state)
        with self.lock:
            volume = self.volume(uuid)
            rules.check_patch(size_bytes, junction_path, export_policy, name=name, state=state)
            if size_bytes is not None and state != "online":
                self.check_online(volume)
            if name is not None and name != volume["name"]:
                self.check_name_free(name)
            if junction_path:
                self.check_path_free(junction_path, volume)
            given = {
                "name": name,
                "size_bytes": size_bytes,
                "state": state,
                "junction_path": junction_path,
                "export_policy": export_policy,
            }
            for key in list(volume.keys() | given.keys()):
                if given.get(key) is not None:
                    volume[key] = given[key]
            if junction_path == "":
                del volume["junction_path"]
            return self.answer(volume)

    def delete_volume(self, uuid: str) -> None:
        with self.lock:
            del self.volumes[self.volume(uuid)["uuid"]]

    def access_handle(self, uuid: str) -> Record:
        with self.lock:
            self.check_online(self.volume(uuid))
            return {"kind": "nfs_export", "server": "nas", "path": f"/{uuid}"}

    def answer(self, volume: Record) -> Record:
        order = (*("uuid", "name", "size_bytes", "state", "style", "vol_type"), "junction_path")
        return {key: volume[key] for key in (*order, "export_policy") if key in volume}

    def volume(self, uuid: str) -> Record:
        canonical = rules.canonical_uuid(uuid)
        known = self.volumes.get(canonical)
        if known is None:
            raise VolumeNotFoundError(f"volume {uuid} does not exist", canonical)
        return known

    def check_name_free(self, name: str) -> None:
        if any(volume["name"] == name for volume in self.volumes.values()):
            raise VolumeExistsError(f"a volume named {name!r} exists", name)

    def check_path_free(self, path: str, volume: Record) -> None:
        for other in self.volumes.values():
            taken = rules.fold_junction_path(other.get("junction_path", ""))
            if other is not volume and taken == rules.fold_junction_path(path):
                raise JunctionPathExistsError(f"{path!r} is in use", path)

    def check_online(self, volume: Record) -> None:
        if volume["state"] != "online":
            raise VolumeOfflineError(f"volume {volume['uuid']} is offline", volume["uuid"])


def check_form(size: object, *texts: object) -> None:
    """Checks the types of optional arguments."""
    if isinstance(size, bool) or not isinstance(size, int | None):
        raise TypeError(f"a size cannot be {size!r}")
    for text in texts:
        if not isinstance(text, str | None):
            raise TypeError(f"a text cannot be {text!r}")


class SmallVolumes(DictVolumes):
    """A minimal backend: neither renames nor states."""

    def patch_volume(  # type: ignore[override]
        self,
        uuid: str,
        size_bytes: int | None = None,
        junction_path: str | None = None,
        export_policy: str | None = None,
    ) -> Record:
        return super().patch_volume(uuid, size_bytes, junction_path, export_policy)


class NoneVolumes(DictVolumes):
    """Returns None where something is missing, except from a delete."""

    def get_volume(self, uuid: str) -> Any:
        return none_if_missing(super().get_volume, uuid)

    def access_handle(self, uuid: str) -> Any:
        return none_if_missing(super().access_handle, uuid)

    def patch_volume(self, uuid: str, *arguments: Any, **keywords: Any) -> Any:
        return none_if_missing(super().patch_volume, uuid, *arguments, **keywords)


def none_if_missing(call: Callable[..., Record], *arguments: Any, **keywords: Any) -> Any:
    try:
        return call(*arguments, **keywords)
    except NotFoundError:
        return None


class NoneMem:
    """All tiers; returns None where something is missing, except from a delete."""

    def __init__(self) -> None:
        self.backend = MemBackend()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.backend, name)
        if name.startswith("delete_"):
            return method
        return lambda *arguments, **keywords: none_if_missing(method, *arguments, **keywords)


class CodedError(Exception):
    """A third party's own exception, which is recognized by its code."""

    def __init__(self, code: str, dependents: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.dependents = dependents[:16]
        self.dependent_count = len(dependents)


IDENTIFIERS = {
    **dict.fromkeys(("get_volume", "patch_volume", "delete_volume", "access_handle"), 1),
    **dict.fromkeys(("create_snapshot", "list_snapshots", "find_snapshot", "split_clone"), 1),
    **dict.fromkeys(("get_snapshot", "delete_snapshot", "rename_snapshot"), 2),
    **dict.fromkeys(("restore_snapshot", "create_clone"), 2),
}
"""Number of identifiers that an operation has before its other arguments."""


@cache
def parameters(method: Callable[..., Any]) -> dict[str, bool]:
    """The parameters of a method in order, and whether each may be None."""
    listed = signature(method).parameters.values()
    return {parameter.name: parameter.default is None for parameter in listed}


def check_types(
    method: Callable[..., Any], ids: int, arguments: tuple[Any, ...], keywords: Record
) -> None:
    """Checks the types of all arguments after the identifiers."""
    known = parameters(method)
    named = {**dict(zip(known, arguments, strict=False)), **keywords}
    for name in list(known)[ids:]:
        value = named.get(name)
        if value is None and name in named and not known[name]:
            raise TypeError(f"{name} cannot be None")
        check_form(*((value,) if name == "size_bytes" else (None, value)))


class ModelBackend:
    """All tiers and operations in plain Python, with its own exceptions."""

    def __init__(self) -> None:
        self.model = Model()
        self.lock = threading.RLock()

    def capabilities(self) -> Record:
        return {"snapshots": True, "clones": True, "replication": False}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self.model, name)

        @wraps(method)
        def operation(*arguments: Any, **keywords: Any) -> Any:
            with self.lock:
                if name.startswith("create_"):
                    keywords["new_uuid"] = str(uuid4())
                ids = IDENTIFIERS.get(name, 0)
                check_types(method, ids, arguments, keywords)
                try:
                    spelled = [rules.canonical_uuid(uuid) for uuid in arguments[:ids]]
                    return method(*spelled, *arguments[ids:], **keywords)
                except Refusal as refusal:
                    raise CodedError(refusal.code, self.dependents(refusal.targets)) from None
                except InvalidArgumentError as error:
                    raise CodedError("invalid_argument") from error

        return operation

    def dependents(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the clones of one of these volumes or snapshots."""
        clones = [v for v in self.model.volumes.values() if {*targets} & {*(v.origin or ())}]
        return tuple(clone.name for clone in clones)
