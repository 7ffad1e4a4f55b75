"""Cases about the attributes of exceptions."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import UNKNOWN, Broken, Skip
from nessie_backend_mem.errors import BusyError, NessieError
from nessie_backend_mem.rules import MAX_DEPENDENTS

from .refusals import check_answer, says
from .registry import case
from .signatures import BY_METHOD, SIGNATURES
from .stage import Stage, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nessie_backend_mem.conformance.recorder import Call, Recorder

__all__ = ["Refusal", "refusals"]
__dir__ = __all__.copy

MANY = 18
"""More clones than a `BusyError` names."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was refused, and what its exception must have.

    Attributes:
        call: The call.
        code: The code.
        target: The argument or object it is about.
        values: Its message must have one of these texts.
        dependents: The names of the clones in the way.
    """

    call: Call
    code: str
    target: str
    values: tuple[str, ...]
    dependents: list[str] = field(default_factory=list)


def refuse(
    recorder: Recorder,
    code: str,
    target: str,
    method: str,
    *arguments: Any,
    values: tuple[str, ...] = (),
    dependents: list[str] | None = None,
    **keywords: Any,
) -> Iterator[Refusal]:
    """Make a call that must be refused with `code`; its message must have the target or a value."""
    signature = BY_METHOD[method]
    if not signature.is_offered(recorder) or not all(
        recorder.patches(field) for field in keywords if field in {"name", "state"}
    ):
        return
    call = recorder.attempt(method, *arguments, **keywords)
    if not signature.is_unsupported(call, keywords):
        check_answer(recorder, call, (code,))
        yield Refusal(call, code, target, values or (target,), dependents or [])


def refusals(recorder: Recorder) -> Iterator[Refusal]:
    """Make calls that are refused, of every kind that the backend can refuse."""
    stage = Stage(recorder)
    yield from missing_objects(stage)
    yield from conflicts(stage)
    yield from invalid_arguments(stage)
    yield from busy_objects(stage)
    yield from offline_volumes(stage)


def missing_objects(stage: Stage) -> Iterator[Refusal]:
    """Pass the identifier of no object as every identifier of every method."""
    for signature in SIGNATURES:
        if not signature.is_offered(stage.recorder):
            continue
        values = [
            stage.valid(signature, each) for each in signature.arguments if not each.is_optional
        ]
        for at, argument in enumerate(signature.arguments):
            if argument.is_id:
                code = argument.kind.replace(" id", "_not_found")
                arguments = [*values[:at], UNKNOWN, *values[at + 1 :]]
                yield from refuse(stage.recorder, code, UNKNOWN, signature.method, *arguments)


def conflicts(stage: Stage) -> Iterator[Refusal]:
    """Pass names and paths that are taken."""
    recorder, name, path = stage.recorder, stage.name, stage.path
    clone = stage.volume, stage.snapshot, name
    yield from refuse(recorder, "volume_exists", name, "create_volume", name)
    yield from refuse(recorder, "volume_exists", name, "patch_volume", stage.other, name=name)
    yield from refuse(recorder, "volume_exists", name, "create_clone", *clone)
    code = "junction_path_exists"
    yield from refuse(recorder, code, path, "patch_volume", stage.other, junction_path=path)
    name = stage.snapshot_name
    rename = stage.volume, stage.newest, name
    yield from refuse(recorder, "snapshot_exists", name, "create_snapshot", stage.volume, name)
    yield from refuse(recorder, "snapshot_exists", name, "rename_snapshot", *rename)


def invalid_arguments(stage: Stage) -> Iterator[Refusal]:
    """Pass bad values, of which some could also be sent by a typed caller."""
    recorder, volume, snapshot = stage.recorder, stage.volume, stage.snapshot

    def invalid(target: str, value: Any, method: str, *arguments: Any, **keywords: Any) -> Any:
        values = (str(value),)
        code = "invalid_argument"
        return refuse(recorder, code, target, method, *arguments, values=values, **keywords)

    name = recorder.new_name("v")
    yield from invalid("uuid", "nonsense", "get_volume", "nonsense")
    yield from invalid("name", "a/b", "create_volume", "a/b")
    yield from invalid("size_bytes", 0, "create_volume", name, 0)
    yield from invalid("size_bytes", 0, "patch_volume", volume, size_bytes=0)
    yield from invalid("junction_path", "a//b", "patch_volume", volume, junction_path="a//b")
    yield from invalid("export_policy", "a\tb", "patch_volume", volume, export_policy="a\tb")
    yield from invalid("name", "a/b", "patch_volume", volume, name="a/b")
    yield from invalid("state", "asleep", "patch_volume", volume, state="asleep")
    yield from invalid("name", "a/b", "create_snapshot", volume, "a/b")
    yield from invalid("name", "a/b", "rename_snapshot", volume, snapshot, "a/b")
    yield from invalid("snap_uuid", "nonsense", "get_snapshot", volume, "nonsense")
    yield from invalid("new_name", "a/b", "create_clone", volume, snapshot, "a/b")
    code, values = "invalid_argument", (volume, stage.name)
    yield from refuse(recorder, code, "vol_uuid", "split_clone", volume, values=values)


def busy_objects(stage: Stage) -> Iterator[Refusal]:
    """Delete and restore what one clone, three and many depend on."""
    recorder = stage.recorder
    if not recorder.offers("clones"):
        return
    volume = made(recorder, "create_volume", recorder.new_name("v"))
    first = made(recorder, "create_snapshot", volume, recorder.new_name("s"))
    busy = made(recorder, "create_snapshot", volume, recorder.new_name("s"))
    names: list[str] = []
    while len(names) < MANY:
        names.append(recorder.new_name("c"))
        made(recorder, "create_clone", volume, busy, names[-1])
        if len(names) not in {1, 3, MANY}:
            continue
        for code, target, method, *arguments in (
            ("volume_busy", volume, "delete_volume", volume),
            ("snapshot_busy", busy, "delete_snapshot", volume, busy),
            ("snapshot_busy", busy, "restore_snapshot", volume, first),
        ):
            values = (target, *names)
            yield from refuse(
                recorder, code, target, method, *arguments, values=values, dependents=[*names]
            )


def offline_volumes(stage: Stage) -> Iterator[Refusal]:
    """Call the methods that need an online volume while it is offline. It stays so."""
    recorder, volume = stage.recorder, stage.volume
    if not recorder.patches("state"):
        return
    try:
        recorder.call("patch_volume", volume, state="offline")
    except Skip:
        return
    values = (volume, stage.name)
    sized = {"size_bytes": 2**20}
    calls: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
        ("access_handle", (volume,), {}),
        ("patch_volume", (volume,), sized),
        ("create_snapshot", (volume, recorder.new_name("s")), {}),
        ("restore_snapshot", (volume, stage.newest), {}),
        ("create_clone", (volume, stage.snapshot, recorder.new_name("c")), {}),
    )
    for method, arguments, keywords in calls:
        code = "volume_offline"
        yield from refuse(recorder, code, volume, method, *arguments, values=values, **keywords)


@case("python.errors")
def exceptions_say_what_was_wrong(recorder: Recorder) -> None:
    """Provoke every refusal: each exception has its code, and those of the package their target."""
    for refusal in refusals(recorder):
        error, written = refusal.call.error, refusal.call.code
        # `None` is a valid answer for a missing object.
        if error is None or not isinstance(error, NessieError):
            continue
        if not str(error) or str(error) != error.message:
            raise Broken(f"{written} raised {error!r}, whose text is empty or not its message")
        if error.target != refusal.target:
            raise Broken(
                f"{written} should raise an error about {refusal.target!r} and raised {error!r}"
            )
        if not any(says(error, value) for value in refusal.values):
            raise Broken(
                f"{written} raised {error!r}, whose text does not have {refusal.values[0]!r}"
            )
        if isinstance(error, BusyError):
            check_dependents(refusal, error)


def check_dependents(refusal: Refusal, error: BusyError) -> None:
    """Check that an error names the first 16 clones in the way, and counts all of them."""
    written, dependents = refusal.call.code, refusal.dependents
    if type(error.dependents) is not tuple or type(error.dependent_count) is not int:
        raise Broken(f"{written} raised {error!r}, whose dependents are not a tuple and a number")
    expected = tuple(dependents[:MAX_DEPENDENTS]), len(dependents)
    if (error.dependents, error.dependent_count) != expected:
        raise Broken(
            f"{written} raised {error!r}, in which the clones are not named: "
            f"the first {MAX_DEPENDENTS} of {len(dependents)} are {expected[0]}"
        )


ATTRIBUTES = ("code", "message", "target", "args", "index", "dependents", "dependent_count")


@case("python.error_copies")
def exceptions_can_be_copied(recorder: Recorder) -> None:
    """Copy and pickle exceptions of the package: the copies are complete."""
    for refusal in refusals(recorder):
        error = refusal.call.error
        if not isinstance(error, NessieError):
            continue
        for how, copied in COPIES.items():
            try:
                twin = copied(error)
            except Exception as failure:  # noqa: BLE001 (the exception's class may raise anything)
                raise Broken(
                    f"{refusal.call.code} raised {error!r}; {how} raised {failure!r}"
                ) from None
            if contents(twin) != contents(error):
                raise Broken(f"{refusal.call.code} raised {error!r}; {how} makes {twin!r} of it")


COPIES: dict[str, Callable[[NessieError], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 (written just now)
    "pickle protocol 0": lambda error: pickle.loads(pickle.dumps(error, 0)),  # noqa: S301
}


def contents(error: Any) -> tuple[Any, ...]:
    """Return all that a copy of an error must have."""
    attributes = (getattr(error, name, None) for name in ATTRIBUTES)
    return (type(error), str(error), repr(error), *attributes)
