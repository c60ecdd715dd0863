"""Storage: writes and removes the files of `expand`; a file appears complete or not at all."""

from __future__ import annotations

from expand.storage.files import PARTIAL, empty_folder, write_whole
from expand.storage.lock import Lock
from expand.storage.removal import Leftovers, remove_files

__all__ = [
    "PARTIAL",
    "Leftovers",
    "Lock",
    "empty_folder",
    "remove_files",
    "write_whole",
]
