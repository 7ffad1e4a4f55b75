"""Cases that send bad values as every argument of every method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import Skip

from .bad_values import SURROGATES, Bad, malformed, out_of_range, surrogates, wrong_types
from .refusals import NOTHING, TYPE_ERROR, Refused, check_all, refused
from .registry import case
from .signatures import SIGNATURES, Argument, Signature
from .stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nessie_backend_mem.conformance.recorder import Recorder


__all__: list[str] = []
__dir__ = __all__.copy


def refuse_each(
    recorder: Recorder, codes: tuple[str, ...], choose: Callable[..., list[Bad]]
) -> int:
    """Call every method with each chosen value, alone and beside other valid fields.

    Args:
        recorder: The backend.
        codes: The allowed codes of the refusals.
        choose: Returns the bad values of an argument of a method on a stage.

    Returns:
        The number of refused calls.
    """
    stage = Stage(recorder)
    count = 0
    for signature in SIGNATURES:
        if not signature.is_offered(recorder):
            continue
        for argument in signature.arguments:
            bad = choose(stage, signature, argument)
            if bad and signature.takes(recorder, argument):
                calls = with_and_without_fields(stage, signature, argument, bad, codes)
                count += check_all(stage, calls)
    return count


def with_and_without_fields(
    stage: Stage,
    signature: Signature,
    argument: Argument,
    bad: list[Bad],
    codes: tuple[str, ...],
) -> Iterator[Refused]:
    """Return the calls with bad values of one argument."""
    fields: dict[str, Any] = {
        each.name: stage.valid(signature, each)
        for each in signature.arguments
        if each.is_optional and signature.takes(stage.recorder, each)
    }
    needed = {
        each.name: stage.valid(signature, each)
        for each in signature.arguments
        if not each.is_optional
    }
    if signature.is_search and not argument.is_id and codes != (TYPE_ERROR,):
        codes = (NOTHING,)
    for value in bad:
        yield refused(signature, needed, argument, value, codes)
        if fields.keys() - {argument.name}:
            yield refused(signature, {**needed, **fields}, argument, value, codes)


@case("python.malformed", "3.atomic", "python.errors")
def malformed_identifiers_are_refused(recorder: Recorder) -> None:
    """Pass text that is not a UUID as every identifier: an invalid argument."""

    def choose(stage: Stage, signature: Signature, argument: Argument) -> list[Bad]:
        if not argument.is_id:
            return []
        uuid = stage.valid(signature, argument)
        return malformed(uuid, recorder.written(uuid))

    refuse_each(recorder, ("invalid_argument",), choose)


@case("python.sizes", "3.atomic", "python.errors")
def sizes_out_of_range_are_refused(recorder: Recorder) -> None:
    """Pass 0, negative sizes, and sizes of 2**64 bytes and more: invalid arguments."""

    def choose(_: Stage, __: Signature, argument: Argument) -> list[Bad]:
        return out_of_range("size") if argument.kind == "size" else []

    refuse_each(recorder, ("invalid_argument",), choose)


@case("python.states", "3.atomic", "python.errors")
def other_states_are_refused(recorder: Recorder) -> None:
    """Pass a state other than the three words: an invalid argument."""

    def choose(_: Stage, __: Signature, argument: Argument) -> list[Bad]:
        return out_of_range("state") if argument.kind == "state" else []

    if not refuse_each(recorder, ("invalid_argument",), choose):
        raise Skip("patch_volume takes no state")


@case("python.surrogates", "3.atomic", "python.errors")
def lone_surrogates_are_refused(recorder: Recorder) -> None:
    """Pass a lone surrogate, which UTF-8 cannot encode, in every text: an invalid argument."""

    def choose(stage: Stage, signature: Signature, argument: Argument) -> list[Bad]:
        if signature.is_search and not argument.is_id:
            # Without the surrogate, this is the name of an existing object.
            return [Bad(stage.valid(signature, argument) + each) for each in SURROGATES]
        return surrogates(argument.kind)

    refuse_each(recorder, ("invalid_argument",), choose)


@case("python.types", "3.atomic")
def wrong_types_are_type_errors(recorder: Recorder) -> None:
    """Pass values of wrong types as every argument: a TypeError."""

    def choose(_: Stage, __: Signature, argument: Argument) -> list[Bad]:
        return wrong_types(argument.kind, is_optional=argument.is_optional)

    refuse_each(recorder, (TYPE_ERROR,), choose)
