"""Copies in memory have the pixels that a reader of the expanded folder sees."""

from __future__ import annotations

import gc
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand import expand
from expand.images.decoder import decode
from tests.conftest import noise_image
from tests.train.compare.studies import context_of, study_for, trial_of
from tests.train.samples import pictures, write_set
from train.compare.codec import LOSSLESS, Codec
from train.compare.study import ComparisonStudy
from train.data.folders.listing import list_folder
from train.data.shape import FIRST_RULES, RULES, Shape, resize_crop
from train.errors import TrainError
from train.feed.stores import DecodedStore
from train.trials import copies
from train.trials.context import new_context
from train.trials.copies import free_memory
from train.trials.runner import run_trial
from train.trials.study import Seeds, TrialContext
from train.trials.trial import stored

SEEDS = Seeds.of(0, 2)
SETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "png rgb": ({"shape": (12, 16, 3)}, {}),
    "png grey": ({"shape": (16, 16)}, {}),
    "jpg kept": ({"shape": (16, 16, 3), "suffix": ".jpg"}, {"codec": Codec("keep")}),
    "jpg stored as png": ({"shape": (16, 16), "suffix": ".jpg"}, {}),
    "png stored as jpg": ({"shape": (16, 16, 3)}, {"codec": Codec("jpg", 60)}),
    "resized": ({"shape": (16, 20, 3)}, {"shape": Shape(10)}),
    "made grey": ({"shape": (16, 16, 3)}, {"shape": Shape(None, "grey")}),
    "made rgb": ({"shape": (16, 16)}, {"shape": Shape(None, "rgb")}),
}


def staged(tmp_path: Path, drawn: dict[str, Any], **changes: Any) -> TrialContext[ComparisonStudy]:
    """Return the stage of a comparison of every kind of arm that the shape of images allows."""
    arms = "none,fly,disk=2,disk-random=3" + (
        "" if "shape" in changes and changes["shape"].side else ",hybrid=2"
    )
    src = write_set(tmp_path / "src", pictures(3, **drawn))
    test = write_set(tmp_path / "test", pictures(1, seed=100, **drawn))
    return context_of(study_for(src, test, arms, **changes))


@pytest.mark.parametrize("name", SETS)
def test_copies_in_memory_are_what_expand_writes_and_train_reads(name: str, tmp_path: Path) -> None:
    drawn, changes = SETS[name]
    context = staged(tmp_path, drawn, **changes)
    study, compared = context.study, 0
    for arm in study.arms:
        copies, side = study.copies(arm, SEEDS.views), stored(context, arm, SEEDS)
        assert (side is None) == (copies is None) == (arm.strategy in ("none", "fly"))
        if copies is None or side is None:
            continue
        how = {key: getattr(copies, key) for key in ("seed", "sampling", "format", "quality")}
        expand(study.data, tmp_path / arm.name, copies.factor, copies.recipe, workers=1, **how)
        written = list_folder(tmp_path / arm.name)
        files = [
            resize_crop(decode((written.root / file).read_bytes()).pixels, study.shape)
            for file in written.files
        ]
        np.testing.assert_array_equal(side.pixels(), np.stack(files))
        assert side.folder.sources == written.sources
        assert side.folder.table.shape == (6, arm.factor)
        for mine, theirs in (
            (side.folder.views, written.views),
            (side.folder.labels, written.labels),
        ):
            np.testing.assert_array_equal(mine, theirs)
        assert len(np.unique(side.decoded.pixels, axis=0)) == len(files)
        compared += len(files)
    assert compared == (6 * (2 + 3) if study.shape.side else 6 * (2 + 3 + 2))


@pytest.mark.parametrize("rules", [RULES, FIRST_RULES])
def test_sixteen_bits_are_what_they_are_when_files_are_read(rules: int, tmp_path: Path) -> None:
    deep = {
        name: noise_image(16, 16, depth=np.uint16, seed=seed)
        for seed, name in enumerate(pictures(2))
    }
    new = {"cat/9.png": noise_image(16, 16, depth=np.uint16, seed=9)}
    test, src = write_set(tmp_path / "test", new), write_set(tmp_path / "src", deep)
    context = context_of(study_for(src, test, "none,disk=3", shape=Shape(rules=rules)))
    side = stored(context, context.study.arms[1], SEEDS)
    expand(tmp_path / "src", tmp_path / "out", 3, seed=SEEDS.views, format="png", workers=1)
    written = list_folder(tmp_path / "out")
    files = [decode((written.root / file).read_bytes()).pixels for file in written.files]
    assert {file.dtype for file in files} == {np.dtype(np.uint16)}
    assert side is not None
    expected = np.stack(files) if rules == RULES else np.stack(files) >> 8
    np.testing.assert_array_equal(side.decoded.pixels[..., 0], expected)


