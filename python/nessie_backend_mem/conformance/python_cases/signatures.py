"""The methods of a backend: their arguments, the kind of each, and what they return.

The cases send every bad value of a kind as every argument of that kind. A method, or an argument,
that is added here is tested by all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nessie_backend_mem.conformance.recorder import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nessie_backend_mem.conformance.recorder import Call, Recorder

__all__ = ["BY_METHOD", "SIGNATURES", "Argument", "Kind", "Returns", "Signature"]
__dir__ = __all__.copy

# A union of one-word `Literal`s means the same as one `Literal`, and stubtest can check it.

Kind: TypeAlias = (
    Literal["volume id"]  # noqa: PYI030
    | Literal["snapshot id"]
    | Literal["volume name"]
    | Literal["snapshot name"]
    | Literal["size"]
    | Literal["path"]
    | Literal["policy"]
    | Literal["state"]
)
"""The kind of value that an argument has."""

Returns: TypeAlias = (
    Literal["volume"]  # noqa: PYI030
    | Literal["volumes"]
    | Literal["snapshot"]
    | Literal["snapshots"]
    | Literal["handle"]
    | Literal["nothing"]
)
"""What a method returns."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a method.

    Attributes:
        name: Its name, which is also the target of an error about it.
        kind: The kind of value.
        is_optional: Whether it may be left out or ``None``. It is then passed by keyword.
    """

    name: str
    kind: Kind
    is_optional: bool = False

    @property
    def is_id(self) -> bool:
        """Whether it identifies an object."""
        return self.kind in {"volume id", "snapshot id"}


@dataclass(frozen=True, slots=True)
class Signature:
    """A method of a backend.

    Attributes:
        method: Its name.
        arguments: Its arguments in order.
        returns: What it returns.
        tier: The tier it belongs to.
        is_optional: Whether a backend may lack it.
    """

    method: str
    arguments: tuple[Argument, ...]
    returns: Returns
    tier: str = "volumes"
    is_optional: bool = False

    @property
    def is_search(self) -> bool:
        """Whether it searches by name: a name that no object can have is then not found."""
        return self.method.startswith("find_")

    def is_offered(self, recorder: Recorder) -> bool:
        """Whether the backend has the method and its tier."""
        return recorder.has(self.method) and (self.tier == "volumes" or recorder.offers(self.tier))

    def takes(self, recorder: Recorder, argument: Argument) -> bool:
        """Whether the backend's method has the argument."""
        may_lack = self.method == "patch_volume" and argument.name in {"name", "state"}
        return not may_lack or recorder.patches(argument.name)

    def attempt(self, recorder: Recorder, values: dict[str, Any]) -> Call | None:
        """Call the method with the values of some arguments.

        Return None if the backend answers that it does not support an optional operation or field.
        """
        positional, keywords = [], {}
        for argument in self.arguments:
            if argument.name in values and argument.is_optional:
                keywords[argument.name] = values[argument.name]
            elif argument.name in values:
                positional.append(values[argument.name])
        call = recorder.attempt(self.method, *positional, **keywords)
        return None if self.is_unsupported(call, keywords) else call

    def is_unsupported(self, call: Call, keywords: Iterable[str]) -> bool:
        """Whether the backend answered that it lacks the method or a field, as it may do."""
        may_lack = self.is_optional or not {"name", "state"}.isdisjoint(keywords)
        unsupported = call.error and code_of(call.error) == "feature_not_supported"
        return may_lack and bool(unsupported)


UUID = Argument("uuid", "volume id")
VOLUME = Argument("vol_uuid", "volume id")
SNAPSHOT = Argument("snap_uuid", "snapshot id")
SIZE = Argument("size_bytes", "size", is_optional=True)
SNAPSHOT_NAME = Argument("name", "snapshot name")
PATCH = (
    UUID,
    SIZE,
    Argument("junction_path", "path", is_optional=True),
    Argument("export_policy", "policy", is_optional=True),
    Argument("name", "volume name", is_optional=True),
    Argument("state", "state", is_optional=True),
)
CLONE = (
    Argument("parent_vol_uuid", "volume id"),
    Argument("parent_snap_uuid", "snapshot id"),
    Argument("new_name", "volume name"),
)

SIGNATURES = (
    Signature("create_volume", (Argument("name", "volume name"), SIZE), "volume"),
    Signature("get_volume", (UUID,), "volume"),
    Signature("find_volume", (Argument("name", "volume name"),), "volume", is_optional=True),
    Signature("patch_volume", PATCH, "volume"),
    Signature("access_handle", (UUID,), "handle"),
    Signature("create_snapshot", (VOLUME, SNAPSHOT_NAME), "snapshot", "snapshots"),
    Signature("list_snapshots", (VOLUME,), "snapshots", "snapshots"),
    Signature("get_snapshot", (VOLUME, SNAPSHOT), "snapshot", "snapshots"),
    Signature("find_snapshot", (VOLUME, SNAPSHOT_NAME), "snapshot", "snapshots", is_optional=True),
    Signature(
        *("rename_snapshot", (VOLUME, SNAPSHOT, SNAPSHOT_NAME), "snapshot", "snapshots"),
        is_optional=True,
    ),
    Signature("restore_snapshot", (VOLUME, SNAPSHOT), "volume", "snapshots", is_optional=True),
    Signature("create_clone", CLONE, "volume", "clones"),
    Signature("split_clone", (VOLUME,), "volume", "clones", is_optional=True),
    Signature("delete_snapshot", (VOLUME, SNAPSHOT), "nothing", "snapshots"),
    Signature("delete_volume", (UUID,), "nothing"),
)
"""Every method that has arguments; those that delete come last."""

BY_METHOD = {signature.method: signature for signature in SIGNATURES}
"""Every signature by its method."""
