"""Recording of the calls that a case in Python makes.

A `Recorder` passes the calls of a case on to the backend. It stores each as Python code, and
deletes the created objects at the end.
"""

from __future__ import annotations

import copy
import inspect
import re
import traceback
from contextlib import suppress
from typing import Any
from uuid import UUID

__all__ = [
    "CODES",
    "TIERS",
    "UNKNOWN",
    "VOLUME_METHODS",
    "Broken",
    "Recorder",
    "Skip",
    "UnusableError",
    "code_of",
    "own_methods",
    "shown",
    "trace",
]
__dir__ = __all__.copy

CODES = frozenset(
    {
        "volume_not_found",
        "snapshot_not_found",
        "volume_exists",
        "snapshot_exists",
        "junction_path_exists",
        "volume_busy",
        "snapshot_busy",
        "volume_offline",
        "invalid_argument",
        "feature_not_supported",
        "timeout",
        "substrate",
    }
)
"""The codes of the errors of the contract."""

LONGEST_TRACE = 8_000
"""The most characters of a traceback that are shown: the last ones."""

PACKAGE = "nessie_backend_mem."

UNKNOWN = "3f1c9a52-6d07-4b8e-a1f4-90c2d7e5b836"
"""A well-formed identifier that no object has."""

VOLUME_METHODS = (
    *("capabilities", "create_volume", "list_volumes", "get_volume", "patch_volume"),
    *("delete_volume", "access_handle"),
)
"""The methods that every backend has."""

TIERS = {
    "snapshots": ("create_snapshot", "list_snapshots", "get_snapshot", "delete_snapshot"),
    "clones": ("create_clone",),
}
"""The tiers above the first, and the methods each must have."""


class Broken(AssertionError):  # noqa: N818 (the backend is broken)
    """The backend breaks the rule that the case is about."""


class Skip(Exception):  # noqa: N818 (not an error)
    """The case does not apply to this backend."""


def code_of(error: BaseException) -> str | None:
    """Return the code of an exception; None if the contract does not have it."""
    code = getattr(error, "code", None)
    if isinstance(code, str) and code in CODES:
        return str(code)
    return "feature_not_supported" if isinstance(error, NotImplementedError) else None


def own_methods(backend: object, *names: str) -> bool:
    """Whether the backend has all these methods."""
    return all(callable(getattr(backend, name, None)) for name in names)


