"""Progress on stderr: a bar on a terminal, plain lines in a log, nothing if quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from expand.cli.formatting import format_seconds
from expand.cli.output import echo, visible, visible_lines

if TYPE_CHECKING:
    from tqdm import tqdm

    from expand.job.run import Progress

LOG_SECONDS = 10.0
"""How often a log gets a line."""
NOTE_SECONDS = 0.5
"""How often a bar gets a new note: making one can wait for a GPU."""
SLOW = 2.0
"""Seconds from which a log says how long each takes, rather than how many a second."""
EARLY, EARLY_SHARE = 20, 0.01
"""A log says nothing of the time left before so many are done, or this share of all."""
Note = Callable[[], str]


class Meter:
    """Shows how far some work is; this one shows nothing."""

    def advance(self, count: int, note: Note | None = None) -> None:
        """Count work that is done; `note` is called only when its text is shown."""

    def write(self, text: str) -> None:
        """Show lines of text beside the progress."""

    def close(self) -> None:
        """Stop showing progress."""


class BarMeter(Meter):
    """Progress as tqdm shows it: with a rate and the time left.

    A terminal that goes away does not end the work.
    """

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar, self.noted = bar, 0.0

    def advance(self, count: int, note: Note | None = None) -> None:
        """Move the bar; remove one that is not to stay once it is full."""
        with suppress(OSError):
            self.bar.update(count)
            now = time.monotonic()
            if note and now - self.noted > NOTE_SECONDS:
                self.noted = now
                self.bar.set_postfix_str(visible(note()))
            if not self.bar.leave and self.bar.n == self.bar.total:
                self.bar.close()

    def write(self, text: str) -> None:
        """Write above the bar."""
        with suppress(OSError):
            self.bar.write(visible_lines(text), file=sys.stderr)

    def close(self) -> None:
        """Leave the bar as it is."""
        with suppress(OSError):
            self.bar.close()


class LogMeter(Meter):
    """Progress as plain lines, one every `LOG_SECONDS`."""

    def __init__(self, total: int | None, noun: str, label: str, done: int) -> None:
        self.total, self.noun, self.label = total, noun, label
        self.done = self.before = done
        self.started = self.logged = time.monotonic()

    def advance(self, count: int, note: Note | None = None) -> None:
        """Count, and write a line if the last one is old enough."""
        self.done += count
        now = time.monotonic()
        if now - self.logged >= LOG_SECONDS:
            self.logged = now
            self.write(self._line(now) + (f"; {note()}" if note else ""))

    def _line(self, now: float) -> str:
        rate = (self.done - self.before) / max(now - self.started, 1e-9)
        speed = f"{rate:,.0f} {self.noun}/s" if rate >= 10 else f"{rate:.2g} {self.noun}/s"
        if 0 < rate < 1 / SLOW:
            speed = f"{format_seconds(1 / rate)} each"
        label = f"{self.label}: " if self.label else ""
        if self.total is None:
            return f"{label}{self.done:,} {self.noun}, {speed}"
        left = format_seconds((self.total - self.done) / max(rate, 1e-9))
        done = f"{self.done:,} of {self.total:,} {self.noun}"
        return f"{label}{done}, {speed}" + ("" if self._is_early(rate) else f", {left} left")

    def _is_early(self, rate: float) -> bool:
        """Tell whether the time until now was mostly that in which processes started."""
        count = self.done - self.before
        if self.total is not None and count < min(EARLY, EARLY_SHARE * self.total):
            return True
        return rate < 1 / SLOW and count == 1

    def write(self, text: str) -> None:
        """Write lines to stderr at once."""
        echo(text, err=True)


def open_meter(
    total: int | None, noun: str, *, label: str = "", done: int = 0, leave: bool = True
) -> Meter:
    """Return a bar if stderr is a terminal, else lines in a log; `total` None: unknown."""
    label = visible(label)
    if not _can_move_cursor():
        return LogMeter(total, noun, label, done)
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread: a process with one can be copied for workers
    bar: tqdm[Any] = tqdm(
        total=total,
        initial=done,
        desc=label or None,
        unit=f" {noun}",
        unit_scale=(total or 0) >= 100_000,
        smoothing=0.05,
        miniters=1,  # look at the clock at each update, as nothing else does
        dynamic_ncols=True,
        leave=leave,
        delay=0 if leave else NOTE_SECONDS,
    )
    return BarMeter(bar)


def _can_move_cursor() -> bool:
    """Tell whether stderr is a terminal on which a line can be written again."""
    if sys.stderr is None or os.environ.get("TERM") == "dumb":
        return False
    return sys.stderr.isatty()


@contextmanager
def progress_bar(total: int | None, noun: str, quiet: bool) -> Iterator[Progress]:
    """Show progress on stderr while the block runs; yield what to call with each count of work."""
    meter = Meter() if quiet else open_meter(total, noun)
    try:
        yield lambda count: meter.advance(count)
    finally:
        meter.close()
