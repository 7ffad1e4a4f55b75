"""Schedules of snapshot policies: from ONTAP's records to the five fields of crontab(5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nessie_backend_mem import MemBackend
from nessie_backend_mem.errors import NessieError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import ScheduleEntry

__all__ = [
    "BUILTIN",
    "cron_of_name",
    "cron_text",
    "find",
    "is_cron",
    "is_predefined",
    "timing_of",
]
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

INTERVALS = {
    "Auto Balance Aggregate Scheduler": "PT1H",
    "Balanced Placement Model Cache Update": "PT7M30S",
    "Application Templates ASUP Dump": "P1D",
}
"""The intervals of ONTAP's own schedules that have one."""

PREDEFINED: dict[str, ScheduleEntry] = {
    **{name: {"name": name, "cron": times} for name, times in BUILTIN.items()},
    "12-hourly": {"name": "12-hourly", "cron": "15 0,12 * * *"},
    **{name: {"name": name, "interval": interval} for name, interval in INTERVALS.items()},
}
"""The schedules that every cluster has."""

FIRST_AND_LAST = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""The least and the greatest number of each field."""

STEPS = re.compile(r"(?:\*|([0-9]+)(?:-([0-9]+))?)(?:/([0-9]+))?", re.ASCII)
"""One part of a field: all numbers or some, and of these each or each N-th."""

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


def timing_of(entry: ScheduleEntry) -> dict[str, Any]:
    """Return when a schedule is due, as a request that creates it has it.

    Raises:
        ValueError: the entry has neither times nor an interval, or its times are not numbers.
    """
    if "cron" in entry:
        texts = entry["cron"].split()
        if len(texts) != len(CRON_FIELDS):
            raise ValueError(f"its times {entry['cron']!r} are not five fields")
        cron = {
            key: numbers_of(text, *limits)
            for key, text, limits in zip(CRON_FIELDS, texts, FIRST_AND_LAST, strict=True)
            if text != "*" or key == "minutes"
        }
        return {"cron": cron}
    if "interval" in entry:
        return {"interval": entry["interval"]}
    raise ValueError("its times are not in the inventory")


def numbers_of(text: str, first: int, last: int) -> list[int]:
    """Return the numbers that a field of crontab(5) means.

    Raises:
        ValueError: a part of it is not numbers from `first` to `last`.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = STEPS.fullmatch(part)
        if match is None:
            raise ValueError(f"the part {part!r} of its times is not numbers")
        step = int(match[3] or 1)
        least = first if match[1] is None else int(match[1])
        most = last if match[1] is None else int(match[2] or (last if match[3] else least))
        if not first <= least <= most <= last or step == 0:
            raise ValueError(f"the part {part!r} of its times is outside {first} to {last}")
        numbers.update(range(least, most + 1, step))
    return sorted(numbers)


def is_predefined(entry: ScheduleEntry) -> bool:
    """Whether each cluster has this schedule."""
    known = PREDEFINED.get(entry["name"])
    if known is None or "svm" in entry:
        return False
    try:
        return timing_of(entry) == timing_of(known)
    except ValueError:
        return False


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
