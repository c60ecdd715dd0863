"""The cache: the folder of packs, and its limit."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from expand.errors import ExpandError
from expand.storage.lock import Lock
from train.errors import TrainError

WAIT_SECONDS = 0.1


class Cache:
    """The folder of packs, bounded: the one that was used longest ago goes first."""

    def __init__(self, root: Path | None = None, limit: int = 20_000_000_000) -> None:
        self.root = root or default_root()
        self.limit = limit

    @classmethod
    def of(cls, root: Path | None, gigabytes: float) -> Cache:
        """Return the cache that --cache and --cache-size ask for."""
        if not 0 < gigabytes < float("inf"):
            raise TrainError(f"--cache-size must be above 0, got {gigabytes}")
        return cls(root, int(gigabytes * 1e9))

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
        self._clear_parts()
        for pack in self.packs():
            _remove(pack)
        return freed

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder, made where it is missing; wait while another run packs: its pack may be the one to use."""
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            while True:
                with suppress(ExpandError):
                    stack.enter_context(Lock(self.root))
                    break
                time.sleep(WAIT_SECONDS)
            yield

    def make_room(self, needed: int, name: str) -> None:
        """Remove old packs until `needed` bytes fit; raise TooLarge, naming the set, if they never will.

        Only for who holds the folder: what other runs left unfinished goes first.
        """
        if needed > self.limit:
            raise TooLargeError(
                f'"{name}" takes {needed:,} bytes when decoded, --cache-size is {self.limit:,}'
            )
        self._clear_parts()
        for pack in self.packs():
            if self.size() + needed <= self.limit:
                break
            _remove(pack)
        free = shutil.disk_usage(self.root).free
        if needed > free:
            raise TooLargeError(
                f'"{name}" takes {needed:,} bytes when decoded, the disk of "{self.root}" has {free:,} free'
            )

    def _clear_parts(self) -> None:
        for part in self.root.glob("*.part"):
            shutil.rmtree(part)


def _remove(pack: Path) -> None:
    """Remove a pack; a kill on the way leaves a part, never half a pack."""
    part = pack.with_suffix(".part")
    pack.replace(part)
    shutil.rmtree(part)


class TooLargeError(TrainError):  # a word of the domain
    """A set that does not fit into the cache; it can be streamed instead."""


def default_root() -> Path:
    """Return where packs lie unless something else is asked for."""
    return Path(os.environ.get("TRAIN_CACHE", "~/.cache/expand-train/packs")).expanduser()
