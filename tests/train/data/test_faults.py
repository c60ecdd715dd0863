"""Faults of the disk that holds the cache: a sentence, and the next run is like the first."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.commands import call
from tests.train.samples import pictures, write_set
from train.data.cache import Cache, TooLargeError, default_root
from train.data.decoded import decode_folder
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE
from train.errors import REFUSED, STOPPED, TrainError

CALLS = {"pwrite": os, "fsync": os, "posix_fallocate": os, "replace": Path, "mkdir": Path}
REASONS = {
    errno.ENOSPC: STOPPED,
    errno.EDQUOT: STOPPED,
    errno.EFBIG: STOPPED,
    errno.EIO: STOPPED,
    errno.EMFILE: STOPPED,
    errno.EACCES: REFUSED,
    errno.EROFS: REFUSED,
}


def failing(number: int) -> Callable[..., Any]:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("reason", REASONS, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", CALLS)
def test_each_call_that_fails_is_a_sentence_and_the_next_run_is_good(
    name: str, reason: int, tmp_path: Path
) -> None:
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CALLS[name], name, failing(reason))
        with pytest.raises(TrainError) as stopped:
            decode_folder(list_folder(root), ANY_SHAPE, cache)
    assert (stopped.value.status, str(tmp_path / "cache") in str(stopped.value)) == (
        REASONS[reason],
        True,
    )
    assert os.strerror(reason) in str(stopped.value)
    assert isinstance(stopped.value, TooLargeError) == (
        reason in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    )
    assert not cache.root.is_dir() or list(cache.root.iterdir()) == []
    decoded = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(decoded.pixels, np.stack(list(pictures().values())))
    assert decoded.note == ""


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, whole = write_set(tmp_path / "src"), os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: whole(handle, data[:100], at))
    decoded = decode_folder(list_folder(root), ANY_SHAPE, Cache(tmp_path / "cache"))
    np.testing.assert_array_equal(decoded.pixels, np.stack(list(pictures().values())))


def test_a_file_system_that_cannot_reserve_space_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.EOPNOTSUPP))
    root = write_set(tmp_path / "src")
    decoded = decode_folder(list_folder(root), ANY_SHAPE, Cache(tmp_path / "cache"))
    np.testing.assert_array_equal(decoded.pixels, np.stack(list(pictures().values())))


def test_a_read_error_of_a_pack_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache")
    decode_folder(list_folder(root), ANY_SHAPE, cache)
    whole, failures = os.preadv, [1, 1]

    def fail_twice(*arguments: Any) -> int:
        if failures:
            failures.pop()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return whole(*arguments)

    monkeypatch.setattr(os, "preadv", fail_twice)
    assert "Input/output error" in decode_folder(list_folder(root), ANY_SHAPE, cache).note


@pytest.mark.parametrize("place", ["/proc/nosuch", "a file", "below a file", "a long name"])
def test_a_cache_that_cannot_be_is_refused_with_its_path(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    places = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file/cache",
        "a long name": tmp_path / ("x" * 300),
    }
    cache = places.get(place, Path(place))
    src = write_set(tmp_path / "src")
    error = call(src, "--cache", cache, "--out", tmp_path / "run", "--quiet").exception
    assert isinstance(error, TrainError)
    assert error.status == REFUSED
    assert str(cache) in str(error)
    assert "--cache" in str(error)


def test_a_user_without_a_home_is_told_what_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRAIN_CACHE", "HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_user(_path: str) -> str:
        return "~/.cache"

    monkeypatch.setattr("os.path.expanduser", no_user)
    with pytest.raises(TrainError) as refused:
        default_root()
    assert "--cache or TRAIN_CACHE" in str(refused.value)


def test_a_pack_in_a_cache_that_cannot_be_written_to_is_used(tmp_path: Path) -> None:
    src, cache = write_set(tmp_path / "src"), tmp_path / "cache"
    first = decode_folder(list_folder(src), ANY_SHAPE, Cache(cache))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("pwrite", "utime", "posix_fallocate"):
            patch.setattr(os, name, failing(errno.EROFS))
        patch.setattr("train.fit.precision.write_whole", failing_whole)
        again = decode_folder(list_folder(src), ANY_SHAPE, Cache(cache))
        options = ("--epochs", 1, "--model", "linear", "--quiet")
        assert call(src, *options, "--cache", cache, "--out", tmp_path / "run").exception is None
    np.testing.assert_array_equal(first.pixels, again.pixels)


def failing_whole(path: Path, _data: bytes) -> None:
    from expand.errors import ExpandError

    raise ExpandError(f'"{path}" cannot be written: Read-only file system', STOPPED)
