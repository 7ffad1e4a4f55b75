"""Calls that a backend must refuse, and the checks after them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nessie_backend_mem.conformance.recorder import (
    UNKNOWN,
    Broken,
    Skip,
    canonical,
    code_of,
    shown,
    trace,
)
from nessie_backend_mem.errors import InvalidArgumentError, NessieError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nessie_backend_mem.conformance.recorder import Call, Recorder

    from .bad_values import Bad
    from .signatures import Argument, Signature
    from .stage import Stage

__all__ = [
    "NOTHING",
    "TYPE_ERROR",
    "Refused",
    "check_all",
    "check_answer",
    "is_taken",
    "refused",
    "says",
]
__dir__ = __all__.copy

ABOUT_AN_IDENTIFIER = {
    *("volume_not_found", "snapshot_not_found", "volume_busy", "snapshot_busy"),
    "volume_offline",
}
"""The codes of the errors whose target is the identifier of an object."""

TYPE_ERROR = "TypeError"
"""In place of the code of a refusal: the call must raise `TypeError`."""

NOTHING = "None"
"""In place of the code of a refusal: the search must find nothing."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that must be refused.

    Attributes:
        signature: The method.
        values: The arguments by name.
        codes: The allowed codes of the refusal, or `TYPE_ERROR`, or `NOTHING`.
        target: The target that the error must have, if it is about an argument.
        shown: The part of the bad value that its message must have.
        written: How bad values are written, by argument.
        alone: The same bad value without what else is wrong.
    """

    signature: Signature
    values: dict[str, Any]
    codes: tuple[str, ...]
    target: str = ""
    shown: str = ""
    written: dict[str, str] = field(default_factory=dict)
    alone: Refused | None = None

    def check_or_skip(self, recorder: Recorder) -> Call | None:
        """Make the call as `check` does, if the bad value is refused alone.

        If it is not, another case reports that, and this one would name the wrong rule.
        """
        try:
            return self.check(recorder)
        except Broken as broken:
            if self.alone is not None:
                self.alone.check_alone(recorder)
            elif is_taken(recorder.log[-1].error):
                raise Broken(f"an earlier refused call took it: {broken}", "3.atomic") from None
            raise

    def check_alone(self, recorder: Recorder) -> None:
        """Make the call; skip the case if it is not refused as it should be."""
        start = len(recorder.log)
        try:
            self.check(recorder)
        except Broken:
            call = recorder.log[-1]
            raise Skip(f"another case reports that {call.code} is not refused") from None
        del recorder.log[start:]

    def check(self, recorder: Recorder) -> Call | None:
        """Make the call and check its refusal; None if the backend does not support it."""
        for argument, code in self.written.items():
            recorder.name_it(self.values[argument], code)
        call = self.signature.attempt(recorder, self.values)
        if call is None:
            return None
        check_answer(recorder, call, self.codes)
        check_identifier(call)
        if isinstance(call.error, InvalidArgumentError) and self.target:
            check_text(call, self.target, self.shown)
        return call


def refused(
    signature: Signature,
    values: dict[str, Any],
    argument: Argument,
    bad: Bad,
    codes: tuple[str, ...],
) -> Refused:
    """Return the call with these values, one of which is bad."""
    written = {argument.name: bad.code} if bad.code else {}
    with_bad = {**values, argument.name: bad.value}
    return Refused(signature, with_bad, codes, argument.name, bad.shown, written)


def is_taken(error: Exception | None) -> bool:
    """Whether an error says that a name or path is in use."""
    return error is not None and (code_of(error) or "").endswith("_exists")


def check_answer(recorder: Recorder, call: Call, codes: tuple[str, ...]) -> None:
    """Check the exception of a call, or that it found nothing."""
    expected = " or ".join(codes)
    if call.error is None:
        if call.result is None and may_be_none(recorder, call, codes):
            return
        if codes == (NOTHING,):
            raise Broken(f"{call.code} should find nothing and returned {shown(call.result)}")
        raise Broken(
            f"{call.code} should be refused as {expected} and returned {shown(call.result)}"
        )
    if codes == (NOTHING,):
        raise Broken(f"{call.code} should find nothing and raised\n{trace(call.error)}")
    code = code_of(call.error)
    if TYPE_ERROR in codes and isinstance(call.error, TypeError):
        return
    if codes == (TYPE_ERROR,):
        raise Broken(f"{call.code} should raise TypeError and raised\n{trace(call.error)}")
    if code is None:
        raise Broken(f"{call.code} should be refused as {expected} and raised\n{trace(call.error)}")
    if code not in codes:
        raise Broken(f"{call.code} should be refused as {expected} and was refused as {code}")


def may_be_none(recorder: Recorder, call: Call, codes: tuple[str, ...]) -> bool:
    """Whether `None` is an allowed answer: for a search, or in place of a missing object."""
    if codes == (NOTHING,):
        return True
    if not any(code.endswith("_not_found") for code in codes) or call.method.startswith("delete_"):
        return False
    if not call.method.startswith("find_"):
        return True
    missing = recorder.attempt("get_volume", UNKNOWN)
    recorder.log.pop()
    return missing.error is None and missing.result is None


def check_identifier(call: Call) -> None:
    """Check that an identifier that is the target of an error is canonical."""
    error = call.error
    if (
        isinstance(error, NessieError)
        and code_of(error) in ABOUT_AN_IDENTIFIER
        and error.target != canonical(error.target)
    ):
        raise Broken(
            f"{call.code} raised {error!r}, whose target is not a canonical uuid",
            "python.spellings",
        )


def check_text(call: Call, target: str, part: str) -> None:
    """Check the target of an `InvalidArgumentError`, and that its message has the value."""
    error: Any = call.error
    if error.target != target:
        raise Broken(
            f"{call.code} should raise an error about {target!r} and raised {error!r}",
            "python.errors",
        )
    if not says(error, part):
        raise Broken(
            f"{call.code} raised {error!r}, whose text does not have the value {part!r}",
            "python.errors",
        )


def says(error: NessieError, value: str) -> bool:
    """Whether the text of an error has a value, of which some characters may be escaped."""
    readable = max(re.findall(r"[!-~]+", value), key=len, default="")
    return readable in str(error)


def check_all(stage: Stage, calls: Iterable[Refused]) -> int:
    """Make calls that must be refused, and check that they have changed nothing.

    Returns:
        The number of calls that the backend supports.
    """
    recorder = stage.recorder
    before, start = recorder.picture(), len(recorder.log)
    checked: list[Call] = []
    passed: set[Any] = set()
    try:
        for each in calls:
            passed |= {value for value in each.values.values() if isinstance(value, str)}
            if (call := each.check_or_skip(recorder)) is not None:
                checked.append(call)
        check_unchanged(recorder, before)
        stage.check_free(passed)
    except Broken as broken:
        if "3.atomic" in broken.rules:
            for call in checked:
                call.is_shown = True
        raise
    del recorder.log[start:]
    return len(checked)


def check_unchanged(recorder: Recorder, before: Any) -> None:
    """Check that the case's objects are what they were before some refused calls."""
    after = recorder.picture()
    if after != before:
        raise Broken(
            f"refused calls changed something, one of these or several: the backend holds "
            f"{shown(after)} and held {shown(before)}",
            "3.atomic",
        )
