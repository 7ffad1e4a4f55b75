"""Replays: the calls of a log are performed on another backend."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from . import FeatureNotSupportedError, InvalidArgumentError
from ._core import _OPERATIONS, EventLog, Uuids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

__all__ = ["ReplayDifference", "call_text", "code_of", "replay"]

Record = Mapping[str, Any]

LONGEST = 300
"""The most characters of a call or a result that a text shows."""


class ReplayDifference(AssertionError):  # noqa: N818 (it is a difference)
    """A call of a replay had another outcome than in the log.

    An outcome is a dict with the keys ``"result"`` and ``"error"``, as in an event.

    Args:
        message: Text for people.
        event: The event.
        expected: The outcome in the log, with the uuids that the replay has for it.
        actual: The outcome in the replay.

    Attributes:
        event: The event.
        expected: The outcome in the log, with the uuids that the replay has for it.
        actual: The outcome in the replay.
    """

    __module__ = "nessie_backend_mem.events"

    def __init__(
        self,
        message: str,
        event: Mapping[str, Any],
        expected: Mapping[str, Any],
        actual: Mapping[str, Any],
    ) -> None:
        # Pickle and copy create the error again from them.
        self.args = (message, event, expected, actual)
        self.event = event
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return str(self.args[0])


def replay(log: EventLog | Iterable[Mapping[str, Any]], backend: Any) -> None:
    """Perform the calls of a log on a backend, and compare their outcomes.

    The backend is in the state in which the recording began: it is new, or a fork that was taken
    then. Where it gives other uuids than the log has, the uuids are translated; so any backend with
    the methods that were called can be used. Of bulk methods that it lacks, the single ones are
    called; refused bulk calls are then passed over.

    What a policy did is not performed: `advance` does it again. On the system's clock `run_due`
    takes what is due at the time of the replay. A call that a fault has prevented is not performed.
    One that had happened is, and its own outcome is expected. The clock is advanced by delays if
    the backend has a method `advance`.

    Args:
        log: A log, or events in their order.
        backend: The backend.

    Raises:
        ReplayDifference: A result or an error is not that of the log. The calls before it have
            been performed.
        FeatureNotSupportedError: The backend lacks a method that was called.
        InvalidArgumentError: The log has lost events, one is missing, one is not an event, or one
            has replaced the backend by a dump.
    """
    lost = getattr(log, "lost", 0)
    if lost:
        raise InvalidArgumentError(
            f"the log has lost its first {lost} events, and a replay needs them all: "
            "open it without `keep`",
            "log",
        )
    events = in_order(log)
    check_without_loads(log.where(operation="load") if isinstance(log, EventLog) else events)
    replayed = Replay(backend)
    for event in events:
        replayed.perform(event)


def in_order(log: EventLog | Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Check that no event is missing.

    Raises:
        InvalidArgumentError: an event is missing, or is not an event.
    """
    if isinstance(log, EventLog):
        # The log may be that of the backend, and grow during the replay.
        return islice(log, len(log))
    events = list(log)
    first = 0
    for position, event in enumerate(events):
        if not is_event(event):
            rule = 'it is not a dict with the keys "seq", "operation" and "arguments"'
            raise InvalidArgumentError(f"item {position} of the log is not an event: {rule}", "log")
        if position == 0:
            first = event["seq"]
        if event["seq"] != first + position:
            raise InvalidArgumentError(
                f"event {first + position} is missing: {event['seq']} is in its place", "log"
            )
        if event["operation"] not in OPERATIONS:
            raise InvalidArgumentError(
                f"event {event['seq']}: the operation {event['operation']!r} is unknown", "log"
            )
    return events


def check_without_loads(events: Iterable[Mapping[str, Any]]) -> None:
    """Check that no event has replaced the backend by a dump, which a log does not contain.

    Raises:
        InvalidArgumentError: an event has.
    """
    for event in events:
        if event["operation"] == "load":
            raise InvalidArgumentError(
                f"event {event['seq']} has replaced the backend by a dump, which the log does not "
                "contain: load the dump into a backend, and replay the events after that one "
                f"on it, log.since({event['seq'] + 1})",
                "log",
            )


def is_event(item: object) -> bool:
    """Whether an item of a log has the keys that a replay needs."""
    return isinstance(item, Mapping) and {"seq", "operation", "arguments"} <= item.keys()


OPERATIONS = {
    *_OPERATIONS,
    *("create_snapshot_policy", "get_snapshot_policy", "replace_snapshot_policy"),
    *("delete_snapshot_policy", "advance", "run_due", "run_rule", "reset", "load"),
}

BY_POSITION = (
    *("uuid", "vol_uuid", "vol_uuids", "parent_vol_uuid", "snap_uuid", "parent_snap_uuid"),
    *("name", "names", "new_name", "capacity_bytes", "maximum_bytes", "delta"),
)
"""Arguments that are passed by position, in their order."""

NAME_BY_KEYWORD = {"patch_volume", "patch_volumes", "delete_snapshots", "volumes", "snapshots"}
"""Operations whose argument `name` is passed by keyword."""

