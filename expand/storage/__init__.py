"""Storage: writes the files of `expand`; a file appears complete or not at all."""

from __future__ import annotations

from expand.storage.files import PARTIAL, empty_folder, link, write_whole
from expand.storage.lock import Lock

__all__ = ["PARTIAL", "Lock", "empty_folder", "link", "write_whole"]
