"""Cases about results that share parts with the backend or with each other."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from typing import TYPE_CHECKING, Any, TypeAlias

from nessie_backend_mem.conformance.recorder import Broken, Skip, is_list, plain, shown

from .registry import case
from .signatures import BY_METHOD
from .stage import Stage, made
from .timeline import Result, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nessie_backend_mem.conformance.recorder import Recorder

__all__: list[str] = []
__dir__ = __all__.copy

MOST_LISTS = 20
"""The most lists that are kept at once. Each may have all volumes of the backend."""

SIZE = 2**30

Made: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A call: the method, its positional arguments and its keywords."""


@case("python.fresh", "1.fresh")
def results_stay_as_they_were(recorder: Recorder) -> None:
    """Keep the results of all calls: later changes of the backend do not change them."""
    records: list[tuple[Result, Any]] = []
    lists: list[tuple[Result, Any]] = []
    for result in timeline(recorder):
        for earlier, as_it_was in records:
            if earlier.value != as_it_was:
                raise was_changed(earlier, as_it_was, result.code)
        if is_list(result.value):
            lists.append((result, plain(recorder.own(result.value))))
            if len(lists) > MOST_LISTS:
                check_list(recorder, *lists.pop(0))
        else:
            records.append((result, plain(result.value, left_out=())))
    for earlier, as_it_was in lists:
        check_list(recorder, earlier, as_it_was)


def check_list(recorder: Recorder, earlier: Result, as_it_was: Any) -> None:
    """Check that a list is what it was."""
    if plain(recorder.own(earlier.value)) != as_it_was:
        raise was_changed(earlier, as_it_was, "a later call")


def was_changed(earlier: Result, as_it_was: Any, code: str) -> Broken:
    """Return the error about a result that a later call has changed."""
    return Broken(
        f"the result of {earlier.code} was changed by {code}: it is now {shown(earlier.value)} and "
        f"was {shown(as_it_was)}"
    )


@case("python.fresh", "1.fresh")
def results_are_fresh(recorder: Recorder) -> None:
    """Change results: neither the backend nor other results may change."""
    stage = Stage(recorder)
    volumes = [stage.volume, stage.other]
    if stage.clone:
        name = recorder.new_name("c")
        volumes += [stage.clone, made(recorder, "create_clone", stage.volume, stage.snapshot, name)]
    # The size that a call below sets again, and that the restore brings back.
    recorder.call("patch_volume", volumes[-1], size_bytes=SIZE)
    last = ""
    if recorder.offers("snapshots"):
        last = made(recorder, "create_snapshot", volumes[-1], recorder.new_name("s"))
    calls = supported(recorder, repeatable(stage, volumes, last))
    for call in calls:
        answer(recorder, call)
    expected = {index: answer(recorder, call) for index, call in enumerate(calls)}
    for index, call in enumerate(calls):
        overwrite(repeat(recorder, call))
        check_answers(recorder, calls, expected, index)
        parts = [*parts_of(repeat(recorder, call))]
        check_nothing_shared(recorder, parts, repeat(recorder, call))
        del recorder.log[-3:]
    reads = [call for call in calls if call[0] not in {"rename_snapshot", "restore_snapshot"}]
    kept: list[Any] = []
    for call in supported(recorder, making(stage, volumes)):
        result = repeat(recorder, call)
        check_nothing_shared(recorder, kept, result)
        kept += parts_of(result)
        now = {index: answer(recorder, each) for index, each in enumerate(reads)}
        overwrite(result)
        check_answers(recorder, reads, now)


