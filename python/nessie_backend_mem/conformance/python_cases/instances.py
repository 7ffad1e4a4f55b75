"""The case about several backends at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Broken, plain, shown, uuid_of

from .refusals import Refused
from .registry import case
from .signatures import BY_METHOD
from .stage import Stage

if TYPE_CHECKING:
    from nessie_backend_mem.conformance.recorder import Recorder

__all__: list[str] = []
__dir__ = __all__.copy


@case("python.instances")
def backends_are_independent(recorder: Recorder) -> None:
    """Make three backends: names, paths, identifiers and changes of one are not in the others."""
    first = Stage(recorder)
    before = contents(recorder, first)
    other = recorder.beside()
    if other.backend is recorder.backend:
        raise Broken(
            "the callable returned the same backend twice; pass a backend that exists once as an "
            "object, without a callable"
        )
    check_same(recorder, first, before, "a second backend was made")
    missing = Refused(BY_METHOD["get_volume"], {"uuid": first.volume}, ("volume_not_found",))
    missing.check(other)
    if first.volume in map(uuid_of, other.call("list_volumes")):
        raise Broken(f"{other.log[-1].code} has a volume of the first backend")
    if other.has("find_volume") and other.attempt("find_volume", first.name).result is not None:
        raise Broken(f"{other.log[-1].code} found a volume of the first backend")
    second = Stage(other)
    check_same(recorder, first, before, f"{second.name!r} was created in the second one")
    other_before = contents(other, second)
    third = recorder.beside()
    check_same(recorder, first, before, "a third backend was made")
    check_same(other, second, other_before, "a third backend was made")
    Stage(third)
    check_same(recorder, first, before, f"{second.name!r} was created in the third one")
    for one, stage, rest, other_stage in (
        (other, second, recorder, first),
        (recorder, first, third, None),
    ):
        expected = contents(rest, other_stage)
        path = f"/{one.new_name('path')}"
        one.call("patch_volume", stage.volume, size_bytes=4096, junction_path=path)
        check_same(rest, other_stage, expected, one.log[-1].code)
        one.delete_created()
        if other_stage is not None:
            taken = Refused(
                BY_METHOD["create_volume"], {"name": other_stage.name}, ("volume_exists",)
            )
            taken.check(rest)
        check_same(rest, other_stage, expected, "the volumes of another backend were deleted")


def contents(recorder: Recorder, stage: Stage | None) -> Any:
    """Return what a backend holds, as its methods report it."""
    calls: list[tuple[str, ...]] = [("capabilities",), ("list_volumes",)]
    if stage is not None:
        calls += [("get_volume", stage.volume), ("access_handle", stage.volume)]
        if stage.snapshot:
            calls += [("list_snapshots", stage.volume)]
            calls += [("get_snapshot", stage.volume, stage.snapshot)]
        if stage.clone:
            calls += [("get_volume", stage.clone)]
    results = [plain(recorder.own(recorder.call(*call))) for call in calls]
    del recorder.log[-len(calls) :]
    return results


def check_same(recorder: Recorder, stage: Stage | None, expected: Any, after: str) -> None:
    """Check that a backend holds what it held before something happened to another one."""
    found = contents(recorder, stage)
    if found != expected:
        raise Broken(
            f"after {after}, a backend returned {shown(found)} in place of {shown(expected)}"
        )
