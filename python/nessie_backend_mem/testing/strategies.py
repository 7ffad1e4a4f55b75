"""Hypothesis strategies for the arguments of operations.

Each kind has a strategy for values that every backend accepts, and one, ``bad_…``, for values that
it refuses with `InvalidArgumentError`. Both have the right Python type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from nessie_backend_mem.records import VolumeState

__all__ = [
    "bad_export_policies",
    "bad_junction_paths",
    "bad_sizes",
    "bad_snapshot_names",
    "bad_uuids",
    "bad_volume_names",
    "bad_volume_states",
    "export_policies",
    "junction_paths",
    "sizes",
    "snapshot_names",
    "volume_names",
    "volume_states",
]
__dir__ = __all__.copy

MAX_VOLUME_NAME = 203
MAX_SNAPSHOT_NAME = 255
MAX_EXPORT_POLICY = 256
MAX_JUNCTION_PATH = 4096
SIZE_LIMIT = 2**64
STATES: tuple[VolumeState, ...] = ("online", "offline", "restricted")

# Simple characters come first: Hypothesis shrinks towards them.
FIRST_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
LATER_CHARACTERS = FIRST_CHARACTERS + "-.:"


def volume_names() -> SearchStrategy[str]:
    """Return names: 1 to 203 of ``A-Z a-z 0-9 _ - . :``, the first a letter, digit or ``_``."""
    return _names(MAX_VOLUME_NAME)


def bad_volume_names() -> SearchStrategy[str]:
    """Return names with a wrong length, a wrong character or a wrong first character."""
    return _bad_names(MAX_VOLUME_NAME)


def snapshot_names() -> SearchStrategy[str]:
    """Return names: 1 to 255 of ``A-Z a-z 0-9 _ - . :``, the first a letter, digit or ``_``."""
    return _names(MAX_SNAPSHOT_NAME)


def bad_snapshot_names() -> SearchStrategy[str]:
    """Return names with a wrong length, a wrong character or a wrong first character."""
    return _bad_names(MAX_SNAPSHOT_NAME)


def sizes() -> SearchStrategy[int]:
    """Return sizes in bytes, 1 to 2**64 - 1. Never ``None``, which means no quota."""
    return st.integers(1, SIZE_LIMIT - 1) | st.sampled_from([1, 2**53 + 1, 2**63, SIZE_LIMIT - 1])


def bad_sizes() -> SearchStrategy[int]:
    """Return integers that are not a size: 0, negative, or at least 2**64."""
    return st.sampled_from([0, -1, SIZE_LIMIT]) | st.integers(max_value=0) | st.integers(SIZE_LIMIT)


def junction_paths() -> SearchStrategy[str]:
    """Return absolute paths of at most 4096 bytes.

    They have no empty, ``.`` or ``..`` component, no slash at the end, no control character and no
    lone surrogate. Never the empty string, which unmounts a volume.
    """
    component = _text(min_size=1, max_size=12, without="/").filter(lambda c: c not in (".", ".."))
    usual = st.lists(component, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
    return usual | st.sampled_from(["/" + "p" * (MAX_JUNCTION_PATH - 1), "/...", "/.a/a."])


def bad_junction_paths() -> SearchStrategy[str]:
    """Return paths that break one rule of `junction_paths`. Never the empty string."""
    paths = junction_paths()
    too_long = "/" + "p" * MAX_JUNCTION_PATH
    # Characters of two bytes: the limit is in bytes.
    too_many_bytes = "/" + "é" * (MAX_JUNCTION_PATH // 2)
    return st.one_of(
        st.just("/"),
        paths.map(lambda path: path[1:]).filter(lambda path: path[:1] not in ("", "/")),
        paths.map(lambda path: path + "/"),
        st.builds(lambda path, part: f"{path}/{part}", paths, st.sampled_from([".", "..", "/a"])),
        st.builds(lambda path, odd: f"{path}{odd}", paths, _odd_characters()),
        st.sampled_from([too_long, too_many_bytes]),
    )


def export_policies() -> SearchStrategy[str]:
    """Return names of 1 to 256 characters without control characters and lone surrogates."""
    longest = st.just("p" * MAX_EXPORT_POLICY)
    return st.sampled_from(["default"]) | _text(min_size=1, max_size=20) | longest


def bad_export_policies() -> SearchStrategy[str]:
    """Return names with a wrong length or a wrong character."""
    return st.one_of(
        st.just(""),
        st.just("p" * (MAX_EXPORT_POLICY + 1)),
        st.builds(lambda policy, odd: policy + odd, _text(max_size=10), _odd_characters()),
    )


def volume_states() -> SearchStrategy[VolumeState]:
    """Return ``"online"``, ``"offline"`` or ``"restricted"``."""
    return st.sampled_from(STATES)


def bad_volume_states() -> SearchStrategy[str]:
    """Return other words: in wrong case, with spaces, or empty."""
    odd = st.sampled_from(["", "broken", "ONLINE", "Offline", " online", "online "])
    return odd | st.text(max_size=12).filter(lambda word: word not in STATES)


def bad_uuids() -> SearchStrategy[str]:
    """Return text that is not a UUID in any standard spelling."""
    return st.sampled_from(["", "uuid", "0" * 31, "0" * 33, "g" * 32]) | st.text(
        max_size=40
    ).filter(lambda text: not _spells_uuid(text))


def _names(longest: int) -> SearchStrategy[str]:
    first = st.sampled_from(FIRST_CHARACTERS)
    rest = st.text(LATER_CHARACTERS, max_size=12)
    usual = st.builds(lambda a, b: a + b, first, rest)
    extreme = st.builds(lambda a, length: a * length, first, st.sampled_from([1, longest]))
    return usual | extreme


def _bad_names(longest: int) -> SearchStrategy[str]:
    names = _names(longest)
    stranger = st.sampled_from(" /é\0\n") | st.characters(exclude_characters=LATER_CHARACTERS)
    return st.one_of(
        st.just(""),
        st.integers(1, 50).map(lambda more: "n" * (longest + more)),
        st.builds(lambda first, name: first + name, st.sampled_from("-.:"), names),
        st.builds(lambda name, odd: (name + odd)[-longest:], names, stranger),
    )


def _text(*, min_size: int = 0, max_size: int, without: str = "") -> SearchStrategy[str]:
    """Text without control characters and lone surrogates."""
    characters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=without)
    return st.text(characters, min_size=min_size, max_size=max_size)


def _odd_characters() -> SearchStrategy[str]:
    """One of the characters that `_text` leaves out."""
    return st.sampled_from("\n\0\t\x7f\x85\ud800") | st.characters(categories=["Cc", "Cs"])


def _spells_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
