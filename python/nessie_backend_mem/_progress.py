"""The progress of a long call: one line on a terminal or in a notebook, or lines of a log."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

__all__ = ["ProgressBar", "StatusLine", "can_redraw", "progress_text"]

LOG_SECONDS = 5.0
"""The shortest time between two lines of a stream that cannot redraw, in seconds."""

WIDTH = 79
"""The most columns that a line has. In the last column of 80, some terminals begin a new line."""

BAR = 20
"""The columns between the brackets of a bar."""

REDRAW = 0.2
"""The shortest time between two drawings of the bar, in seconds."""


def can_redraw(stream: TextIO | None) -> bool:
    """Whether a line of `stream` can be replaced: it is a terminal, or belongs to a notebook."""
    if stream is None:
        return False
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


class StatusLine:
    """A line of text that is replaced by the next one, cut to the width of the terminal.

    If the stream cannot redraw, each text is a separate line, at most one in five seconds.
    """

    def __init__(self, stream: TextIO | None) -> None:
        """Write to `stream`; nothing is written if it is None."""
        self.stream = stream
        self.redraws = can_redraw(stream)
        self.drawn = ""
        self.next_line = time.monotonic() + LOG_SECONDS

    def draw(self, text: str) -> None:
        """Replace the line by `text`; an empty one removes the line."""
        if self.redraws:
            text = text[: min(WIDTH, shutil.get_terminal_size().columns - 1)]
        if self.stream is None or text == self.drawn:
            return
        if self.redraws:
            blank = " " * (len(self.drawn) - len(text))
            self.stream.write(f"\r{text}{blank}" if text else f"\r{blank}\r")
            self.stream.flush()
            self.drawn = text
        elif text and time.monotonic() >= self.next_line:
            self._write_line(text)

    def clear(self) -> None:
        """Remove the line."""
        self.draw("")

    def end(self, text: str) -> None:
        """Replace the line by `text` and keep it: the next text begins on a new line."""
        if self.stream is None:
            return
        self.clear()
        self._write_line(text)

    def _write_line(self, text: str) -> None:
        if self.stream is not None:
            self.stream.write(f"{text}\n")
            self.stream.flush()
            self.next_line = time.monotonic() + LOG_SECONDS


class ProgressBar:
    """Shows how much of a run is done, the rate, the time so far and the time left."""

    def __init__(self, fractions: Mapping[int, float], total: int) -> None:
        """Show the progress of `total` shards on standard error.

        Args:
            fractions: how much of each running shard is done; other threads may change it.
            total: the number of shards.
        """
        self.fractions = fractions
        self.total = total
        self.began = time.monotonic()
        self.next_time = self.began
        self.line = StatusLine(sys.stderr)

    def draw(self, done: int) -> None:
        """Show how many shards are done, and parts of shards; at most five times a second."""
        now = time.monotonic()
        if now >= self.next_time:
            self.next_time = now + REDRAW
            self.line.draw(self.text(done))

    def end(self, done: int) -> None:
        """Show the last state and keep it."""
        self.line.end(self.text(done))

    def text(self, done: int) -> str:
        """Describe the state in less than 80 characters."""
        seconds = time.monotonic() - self.began
        # A copy, because other threads change it.
        amount = done + sum(list(self.fractions.values()))
        fraction = amount / self.total if self.total else 1.0
        note = "shards"
        if amount and seconds:
            note += f" {rate(amount / seconds)}"
        note += f" {clock(seconds)}"
        if 0 < fraction < 1:
            note += f", {clock(seconds * (1 - fraction) / fraction)} left"
        return progress_text(done, self.total, note, amount)


def progress_text(done: int, total: int, note: str, amount: float | None = None) -> str:
    """Return a bar, the percentage, the counts and a note.

    Args:
        done: how many parts are done.
        total: how many parts there are.
        note: text that follows the counts.
        amount: the done parts and fractions of running ones; `done` if None.
    """
    fraction = (done if amount is None else amount) / total if total else 1.0
    filled = min(int(BAR * fraction), BAR)
    return f"[{'#' * filled:.<{BAR}}] {int(100 * fraction):3} % {done}/{total} {note}"


def clock(seconds: float) -> str:
    """Write a duration as hours, minutes and seconds, such as ``0:07`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(per_second: float) -> str:
    """Write a rate per second, minute or hour: the first of them that gives 1 or more."""
    for seconds, unit in ((1, "s"), (60, "min")):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:.1f}/{unit}"
    return f"{per_second * 3600:.1f}/h"
