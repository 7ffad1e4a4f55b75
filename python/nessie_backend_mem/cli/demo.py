"""``nessie-mem demo``: one week of a CI build cache.

`story` drives a seeded `MemBackend`, whose clock changes only by `advance`, so that every run gives
the same events. They are printed as text for people or as JSON lines for programs.
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nessie_backend_mem import (
    BusyError,
    MemBackend,
    NessieError,
    Snapshot,
    SnapshotBusyError,
    Volume,
    VolumeBusyError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

__all__ = ["Event", "configure", "run", "story"]
__dir__ = __all__.copy

SEED = 2026
START = "2026-03-02T01:00:00Z"  # a Monday, one in the morning
GIB = 2**30
KEEP = timedelta(days=2)

WIDTH = 80
INDENT = "   "


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the demo. An event without a record, error or tree begins a step.

    Attributes:
        step: the name of its step.
        text: what happened, in one sentence.
        record: the volume or snapshot that was created or changed, as the backend returned it.
        error: the error that the backend raised.
        tree: the volumes, snapshots and clones as `MemBackend.tree` shows them.
    """

    step: str
    text: str
    record: Volume | Snapshot | None = None
    error: NessieError | None = None
    tree: str | None = None


def story() -> Iterator[Event]:
    """Run the demo on a new backend and yield each event as it happens."""
    backend = MemBackend(seed=SEED, start=START)

    yield Event("volume", f"A seeded backend, its clock at {backend.now()}, and one volume.")
    cache = backend.create_volume("build-cache", size_bytes=50 * GIB)
    cache = backend.patch_volume(
        cache["uuid"], junction_path="/ci/build-cache", export_policy="ci-runners"
    )
    yield Event(
        "volume", "The build cache: 50 GiB, mounted at the path that CI uses:", record=cache
    )

    yield Event("week", "A week of nightly snapshots, and a clone for every pull request.")
    nightlies: dict[str, Snapshot] = {}
    clones: dict[str, Volume] = {}
    opened = {"mon": "pr-101", "tue": "pr-102", "fri": "pr-103"}
    for day in ("mon", "tue", "wed", "thu", "fri"):
        nightlies[day] = backend.create_snapshot(cache["uuid"], f"nightly-{day}")
        yield Event("nightly", f"{backend.now()}, the nightly:", record=nightlies[day])
        backend.advance(timedelta(hours=8))
        if day in opened:
            pull_request = opened[day]
            clones[pull_request] = backend.create_clone(
                cache["uuid"], nightlies[day]["uuid"], f"build-cache-{pull_request}"
            )
            yield Event(
                "pull-request",
                f"{backend.now()}, {pull_request} is opened and gets a clone:",
                record=clones[pull_request],
            )
        backend.advance(timedelta(hours=16))

    yield Event("busy", "Nothing that a clone depends on can be deleted.")
    try:
        backend.delete_snapshot(cache["uuid"], nightlies["mon"]["uuid"])
    except SnapshotBusyError as error:
        yield Event("busy", "Not the snapshot:", error=error)
    try:
        backend.delete_volume(cache["uuid"])
    except VolumeBusyError as error:
        yield Event("busy", "Not the volume:", error=error)

    yield Event("split", "pr-101 becomes a release branch: a split makes it independent.")
    release = backend.split_clone(clones["pr-101"]["uuid"])
    yield Event("split", "Its record no longer names an origin:", record=release)

    yield Event(
        "clean-up", f"Nightlies older than {KEEP.days} days are deleted, unless a clone needs them."
    )
    oldest_kept = datetime.fromisoformat(backend.now()) - KEEP
    for snapshot in backend.list_snapshots(cache["uuid"]):
        if datetime.fromisoformat(snapshot["create_time"]) >= oldest_kept:
            yield Event("clean-up", f"{snapshot['name']} is young enough:", record=snapshot)
            continue
        try:
            backend.delete_snapshot(cache["uuid"], snapshot["uuid"])
        except SnapshotBusyError as error:
            yield Event("clean-up", f"{snapshot['name']} is old, but in use:", error=error)
        else:
            yield Event("clean-up", f"{snapshot['name']} is old and deleted:", record=snapshot)

    yield Event("tree", "What is left.")
    yield Event("tree", f"At {backend.now()}:", tree=backend.tree())


def configure(parser: argparse.ArgumentParser) -> None:
    """Set the description of the command and add its options."""
    parser.description = """\
Run one week of a CI build cache: a volume, nightly snapshots, a clone for each
pull request, a refused deletion, a split, a clean-up by age. The output is the
same on every run."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a line instead of text"
    )


def run(options: argparse.Namespace) -> int:
    """Print the events and return the exit status."""
    for line in json_lines(story()) if options.json else text_lines(story()):
        print(line)
    return 0


def json_lines(events: Iterator[Event]) -> Iterator[str]:
    """Render each event as one JSON object: step, text, and its record, error or tree."""
    for event in events:
        line: dict[str, object] = {"step": event.step, "text": event.text}
        if event.record is not None:
            line["record"] = event.record
        if event.error is not None:
            line["error"] = error_fields(event.error)
        if event.tree is not None:
            line["tree"] = event.tree
        yield json.dumps(line)


def text_lines(events: Iterator[Event]) -> Iterator[str]:
    """Render the events as lines of at most `WIDTH` columns."""
    steps = 0
    for event in events:
        payload = list(payload_lines(event))
        if payload:
            yield from wrap(event.text)
            yield from payload
        else:
            steps += 1
            if steps > 1:
                yield ""
            yield f"{steps}. {event.text}"


def payload_lines(event: Event) -> Iterator[str]:
    """Render the record, error or tree of an event."""
    if event.record is not None:
        yield from wrap_dict(event.record)
    if event.error is not None:
        fields = error_fields(event.error)
        yield from wrap(f"{fields.pop('type')}: {fields.pop('message')}", 2 * INDENT)
        yield from wrap_dict(fields)
    if event.tree is not None:
        yield from textwrap.indent(event.tree, 2 * INDENT).splitlines()


def error_fields(error: NessieError) -> dict[str, object]:
    """Return all attributes of an error by name."""
    fields: dict[str, object] = {
        "type": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "target": error.target,
    }
    if isinstance(error, BusyError):
        fields["dependents"] = list(error.dependents)
        fields["dependent_count"] = error.dependent_count
    return fields


def wrap_dict(fields: Mapping[str, object]) -> list[str]:
    """Fill lines with a dict as Python shows it, each key on the line its value starts on."""
    no_break = "\N{NO-BREAK SPACE}"
    lines = wrap(repr(fields).replace("': ", f"':{no_break}"), 2 * INDENT, " ")
    return [line.replace(no_break, " ") for line in lines]


def wrap(text: str, indent: str = INDENT, hanging: str = "") -> list[str]:
    """Fill lines with words; lines after the first are also indented by `hanging`."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
