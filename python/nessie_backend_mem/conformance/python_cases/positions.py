"""The case about the positions of arguments, and about None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Broken, code_of, shown, trace

from .registry import case
from .stage import made

if TYPE_CHECKING:
    from nessie_backend_mem.conformance.recorder import Call, Recorder

__all__: list[str] = []
__dir__ = __all__.copy


@case("python.positions")
def arguments_have_their_positions(recorder: Recorder) -> None:
    """Pass sizes, paths and policies by position, and None, which means not given."""
    bare = recorder.call("create_volume", recorder.new_name("v"), None)
    expect(recorder, bare, size_bytes=None)
    uuid = bare["uuid"]
    path = f"/{recorder.new_name('path')}"
    expect(
        recorder,
        recorder.call("patch_volume", uuid, 2**30, path, "policy"),
        size_bytes=2**30,
        junction_path=path,
        export_policy="policy",
    )
    for state in ("online", "offline", "restricted") if recorder.patches("state") else ("",):
        if not state or is_supported(recorder.attempt("patch_volume", uuid, state=state)):
            check_none_is_not_given(recorder, uuid)
    if recorder.patches("state"):
        is_supported(recorder.attempt("patch_volume", uuid, state="online"))
    by_keyword = recorder.call("create_volume", recorder.new_name("v"), size_bytes=2**31)
    expect(recorder, by_keyword, size_bytes=2**31)
    by_keyword = recorder.call("create_volume", recorder.new_name("v"), size_bytes=None)
    expect(recorder, by_keyword, size_bytes=None)
    other = made(recorder, "create_volume", recorder.new_name("v"), 2**20)
    expect(recorder, recorder.call("patch_volume", other, 2**21), size_bytes=2**21)
    path = f"/{recorder.new_name('path')}"
    expect(
        recorder,
        recorder.call("patch_volume", other, None, path),
        size_bytes=2**21,
        junction_path=path,
    )


def check_none_is_not_given(recorder: Recorder, uuid: str) -> None:
    """Pass None as each field of a patch: nothing changes, in whatever state the volume is."""
    before = recorder.picture()
    recorder.call("patch_volume", uuid, None, None, None)
    check_unchanged(recorder, before)
    for field in ("size_bytes", "junction_path", "export_policy"):
        recorder.call("patch_volume", uuid, **{field: None})
        check_unchanged(recorder, before)
    for field in filter(recorder.patches, ("name", "state")):
        is_supported(recorder.attempt("patch_volume", uuid, **{field: None}))
        check_unchanged(recorder, before)


def is_supported(call: Call) -> bool:
    """Whether a patch of the name or state worked; the backend may answer that it lacks it."""
    if call.error is None:
        return True
    if code_of(call.error) == "feature_not_supported":
        return False
    raise Broken(f"{call.code} should work and raised\n{trace(call.error)}")


def check_unchanged(recorder: Recorder, before: Any) -> None:
    """Check that the last call changed nothing."""
    if recorder.picture() != before:
        raise Broken(f"{recorder.log[-1].code} gives nothing and changed something")


def expect(recorder: Recorder, record: Any, **fields: Any) -> None:
    """Check that the last call returned a record with these fields."""
    for key, value in fields.items():
        if not isinstance(record, dict) or record.get(key) != value:
            raise Broken(
                f"{recorder.log[-1].code} should return {key!r} as {value!r} and returned "
                f"{shown(record)}"
            )
