"""The shape: one size, one number of channels, alpha on a background, and the first rules."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.errors import BadImageError
from tests.conftest import noise_image
from train.data.shape import ANY_SHAPE, BACKGROUND, FIRST_RULES, Shape, resize_crop
from train.errors import TrainError


def test_the_default_shape_leaves_an_image_as_it_is() -> None:
    for channels in (2, 3, 4, 7):
        pixels = noise_image(5, 7, channels)
        np.testing.assert_array_equal(resize_crop(pixels, ANY_SHAPE), pixels)
    grey = noise_image(5, 7)
    np.testing.assert_array_equal(resize_crop(grey, ANY_SHAPE), grey[..., None])


def test_16_bits_are_kept_and_by_the_first_rules_their_upper_8() -> None:
    pixels = np.array([[0, 255, 256, 257, 65535]], np.uint16)
    np.testing.assert_array_equal(resize_crop(pixels, ANY_SHAPE), pixels[..., None])
    fitted = resize_crop(pixels, Shape(rules=FIRST_RULES))
    assert fitted.dtype == np.uint8
    assert fitted.tolist() == [[[0], [0], [1], [1], [255]]]


@pytest.mark.parametrize("side", [3, 6, 9])
def test_16_bits_are_resized_like_8(side: int) -> None:
    pixels = noise_image(6, 8, 3)
    deep = resize_crop(pixels.astype(np.uint16) * 257, Shape(side))
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - resize_crop(pixels, Shape(side))).max() <= 1


@pytest.mark.parametrize("top", [255, 65535])
@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_transparent_parts_are_shown_on_grey(top: int, colour: str) -> None:
    kind, channels = (np.uint8 if top == 255 else np.uint16), 3 if colour == "rgb" else 1
    middle = BACKGROUND * (top // 255)
    for colours in (1, 3):
        levels = [[top] * colours + [0], [0] * colours + [top], [top] * colours + [top // 2]]
        shown = resize_crop(np.array([levels], kind), Shape(colour=colour))
        assert shown.dtype == kind
        assert shown[0, :2].tolist() == [[middle] * channels, [0] * channels]
        assert np.abs(shown[0, 2].astype(int) - (top + middle) // 2).max() <= top // 255


def test_opaque_images_are_the_same_with_and_without_alpha() -> None:
    for depth in (np.uint8, np.uint16):
        pixels = noise_image(9, 7, 3, depth=depth)
        opaque = np.dstack([pixels, np.full((9, 7), np.iinfo(depth).max, depth)])
        for colour in ("rgb", "grey"):
            expected = resize_crop(pixels, Shape(colour=colour))
            np.testing.assert_array_equal(resize_crop(opaque, Shape(colour=colour)), expected)


def test_bands_that_are_no_colours_are_not_dropped() -> None:
    with pytest.raises(BadImageError) as refused:
        resize_crop(noise_image(5, 7, 5), Shape(colour="rgb"))
    assert str(refused.value) == "has 5 channels, which --colour rgb cannot convert; --colour keep"


def test_colour_is_converted_as_by_the_first_rules() -> None:
    grey, rgb = noise_image(5, 7), noise_image(5, 7, 3, seed=1)
    alpha = noise_image(5, 7, 1, seed=2)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None]
    thrice = np.repeat(grey[..., None], 3, axis=2)
    cases: list[tuple[Any, str, Any]] = [
        (grey, "rgb", thrice),
        (grey, "grey", grey[..., None]),
        (np.dstack([grey, alpha]), "rgb", thrice),
        (np.dstack([grey, alpha]), "grey", grey[..., None]),
        (rgb, "rgb", rgb),
        (rgb, "grey", luma),
        (np.dstack([rgb, alpha]), "rgb", rgb),
        (np.dstack([rgb, alpha]), "grey", luma),
        (np.dstack([rgb, alpha, alpha]), "rgb", rgb),
        ((rgb.astype(np.uint16) << 8) | 7, "grey", luma),
    ]
    for pixels, colour, expected in cases:
        first = Shape(colour=colour, rules=FIRST_RULES)
        np.testing.assert_array_equal(resize_crop(pixels, first), expected)
        if pixels.ndim == 2 or (pixels.shape[2] == 3 and pixels.dtype == np.uint8):
            now = resize_crop(pixels, Shape(colour=colour))
            np.testing.assert_array_equal(now, expected)


@pytest.mark.parametrize(
    ("height", "width", "top", "left"), [(6, 11, 0, 2), (11, 6, 2, 0), (6, 6, 0, 0)]
)
def test_the_centre_square_is_cropped(height: int, width: int, top: int, left: int) -> None:
    pixels = noise_image(height, width, 3)
    np.testing.assert_array_equal(
        resize_crop(pixels, Shape(6)), pixels[top : top + 6, left : left + 6]
    )


def test_shrinking_averages() -> None:
    pixels = noise_image(8, 12, 3) // 4 * 4
    blocks = pixels.reshape(4, 2, 6, 2, 3).astype(float).mean(axis=(1, 3))
    fitted = resize_crop(pixels, Shape(4)).astype(float)
    assert np.abs(fitted - blocks[:, 1:5]).max() <= 0.5


def test_growing_interpolates() -> None:
    pixels = np.full((3, 5, 1), 10, np.uint8)
    pixels[:, 3:] = 210
    fitted = resize_crop(pixels, Shape(6))
    assert fitted.shape == (6, 6, 1)
    assert fitted[:, 0].tolist() == [[10]] * 6
    assert {10, 60, 160, 210} == set(fitted.ravel().tolist())


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4, 6]), st.integers(1, 40))
def test_every_image_gets_the_given_side(height: int, width: int, channels: int, side: int) -> None:
    flat = np.full((height, width, channels), 77, np.uint8)
    fitted = resize_crop(flat, Shape(side))
    assert fitted.shape == (side, side, channels)
    assert (fitted == 77).all()


def test_invalid_shapes_are_refused() -> None:
    with pytest.raises(TrainError) as refused:
        Shape(0)
    assert str(refused.value) == "--image-size must be at least 1, got 0"
    with pytest.raises(TrainError) as refused:
        Shape(colour="blue")
    assert str(refused.value) == "--colour must be keep, rgb, grey, got 'blue'"


def test_sizes_that_take_too_much_memory_are_refused_before_they_take_it() -> None:
    with pytest.raises(TrainError):
        Shape(100_000)
    with pytest.raises(BadImageError) as bad:
        resize_crop(np.zeros((1, 10_000), np.uint8), Shape(1000))
    assert str(bad.value) == (
        "is 10,000×1 pixels: with its shorter side resized to 1,000 it has 10,000,000,000 pixels, "
        "more than 178,956,970; use a smaller --image-size"
    )
