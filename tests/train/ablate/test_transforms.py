"""TrivialAugment: torchvision's own, drawn from the image's id and the epoch alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms import TrivialAugmentWide

from expand.views.keys import draw
from tests.conftest import noise_image
from tests.train.samples import pictures, sampler_of, write_set
from train.ablate.transforms import TransformReader, trivial_augment

COUNT = 8


def reader_of(
    tmp_path: Path, *, shape: tuple[int, ...] = (16, 16, 3), seed: int = 0
) -> TransformReader:
    """Build a reader of eight images of noise."""
    sampler = sampler_of(write_set(tmp_path / "src", pictures(4, shape)), "none")
    pixels = np.stack(
        [noise_image(*shape, seed=index).reshape(*shape[:2], -1) for index in range(COUNT)]
    )
    return TransformReader(sampler, pixels.astype(np.uint8), seed, trivial_augment(), "trivial")


def shown(reader: TransformReader, k: int, items: list[int] | None = None) -> np.ndarray:
    images = reader.read(k, np.array(range(COUNT) if items is None else items))
    return images.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("shape", [(16, 16, 3), (14, 18)])
def test_each_image_equals_torchvision_s_result_from_its_own_seed(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    reader = reader_of(tmp_path, shape=shape, seed=5)
    for k in (0, 1, 7):
        pixels = shown(reader, k)
        assert pixels.dtype == np.uint8
        for index, source in enumerate(pictures(4)):
            torch.manual_seed(draw(5, "trivial", source, k, 1)[0])
            expected = TrivialAugmentWide()(torch.from_numpy(reader.pixels[index]).permute(2, 0, 1))
            np.testing.assert_array_equal(pixels[index], expected.permute(1, 2, 0).numpy())


def test_an_image_does_not_depend_on_the_rest_of_its_batch(tmp_path: Path) -> None:
    whole = shown(reader_of(tmp_path), 3)
    reader = reader_of(tmp_path)
    shown(reader, 1)
    np.testing.assert_array_equal(shown(reader, 3, [6]), whole[[6]])
    np.testing.assert_array_equal(shown(reader, 3, [5, 0, 2]), whole[[5, 0, 2]])


def test_every_epoch_image_and_seed_draws_anew(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    epochs = [shown(reader, k) for k in range(12)]
    assert all((one != other).any() for index, one in enumerate(epochs) for other in epochs[:index])
    changed = [int((pixels != reader.pixels).any(axis=(1, 2, 3)).sum()) for pixels in epochs]
    assert sum(changed) > 6 * COUNT
    assert (shown(reader_of(tmp_path, seed=1), 3) != epochs[3]).any()


def test_reading_keeps_the_state_of_torch_s_generator(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    torch.manual_seed(11)
    before = torch.get_rng_state()
    shown(reader, 2)
    assert torch.equal(torch.get_rng_state(), before)
