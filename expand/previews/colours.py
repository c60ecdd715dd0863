"""Colours of a preview: distinct for the first few numbers, the same for a number on every run."""

from __future__ import annotations

import colorsys
from functools import cache

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green and blue, 0 … 255."""
FIRST: tuple[Colour, ...] = (
    (255, 99, 71),
    (64, 156, 255),
    (80, 220, 100),
    (255, 200, 40),
    (220, 110, 255),
    (60, 220, 220),
    (255, 140, 200),
    (190, 225, 60),
    (200, 150, 110),
    (150, 150, 255),
)
"""Bright colours that are easy to tell apart; black text is legible on each."""
TURN = 0.618033988749895
"""The golden ratio: multiples of it spread evenly over the circle of hues, however many."""


@cache
def colour(number: int) -> Colour:
    """Return the colour of a class, an object or a value of a mask."""
    if number < len(FIRST):
        return FIRST[number]
    lightness, saturation = (0.6, 0.7, 0.8)[number % 3], (1.0, 0.75)[number % 2]
    red, green, blue = colorsys.hls_to_rgb(number * TURN % 1, lightness, saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def colours(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the colours of many numbers (any shape), with a last axis of 3."""
    values, places = np.unique(numbers, return_inverse=True)
    table = np.array([colour(value) for value in values.tolist()], np.uint8).reshape(-1, 3)
    found: NDArray[np.uint8] = table[places.reshape(numbers.shape)]
    return found
