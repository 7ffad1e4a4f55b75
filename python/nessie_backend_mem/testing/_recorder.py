"""One of the two backends of a comparison, with labels in place of identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from nessie_backend_mem import NessieError
from nessie_backend_mem.records import AccessHandle

from .operations import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)

UNKNOWN_LABELS = {"unknown": UNKNOWN, "malformed": "not-a-uuid"}
"""The identifiers that no volume or snapshot has, by label."""

HANDLES = {
    get_args(get_type_hints(handle)["kind"])[0]: set(get_type_hints(handle))
    for handle in get_args(AccessHandle)
}
"""From the kind of an access handle to its keys."""


@dataclass(frozen=True)
class Answer:
    """The result of one call, or its exception."""

    result: Any = None
    error: Exception | None = None

    @property
    def code(self) -> str | None:
        """The code of the exception; None if it has none, or for a result."""
        code = getattr(self.error, "code", None)
        if isinstance(code, str):
            return code
        plain = isinstance(self.error, NotImplementedError)
        return (
            "feature_not_supported" if plain and not isinstance(self.error, NessieError) else None
        )

    def __str__(self) -> str:
        if self.error is None:
            return f"answered {self.result!r}"
        if self.code is None:
            return f"raised {self.error!r}"
        return f"refused with {self.code}: {self.error}"


def ask(call: Callable[[], Any]) -> Answer:
    """Make the call; return its result or its exception."""
    try:
        return Answer(result=call())
    except Exception as error:  # noqa: BLE001 (the caller judges it)
        return Answer(error=error)


class Recorder:
    """A backend, and the labels of all objects created in it: ``v1``, ``s1`` and so on."""

    def __init__(self, backend: Any, *, compares_space: bool = False) -> None:
        """Record the objects of `backend`.

        Args:
            backend: The backend.
            compares_space: Whether the numbers of bytes that data takes are compared.
        """
        self.backend = backend
        self.compares_space = compares_space
        self.labels: dict[str, str] = {}
        """From identifiers to labels."""
        self.uuids: dict[str, str] = dict(UNKNOWN_LABELS)
        """From labels to identifiers."""
        self.times: dict[str, object] = {}
        """From labels to the times of creation that were read first."""

    def call(
        self, method: str, labels: Sequence[str], values: Sequence[Any], named: Mapping[str, Any]
    ) -> Answer:
        """Call the method with the identifiers of these labels."""
        uuids = [self.uuids[label] for label in labels]
        return ask(lambda: getattr(self.backend, method)(*uuids, *values, **named))

    def adopt(self, label: str, record: object) -> None:
        """Label a new object, unless its identifier is malformed."""
        uuid = record.get("uuid") if isinstance(record, dict) else None
        if isinstance(uuid, str) and UUID.fullmatch(uuid) and uuid not in self.labels:
            self.labels[uuid] = label
            self.uuids[label] = uuid

    def labelled(self, result: Any) -> Any:
        """Replace identifiers by labels, and leave out values in which backends may differ.

        These are well-formed times, access handles and, unless `compares_space`, the bytes that
        volumes use and snapshots consume. Malformed ones are kept, so that they differ from the
        other backend's.
        """
        if isinstance(result, (list, tuple)):
            return [self.labelled(each) for each in result]
        if not isinstance(result, dict):
            return result
        if "kind" in result:
            return "an access handle" if self._is_handle(result) else result
        record = {key: self._labelled_value(key, value) for key, value in result.items()}
        if self._is_time(record.get("uuid"), record.get("create_time")):
            record.pop("create_time", None)
        if not self.compares_space and is_byte_count(record.get("used_bytes")):
            record.pop("used_bytes")
        return record

    def _labelled_value(self, key: object, value: Any) -> Any:
        match key:
            case "uuid" | "parent_volume_uuid" | "parent_snapshot_uuid" if isinstance(value, str):
                return self.labels.get(value, value)
            case "clone" if isinstance(value, dict):
                return {key: self._labelled_value(key, part) for key, part in value.items()}
            case "size_consumed" if not self.compares_space and is_byte_count(value):
                return 0
            case _:
                return value

    @staticmethod
    def _is_handle(handle: dict[Any, Any]) -> bool:
        kind = handle["kind"]
        return isinstance(kind, str) and set(handle) == HANDLES.get(kind)

    def _is_time(self, label: object, time: object) -> bool:
        """Whether it is a time of creation or None, and always the same for this label."""
        if not isinstance(label, str):
            return False
        in_order = time is None or (isinstance(time, str) and TIME.fullmatch(time))
        return bool(in_order) and self.times.setdefault(label, time) == time


def is_byte_count(value: object) -> bool:
    """Whether a value is a number of bytes. A `bool` is not one."""
    return type(value) is int and value >= 0
