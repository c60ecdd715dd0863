"""Affine maps of pixel coordinates, composed so that a view is resampled once.

Coordinates are continuous, in pixels: the pixel in column i covers [i, i + 1) and has its centre at
i + ½. A map goes from output to input, as a resampler needs it. All formulas are plain arithmetic:
they take floats (one view) or numpy arrays of one shape (a batch of views).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Number: TypeAlias = "float | NDArray[Any]"


def each(function: Callable[[float], float], number: Number) -> Number:
    """Apply a function to a number, or to each element of an array.

    Element by element, so that a batch has the same bits as a single view: numpy's sine and
    exponential differ from the C library's in the last bit, and depend on the array's layout.
    """
    if isinstance(number, np.ndarray):
        return np.array([function(value) for value in number.ravel().tolist()]).reshape(
            number.shape
        )
    return function(number)


def smaller(first: Number, second: Number) -> Number:
    """Return the smaller of two numbers, or of each pair of two arrays."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.minimum(first, second)
    return min(first, second)


def larger(first: Number, second: Number) -> Number:
    """Return the larger of two numbers, or of each pair of two arrays."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.maximum(first, second)
    return max(first, second)


class Size(NamedTuple):
    """Width and height in pixels."""

    width: Number
    height: Number


class Affine(NamedTuple):
    """The map x' = a·x + b·y + c, y' = d·x + e·y + f."""

    a: Number
    b: Number
    c: Number
    d: Number
    e: Number
    f: Number

    def after(self, first: Affine) -> Affine:
        """Return the map that applies `first` and then this one."""
        return Affine(
            self.a * first.a + self.b * first.d,
            self.a * first.b + self.b * first.e,
            self.a * first.c + self.b * first.f + self.c,
            self.d * first.a + self.e * first.d,
            self.d * first.b + self.e * first.e,
            self.d * first.c + self.e * first.f + self.f,
        )

    @property
    def determinant(self) -> Number:
        """The factor by which it multiplies areas; negative if it mirrors."""
        return self.a * self.e - self.b * self.d

    def inverse(self) -> Affine:
        """Return the map that undoes this one, whose determinant must not be 0."""
        scale = self.determinant
        a, b, d, e = self.e / scale, -self.b / scale, -self.d / scale, self.a / scale
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))


IDENTITY = Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class Placement(NamedTuple):
    """The map from output to input pixels, and the size of the output."""

    source: Affine
    size: Size


def shift(x: Number, y: Number) -> Affine:
    """Return the map that adds (x, y) pixels."""
    return Affine(1.0, 0.0, x, 0.0, 1.0, y)


def stretch(x: Number, y: Number) -> Affine:
    """Return the map that multiplies x and y by their factors, about the corner (0, 0)."""
    return Affine(x, 0.0, 0.0, 0.0, y, 0.0)


def linear_about_centres(
    a: Number, b: Number, d: Number, e: Number, out: Size, into: Size
) -> Affine:
    """Return the map [[a, b], [d, e]] that takes the centre of `out` to that of `into`."""
    x, y = out.width / 2, out.height / 2
    return Affine(a, b, into.width / 2 - (a * x + b * y), d, e, into.height / 2 - (d * x + e * y))


def turn(cosine: Number, sine: Number, out: Size, into: Size) -> Affine:
    """Return the output-to-input map of a counter-clockwise turn about the centre (y down)."""
    return linear_about_centres(cosine, -sine, sine, cosine, out, into)
