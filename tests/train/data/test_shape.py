"""The shape: one size, one number of channels, 8 bits."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import noise_image
from train.data.shape import ANY_SHAPE, Shape, resize_crop
from train.errors import TrainError


def test_the_default_shape_leaves_an_image_as_it_is() -> None:
    for channels in (2, 3, 4, 7):
        pixels = noise_image(5, 7, channels)
        np.testing.assert_array_equal(resize_crop(pixels, ANY_SHAPE), pixels)
    grey = noise_image(5, 7)
    np.testing.assert_array_equal(resize_crop(grey, ANY_SHAPE), grey[..., None])


def test_the_upper_8_of_16_bits_are_kept() -> None:
    pixels = np.array([[0, 255, 256, 257, 65535]], np.uint16)
    fitted = resize_crop(pixels, ANY_SHAPE)
    assert fitted.dtype == np.uint8
    assert fitted.tolist() == [[[0], [0], [1], [1], [255]]]


def test_colour_is_converted_as_configured() -> None:
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
        np.testing.assert_array_equal(resize_crop(pixels, Shape(colour=colour)), expected)


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
