"""The cache: limited in size; the least recently used decoded dataset is removed first."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.storage.lock import LOCK_FILES, Lock
from train.data.cache import Cache, TooLargeError, default_root
from train.errors import TrainError


def fill(root: Path, **datasets: int) -> None:
    """Write finished decoded datasets of so many bytes, the first one used longest ago."""
    for index, (name, size) in enumerate(datasets.items()):
        (root / name).mkdir(parents=True)
        (root / name / "pack.json").write_bytes(b"{}")
        (root / name / "pixels.npy").write_bytes(bytes(size - 2))
        os.utime(root / name / "pack.json", (1000 + index, 1000 + index))


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_packs_are_listed_by_their_last_use(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    fill(tmp_path, c=10, a=20, b=30)
    assert [dataset.name for dataset in cache.datasets()] == ["c", "a", "b"]
    assert cache.size() == 60
    os.utime(tmp_path / "c/pack.json")
    assert [dataset.name for dataset in cache.datasets()] == ["a", "b", "c"]


def test_the_least_recently_used_packs_make_room(tmp_path: Path) -> None:
    fill(tmp_path, c=10, a=20, b=30)
    cache = Cache(tmp_path, limit=75)
    cache.make_room(15, "x")
    assert names(tmp_path) == ["a", "b", "c"]
    cache.make_room(16, "x")
    assert names(tmp_path) == ["a", "b"]
    cache.make_room(45, "x")
    assert names(tmp_path) == ["b"]
    cache.make_room(75, "x")
    assert names(tmp_path) == []


def test_unfinished_packs_are_removed_first(tmp_path: Path) -> None:
    fill(tmp_path, a=20, b=30)
    (tmp_path / "a.part").mkdir()
    (tmp_path / "a.part/pixels.npy").write_bytes(bytes(40))
    Cache(tmp_path, limit=75).make_room(25, "x")
    assert names(tmp_path) == ["a", "b"]


def test_a_set_that_never_fits_is_refused_and_nothing_is_removed(tmp_path: Path) -> None:
    fill(tmp_path, a=20)
    with pytest.raises(TooLargeError) as refused:
        Cache(tmp_path, limit=1000).make_room(1001, "photos")
    assert str(refused.value) == '"photos" takes 1,001 bytes when decoded, --cache-size is 1,000'
    assert names(tmp_path) == ["a"]


def test_a_set_that_does_not_fit_on_the_disk_is_refused(tmp_path: Path) -> None:
    needed = 10**18
    assert shutil.disk_usage(tmp_path).free < needed
    with pytest.raises(TooLargeError) as refused:
        Cache(tmp_path, limit=2 * needed).make_room(needed, "photos")
    words = str(refused.value)
    assert words.startswith(
        f'"photos" takes {needed:,} bytes when decoded, the disk of "{tmp_path}" has '
    )
    assert words.endswith(" free")


def test_clearing_removes_packs_and_unfinished_packs_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, a=20, b=30)
    (tmp_path / "c.part").mkdir()
    (tmp_path / "c.part/pixels.npy").write_bytes(bytes(40))
    (tmp_path / "mine").mkdir()
    (tmp_path / "precision.json").write_text("{}")
    cache = Cache(tmp_path)
    assert [dataset.name for dataset in cache.datasets()] == ["a", "b"]
    assert cache.clear() == 50
    assert names(tmp_path) == ["mine", "precision.json"]
    assert (cache.datasets(), cache.size()) == ([], 0)


def test_a_missing_cache_is_empty(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "nosuch")
    assert (cache.datasets(), cache.size(), cache.clear()) == ([], 0, 0)
    assert not (tmp_path / "nosuch").exists()


def test_the_environment_sets_the_folder_of_decoded_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAIN_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Cache().root == default_root() == tmp_path / ".cache/expand-train/decoded"
    (tmp_path / ".cache/expand-train/packs").mkdir(parents=True)  # by an earlier version
    assert Cache().root == tmp_path / ".cache/expand-train/packs"
    monkeypatch.setenv("TRAIN_CACHE", str(tmp_path / "elsewhere"))
    assert Cache().root == tmp_path / "elsewhere"
    assert Cache(tmp_path).root == tmp_path


def test_a_locked_cache_is_waited_for(tmp_path: Path) -> None:
    cache, entered = Cache(tmp_path / "cache"), threading.Event()

    def enter() -> None:
        with cache.held():
            entered.set()

    waiting = threading.Thread(target=enter)
    with cache.held():
        waiting.start()
        assert not entered.wait(0.3)
    assert entered.wait(300)
    waiting.join()
    with Lock(cache.root):
        pass


def test_what_another_run_decodes_is_not_cleared(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    fill(tmp_path, a=20)
    (tmp_path / "b.part").mkdir()
    with cache.held():
        assert cache.clear() == 20
        assert names(tmp_path) == ["b.part"]
    cache.clear()
    assert names(tmp_path) == []


@pytest.mark.parametrize("size", [0.0, -1.0, float("inf"), float("nan")])
def test_an_invalid_limit_is_refused(size: float) -> None:
    with pytest.raises(TrainError, match=f"--cache-size must be above 0, got {size}"):
        Cache.of(None, size)


def test_a_cache_that_cannot_be_locked_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_lock: Lock) -> Lock:
        raise ExpandError("cannot be locked", 3)

    monkeypatch.setattr(Lock, "__enter__", fail)
    with pytest.raises(TrainError) as stopped, Cache(tmp_path).held():
        pass
    assert (str(stopped.value), stopped.value.status) == ("cannot be locked", 3)


def test_the_files_of_the_lock_are_no_unfinished_packs(tmp_path: Path) -> None:
    for name in LOCK_FILES:
        (tmp_path / name).write_bytes(b"")
    Cache(tmp_path).make_room(1, "x")
    assert names(tmp_path) == sorted(LOCK_FILES)
