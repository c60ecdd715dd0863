"""Transforms built from their saved form, guarded against results that do not fit into memory."""

from __future__ import annotations

import json
import math
import random
import threading
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.images.formats import max_pixels
from expand.images.pixels import Pixels
from expand.techniques.catalogue.library import VERSION, in_one_line, load_library, silent

SCALES = ("RandomScale", "LongestMaxSize", "SmallestMaxSize")
MOST_PARTS = 100_000
"""Boxes that a transform paints, or layers that it averages, one by one."""


def build(transform: str) -> Any:
    """Return a Compose around a transform's saved form, as JSON.

    Kept, since building takes longer than applying; each thread has its own, since each call sets
    the random state. Raises `ExpandError` for a form that cannot be built.
    """
    try:
        return _build(transform, threading.get_ident())
    except Exception as error:  # pydantic and the classes themselves raise anything
        raise ExpandError(
            f"albumentations {VERSION} cannot rebuild it: {in_one_line(error)}"
        ) from error


class TooLargeError(BadImageError):
    """A result would have more pixels than it may have; `pixels` is how many."""

    def __init__(self, message: str, pixels: int) -> None:
        super().__init__(message)
        self.pixels = pixels


class _Limit(threading.local):
    """The largest number of pixels of a result, for this thread; None: that of `--max-pixels`."""

    pixels: int | None = None


_limit = _Limit()


def run(compose: Any, pixels: Pixels, seed: int, most: int | None = None) -> dict[str, Any]:
    """Apply a Compose to an image with the random numbers of a seed; return image and parameters.

    A result has at most `most` pixels, or as many as `--max-pixels` allows. Raises `BadImageError` for whatever a transform raises. The image itself is not changed: AutoContrast writes into a grey image that it is given.
    """
    # set_random_seed would give every child the same stream: three transforms at p = 0.5 would
    # be applied all together or not at all (measured over 400 seeds)
    _limit.pixels = most
    compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
    try:
        with silent():
            result: dict[str, Any] = compose(image=pixels.copy())
    except BadImageError:
        raise
    except Exception as error:  # a transform may raise anything; only this image is lost
        raise BadImageError(in_one_line(error)) from error
    return result


@lru_cache(maxsize=64)
def _build(transform: str, _thread: int) -> Any:
    library = load_library()
    with silent():
        inner = library.from_dict({"transform": json.loads(transform)})
        _guard(inner, library)
        return library.Compose([inner], save_applied_params=True)


def _guard(transform: Any, library: Any) -> None:
    """Let each transform look at the size of its result before it computes it."""
    if isinstance(transform, library.BasicTransform):
        transform.apply_with_params = partial(_apply_guarded, transform)
    else:
        for inner in transform.transforms:
            _guard(inner, library)


def _apply_guarded(transform: Any, params: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    name = type(transform).__name__
    width, height = largest_size(transform, params)
    most = _limit.pixels or max(max_pixels(), math.prod(params["shape"][:2]))
    if width * height > most:
        message = f"it would become {width}×{height} pixels by {name}"
        raise TooLargeError(message, width * height)
    for key in ("holes", "zoom_factors"):
        if len(params.get(key, ())) > MOST_PARTS:
            raise BadImageError(f"it would get {len(params[key])} {key} by {name}")
    return type(transform).apply_with_params(transform, params, *args, **kwargs)


def largest_size(transform: Any, params: Mapping[str, Any]) -> tuple[int, int]:
    """Return the width and height of the largest image on the way to a transform's result.

    `params` are what it drew for an image, which has `shape`.
    """
    height, width = params["shape"][:2]
    pads = params.get("pad_params") or params
    top, right, bottom, left = (
        pads
        if isinstance(pads, list | tuple)
        else [pads.get(f"pad_{side}", 0) for side in ("top", "right", "bottom", "left")]
    )
    height, width = height + top + bottom, width + left + right
    if type(transform).__name__ in SCALES:
        height, width = height * params["scale"], width * params["scale"]
    sizes = [(height, width), *_given_sizes(transform, params)]
    height, width = max(sizes, key=lambda size: size[0] * size[1])
    return int(width), int(height)


def _given_sizes(transform: Any, params: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return the sizes (height, width) that a transform is told to make."""
    sizes = [
        tuple(size)[:2]
        for size in (
            params.get("output_shape"),
            params.get("result_shape"),
            (params.get("max_height"), params.get("max_width")),
            (getattr(transform, "height", None), getattr(transform, "width", None)),
            getattr(transform, "size", None),
        )
        if isinstance(size, list | tuple)
    ]
    return [(size[0], size[1]) for size in sizes if all(isinstance(side, int) for side in size)]
