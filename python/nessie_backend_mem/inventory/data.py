"""The account of a volume's data: from the sizes in a record to the calls that reproduce them.

A backend accounts for data as a queue: clients write at its end, and what is overwritten or deleted
is what was written first. So from one snapshot to the next, the volume drops some of its oldest
bytes and then writes new ones. A record has the size of the data at each snapshot, and the sum of
what was dropped, of which snapshots hold what was not inherited.
"""

from __future__ import annotations

from itertools import pairwise

__all__ = ["drops"]
__dir__ = __all__.copy


def drops(sizes: list[int], total: int) -> list[int]:
    """Return how many bytes to drop before each size after the first is reached.

    The drops add up to `total` where that is possible. What the sizes leave open is spread evenly.

    Args:
        sizes: bytes of the data: what a clone inherits or 0, at each snapshot, and at the end.
        total: bytes to drop in all.
    """
    steps = list(pairwise(sizes))
    least = [max(before - after, 0) for before, after in steps]
    room = [before - drop for (before, _), drop in zip(steps, least, strict=True)]
    extra = min(max(total - sum(least), 0), sum(room))
    dropped = []
    left = sum(room)
    for drop, most in zip(least, room, strict=True):
        # In proportion to the room. The last step with room takes the rest.
        more = extra * most // left if left else 0
        dropped.append(drop + more)
        extra -= more
        left -= most
    return dropped