MAY_BE_NONE = {"set_capacity": "capacity_bytes", "set_autosize": "maximum_bytes"}
"""Arguments without a default that may be None."""

VOLUMES = ("uuid", "vol_uuid", "vol_uuids", "parent_vol_uuid", "parent")
SNAPSHOTS = ("snap_uuid", "parent_snap_uuid")

SINGLE = {
    "create_volumes": ("create_volume", "names", "name"),
    "create_snapshots": ("create_snapshot", "vol_uuids", "vol_uuid"),
    "create_clones": ("create_clone", "names", "new_name"),
    "patch_volumes": ("patch_volume", "vol_uuids", "uuid"),
    "write_volumes": ("write", "vol_uuids", "vol_uuid"),
    "discard_volumes": ("discard", "vol_uuids", "vol_uuid"),
    "delete_volumes": ("delete_volume", "vol_uuids", "uuid"),
    "delete_snapshots": ("delete_snapshot", "vol_uuids", "snap_uuid"),
}
"""By bulk method: the single one, and the argument of each for its object."""


class Replay:
    """A replay that has performed some events of a log.

    Attributes:
        backend: the backend.
        translations: uuids of the backend by the different ones of the log.
        taken: name and uuids of the snapshots that policies took, of each run of a rule.
    """

    def __init__(self, backend: Any) -> None:
        """Begin with a backend in the state in which the recording began."""
        self.backend = backend
        self.translations: dict[str, str] = {}
        self.taken: list[tuple[str, Collection[str]]] = []

    def perform(self, event: Record) -> None:
        """Perform an event if it has to be, and compare its outcome.

        Raises:
            ReplayDifference: the outcome is different.
            FeatureNotSupportedError: the backend lacks the method.
        """
        kind, cause = event["operation"], event.get("cause", "call")
        if cause == "policy":
            if event.get("result"):
                self.taken.append((event["arguments"]["name"], event["result"]))
            return
        if event.get("fault") == "before" or (cause == "delay" and not self.has(kind)):
            return
        error = None if event.get("fault") == "after" else event.get("error")
        call = self.call_of(event)
        if call is None:
            if error is None:
                backend = type(self.backend).__name__
                raise FeatureNotSupportedError(
                    f"{described(event)}, cannot be performed: {backend} has no method {kind}", kind
                )
            return
        try:
            actual, raised = call(), None
        except Exception as exception:
            if code_of(exception) is None:
                exception.add_note(f"{described(event)}, was performed in a replay")
                raise
            actual, raised = None, exception
        code = None if raised is None else code_of(raised)
        if code == error and (code is not None or self.is_same(event, actual)):
            return
        expected = {
            "result": self.translated(event.get("result")) if error is None else None,
            "error": error,
        }
        outcome = {"result": actual, "error": code}
        raise ReplayDifference(
            f"{described(event)}: expected {shown(expected)}, not {shown(outcome)}",
            event,
            expected,
            outcome,
        ) from raised

    def has(self, method: str) -> bool:
        """Whether the backend has a method."""
        return callable(getattr(self.backend, method, None))

    def call_of(self, event: Record) -> Callable[[], Any] | None:
        """Return a function that makes the call, or calls that have the same effect.

        It returns the uuids of the result. None if the backend lacks the methods.
        """
        kind = event["operation"]
        if self.has(kind):
            return lambda: identifiers(self.call(kind, self.arguments(event)))
        if kind in ("find_volume", "find_snapshot"):
            return lambda: self.find(**self.arguments(event))
        is_refused = event.get("error") is not None and event.get("fault") is None
        if is_refused or kind not in SINGLE or not self.has(SINGLE[kind][0]):
            return None
        deletions = {
            "delete_volumes": self.delete_volumes,
            "delete_snapshots": self.delete_snapshots,
        }
        singly = deletions.get(kind, self.call_singly)
        return lambda: singly(event)

    def call(self, kind: str, arguments: dict[str, Any]) -> Any:
        """Call a method of the backend as the protocols say."""
        if kind in MAY_BE_NONE:
            arguments.setdefault(MAY_BE_NONE[kind], None)
        by_position = [
            arguments.pop(name)
            for name in BY_POSITION
            if name in arguments and not (name == "name" and kind in NAME_BY_KEYWORD)
        ]
        return getattr(self.backend, kind)(*by_position, **arguments)

    # Calls in place of methods that the backend lacks -----------------------------------------

    def find(self, name: str, vol_uuid: str | None = None) -> str | None:
        """Find a volume or a snapshot in the list."""
        is_volume = vol_uuid is None
        listed = self.backend.list_volumes() if is_volume else self.backend.list_snapshots(vol_uuid)
        return next((str(each["uuid"]) for each in listed if each["name"] == name), None)

    def call_singly(self, event: Record) -> list[Any]:
        """Make a single call for each item of a bulk call, and return their uuids."""
        single, items, item = SINGLE[event["operation"]]
        arguments = self.arguments(event)
        results = []
        for position, value in enumerate(arguments.pop(items)):
            given = {
                name: each[position] if isinstance(each, list) else each
                for name, each in arguments.items()
            }
            # None means not given.
            given = {name: each for name, each in given.items() if each is not None}
            results.append(identifiers(self.call(single, {**given, item: value})))
        return results

    def delete_volumes(self, event: Record) -> list[str]:
        """Delete the volumes that a bulk call has deleted, clones before their parents."""
        kept = list(self.translated(event.get("result")) or ())
        deleted = {*self.arguments(event)["vol_uuids"]} - {*kept}
        for volume in reversed(self.backend.list_volumes()):
            if volume["uuid"] in deleted:
                self.backend.delete_volume(volume["uuid"])
                deleted.remove(volume["uuid"])
        for volume in deleted:  # The backend says that it is missing.
            self.backend.delete_volume(volume)
        return kept

    def delete_snapshots(self, event: Record) -> list[Any]:
        """Delete the snapshots that a bulk call has deleted."""
        arguments = self.arguments(event)
        name = arguments.get("name")
        kept = list(self.translated(event.get("result")) or ())
        for item in arguments["vol_uuids"]:
            if item in kept:
                continue
            volume, snapshot = (item, self.find(name, item)) if name is not None else item
            self.backend.delete_snapshot(volume, snapshot)
        return kept

    # Identifiers ------------------------------------------------------------------------------

    def arguments(self, event: Record) -> dict[str, Any]:
        """Return the arguments of a call, with the uuids of the backend."""
        kind, arguments = event["operation"], dict(event["arguments"])
        if kind == "delete_snapshots" and "name" not in arguments:
            # A log that was read has lists in place of tuples.
            arguments["vol_uuids"] = [tuple(pair) for pair in arguments["vol_uuids"]]
        if not self.translations and not self.taken:
            return arguments
        for name in VOLUMES:
            if name in arguments:
                arguments[name] = self.translated(arguments[name])
        for name in SNAPSHOTS:
            if name in arguments:
                volume = "vol_uuid" if name == "snap_uuid" else "parent_vol_uuid"
                arguments[name] = self.snapshot(arguments[volume], arguments[name])
        return arguments

    def translated(self, value: Any) -> Any:
        """Return the uuids of the backend for those of the log: for one, a column, or pairs."""
        if value is None or isinstance(value, str):
            return self.translations.get(value, value) if value else value
        if isinstance(value, Uuids) and not self.translations:
            return value
        return [
            self.translated(item) if isinstance(item, str) else self.pair(*item) for item in value
        ]

    def pair(self, volume: str, snapshot: str) -> tuple[str, str]:
        """Return the uuids of the backend for those of a snapshot with its volume."""
        volume = self.translations.get(volume, volume)
        return volume, self.snapshot(volume, snapshot)

    def snapshot(self, volume: str, snapshot: str) -> str:
        """Return the uuid of the backend for that of a snapshot, which a policy may have taken.

        Args:
            volume: uuid of its volume in the backend.
            snapshot: uuid of the snapshot in the log.
        """
        if snapshot not in self.translations:
            for name, taken in reversed(self.taken):
                if snapshot in taken:
                    found = self.find(name, volume)
                    self.translations[snapshot] = snapshot if found is None else found
                    break
        return self.translations.get(snapshot, snapshot)

    def is_same(self, event: Record, actual: Any) -> bool:
        """Compare the uuids of a result. Those of new objects become translations."""
        expected = event.get("result")
        if expected is None:
            return True
        if event["operation"].startswith("create_"):
            if isinstance(expected, str):
                expected, actual = [expected], [actual]
            if not isinstance(actual, list | Uuids) or len(expected) != len(actual):
                return False
            for old, new in zip(expected, actual, strict=True):
                if not isinstance(new, str):
                    return False
                if old != new:
                    self.translations[old] = new
            return True
        translated = self.translated(expected)
        return bool(plain(translated) == plain(actual))


def identifiers(result: Any) -> Any:
    """Return the uuid or the uuids of a result, as an event shows them."""
    if isinstance(result, Mapping):
        return result.get("uuid")
    return result if isinstance(result, str | Uuids | list | tuple) else None


def plain(value: Any) -> Any:
    """Return lists for columns, and for the pairs in them."""
    if isinstance(value, str) or value is None:
        return value
    return [item if isinstance(item, str) else list(item) for item in value]


def code_of(error: Exception) -> str | None:
    """Return the code of an exception, or None."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    return "feature_not_supported" if isinstance(error, NotImplementedError) else None


def described(event: Record) -> str:
    """Show an event as its number and its call."""
    return f"event {event['seq']}, {call_text(event)}"


def call_text(event: Record) -> str:
    """Show the call of an event, cut if it is long."""
    given = ", ".join(f"{name}={value!r}" for name, value in event["arguments"].items())
    return cut(f"{event['operation']}({given})")


def shown(outcome: Record) -> str:
    """Show an outcome: the code of an error, or the result."""
    if outcome["error"] is not None:
        return f"the error {outcome['error']}"
    return cut(f"the result {outcome['result']!r}") if outcome["result"] else "success"


def cut(text: str) -> str:
    """Shorten a text."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
