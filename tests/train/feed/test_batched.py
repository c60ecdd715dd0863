"""The batched renderer: the views of expand, to one grey level, by tensor operations alone."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from expand import Recipe, Views
from expand.recipes.fill import Fill
from expand.techniques.pixel.noise import Noise
from expand.views.batches import ViewBatches
from tests.conftest import noise_image
from train.errors import TrainError
from train.feed import batched as batched_renderer
from train.feed.batched import check_batched, without_batched_form
from train.feed.exact import render
from train.feed.kernels import KERNELS

IDS = [f"cat/{index}.png" for index in range(8)]
FILLS = ["background", "edge", "reflect", (9,), (10, 200, 30)]
KS = (1, 2, 3, 4, 5, 8, 13, 21, 100, 1001)


def images(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.stack([noise_image(*shape, seed=seed) for seed in range(len(IDS))]).astype(np.uint8)


def both(
    recipe: Recipe, pixels: NDArray[np.uint8], k: int, sampling: str = "stratified"
) -> tuple[np.ndarray, np.ndarray]:
    """Return view `k` of all images by the batched and by the exact renderer."""
    batches, items = ViewBatches(Views(recipe, 3, sampling), IDS), np.arange(len(IDS))
    tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    before = tensor.clone()
    rendered = batched_renderer.render(batches, tensor, items, k)
    assert torch.equal(tensor, before)
    assert rendered.dtype == torch.uint8
    return rendered.permute(0, 2, 3, 1).numpy(), render(batches, pixels, items, k)


def check_close(recipe: Recipe, shape: tuple[int, int, int], sampling: str = "stratified") -> None:
    pixels = images(shape)
    for k in KS:
        batched, exact = both(recipe, pixels, k, sampling)
        difference = np.abs(batched.astype(int) - exact.astype(int))
        assert difference.max() <= 1, (k, difference.max())
        assert (difference > 0).mean() < 0.01
        assert (exact != pixels).any()


@pytest.mark.parametrize("name", ["classic", "blog"])
@pytest.mark.parametrize("fill", FILLS, ids=str)
@pytest.mark.parametrize("shape", [(16, 16, 1), (19, 14, 3)], ids=str)
def test_every_pixel_is_within_one_grey_level_of_the_exact_one(
    name: str, fill: object, shape: tuple[int, int, int]
) -> None:
    check_close(replace(Recipe.load(name), fill=Fill(fill)), shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("fill", FILLS, ids=str)
@pytest.mark.parametrize(("name", "shape", "sampling"), [("blog", (9, 12, 4), "random"), ("classic", (9, 12, 2), "random"), ("blog", (64, 64, 3), "stratified")])  # fmt: skip
def test_alpha_random_sampling_and_larger_images_are_within_one_grey_level(
    name: str, shape: tuple[int, int, int], sampling: str, fill: object
) -> None:
    check_close(replace(Recipe.load(name), fill=Fill(fill)), shape, sampling)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "techniques",
    [
        "crop", "noise, rotate", "flip, rotate, erase, noise", "scale: {zoom: [0.51, 3]}", "flip, crop: {area: [0.1, 0.3], aspect: [0.3, 3]}",
        "noise: {salt: [0, 1], factor: 5}, rotate: {degrees: [-180, 180], factor: 3}", "translate: {x: [-1, 1], y: [-1, 1]}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fill", ["background", "edge", "reflect"])
def test_every_supported_technique_is_within_one_grey_level(techniques: str, fill: str) -> None:
    check_close(Recipe.parse(f"fill: {fill}\ntechniques: [{techniques}]"), (16, 13, 3))


@pytest.mark.parametrize("shape", [(1, 9, 3), (7, 1, 1), (1, 1, 3), (2, 3, 1)], ids=str)
@pytest.mark.parametrize("fill", FILLS[:4], ids=str)
def test_images_of_one_row_or_column_are_within_one_grey_level(
    shape: tuple[int, int, int], fill: object
) -> None:
    recipe, pixels = replace(Recipe.load("classic"), fill=Fill(fill)), images(shape)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in KS:
            batched, exact = both(recipe, pixels, k)
            assert np.abs(batched.astype(int) - exact.astype(int)).max() <= 1


@pytest.mark.parametrize("techniques", ["flip: {axes: [horizontal, vertical]}", "flip, rotate90", "translate: {x: 3, y: 2, unit: pixel}"])  # fmt: skip
@pytest.mark.parametrize("fill", FILLS, ids=str)
def test_flips_turns_and_whole_pixel_shifts_are_exact(techniques: str, fill: object) -> None:
    recipe, pixels = (
        replace(Recipe.parse(f"techniques: [{techniques}]"), fill=Fill(fill)),
        images((16, 16, 3)),
    )  # type: ignore[arg-type]
    for k in KS:
        batched, exact = both(recipe, pixels, k)
        np.testing.assert_array_equal(batched, exact)
        assert (exact != pixels).any()


@pytest.mark.parametrize("technique", ["noise", "noise: {amount: [0, 0.5], salt: [0, 1], factor: 3}", "noise: {amount: [0.99, 1], salt: 1}"])  # fmt: skip
@pytest.mark.parametrize("shape", [(16, 16, 1), (40, 31, 3)], ids=str)
def test_noise_changes_the_same_pixels(technique: str, shape: tuple[int, int, int]) -> None:
    recipe, pixels = Recipe.parse(f"techniques: [{technique}]"), images(shape) // 2 + 50
    hit = 0
    for k in KS:
        batched, exact = both(recipe, pixels, k)
        np.testing.assert_array_equal(batched, exact)
        hit += int((exact != pixels).sum())
    assert hit


@pytest.mark.parametrize("technique", ["erase", "erase: {area: [0.001, 1], aspect: [0.1, 10], factor: 5}", "erase: {area: 1, level: 255, factor: 1}"])  # fmt: skip
@pytest.mark.parametrize("shape", [(16, 16, 1), (40, 31, 3), (1, 3, 3)], ids=str)
def test_erase_paints_the_same_pixels(technique: str, shape: tuple[int, int, int]) -> None:
    recipe, pixels = Recipe.parse(f"techniques: [{technique}]"), images(shape)
    for k in KS:
        batched, exact = both(recipe, pixels, k)
        np.testing.assert_array_equal(batched, exact)
    assert (exact != pixels).any()


def test_each_image_is_the_same_alone_as_in_a_batch() -> None:
    batches, pixels = (
        ViewBatches(Views(Recipe.load("blog"), 3), IDS),
        torch.from_numpy(images((9, 9, 3))).permute(0, 3, 1, 2),
    )
    noisy = set()
    for k in KS:
        together = batched_renderer.render(batches, pixels, np.arange(8), k)
        for row in range(8):
            alone = batched_renderer.render(batches, pixels[row : row + 1], np.array([row]), k)
            assert torch.equal(alone[0], together[row])
            noisy.add(bool(batches.choices(np.array([row]), k)["noise"]["amount"][0]))
    assert noisy == {True, False}


@pytest.mark.parametrize("shape", [(28, 28), (32, 32), (1, 1), (5, 3), (300, 240)], ids=str)
def test_the_hits_are_those_of_expand_pixel_for_pixel(shape: tuple[int, int]) -> None:
    pixels = np.stack([noise_image(*shape, 3, seed=seed) for seed in range(9)])
    seeds = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**51 + 12345, 2**52 - 1, 5]
    amounts = [0.01, 0.02, 0.5, 1.0, 0.0, 0.015, 0.1, 0.001, 0.3]
    choice = {"amount": np.array(amounts), "salt": np.linspace(0, 1, 9), "seed": np.array(seeds)}
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    noisy = KERNELS[Noise](images, Noise(), choice, images)
    expected = Noise().apply_batch(pixels, choice)
    np.testing.assert_array_equal(noisy.permute(0, 2, 3, 1).numpy(), expected)


def test_salt_of_16_bits_is_the_white_of_the_source() -> None:
    sources = np.array([0, 255, 256, 4095, 4096, 16384, 65535]).astype(np.uint16)
    sources = np.broadcast_to(sources[:, None, None, None], (7, 6, 6, 2)).copy()
    choice = {"amount": np.full(7, 0.5), "salt": np.full(7, 0.5), "seed": np.arange(7)}
    expected = Noise().apply_batch_within(sources // 2, choice, sources)
    deep, half = (
        torch.from_numpy(pixels.astype(np.int32)).permute(0, 3, 1, 2)
        for pixels in (sources, sources // 2)
    )
    noisy = KERNELS[Noise](half, Noise(), choice, deep)
    np.testing.assert_array_equal(noisy.permute(0, 2, 3, 1).numpy(), expected)
    assert expected.reshape(7, -1).max(axis=1).tolist() == [
        255,
        255,
        1023,
        4095,
        16383,
        65535,
        65535,
    ]


def test_given_fill_colours_are_used() -> None:
    recipe, pixels = (
        Recipe.parse("techniques: [translate: {x: 3, y: 3, unit: pixel}]"),
        torch.zeros(8, 3, 9, 9).byte(),
    )
    batches = ViewBatches(Views(recipe), IDS)
    colours = np.arange(24).reshape(8, 3) + 1
    rendered = batched_renderer.render(batches, pixels, np.arange(8), 1, colours)
    for image, colour in zip(rendered, colours, strict=True):
        for plane, value in zip(image, colour, strict=True):
            assert set(plane.unique().tolist()) == {0, int(value)}


@pytest.mark.parametrize(
    ("techniques", "missing"),
    [
        ("flip, rotate, translate, scale, noise", ""), ("crop, scale: {zoom: [0.51, 1]}", ""), ("flip, GaussNoise: {p: 1}", "GaussNoise"),
        ("GaussianBlur: {p: 1}, noise, GaussNoise: {p: 1}", "GaussianBlur, GaussNoise"), ("flip, scale: {zoom: [0.5, 1]}", "scale"),
    ],
)  # fmt: skip
def test_techniques_without_a_batched_form_are_refused_by_name(
    techniques: str, missing: str
) -> None:
    batches = ViewBatches(Views(Recipe.parse(f"techniques: [{techniques}]")), IDS)
    assert ", ".join(without_batched_form(batches)) == missing
    if missing:
        with pytest.raises(TrainError) as refused:
            check_batched(batches)
        assert str(refused.value) == f"{missing} cannot be rendered in batches; --renderer exact"


@pytest.mark.parametrize("techniques", ["pad: {}", "resize: {size: 9}", "rotate90"])
def test_a_recipe_that_changes_the_size_is_refused(techniques: str) -> None:
    batches = ViewBatches(Views(Recipe.parse(f"techniques: [flip, {techniques}]")), IDS)
    with pytest.raises(TrainError) as refused:
        batched_renderer.render(batches, torch.zeros(8, 3, 10, 12).byte(), np.arange(8), 1)
    assert (
        str(refused.value)
        == "the recipe changes the size of images; --renderer exact and --image-size"
    )


def test_a_technique_is_rendered_in_batches_once_its_kernel_is_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batches = ViewBatches(Views(Recipe.parse("techniques: [GaussNoise: {p: 1}]")), IDS)
    (step,) = batches.views.steps
    assert without_batched_form(batches) == ["GaussNoise"]
    monkeypatch.setitem(
        KERNELS, type(step.change), lambda pixels, _technique, _choice, _source: 255 - pixels
    )
    check_batched(batches)
    pixels = torch.from_numpy(images((9, 9, 3))).permute(0, 3, 1, 2)
    assert torch.equal(batched_renderer.render(batches, pixels, np.arange(8), 1), 255 - pixels)
