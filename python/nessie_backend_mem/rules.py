"""The contract, and checks of values for backends written in Python.

A backend that checks its arguments with these functions refuses what
`MemBackend` refuses, with the same texts:

    from nessie_backend_mem import rules

    class MyBackend:
        def create_volume(self, name, size_bytes=None):
            rules.check_new_volume(name, size_bytes)
            ...

A check only tests the value. The backend must check whether a name is free.
A value of the wrong Python type is a `TypeError`. Check the types of all
arguments before you look for the volume, and their values after that: the
suite sends both kinds of bad arguments for volumes that do not exist.

The conformance suite calls every method with every spelling of a uuid and
with `uuid.UUID`, and sends as every argument what a backend must refuse:
text that is nearly a uuid, integers out of range, unknown states, lone
surrogates, and values of wrong types, also false ones such as ``b""``. The
module `nessie_backend_mem.protocols` has the whole list. To print these
rules: ``nessie-mem conformance --rules``.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from . import _core, errors

if TYPE_CHECKING:
    from typing import SupportsIndex
    from uuid import UUID

__all__ = [
    "MAX_DEPENDENTS",
    "MAX_EXPORT_POLICY",
    "MAX_JUNCTION_PATH",
    "MAX_SIZE_BYTES",
    "MAX_SNAPSHOT_NAME",
    "MAX_VOLUME_NAME",
    "canonical_uuid",
    "check_export_policy",
    "check_junction_path",
    "check_new_volume",
    "check_patch",
    "check_size_bytes",
    "check_snapshot_name",
    "check_state",
    "check_volume_name",
    "fold_junction_path",
]
__dir__ = __all__.copy

MAX_VOLUME_NAME: Final = _core._MAX_VOLUME_NAME
"""The length of the longest volume name, in characters."""
MAX_SNAPSHOT_NAME: Final = _core._MAX_SNAPSHOT_NAME
"""The length of the longest snapshot name, in characters."""
MAX_JUNCTION_PATH: Final = _core._MAX_JUNCTION_PATH
"""The length of the longest junction path, in bytes of UTF-8."""
MAX_EXPORT_POLICY: Final = _core._MAX_EXPORT_POLICY
"""The length of the longest export policy name, in characters."""
MAX_SIZE_BYTES: Final = 2**64 - 1
"""The largest quota, in bytes. The smallest is 1."""
MAX_DEPENDENTS: Final = errors._MOST_DEPENDENTS
"""The most clones that a `BusyError` names; its `dependent_count` counts them all."""


def check_volume_name(name: str, *, argument: str = "name") -> None:
    """Check the name of a volume, as `create_volume` does.

    Args:
        name: The name.
        argument: The caller's parameter, which the error names.

    Raises:
        InvalidArgumentError: The name is empty, longer than `MAX_VOLUME_NAME`, has a character
            other than ``A-Z a-z 0-9 _ - . :``, or begins with ``-``, ``.`` or ``:``.
    """
    _core._check_volume_name(name, argument)


def check_snapshot_name(name: str, *, argument: str = "name") -> None:
    """Check the name of a snapshot, as `create_snapshot` does.

    Args:
        name: The name.
        argument: The caller's parameter, which the error names.

    Raises:
        InvalidArgumentError: The name is longer than `MAX_SNAPSHOT_NAME` or breaks another rule of
            `check_volume_name`.
    """
    _core._check_snapshot_name(name, argument)


def check_size_bytes(size_bytes: SupportsIndex) -> None:
    """Check a quota.

    Args:
        size_bytes: The quota in bytes: an integer, and not a bool.

    Raises:
        InvalidArgumentError: The quota is below 1 or above `MAX_SIZE_BYTES`.
    """
    _core._check_size_bytes(size_bytes)


def check_junction_path(junction_path: str) -> None:
    """Check where a volume is to be mounted.

    The empty path, with which a patch unmounts, is refused here; `check_patch` accepts it.

    Args:
        junction_path: The path.

    Raises:
        InvalidArgumentError: The path does not start with ``/``, is ``/``, ends with ``/``, has an
            empty, ``.`` or ``..`` component, a control character or a lone surrogate, or is longer
            than `MAX_JUNCTION_PATH`.
    """
    _core._check_junction_path(junction_path)


def check_export_policy(export_policy: str) -> None:
    """Check the name of an export policy.

    Args:
        export_policy: The name.

    Raises:
        InvalidArgumentError: The name is empty, longer than `MAX_EXPORT_POLICY`, or has a control
            character or a lone surrogate.
    """
    _core._check_export_policy(export_policy)


def check_state(state: str) -> None:
    """Check the state of a volume.

    Args:
        state: The state.

    Raises:
        InvalidArgumentError: The state is not ``"online"``, ``"offline"`` or ``"restricted"``.
    """
    _core._check_state(state)


def check_new_volume(name: str, size_bytes: SupportsIndex | None = None) -> None:
    """Check the arguments of `create_volume`.

    Args:
        name: The name.
        size_bytes: The quota in bytes, or ``None`` for no quota.

    Raises:
        InvalidArgumentError: `check_volume_name` or `check_size_bytes` refuses a value.
    """
    _core._check_new_volume(name, size_bytes)


def check_patch(
    size_bytes: SupportsIndex | None = None,
    junction_path: str | None = None,
    export_policy: str | None = None,
    *,
    name: str | None = None,
    state: str | None = None,
) -> None:
    """Check the arguments of `patch_volume` other than the uuid. ``None`` is not checked.

    Args:
        size_bytes: The new quota in bytes.
        junction_path: The new path. The empty one unmounts.
        export_policy: The name of the new export policy.
        name: The new name.
        state: The new state.

    Raises:
        InvalidArgumentError: The check of a value refuses it.
    """
    _core._check_patch(size_bytes, junction_path, export_policy, name, state)


def canonical_uuid(uuid: str | UUID, *, argument: str = "uuid") -> str:
    """Return a uuid as records show it: lower case, with hyphens.

    Args:
        uuid: A `uuid.UUID`, or text in a standard spelling: with or without hyphens, in braces, or
            after ``urn:uuid:``, in either case of letters.
        argument: The caller's parameter, which the error names.

    Returns:
        The canonical spelling, a key for a dict.

    Raises:
        InvalidArgumentError: The text does not spell a uuid.
    """
    return _core._canonical_uuid(uuid, argument)


def fold_junction_path(junction_path: str) -> str:
    """Return a path with its ASCII letters in lower case.

    A path is in use if another volume's folded path is equal. Do not fold with `str.lower`: it also
    changes letters beyond ASCII.

    Args:
        junction_path: The path.

    Returns:
        The folded path, a key for a dict.

    Raises:
        InvalidArgumentError: The path has a lone surrogate.
    """
    return _core._fold_junction_path(junction_path)


_PYTHON_RULES = {
    "python.dicts": "Records are plain dicts, exactly of the type dict. Lists are of any type that "
    "is a collections.abc.Sequence. Texts may be of a subclass of str, sizes of one of int.",
    "python.keys": "A dict has its keys in the contract's order, also after changes.",
    "python.fresh": "A change of a result changes neither the backend nor another result, and no "
    "later call changes a result.",
    "python.capabilities": "Capabilities are three bools that never change. A tier that is true "
    "has its methods.",
    "python.positions": "The positional order of the arguments is the contract's. None means "
    "not given.",
    "python.spellings": "Identifiers are accepted as text in any standard UUID spelling, and "
    "returned in the canonical one.",
    "python.namesakes": "A name that also spells an identifier is not taken for it, nor the "
    "identifier for the name.",
    "python.uuid": "Identifiers may be uuid.UUID objects.",
    "python.malformed": "A malformed UUID is an invalid argument.",
    "python.sizes": "An integer out of range is an invalid argument.",
    "python.surrogates": "Text with a lone surrogate is an invalid argument; a search for such a "
    "name finds nothing.",
    "python.states": "A state other than online, offline and restricted is an invalid argument.",
    "python.types": "A value of the wrong Python type is a TypeError.",
    "python.form": "The form of all arguments, which is their types and the spelling of "
    "identifiers, is checked before anything else.",
    "python.errors": "An exception has its code. One of the package also has its target, a text "
    "with the value that was wrong, and if busy the clones that depend on the object.",
    "python.error_copies": "A copied or unpickled exception of the package has all attributes.",
    "python.instances": "Two backends that a callable made are independent.",
}
"""The rules of the contract that are only about Python."""


def _contract_rules() -> list[tuple[str, str, str]]:
    """Return the identifier, the section and the text of every rule."""
    of_python = [(rule, "Python", text) for rule, text in _PYTHON_RULES.items()]
    return [*_core._conformance_rules(), *of_python]


def _contract() -> str:
    """Return every rule of the conformance suite by section, and the classes of errors."""
    lines = ["The promises of a backend, by the names that the conformance suite reports."]
    section, by = "", " " * 6
    for rule, title, text in _contract_rules():
        if title != section:
            section = title
            lines += ["", f"## {section}", ""]
        lines += [f"    {rule}", textwrap.fill(text, 76, initial_indent=by, subsequent_indent=by)]
    lines += ["", "## Codes of refusals, and their classes in `errors`", ""]
    for name, value in vars(errors).items():
        if code := getattr(value, "code", None):
            lines.append(f"    {code:26}{name}")
    return "\n".join(lines)


__doc__ = f"{__doc__}\n{_contract()}\n"