def repeatable(stage: Stage, volumes: list[str], last: str) -> Iterator[Made]:
    """Return calls that change nothing when they are repeated.

    The snapshot `last` is the newest one of the last volume.
    """
    yield "capabilities", (), {}
    yield "list_volumes", (), {}
    if stage.recorder.has("space"):
        yield "space", (), {}
    for uuid in volumes:
        for method in ("get_volume", "access_handle", "patch_volume", "list_snapshots"):
            yield method, (uuid,), {}
    yield "patch_volume", (volumes[-1],), {"size_bytes": SIZE}
    record = stage.recorder.call("get_volume", volumes[-1])
    yield "find_volume", (record["name"],), {}
    yield "find_volume", (stage.name,), {}
    yield "get_snapshot", (stage.volume, stage.newest), {}
    yield "find_snapshot", (stage.volume, stage.snapshot_name), {}
    yield "rename_snapshot", (stage.volume, stage.snapshot, stage.snapshot_name), {}
    yield "restore_snapshot", (stage.volume, stage.newest), {}
    yield "restore_snapshot", (volumes[-1], last), {}


def making(stage: Stage, volumes: list[str]) -> Iterator[Made]:
    """Return calls that create and change objects."""
    new_name = stage.recorder.new_name
    yield "create_volume", (new_name("v"), 4096), {}
    yield "patch_volume", (volumes[-1],), {"junction_path": f"/{new_name('path')}"}
    yield "patch_volume", (volumes[-1],), {"name": new_name("v")}
    yield "create_snapshot", (stage.volume, new_name("s")), {}
    for _ in range(2):
        yield "create_clone", (stage.volume, stage.snapshot, new_name("c")), {}
    yield "rename_snapshot", (stage.volume, stage.snapshot, new_name("s")), {}
    yield "restore_snapshot", (stage.volume, stage.newest), {}
    yield "split_clone", (volumes[-1],), {}


def supported(recorder: Recorder, calls: Iterator[Made]) -> list[Made]:
    """Return the calls of methods and keywords that the backend has."""
    return [
        (method, arguments, keywords)
        for method, arguments, keywords in calls
        if (method not in BY_METHOD or BY_METHOD[method].is_offered(recorder))
        and all(recorder.patches(field) for field in keywords if field in {"name", "state"})
    ]


def repeat(recorder: Recorder, call: Made) -> Any:
    """Make a call and return its result; None if the backend does not support it."""
    method, arguments, keywords = call
    try:
        return recorder.call(method, *arguments, **keywords)
    except Skip:
        return None


def answer(recorder: Recorder, call: Made) -> Any:
    """Return a copy of the result of a call, which is not recorded."""
    result = plain(recorder.own(repeat(recorder, call)))
    recorder.log.pop()
    return result


def written(recorder: Recorder) -> str:
    """Return the last call as Python code."""
    return recorder.log[-1].code


def check_answers(
    recorder: Recorder,
    calls: list[Made],
    expected: dict[int, Any],
    *overwritten: int,
) -> None:
    """Check that all calls return what they returned before the last result was overwritten."""
    code = written(recorder)
    for index in [*overwritten, *range(len(calls))]:
        if plain(recorder.own(repeat(recorder, calls[index]))) != expected[index]:
            raise Broken(
                f"a change of the result of {code} changed the backend: "
                f"{written(recorder)} no longer returns {shown(expected[index])}"
            )
        recorder.log.pop()


def check_nothing_shared(recorder: Recorder, earlier: list[Any], result: Any) -> None:
    """Check that no dict or list is twice in a result, or also in an earlier one."""
    parts = [*earlier, *parts_of(result)]
    if len({id(part) for part in parts}) != len(parts):
        raise Broken(
            f"the result of {written(recorder)} shares a dict or list with another result: a "
            "change of one changes another result"
        )


def parts_of(value: Any) -> Iterator[Any]:
    """Yield each dict and list in a result that a caller can change."""
    if isinstance(value, (MutableMapping, MutableSequence)):
        yield value
    if isinstance(value, MutableMapping):
        for item in value.values():
            yield from parts_of(item)
    elif is_list(value):
        for item in value:
            yield from parts_of(item)


def overwrite(value: Any) -> None:
    """Overwrite a result, including nested dicts and lists."""
    for part in [*parts_of(value)]:
        if isinstance(part, MutableMapping):
            for key in part:
                part[key] = "overwritten by a caller"
            part["more"] = "added by a caller"
        else:
            part.append("added by a caller")
