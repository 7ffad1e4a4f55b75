"""Sizes that are written with a unit."""

from __future__ import annotations

import re

__all__ = ["parse_size"]

SIZE = re.compile(r"([0-9]+) ?(?:([KMGTP])i?B)?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Return the bytes of a size such as ``50GB``, ``50GiB`` or ``1073741824``.

    Units are powers of 1024, with and without the ``i``, as ONTAP has them.

    Raises:
        ValueError: `text` is not a size.
    """
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is not a size such as 50GB, 50GiB or 1073741824')
    power = " KMGTP".index((match[2] or " ").upper())
    return int(match[1]) << 10 * power
