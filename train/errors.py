"""The exception of the package: a message for the user and the exit status."""

from __future__ import annotations

REFUSED = 2
STOPPED = 3


class TrainError(Exception):
    """A message for the user; `status` is the exit status of the command."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status
