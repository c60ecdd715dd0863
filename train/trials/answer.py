"""The answer of a study: the text to print, and the exit status of the command."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """What a command prints, and how many of its trials diverged."""

    text: str
    diverged: int = 0

    @property
    def status(self) -> int:
        """The exit status: 1 if some trials have no result, because they diverged."""
        return 1 if self.diverged else 0
