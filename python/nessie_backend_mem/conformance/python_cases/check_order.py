"""The order of a method's checks, with values that only Python can send.

First the form of the arguments, then whether the objects exist, then the values, then the state,
then conflicts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import UNKNOWN, Skip

from .bad_values import out_of_range, surrogates
from .refusals import NOTHING, TYPE_ERROR, Refused, check_all
from .registry import case
from .signatures import SIGNATURES, Argument, Signature
from .stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nessie_backend_mem.conformance.recorder import Recorder

__all__: list[str] = []
__dir__ = __all__.copy

NEED_ONLINE = {"restore_snapshot", "create_clone"}
"""The methods with the uuid of a snapshot that refuse a volume that is offline."""

NOT_FOUND = {"volume id": "volume_not_found", "snapshot id": "snapshot_not_found"}


@case("python.form", "3.atomic")
def form_is_checked_before_existence(recorder: Recorder) -> None:
    """Pass ill-formed arguments beside missing objects: a TypeError or an invalid argument."""
    check_each(Stage(recorder), ill_formed_beside_missing)


@case("3.order", "3.atomic")
def existence_is_checked_before_values(recorder: Recorder) -> None:
    """Pass bad values beside a missing volume or snapshot: it is not found."""
    check_each(Stage(recorder), bad_beside_missing)


@case("3.order", "3.atomic")
def values_are_checked_before_the_state(recorder: Recorder) -> None:
    """Pass bad values and malformed uuids for a volume that is offline: an invalid argument."""
    if not recorder.patches("state"):
        raise Skip("patch_volume takes no state")
    stage = Stage(recorder)
    recorder.call("patch_volume", stage.volume, state="offline")
    check_each(stage, bad_while_offline)


@case("3.order", "python.form", "3.atomic")
def form_and_values_are_checked_before_conflicts(recorder: Recorder) -> None:
    """Pass ill-formed arguments and bad values beside a taken name or path."""
    check_each(Stage(recorder), bad_beside_taken)


def check_each(
    stage: Stage, calls: Callable[[Stage, Signature, dict[str, Any]], Iterator[Refused]]
) -> None:
    """Make the calls that `calls` returns for each method and its valid arguments."""
    for signature in SIGNATURES:
        if signature.is_offered(stage.recorder):
            valid = {
                each.name: stage.valid(signature, each)
                for each in signature.arguments
                if not each.is_optional
            }
            check_all(stage, calls(stage, signature, valid))


def ill_formed_beside_missing(
    stage: Stage, signature: Signature, valid: dict[str, Any]
) -> Iterator[Refused]:
    """Return the calls with one ill-formed argument, in which the other objects are missing."""
    for argument in taken_arguments(stage, signature):
        others = [each for each in signature.arguments if each.is_id and each is not argument]
        if others:
            missing = {**valid, **{each.name: UNKNOWN for each in others}}
            for refused in ill_formed(signature, missing, argument):
                yield with_value_alone(refused, valid, argument)


def bad_beside_missing(
    stage: Stage, signature: Signature, valid: dict[str, Any]
) -> Iterator[Refused]:
    """Return the calls with one missing object and a bad value of another argument."""
    for missing in signature.arguments:
        if not missing.is_id:
            continue
        for argument in taken_arguments(stage, signature):
            if argument.is_id:
                continue
            codes = (NOT_FOUND[missing.kind],)
            for refused in bad_values(signature, {**valid, missing.name: UNKNOWN}, argument):
                with_alone = with_value_alone(refused, valid, argument)
                yield replace(with_alone, codes=codes)


def bad_while_offline(
    stage: Stage, signature: Signature, valid: dict[str, Any]
) -> Iterator[Refused]:
    """Return the calls with a bad value, also beside a size, or with a malformed snapshot."""
    if signature.is_search or not signature.arguments[0].is_id:
        return
    for argument in taken_arguments(stage, signature):
        if argument.is_id:
            if signature.method in NEED_ONLINE and argument.kind == "snapshot id":
                yield from ill_formed(signature, valid, argument)
            continue
        online = {**valid, signature.arguments[0].name: stage.other}
        for refused in bad_values(signature, valid, argument):
            # The other volume has no snapshot to be cloned.
            is_clone = signature.method == "create_clone"
            yield refused if is_clone else with_value_alone(refused, online, argument)
        if signature.method == "patch_volume" and argument.kind != "size":
            for refused in bad_values(signature, {**valid, "size_bytes": 4096}, argument):
                yield with_value_alone(refused, online, argument)


def bad_beside_taken(
    stage: Stage, signature: Signature, valid: dict[str, Any]
) -> Iterator[Refused]:
    """Return the calls with a taken name or path, and another argument that is bad."""
    if signature.is_search:
        return
    taken = {
        "volume name": stage.name,
        "snapshot name": stage.snapshot_name,
        "path": stage.path.upper(),
    }
    # The volume and snapshot whose names and path are taken may keep them.
    others = {"patch_volume": {"uuid": stage.other}, "rename_snapshot": {"snap_uuid": stage.newest}}
    valid = {**valid, **others.get(signature.method, {})}
    for conflict in taken_arguments(stage, signature):
        if conflict.kind not in taken:
            continue
        conflicting = {**valid, conflict.name: taken[conflict.kind]}
        for argument in taken_arguments(stage, signature):
            if argument is conflict:
                continue
            for refused in ill_formed(signature, conflicting, argument):
                yield with_value_alone(refused, valid, argument)
            for refused in bad_values(signature, conflicting, argument):
                yield with_value_alone(refused, valid, argument)
            if argument.is_id:
                missing = {**conflicting, argument.name: UNKNOWN}
                yield Refused(signature, missing, (NOT_FOUND[argument.kind],))


def taken_arguments(stage: Stage, signature: Signature) -> list[Argument]:
    """Return the arguments that the backend's method has."""
    return [each for each in signature.arguments if signature.takes(stage.recorder, each)]


def ill_formed(
    signature: Signature, values: dict[str, Any], argument: Argument
) -> Iterator[Refused]:
    """Return the calls with these values, except for an argument that is ill-formed."""
    for wrong in ("5", 4096.5) if argument.kind == "size" else (5, b"bytes"):
        yield Refused(signature, {**values, argument.name: wrong}, (TYPE_ERROR,))
    for text in ("nonsense", f"{UNKNOWN} ") if argument.is_id else ():
        bad = {**values, argument.name: text}
        yield Refused(signature, bad, ("invalid_argument",))


def bad_values(
    signature: Signature, values: dict[str, Any], argument: Argument
) -> Iterator[Refused]:
    """Return the calls with these values, except for one that only Python can send and is bad."""
    if argument.is_id:
        return
    codes = (NOTHING,) if signature.is_search else ("invalid_argument",)
    for bad in [*out_of_range(argument.kind), *surrogates(argument.kind)]:
        yield Refused(signature, {**values, argument.name: bad.value}, codes)


def with_value_alone(refused: Refused, valid: dict[str, Any], argument: Argument) -> Refused:
    """Add the call in which only the value of `argument` is wrong."""
    value = refused.values[argument.name]
    alone = replace(refused, values={**valid, argument.name: value})
    return replace(refused, alone=alone)
