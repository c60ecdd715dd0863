"""Balanced folders: an epoch of disk shows each source as often as it has files, and says so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from expand import expand
from tests.conftest import noise_image
from tests.train.commands import settings_for, train
from tests.train.samples import images_of, pixels_of, read, sampler_of, write_set
from train.data.folders.listing import list_folder


@pytest.fixture
def balanced(tmp_path: Path) -> Path:
    """Return a folder of 8 sources of one class and 2 of another, with 16 files of each class."""
    counts = {"cat": 8, "dog": 2}
    src = write_set(
        tmp_path / "src",
        {
            f"{label}/{n}.png": noise_image(8, 8, 3, seed=20 * n + count)
            for label, count in counts.items()
            for n in range(count)
        },
    )
    expand(src, tmp_path / "out", 2, balance="max", workers=1)
    return tmp_path / "out"


def test_an_epoch_shows_each_source_as_often_as_it_has_files(
    balanced: Path, tmp_path: Path
) -> None:
    sampler = sampler_of(balanced, "disk")
    assert (len(sampler), sampler.files_per_source, sampler.copies) == (32, 3.2, 1)
    assert Counter(sampler.labels.tolist()) == {0: 16, 1: 16}
    assert Counter(sampler.ids)["dog/0.png"] == 8
    images = images_of(sampler, tmp_path / "cache")
    files = np.stack([pixels_of(balanced / name) for name in list_folder(balanced).files])
    for epoch in range(3):
        np.testing.assert_array_equal(read(images, epoch), files)


@pytest.mark.parametrize("name", ["none", "fly"])
def test_strategies_without_copies_show_each_source_once(name: str, balanced: Path) -> None:
    from expand import Recipe

    recipe = Recipe.load("classic") if name == "fly" else None
    assert len(sampler_of(balanced, name, recipe=recipe)) == 10


def test_a_run_says_how_an_epoch_is_counted(balanced: Path, tmp_path: Path) -> None:
    settings = settings_for(balanced, strategy="disk", validation=0.25, epochs=1)
    told: list[str] = []

    from train.runs.observer import Observer

    class Listener(Observer):
        def starting(self, description: str, steps: int, done: int) -> None:
            told.append(description)

    train(settings, tmp_path / "run", observer=Listener())
    assert "disk: 28 files per epoch, 3.5 times the steps of one visit to each source" in told[0]
    assert "(classes are balanced: a source is shown as often as it has files)" in told[0]
