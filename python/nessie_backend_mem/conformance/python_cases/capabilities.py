"""Cases about capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nessie_backend_mem.conformance.recorder import TIERS, Broken, Skip, plain, shown

from .exceptions import refusals
from .registry import case
from .shapes import CAPABILITIES
from .timeline import timeline

if TYPE_CHECKING:
    from nessie_backend_mem.conformance.recorder import Recorder

__all__: list[str] = []
__dir__ = __all__.copy


@case("python.capabilities", "1.honest")
def capabilities_are_three_bools(recorder: Recorder) -> None:
    """Check that capabilities are three bools, and that promised tiers have their methods."""
    offered = recorder.call("capabilities")
    if type(offered) is not dict or list(offered) != list(CAPABILITIES.keys):
        keys = ", ".join(CAPABILITIES.keys)
        raise Broken(f"capabilities() returned {shown(offered)}, not a dict of {keys}")
    if any(type(value) is not bool for value in offered.values()):
        raise Broken(
            f"capabilities() returned {shown(offered)}, in which not every value is a bool"
        )
    for tier, methods in TIERS.items():
        missing = [method for method in methods if not recorder.has(method)]
        if offered[tier] and missing:
            raise Broken(f"capabilities() promises {tier}, and {missing[0]} is not a method")


@case("python.capabilities", "1.honest")
def capabilities_never_change(recorder: Recorder) -> None:
    """Read capabilities again after every change and refusal, and while all is offline."""
    expected = plain(recorder.call("capabilities"))

    def check(after: str) -> None:
        offered = recorder.call("capabilities")
        if plain(offered) != expected:
            raise Broken(
                f"capabilities() returned {shown(expected)}, and {shown(offered)} after {after}"
            )
        recorder.log.pop()

    for result in timeline(recorder):
        check(result.code)
    for refusal in refusals(recorder):
        check(f"the refusal of {refusal.call.code}")
    volumes = [volume["uuid"] for volume in recorder.picture()[0]]
    for state in ("restricted", "offline"):
        for uuid in volumes if recorder.patches("state") else ():
            try:
                recorder.call("patch_volume", uuid, state=state)
            except Skip:
                break
            check(recorder.log[-1].code)
    recorder.delete_created()
    check(f"the deletion of {len(volumes)} volumes")
