"""Streamed sets: each sample once an epoch, the same batches for any number of processes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from expand import expand
from expand.recipes.recipe import Recipe
from tests.train.samples import pictures, pixels_of, write_set
from tests.train.tar_sets import write_tars
from train.data.cache import Cache
from train.data.sets.scan import Scan, scan
from train.data.sets.tars import TarContents, find_tars
from train.data.shape import ANY_SHAPE, Shape
from train.errors import TrainError
from train.feed.feed import Feed
from train.feed.strategies import Strategy
from train.feed.streams import StreamImages, StreamSampler
from train.runtime.world import ALONE, World

SOURCES, STEPS = 61 * 2, 7
"""The last batch of 10 is part of the one before."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an expanded folder; beside it are its tars."""
    root = tmp_path_factory.mktemp("sets")
    expand(write_set(root / "src", pictures(61, (9, 8, 3))), root / "folder", 3, workers=1)
    write_tars(root / "folder", root / "tars", blocks=5)
    return root / "folder"


@pytest.fixture
def scanned(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Return the scan of the tars, with windows of a few samples."""
    monkeypatch.setattr("train.data.sets.windows.WINDOW_BYTES", 20_000)
    tars = find_tars(folder.parent / "tars")
    assert tars
    return scan(TarContents(tars, tars.tars(copies=True)), Cache(), lambda _images: None)


def feed_of(
    scanned: Scan, strategy: Strategy, world: World = ALONE, seed: int = 3, batch: int = 16
) -> Feed:
    sampler = StreamSampler(scanned, strategy, seed)
    images = StreamImages(scanned, sampler, np.zeros((9, 8, 3), np.uint8), ANY_SHAPE)
    return Feed(images, batch, seed, torch.device("cpu"), world=world)


def shown(feed: Feed, start: int, stop: int) -> list[tuple[NDArray[np.uint8], list[int]]]:
    """Return the images and labels of some steps."""
    return [
        (batch.images.permute(0, 2, 3, 1).numpy(), batch.labels.tolist())
        for batch in feed.batches(start, stop)
    ]


def as_bytes(batches: list[tuple[NDArray[np.uint8], list[int]]]) -> list[tuple[bytes, int]]:
    """Return the images of batches with their labels."""
    return [
        (image.tobytes(), label)
        for images, labels in batches
        for image, label in zip(images, labels, strict=True)
    ]


def test_windows_cover_each_tar_and_hold_its_samples(scanned: Scan) -> None:
    assert len(scanned.windows) > 3 * len(scanned.contents.tars)
    ends = scanned.windows[:, 1] + scanned.windows[:, 2]
    assert scanned.windows[1:, 1].tolist() == ends[:-1].tolist()
    assert ends[-1] == len(scanned.labels) == 3 * SOURCES


@pytest.mark.parametrize("name", ["none", "disk"])
def test_every_epoch_shows_the_file_of_each_source_once(
    name: str, folder: Path, scanned: Scan
) -> None:
    feed = feed_of(scanned, Strategy(name))
    assert feed.steps_per_epoch == STEPS
    for epoch in range(4):
        view = epoch % 3 if name == "disk" else 0
        ending = f"_v{view}.png" if view else ".png"
        files = [(folder / label).glob(f"*{ending}") for label in ("cat", "dog")]
        expected = Counter(
            (pixels_of(path).tobytes(), number)
            for number, paths in enumerate(files)
            for path in paths
            if view or "_v" not in path.name
        )
        steps = shown(feed, STEPS * epoch, STEPS * (epoch + 1))
        assert Counter(as_bytes(steps)) == expected


def test_epochs_and_seeds_have_orders_of_their_own_and_classes_are_mixed(scanned: Scan) -> None:
    feed, other = feed_of(scanned, Strategy("none")), feed_of(scanned, Strategy("none"), seed=4)
    first, second = as_bytes(shown(feed, 0, STEPS)), as_bytes(shown(feed, STEPS, 2 * STEPS))
    assert len({tuple(first), tuple(second), tuple(as_bytes(shown(other, 0, STEPS)))}) == 3
    assert first == as_bytes(shown(feed_of(scanned, Strategy("none")), 0, STEPS))
    assert all(2 <= sum(labels) <= len(labels) - 2 for _, labels in shown(feed, 0, STEPS))


@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_processes_share_the_batches_of_one(size: int, scanned: Scan) -> None:
    fly = Strategy("fly", Recipe.load("classic"))
    alone = shown(feed_of(scanned, fly, batch=12), 0, 20)
    shares = [
        shown(feed_of(scanned, fly, World(rank, size), batch=12), 0, 20) for rank in range(size)
    ]
    for step, batch in enumerate(alone):
        together = [pair for share in shares for pair in as_bytes([share[step]])]
        assert Counter(together) == Counter(as_bytes([batch]))
        assert all(len(share[step][1]) for share in shares)


def test_a_feed_that_begins_later_shows_what_one_from_the_start_does(scanned: Scan) -> None:
    strategy = Strategy("hybrid", Recipe.load("classic"))
    whole = shown(feed_of(scanned, strategy), 0, 20)
    for start in (1, 6, 7, 13):
        assert as_bytes(shown(feed_of(scanned, strategy), start, 20)) == as_bytes(whole[start:])


def test_views_on_the_fly_are_the_copies_of_the_folder(folder: Path, scanned: Scan) -> None:
    fly = feed_of(scanned, Strategy("fly", Recipe.load("classic")))
    disk = feed_of(scanned, Strategy("disk"))
    for epoch in range(3):
        steps = STEPS * epoch, STEPS * (epoch + 1)
        assert Counter(as_bytes(shown(fly, *steps))) == Counter(as_bytes(shown(disk, *steps)))


def test_images_that_are_resized_are_rendered_at_their_own_size(scanned: Scan) -> None:
    sampler = StreamSampler(scanned, Strategy("fly", Recipe.load("classic")), 0)
    images = StreamImages(scanned, sampler, np.zeros((4, 4, 1), np.uint8), Shape(4, "grey"))
    assert images.read(1, np.arange(50)).shape == (50, 1, 4, 4)
    with pytest.raises(TrainError, match="is 8×9 pixels, others are 5×5"):
        StreamImages(scanned, sampler, np.zeros((5, 5, 3), np.uint8), ANY_SHAPE).read(
            0, np.arange(2)
        )


def test_a_tar_that_changes_during_the_run_ends_it_with_status_3(scanned: Scan) -> None:
    feed = feed_of(scanned, Strategy("none"))
    tar = scanned.contents.tar_set.root / "000000-0.tar"
    assert isinstance(tar, Path)
    before = tar.read_bytes()
    try:
        tar.write_bytes(before[:700] + bytes([before[700] ^ 1]) + before[701:])
        with pytest.raises(
            TrainError, match='000000-0.tar" has changed since the run began'
        ) as stopped:
            list(feed.batches(0, 8))
        assert stopped.value.status == 3
    finally:
        tar.write_bytes(before)