def test_a_part_of_the_sources_has_the_views_that_it_has_in_the_whole(tmp_path: Path) -> None:
    whole = staged(tmp_path, {})
    part = context_of(study_for(whole.study.data, whole.study.test, "none,disk=2", sources=4))
    arm = part.study.arms[1]
    mine, all_ = stored(part, arm, SEEDS), stored(whole, arm, SEEDS)
    assert mine is not None
    assert all_ is not None
    assert len(mine.folder.source_ids) == 4
    rows = [row for row, source in enumerate(all_.folder.sources) if source in mine.folder.sources]
    np.testing.assert_array_equal(mine.decoded.pixels, all_.decoded.pixels[rows])


@pytest.mark.parametrize("codec", [LOSSLESS, Codec("jpg", 60)])
def test_copies_that_do_not_fit_into_memory_are_kept_on_disk_while_they_are_used(
    codec: Codec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = staged(tmp_path, {}, codec=codec)
    arm, needed = context.study.arms[2], 2 * 6 * 16 * 16 * 3
    monkeypatch.setattr(copies, "free_memory", lambda: 2 * needed)
    in_memory = stored(context, arm, SEEDS)
    monkeypatch.setattr(copies, "free_memory", lambda: 2 * needed - 1)
    monkeypatch.setattr(copies, "AT_ONCE", 4)
    on_disk = stored(context, arm, SEEDS)
    assert in_memory is not None
    assert on_disk is not None
    assert isinstance(on_disk.decoded.pixels, np.memmap)
    assert not isinstance(in_memory.decoded.pixels, np.memmap)
    np.testing.assert_array_equal(in_memory.pixels(), on_disk.pixels())
    (kept,) = context.cache.root.glob("copies.*.part")
    again = pickle.loads(pickle.dumps(DecodedStore(on_disk.folder, on_disk.decoded.pixels)))
    np.testing.assert_array_equal(again.read(np.arange(12)), on_disk.pixels())
    del on_disk, again
    gc.collect()
    assert not kept.exists()


def test_copies_that_fit_neither_into_memory_nor_on_the_disk_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = staged(tmp_path, {})
    monkeypatch.setattr(copies, "free_memory", lambda: 18_431)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, 10_000))
    with pytest.raises(TrainError) as refused:
        stored(context, context.study.arms[2], SEEDS)
    assert str(refused.value) == (
        "12 copies take 9,216 bytes, but 18,431 are free in memory and 10,000 on the disk of the cache; use a smaller --factor, fewer --sources or a smaller --image-size"
    )


def test_a_set_beyond_the_cache_is_streamed_for_arms_without_copies(tmp_path: Path) -> None:
    """16 sources take 16 × 868 bytes; the test set fits."""
    src = write_set(tmp_path / "src", pictures(8))
    test = write_set(tmp_path / "test", pictures(1, seed=100))
    study = study_for(src, test, "none,fly", batch_size=4)
    limited = new_context(study, tmp_path / "cache", 5_000)
    assert not limited.data.train.decoded.whole
    whole = context_of(study)
    assert whole.data.train.decoded.whole
    for arm in study.arms:
        one, two = (run_trial(each, trial_of(arm, 2)) for each in (limited, whole))
        assert (one.steps, one.weights) == (8, two.weights)
    for changes in ({"arms": "none,fly,disk"}, {"arms": "none,fly", "tune": 2}):
        with pytest.raises(TrainError, match=r"use --image-size 8 or smaller, a larger"):
            new_context(study_for(src, test, **changes), tmp_path / "cache", 5_000)


def test_free_memory_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < free_memory() < 2**50
    monkeypatch.setattr(Path, "read_text", lambda _path: "MemTotal: 900 kB\nMemAvailable:  17 kB\n")
    assert free_memory() == 17 * 1024
    monkeypatch.setattr(Path, "read_text", lambda _path: "MemTotal: 900 kB\n")
    assert free_memory() == 2**62
