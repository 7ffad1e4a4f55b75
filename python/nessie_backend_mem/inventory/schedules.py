"""Schedules of snapshot policies: from ONTAP's records to the five fields of crontab(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend
from nessie_backend_mem.errors import NessieError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import ScheduleEntry

__all__ = ["BUILTIN", "cron_of_name", "cron_text", "find", "is_cron"]
__dir__ = __all__.copy

BUILTIN = {
    "5min": "*/5 * * * *",
    "8hour": "15 2,10,18 * * *",
    "hourly": "5 * * * *",
    "daily": "10 0 * * *",
    "weekly": "15 0 * * 0",
    "monthly": "20 0 1 * *",
}
"""ONTAP's own schedules, for a cluster that does not return their times."""

CRON_FIELDS = ("minutes", "hours", "days", "months", "weekdays")
"""The fields in ONTAP's records, in the order of crontab(5)."""

ALL_MINUTES = 60


def cron_text(cron: dict[str, Any]) -> str:
    """Return the five fields of crontab(5) for the object ``cron`` of a schedule.

    Raises:
        ValueError: a field is not a list of numbers.
    """
    return " ".join(field(key, cron.get(key)) for key in CRON_FIELDS)


def field(key: str, numbers: Any) -> str:
    """Return one field; a list that is absent, empty or complete means each value."""
    if numbers is None:
        return "*"
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise ValueError(f"cron.{key} is {numbers!r}, not a list of numbers")
    if not numbers or (key == "minutes" and len(set(numbers)) == ALL_MINUTES):
        return "*"
    return ",".join(map(str, sorted(set(numbers))))


def cron_of_name(name: str) -> str | None:
    """Return the times of a schedule that the cluster does not describe, from its name.

    The endpoint of this package names schedules by their five fields.
    """
    if name in BUILTIN:
        return BUILTIN[name]
    return name if is_cron(name) else None


def is_cron(text: str) -> bool:
    """Whether a text is the five fields of crontab(5)."""
    if len(text.split()) != len(CRON_FIELDS):
        return False
    try:
        rule: Any = {"schedule": text, "prefix": "x", "keep": 1}
        MemBackend().create_snapshot_policy("x", [rule])
    except NessieError:
        return False
    return True


def find(schedules: Iterable[ScheduleEntry], name: str, svm: str | None) -> ScheduleEntry | None:
    """Return the schedule of this name that an SVM sees: its own, or else that of the cluster."""
    found = {entry.get("svm"): entry for entry in schedules if entry["name"] == name}
    return found.get(svm) or found.get(None)
