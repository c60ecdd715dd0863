"""The exception of the package: a message for the user and the exit status."""

from __future__ import annotations

REFUSED = 2
STOPPED = 3


class ExpandError(Exception):
    """What cannot go on, in one sentence; `status` is the exit status that the command ends with."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status


class BadImageError(ExpandError):  # a word of the domain
    """One image that cannot be used; the run notes the reason and goes on."""
