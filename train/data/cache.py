"""The cache: the folder of packs, limited in size."""

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
    """The folder of packs; the least recently used one is removed first."""

    def __init__(self, root: Path | None = None, limit: int = 20_000_000_000) -> None:
        self.root = root or default_root()
        self.limit = limit

    @classmethod
    def of(cls, root: Path | None, gigabytes: float) -> Cache:
        """Return the cache of --cache and --cache-size."""
        if not 0 < gigabytes < float("inf"):
            raise TrainError(f"--cache-size must be above 0, got {gigabytes}")
        return cls(root, int(gigabytes * 1e9))

    def packs(self) -> list[Path]:
        """Return the finished packs, the most recently used one last."""
        records = list(self.root.glob("*/pack.json")) if self.root.is_dir() else []
        return [path.parent for path in sorted(records, key=lambda path: path.stat().st_mtime)]

    def size(self) -> int:
        """Return the bytes of all packs."""
        return sum(file.stat().st_size for pack in self.packs() for file in pack.iterdir())

    def clear(self) -> int:
        """Remove every pack; return the number of bytes freed."""
        freed = self.size()
        self._clear_parts()
        for pack in self.packs():
            _remove(pack)
        return freed

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder, created if it is missing; wait while another run packs.

        The pack of that run may be the one to use.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            while True:
                with suppress(ExpandError):
                    stack.enter_context(Lock(self.root))
                    break
                time.sleep(WAIT_SECONDS)
            yield

    def make_room(self, needed: int, name: str) -> None:
        """Remove unfinished and old packs until `needed` bytes fit; the folder must be locked.

        Raise TooLargeError, with the name of the set, if they never will.
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
                f'"{name}" takes {needed:,} bytes when decoded, '
                f'the disk of "{self.root}" has {free:,} free'
            )

    def _clear_parts(self) -> None:
        for part in self.root.glob("*.part"):
            shutil.rmtree(part)


def _remove(pack: Path) -> None:
    """Remove a pack; if this is interrupted, it leaves a part, never half a pack."""
    part = pack.with_suffix(".part")
    pack.replace(part)
    shutil.rmtree(part)


class TooLargeError(TrainError):
    """A set that does not fit into the cache; it can be streamed instead."""


def default_root() -> Path:
    """Return the default folder of packs."""
    return Path(os.environ.get("TRAIN_CACHE", "~/.cache/expand-train/packs")).expanduser()
