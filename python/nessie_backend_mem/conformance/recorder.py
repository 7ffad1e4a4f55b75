"""Recording of the calls that a case in Python makes.

A `Recorder` passes the calls of a case on to the backend. It stores each as Python code, and
deletes the created objects at the end.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Container

__all__ = [
    "CODES",
    "TIERS",
    "UNKNOWN",
    "VOLUME_METHODS",
    "Broken",
    "Call",
    "Recorder",
    "Skip",
    "UnusableError",
    "canonical",
    "code_of",
    "is_list",
    "own_methods",
    "plain",
    "shown",
    "trace",
    "uuid_of",
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

IMPORTS = {"contextlib.": "import contextlib", "UUID(": "from uuid import UUID"}
"""The import that code with the word needs."""

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
    """The backend breaks a rule.

    Args:
        message: The expected and the actual result.
        *rules: Identifiers of the broken rules; those of the case if none is given.
    """

    def __init__(self, message: str, *rules: str) -> None:
        """Create the error with its message and rules."""
        super().__init__(message)
        self.rules = rules


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


def is_list(value: object) -> bool:
    """Whether a value is a list for the contract: a `Sequence` that is not text or bytes."""
    if type(value) is list:
        return True
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_mapping(value: object) -> bool:
    """Whether a value is a record, of whatever type."""
    return type(value) is dict or isinstance(value, Mapping)


MOVING = frozenset(
    {
        *("used_bytes", "size_consumed"),
        *("available_bytes", "live_bytes", "snapshot_bytes"),
    }
)
"""The keys whose values may change at any time, because clients write data at any time."""


def plain(value: Any, left_out: Container[str] = MOVING) -> Any:
    """Return a copy of a result as dicts and lists, without some keys.

    Two results that are equal but for their types have equal copies. `left_out` has the keys to
    omit: by default those whose values may change at any time.
    """
    if is_mapping(value):
        return {k: plain(item, left_out) for k, item in value.items() if k not in left_out}
    return [plain(item, left_out) for item in value] if is_list(value) else value


class Call:
    """One call: its Python code, and its result or exception.

    A refused call is only shown if it is the last one or `is_shown`.
    """

    is_shown = False

    def __init__(self, method: str, code: str) -> None:
        self.method = method
        self.code = code
        self.result: Any = None
        self.error: Exception | None = None
        self.is_over = False

    def statement(self, *, is_last: bool) -> str:
        """Return the call as a statement that continues after an error, unless it is the last."""
        if not self.is_over:
            return f"{self.code}  # no answer"
        if self.error is not None:
            code = self.code if is_last else f"with contextlib.suppress(Exception): {self.code}"
            return f"{code}  # raised {type(self.error).__name__}: {one_line(self.error)}"
        if not is_last or self.result is None:
            return self.code
        variable, is_bound, _ = self.code.partition(" = b")
        return f"{self.code}\nprint({variable})" if is_bound else f"print({self.code})"


class UnusableError(Exception):
    """The backend cannot even list its volumes, so no case can be run on it."""


class Recorder:
    """A backend, and the calls that a case makes to it."""

    def __init__(
        self,
        backend: Any,
        make: Callable[[], Any] | None = None,
        *,
        variable: str = "b",
        log: list[Call] | None = None,
    ) -> None:
        """Record calls to `backend`, which may hold volumes already.

        The attribute `lacking` has the tiers, methods and keywords that the case looked for and
        that the backend lacks.

        Args:
            backend: The backend.
            make: Makes another backend; None if the user passed the backend itself.
            variable: Name of the backend in the recorded code.
            log: Where the calls are recorded.
        """
        self.backend = backend
        self.log: list[Call] = [] if log is None else log
        self.lacking: set[str] = set()
        self._make = make
        self._variable = variable
        self._others: list[Recorder] = []
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._variables: Counter[str] = Counter()
        self._made: dict[str, tuple[str, ...]] = {}
        self._foreign = plain(self._listed())
        self._foreign_ids = {uuid_of(volume) for volume in self._foreign}
        self._capabilities = self._read_capabilities()
        taken = [volume.get("name") for volume in self._foreign if isinstance(volume, dict)]
        self._prefix = "py"
        while any(isinstance(name, str) and name.startswith(self._prefix) for name in taken):
            self._prefix += "0"

    def _listed(self) -> Any:
        try:
            listed = self.backend.list_volumes()
        except Exception as error:
            raise UnusableError(f"list_volumes() raised\n{trace(error)}") from error
        if not is_list(listed):
            raise UnusableError(f"list_volumes() returned {shown(listed)}, not a list")
        return listed

    def beside(self) -> Recorder:
        """Make another backend; its calls are recorded in the same log."""
        if self._make is None:
            raise Skip("only one backend was passed, and no callable that makes another")
        variable = f"b{len(self._others) + 2}"
        making = Call("", f"{variable} = make_backend()")
        self.log.append(making)
        other = Recorder(self._make(), variable=variable, log=self.log)
        making.is_over = True
        other._names, other._variables = self._names, self._variables
        other._prefix = self._prefix = max(other._prefix, self._prefix, key=len)
        self._others.append(other)
        return other

    # Features of the backend ---------------------------------------------------------------

    def has(self, *methods: str) -> bool:
        """Whether the backend has these methods."""
        missing = {name for name in methods if not own_methods(self.backend, name)}
        self.lacking |= missing
        return not missing

    def offers(self, tier: str) -> bool:
        """Whether the backend reported the tier when the case started, and has its methods.

        A tier that is lost later does not end the case silently: its calls fail, and `clean_up`
        compares the capabilities.
        """
        if self._offers(tier):
            return True
        self.lacking.add(tier)
        return False

    def _offers(self, tier: str) -> bool:
        return self._capabilities.get(tier) is True and own_methods(self.backend, *TIERS[tier])

    def _read_capabilities(self) -> dict[str, Any]:
        with suppress(Exception):
            return dict(self.backend.capabilities())
        return {}

    def patches(self, field: str) -> bool:
        """Whether the signature of `patch_volume` has this keyword."""
        try:
            parameters = inspect.signature(self.backend.patch_volume).parameters.values()
        except (TypeError, ValueError):
            return True
        has_it = any(
            parameter.kind is parameter.VAR_KEYWORD
            or (parameter.name == field and parameter.kind is not parameter.POSITIONAL_ONLY)
            for parameter in parameters
        )
        if not has_it:
            self.lacking.add(field)
        return has_it

    # Calls ---------------------------------------------------------------------------------

    def new_name(self, word: str) -> str:
        """Return a name that is not in use."""
        self._counts[word] = self._counts.get(word, 0) + 1
        return f"{self._prefix}-{word}{self._counts[word]}"

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a method that must succeed, and return its result."""
        return self.result_of(self.attempt(method, *arguments, **keywords))

    def result_of(self, call: Call) -> Any:
        """Return the result of a call that must have succeeded."""
        if call.error is None:
            return call.result
        if code_of(call.error) == "feature_not_supported":
            self.lacking.add(call.method)
            raise Skip(f"{call.method} is not supported by this backend")
        raise Broken(f"{call.code} should work and raised\n{trace(call.error)}")

    def picture(self) -> Any:
        """Return a copy of the case's volumes and snapshots. These calls are not recorded."""
        volumes = plain(self.own(self.backend.list_volumes()))
        if not self._offers("snapshots"):
            return volumes, []
        return volumes, [plain(self.backend.list_snapshots(uuid_of(each))) for each in volumes]

    def own(self, value: Any) -> Any:
        """Return a result without the volumes from before the case."""
        if is_list(value) and self._foreign_ids:
            return [each for each in value if uuid_of(each) not in self._foreign_ids]
        return value

    def name_it(self, value: object, code: str) -> None:
        """Write the argument `value` as `code` from now on."""
        self._names[repr(value)] = code

    def attempt(self, method: str, *arguments: Any, **keywords: Any) -> Call:
        """Call a method that may succeed or raise an `Exception`."""
        written = [self.written(value) for value in arguments]
        written += [f"{key}={self.written(value)}" for key, value in keywords.items()]
        call = Call(method, f"{self._variable}.{method}({', '.join(written)})")
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
        elif method.startswith("delete_"):
            self._made.pop(canonical(arguments[-1]), None)
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
        uuid = str(call.result["uuid"])
        word = {"create_volume": "vol", "create_snapshot": "snap"}.get(method, "clone")
        self._variables[word] += 1
        variable = f"{word}{self._variables[word]}"
        self._names[repr(uuid)] = f'{variable}["uuid"]'
        call.code = f"{variable} = {call.code}"
        if method == "create_snapshot":
            self._made[uuid] = ("delete_snapshot", canonical(arguments[0]), uuid)
        else:
            self._made[uuid] = ("delete_volume", uuid)

    # Clean-up ------------------------------------------------------------------------------

    def clean_up(self) -> None:
        """Delete the created objects, the last first; check that nothing else has changed."""
        for other in self._others:
            other.clean_up()
        self.delete_created()
        left = plain(self.backend.list_volumes())
        if left != self._foreign:
            raise Broken(
                f"after the clean-up the backend holds {shown(left)}; before it held "
                f"{shown(self._foreign)}"
            )
        offered = self._read_capabilities()
        if offered != self._capabilities:
            raise Broken(
                f"capabilities() returned {shown(self._capabilities)} when the case started and "
                f"returns {shown(offered)} after it",
                "python.capabilities",
            )

    def delete_created(self) -> None:
        """Delete the created objects, the last first. Some may be deleted already."""
        missing = {"volume_not_found", "snapshot_not_found"}
        for method, *identifiers in reversed([*self._made.values()]):
            call = self.attempt(method, *identifiers)
            if call.error is not None and code_of(call.error) not in missing:
                raise Broken(f"clean-up failed: {call.code} raised\n{trace(call.error)}")
        self._made.clear()

    def code(self) -> str:
        """Return the calls so far as Python code to paste, with the imports that it needs.

        Refused calls before the last one are left out unless they are marked. The last line prints
        its result.
        """
        kept = [
            call for call in self.log if call.error is None or call.is_shown or call is self.log[-1]
        ]
        lines = [call.statement(is_last=call is self.log[-1]) for call in kept]
        imports = [line for word, line in IMPORTS.items() if any(word in code for code in lines)]
        return "\n".join([*imports, *lines])


def uuid_of(volume: Any) -> Any:
    """Return the uuid in a record; None if it is malformed."""
    uuid = volume.get("uuid") if is_mapping(volume) else None
    return uuid if isinstance(uuid, str) else None


def canonical(uuid: Any) -> str:
    """Return an identifier in lower case with hyphens, and other text unchanged."""
    with suppress(ValueError):
        return str(UUID(str(uuid)))
    return str(uuid)


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