class Call:
    """One call: its Python code, and its result or exception."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.result: Any = None
        self.error: Exception | None = None
        self.is_over = False

    def __str__(self) -> str:
        if not self.is_over:
            return f"{self.code}  # no answer"
        if self.error is None:
            return self.code
        return f"{self.code}  # raised {type(self.error).__name__}: {one_line(self.error)}"


class UnusableError(Exception):
    """The backend cannot even list its volumes, so no case can be run on it."""


class Recorder:
    """A backend, and the calls that a case makes to it."""

    def __init__(self, backend: Any) -> None:
        """Record calls to `backend`, which may hold volumes already."""
        self.backend = backend
        self.log: list[Call] = []
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._made: list[tuple[str, ...]] = []
        listed = self._call("list_volumes")
        if listed.error is not None:
            raise UnusableError(f"list_volumes() raised\n{trace(listed.error)}")
        if not isinstance(listed.result, (list, tuple)):
            raise UnusableError(f"list_volumes() returned {shown(listed.result)}, not a list")
        self._foreign = copy.deepcopy(listed.result)
        self.log.clear()
        taken = [volume.get("name") for volume in self._foreign if isinstance(volume, dict)]
        self._prefix = "py"
        while any(isinstance(name, str) and name.startswith(self._prefix) for name in taken):
            self._prefix += "0"

    # Features of the backend ---------------------------------------------------------------

    def has(self, *methods: str) -> bool:
        """Whether the backend has these methods."""
        return own_methods(self.backend, *methods)

    def offers(self, tier: str) -> bool:
        """Whether the backend reports the tier and has its methods."""
        with suppress(Exception):
            return bool(self.backend.capabilities()[tier]) and self.has(*TIERS[tier])
        return False

    def patches(self, field: str) -> bool:
        """Whether the signature of `patch_volume` has this keyword."""
        try:
            parameters = inspect.signature(self.backend.patch_volume).parameters.values()
        except (TypeError, ValueError):
            return True
        return any(
            parameter.kind is parameter.VAR_KEYWORD
            or (parameter.name == field and parameter.kind is not parameter.POSITIONAL_ONLY)
            for parameter in parameters
        )

    # Calls ---------------------------------------------------------------------------------

    def new_name(self, word: str) -> str:
        """Return a name that is not in use."""
        self._counts[word] = self._counts.get(word, 0) + 1
        return f"{self._prefix}-{word}{self._counts[word]}"

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method that must succeed, and return its result."""
        call = self._call(method, *arguments, **keywords)
        if call.error is None:
            return call.result
        if code_of(call.error) == "feature_not_supported":
            raise Skip(f"{method} is not supported by this backend")
        raise Broken(f"{call.code} should work and raised\n{trace(call.error)}")

    def refused(self, method: str, *arguments: Any, **keywords: Any) -> Exception | None:
        """Call a method that must raise an error of the contract, and return the error.

        Return None if the backend reports a missing object by returning None.
        """
        before = self.picture()
        call = self._call(method, *arguments, **keywords)
        if call.error is None and call.result is None and not method.startswith("delete_"):
            return None
        if call.error is None:
            raise Broken(f"{call.code} should be refused and returned {shown(call.result)}")
        if code_of(call.error) == "feature_not_supported":
            raise Skip(f"{method} is not supported by this backend")
        if self.picture() != before:
            raise Broken(f"{call.code} raised {type(call.error).__name__} and changed something")
        return call.error

    def refused_as(self, code: str, method: str, *arguments: Any, **keywords: Any) -> None:
        """Call a method that must raise an error with this code."""
        error = self.refused(method, *arguments, **keywords)
        written = self.log[-1].code
        if error is None:
            raise Broken(f"{written} should be refused as {code} and returned None")
        if code_of(error) is None:
            raise Broken(f"{written} should be refused as {code} and raised\n{trace(error)}")
        if code_of(error) != code:
            raise Broken(
                f"{written} should be refused as {code} and was refused as {code_of(error)}"
            )

    def refused_by_type(self, method: str, *arguments: Any, **keywords: Any) -> None:
        """Call a method with a value of a wrong type; it must raise `TypeError`."""
        error = self.refused(method, *arguments, **keywords)
        if not isinstance(error, TypeError):
            raised = "returned None" if error is None else f"raised\n{trace(error)}"
            raise Broken(f"{self.log[-1].code} should raise TypeError and {raised}")

    def picture(self) -> Any:
        """Return a copy of all volumes and snapshots. These calls are not recorded."""
        volumes = self.backend.list_volumes()
        snapshots = [
            self.backend.list_snapshots(volume["uuid"])
            for volume in (volumes if self.offers("snapshots") else ())
        ]
        return copy.deepcopy((volumes, snapshots))

    def name_it(self, value: object, code: str) -> None:
        """Write the argument `value` as `code` from now on."""
        self._names[repr(value)] = code

    def _call(self, method: str, *arguments: Any, **keywords: Any) -> Call:
        written = [self.written(value) for value in arguments]
        written += [f"{key}={self.written(value)}" for key, value in keywords.items()]
        call = Call(f"b.{method}({', '.join(written)})")
        self.log.append(call)
        try:
            call.result = getattr(self.backend, method)(*arguments, **keywords)
        except Exception as error:  # noqa: BLE001 (a backend may raise anything)
            call.error = error
            return call
        finally:
            call.is_over = True
        if method.startswith("create_"):
            self._keep(method, call, arguments)
        return call

    def written(self, value: object) -> str:
        """Return the code of an argument."""
        known = self._names.get(repr(value))
        if known is None and isinstance(value, str) and re.fullmatch(r"[ !#-\[\]-~]*", value):
            return f'"{value}"'
        return known or repr(value)

    def _keep(self, method: str, call: Call, arguments: tuple[Any, ...]) -> None:
        """Assign the new object to a variable, and store how to delete it."""
        if not isinstance(call.result, dict) or not isinstance(call.result.get("uuid"), str):
            return
        uuid = call.result["uuid"]
        word = {"create_volume": "vol", "create_snapshot": "snap"}.get(method, "clone")
        variable = f"{word}{sum(1 for known in self._names.values() if known.startswith(word)) + 1}"
        self._names[repr(uuid)] = f'{variable}["uuid"]'
        call.code = f"{variable} = {call.code}"
        if method == "create_snapshot":
            self._made.append(("delete_snapshot", str(UUID(str(arguments[0]))), uuid))
        else:
            self._made.append(("delete_volume", uuid))

    # Clean-up ------------------------------------------------------------------------------

    def clean_up(self) -> None:
        """Delete the created objects, the last first; check that nothing else has changed."""
        missing = {"volume_not_found", "snapshot_not_found"}
        for method, *identifiers in reversed(self._made):
            call = self._call(method, *identifiers)
            if call.error is not None and code_of(call.error) not in missing:
                raise Broken(f"clean-up failed: {call.code} raised\n{trace(call.error)}")
        left = self.backend.list_volumes()
        if list(left) != list(self._foreign):
            raise Broken(
                f"after the clean-up the backend holds {shown(left)}; before it held "
                f"{shown(self._foreign)}"
            )

    def code(self) -> str:
        """Return the calls so far as Python code, without refused calls before the last one."""
        return "\n".join(
            str(call) for call in self.log if call.error is None or call is self.log[-1]
        )


def shown(value: object, most: int = 400) -> str:
    """Return the repr of a value, cut if it is long."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 (a result may have any type)
        return f"a {type(value).__name__} whose repr() fails"
    return text if len(text) <= most else f"{text[:most]}…"


def one_line(error: Exception) -> str:
    """Return the first line of an exception's text."""
    with suppress(Exception):
        return next(iter(str(error).splitlines()), "")[:100]
    return ""


def trace(error: BaseException) -> str:
    """Return an exception as Python prints it, without the frames of this package at its start."""
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_globals.get("__name__", "").startswith(PACKAGE):
        tb = tb.tb_next
    text = "".join(traceback.format_exception(type(error), error, tb, limit=-20)).rstrip()
    return text if len(text) <= LONGEST_TRACE else f"…{text[-LONGEST_TRACE:]}"
