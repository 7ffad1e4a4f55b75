"""The progress of a long call: one line on a terminal or in a notebook, or lines of a log."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["StatusLine", "can_redraw", "clock", "progress_text"]

LOG_SECONDS = 5.0
"""The least time between two lines of a stream that cannot redraw."""

WIDTH = 79
"""The most columns that a line has. In the last column of 80, some terminals begin a new line."""

BAR = 20


def can_redraw(stream: TextIO | None) -> bool:
    """Whether a line of `stream` can be replaced: it is a terminal, or belongs to a notebook."""
    if stream is None:
        return False
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


class StatusLine:
    """A line of text that is replaced by the next one, cut to the width of the terminal.

    If the stream cannot redraw, each text is a line of its own, at most one in five seconds.
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
        """Replace the line by `text` for good: the next text begins on a new line."""
        if self.stream is None:
            return
        self.clear()
        self._write_line(text)

    def _write_line(self, text: str) -> None:
        if self.stream is not None:
            self.stream.write(f"{text}\n")
            self.stream.flush()
            self.next_line = time.monotonic() + LOG_SECONDS


def progress_text(done: int, total: int, note: str, amount: float | None = None) -> str:
    """Return a bar, the percentage, the counts and a note.

    Args:
        done: how many parts are done.
        total: how many parts there are.
        note: text that follows the counts.
        amount: how much is done in parts, those that are under way included; `done` if None.
    """
    fraction = (done if amount is None else amount) / total if total else 1.0
    filled = min(int(BAR * fraction), BAR)
    return f"[{'#' * filled:.<{BAR}}] {int(100 * fraction):3} % {done}/{total} {note}"


def clock(seconds: float) -> str:
    """Write a duration as hours, minutes and seconds, such as ``0:07`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
