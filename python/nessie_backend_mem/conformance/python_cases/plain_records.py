"""Cases about the form of results: plain dicts, with their keys in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nessie_backend_mem.conformance.recorder import Broken, is_list, shown

from .registry import case
from .shapes import records
from .timeline import timeline

if TYPE_CHECKING:
    from nessie_backend_mem.conformance.recorder import Recorder

__all__ = ["results_are_plain_dicts"]
__dir__ = __all__.copy


@case("python.dicts")
def results_are_plain_dicts(recorder: Recorder) -> None:
    """Check after every change that each record is a plain dict, and each list a Sequence."""
    for result in timeline(recorder):
        if ".list_" in result.code and not is_list(result.value):
            raise Broken(f"{result.code} returned {shown(result.value)}, not a list")
        for record, _ in records(recorder.own(result.value), result.kind):
            if type(record) is not dict:
                kind = type(record).__name__
                article = "an" if kind[:1] in "AEIOUaeiou" else "a"
                raise Broken(
                    f"{result.code} returned {article} {kind}, not a dict: {shown(record)}"
                )


@case("python.keys")
def keys_are_in_order(recorder: Recorder) -> None:
    """Check after every change that each record has the contract's keys, in their order."""
    for result in timeline(recorder):
        for record, shape in records(recorder.own(result.value), result.kind):
            if shape is None:
                raise Broken(
                    f"{result.code} returned {shown(record)}, which is not an access handle"
                )
            keys = list(record)
            expected = [key for key in shape.keys if key in keys or key not in shape.optional]
            if keys != expected:
                raise Broken(
                    f"{result.code} returned the keys {keys}, not {expected}: {shown(record)}"
                )
