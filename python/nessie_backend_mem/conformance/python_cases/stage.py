"""A few volumes, snapshots and clones, and valid arguments for each method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Broken, code_of, shown, trace

if TYPE_CHECKING:
    from collections.abc import Container

    from nessie_backend_mem.conformance.recorder import Recorder

    from .signatures import Argument, Signature

__all__ = ["Stage", "made"]
__dir__ = __all__.copy


VALUES = {"size": 2**20, "policy": "other", "state": "offline"}
"""Valid values, by the kind of argument."""


def made(recorder: Recorder, method: str, *arguments: Any) -> str:
    """Create an object and return its uuid."""
    record = recorder.call(method, *arguments)
    uuid = record.get("uuid") if isinstance(record, dict) else None
    if not isinstance(uuid, str):
        raise Broken(f"{recorder.log[-1].code} returned {shown(record)}, not a dict with a uuid")
    return uuid


class Stage:
    """A mounted volume with two snapshots, a clone of the first, and another volume.

    Attributes:
        volume: uuid of the volume that the methods are called with.
        name: Its name.
        path: Its junction path.
        other: uuid of the other volume, which is not mounted and has neither snapshots nor clones.
        snapshot: uuid of the first snapshot, which has a clone; "" without that tier.
        snapshot_name: Its name.
        newest: uuid of the second snapshot, which has none.
        clone: uuid of the clone; "" without that tier.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Create the objects."""
        self.recorder = recorder
        self.name = recorder.new_name("v")
        self.path = f"/{recorder.new_name('path')}"
        self.volume = made(recorder, "create_volume", self.name, 2**30)
        recorder.call("patch_volume", self.volume, junction_path=self.path, export_policy="policy")
        self.other = made(recorder, "create_volume", recorder.new_name("v"))
        self.snapshot = self.snapshot_name = self.newest = self.clone = ""
        if recorder.offers("snapshots"):
            self.snapshot_name = recorder.new_name("s")
            self.snapshot = made(recorder, "create_snapshot", self.volume, self.snapshot_name)
            self.newest = made(recorder, "create_snapshot", self.volume, recorder.new_name("s"))
        if recorder.offers("clones"):
            name = recorder.new_name("c")
            self.clone = made(recorder, "create_clone", self.volume, self.snapshot, name)
        self._fresh: dict[str, str] = {}

    def valid(self, signature: Signature, argument: Argument) -> Any:
        """Return a value with which the method would work, and would change something.

        A name or path is free. `check_free` tests whether it still is.
        """
        method, kind = signature.method, argument.kind
        if kind == "volume id":
            by_method = {"split_clone": self.clone, "delete_volume": self.other}
            return by_method.get(method, self.volume)
        if kind == "snapshot id":
            return self.newest if method == "delete_snapshot" else self.snapshot
        if signature.is_search:
            return self.name if kind == "volume name" else self.snapshot_name
        return VALUES[kind] if kind in VALUES else self.fresh(kind)

    def fresh(self, kind: str) -> str:
        """Return a name or path that is free, the same one until `renew`."""
        if kind not in self._fresh:
            word = self.recorder.new_name("new")
            self._fresh[kind] = f"/{word}" if kind == "path" else word
        return self._fresh[kind]

    def renew(self) -> dict[str, str]:
        """Return the values of `fresh` so far by kind; from now on it returns others."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    def check_free(self, passed: Container[Any]) -> None:
        """Check that the values of `fresh` that were passed are free: use each, and undo that."""
        fresh = {kind: value for kind, value in self.renew().items() if value in passed}
        for kind, value in fresh.items():
            match kind:
                case "volume name":
                    uuid = self._must_be_free(value, "create_volume", value)["uuid"]
                    self.recorder.call("delete_volume", uuid)
                case "snapshot name":
                    record = self._must_be_free(value, "create_snapshot", self.volume, value)
                    self.recorder.call("delete_snapshot", self.volume, record["uuid"])
                case _:
                    self._must_be_free(value, "patch_volume", self.other, junction_path=value)
                    self.recorder.call("patch_volume", self.other, junction_path="")

    def _must_be_free(self, value: str, method: str, *arguments: Any, **keywords: Any) -> Any:
        call = self.recorder.attempt(method, *arguments, **keywords)
        if call.error is None:
            return call.result
        taken = (code_of(call.error) or "").endswith("_exists")
        because = f"a refused call took {value!r}: " if taken else ""
        raise Broken(
            f"{because}{call.code} should work and raised\n{trace(call.error)}", "3.atomic"
        )
