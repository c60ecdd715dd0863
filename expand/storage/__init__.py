"""Storage: writes and removes the files of `expand`; a file appears complete or not at all."""

from __future__ import annotations

from expand.storage.files import PARTIAL, write_whole
from expand.storage.lock import Lock
from expand.storage.removal import Leftovers, remove_files

__all__ = [
    "PARTIAL",
    "Leftovers",
    "Lock",
    "remove_files",
    "write_whole",
]
