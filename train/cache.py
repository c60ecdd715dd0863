"""The cache: the folder of packs, and its limit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from train.errors import TrainError


class Cache:
    """The folder of packs, bounded: the one that was used longest ago goes first."""

    def __init__(self, root: Path | None = None, limit: int = 20_000_000_000) -> None:
        self.root = root or default_root()
        self.limit = limit

    def packs(self) -> list[Path]:
        """Return the finished packs, the one that was used last at the end."""
        found = list(self.root.glob("*/pack.json")) if self.root.is_dir() else []
        return [path.parent for path in sorted(found, key=lambda path: path.stat().st_mtime)]

    def size(self) -> int:
        """Return the bytes of all packs."""
        return sum(file.stat().st_size for pack in self.packs() for file in pack.iterdir())

    def clear(self) -> int:
        """Remove every pack; return the bytes that were freed."""
        freed = self.size()
        if self.root.is_dir():
            for path in self.root.iterdir():
                if (path / "pack.json").exists() or path.suffix == ".part":
                    shutil.rmtree(path)
        return freed

    def make_room(self, needed: int) -> None:
        """Remove old packs until `needed` bytes fit; raise TrainError if they never will."""
        if needed > self.limit:
            raise TooLarge(f"would take {needed:,} bytes, --cache-size is {self.limit:,}")
        for pack in self.packs():
            if self.size() + needed <= self.limit:
                break
            shutil.rmtree(pack)
        free = shutil.disk_usage(self.root).free
        if needed > free:
            raise TooLarge(f"would take {needed:,} bytes, the disk of {self.root} has {free:,} free")


class TooLarge(TrainError):  # noqa: N818  # a word of the domain
    """A set that does not fit into the cache; it can be streamed instead."""


def default_root() -> Path:
    """Return where packs lie unless something else is asked for."""
    return Path(os.environ.get("TRAIN_CACHE", "~/.cache/expand-train/packs")).expanduser()
