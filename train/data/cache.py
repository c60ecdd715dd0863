"""The cache: the folder of decoded datasets, limited in size."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from expand.errors import ExpandError
from expand.storage.lock import Lock
from train.errors import REFUSED, STOPPED, TrainError

WAIT_SECONDS = 0.1
ROOT, EARLIER_ROOT = "~/.cache/expand-train/decoded", "~/.cache/expand-train/packs"
PART = ".part"
"""The end of the name of a decoded dataset that is being made, or removed."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNUSABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT),
    *(errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
)
"""Errors of a folder that cannot be the cache; others may be gone the next time."""


class Cache:
    """The folder of decoded datasets; the least recently used one is removed first."""

    def __init__(self, root: Path | None = None, limit: int = 20_000_000_000) -> None:
        self.root = root or default_root()
        self.limit = limit

    @classmethod
    def of(cls, root: Path | None, gigabytes: float) -> Cache:
        """Return the cache of --cache and --cache-size."""
        if not 0 < gigabytes < float("inf"):
            raise TrainError(f"--cache-size must be above 0, got {gigabytes}")
        return cls(root, int(gigabytes * 1e9))

    def datasets(self) -> list[Path]:
        """Return the finished decoded datasets, the most recently used one last."""
        used = {path.parent: _stat(path) for path in self.root.glob("*/pack.json")}
        found = {dataset: each.st_mtime for dataset, each in used.items() if each}
        return sorted(
            (dataset for dataset in found if dataset.suffix != PART),
            key=lambda dataset: found[dataset],
        )

    def size(self) -> int:
        """Return the bytes of all decoded datasets."""
        return sum(_size(dataset) for dataset in self.datasets())

    def clear(self) -> int:
        """Remove every decoded dataset; return the number of bytes freed.

        What another run is decoding at the moment stays.
        """
        freed = self.size()
        with explain_cache(self.root), ExitStack() as stack:
            if self.root.is_dir() and _entered(stack, Lock(self.root)):
                self._clear_parts()
            for dataset in self.datasets():
                remove_decoded(dataset)
        return freed

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder, created if it is missing; wait while another run decodes.

        The dataset of that run may be the one to use.
        """
        with ExitStack() as stack:
            with explain_cache(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
                while not _entered(stack, Lock(self.root)):
                    time.sleep(WAIT_SECONDS)
            yield

    def make_room(self, needed: int, name: str) -> None:
        """Remove unfinished and old datasets until `needed` bytes fit; the folder must be locked.

        Raise TooLargeError, with the name of the set, if they never will.
        """
        if needed > self.limit:
            raise TooLargeError(
                f'"{name}" takes {needed:,} bytes when decoded, --cache-size is {self.limit:,}'
            )
        with explain_cache(self.root):
            self._clear_parts()
            for dataset in self.datasets():
                if self.size() + needed <= self.limit:
                    break
                remove_decoded(dataset)
            free = shutil.disk_usage(self.root).free
        if needed > free:
            raise TooLargeError(
                f'"{name}" takes {needed:,} bytes when decoded, '
                f'the disk of "{self.root}" has {free:,} free'
            )

    def _clear_parts(self) -> None:
        """Remove what killed runs left; it is in nobody's way if that is not possible."""
        for part in self.root.glob(f"[!.]*{PART}"):  # others are those of the lock
            if part.is_symlink() or not part.is_dir():
                part.unlink(missing_ok=True)
            else:
                shutil.rmtree(part, ignore_errors=True)


def _entered(stack: ExitStack, lock: Lock) -> bool:
    """Take a lock, released with `stack`; return False if another run holds it."""
    try:
        stack.enter_context(lock)
    except ExpandError as error:
        if error.status == STOPPED:  # it cannot be locked at all
            raise TrainError(str(error), STOPPED) from error
        return False
    return True


def part_of(dataset: Path) -> Path:
    """Return a new name for a dataset that is being made, or removed: each process has its own."""
    return dataset.with_name(f"{dataset.name}.{uuid4().hex[:8]}{PART}")


def remove_decoded(dataset: Path) -> None:
    """Remove a dataset, or what is in its place; interrupted, it leaves an unfinished one."""
    part = part_of(dataset)
    try:
        dataset.replace(part)
    except FileNotFoundError:  # another run has removed it
        return
    if part.is_symlink() or not part.is_dir():
        part.unlink()
    else:
        shutil.rmtree(part, ignore_errors=True)


def _stat(path: Path) -> os.stat_result | None:
    """Return what is known of a file; None if it is none, or another run has removed it."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _size(dataset: Path) -> int:
    try:
        files = [_stat(file) for file in dataset.iterdir()]
    except OSError:
        return 0
    return sum(file.st_size for file in files if file)


class TooLargeError(TrainError):
    """A set that does not fit into the cache; it can be streamed instead."""


@contextmanager
def explain_cache(path: Path) -> Iterator[None]:
    """Turn an error of the system into a TrainError that names the path in the cache."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL:
            raise TooLargeError(f'"{path}" cannot be written: {reason}', STOPPED) from error
        raise TrainError(
            f'the cache of decoded images cannot be used: "{path}": {reason}; '
            "choose another folder with --cache",
            REFUSED if error.errno in UNUSABLE else STOPPED,
        ) from error


def default_root() -> Path:
    """Return the default folder of decoded datasets.

    One that an earlier version made, under another name, is used as long as it is there.
    """
    try:
        if chosen := os.environ.get("TRAIN_CACHE"):
            return Path(chosen).expanduser()
        earlier, now = Path(EARLIER_ROOT).expanduser(), Path(ROOT).expanduser()
        return earlier if earlier.is_dir() else now
    except RuntimeError as error:
        raise TrainError(
            "this user has no home folder for the cache of decoded images; choose a folder with "
            "--cache or TRAIN_CACHE"
        ) from error
