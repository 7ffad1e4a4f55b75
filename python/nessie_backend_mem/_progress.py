"""One line that shows how far a long call is, on a terminal, in a notebook or in a log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["StatusLine", "bar", "can_redraw", "clock"]

LOG_SECONDS = 5.0
"""The least time between two lines where a line cannot be drawn over."""


def can_redraw(stream: TextIO | None) -> bool:
    """Whether text on `stream` can be drawn over: it is a terminal, or belongs to a notebook."""
    if stream is None:
        return False
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


class StatusLine:
    """A line of text that is replaced by the next one.

    Where the stream cannot redraw, each text is a line of its own, at most one in five seconds.
    """

    def __init__(self, stream: TextIO | None) -> None:
        """Write to `stream`; nothing is written if it is None."""
        self.stream = stream
        self.redraws = can_redraw(stream)
        self.drawn = ""
        self.next_line = time.monotonic() + LOG_SECONDS

    def draw(self, text: str) -> None:
        """Replace the line by `text`; an empty one removes the line."""
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
        """Replace the line by `text` for good: what is written next begins on a new line."""
        if self.stream is None:
            return
        self.clear()
        self._write_line(text)

    def _write_line(self, text: str) -> None:
        if self.stream is not None:
            self.stream.write(f"{text}\n")
            self.stream.flush()
            self.next_line = time.monotonic() + LOG_SECONDS


def bar(fraction: float, width: int = 20) -> str:
    """Draw a fraction from 0 to 1 as a bar in brackets."""
    filled = min(int(width * fraction), width)
    return f"[{'#' * filled:.<{width}}]"


def clock(seconds: float) -> str:
    """Write a duration as hours, minutes and seconds, such as ``0:07`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
