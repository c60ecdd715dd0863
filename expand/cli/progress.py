"""Progress on stderr: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from expand.cli.formatting import format_seconds

if TYPE_CHECKING:
    from tqdm import tqdm

    from expand.job.run import Progress

LOG_SECONDS = 10.0


@contextmanager
def progress_bar(total: int | None, noun: str, quiet: bool) -> Iterator[Progress]:
    """Show progress on stderr: a bar on a terminal, a line now and then in a log, nothing if `quiet`; None: who knows."""
    if quiet:
        yield _say_nothing
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(
            total=total,
            unit=f" {noun}",
            unit_scale=(total or 0) >= 100_000,
            smoothing=0.05,
            dynamic_ncols=True,
        ) as bar:
            yield _Bar(bar)
    else:
        yield _Log(total, noun)


def _say_nothing(_files: int) -> None:
    """Show no progress."""


class _Bar:
    """Progress as tqdm shows it."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar = bar

    def __call__(self, files: int) -> None:
        self.bar.update(files)


class _Log:
    """Progress as plain lines, one every few seconds."""

    def __init__(self, total: int | None, noun: str) -> None:
        self.total, self.noun, self.done = total, noun, 0
        self.started = self.said = time.monotonic()

    def __call__(self, files: int) -> None:
        self.done += files
        now = time.monotonic()
        if now - self.said >= LOG_SECONDS:
            self.said, rate = now, self.done / (now - self.started)
            line = f"{self.done:,} {self.noun}, {rate:,.0f} a second"
            if self.total is not None:
                left = format_seconds((self.total - self.done) / rate)
                line = f"{self.done:,} of {self.total:,} {self.noun}, {rate:,.0f} a second, about {left} left"
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
