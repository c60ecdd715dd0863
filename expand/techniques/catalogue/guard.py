"""Guards of transforms: results have a bounded size, and alpha stays what it is under colours.

They hang on the methods that a transform of albumentations calls on itself.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from expand.errors import BadImageError
from expand.images.formats import max_pixels
from expand.images.pixels import Pixels

SCALES = ("RandomScale", "LongestMaxSize", "SmallestMaxSize")
MOST_DISTANCES = 500_000_000
"""Numbers of 8 bytes that ThinPlateSpline computes: from each pixel to each of its points."""
MOST_PARTS = 100_000
"""Boxes that a transform paints, or layers that it averages, one by one."""


class TooLargeError(BadImageError):
    """A result would have more pixels than it may have; `pixels` is how many."""

    def __init__(self, message: str, pixels: int) -> None:
        super().__init__(message)
        self.pixels = pixels


class Limit(threading.local):
    """The largest number of pixels of a result, for this thread; None: that of `--max-pixels`."""

    pixels: int | None = None


limit = Limit()


def guard(transform: Any, library: Any) -> None:
    """Let each transform look at the size of its result first, and those of colours leave alpha.

    Else an inverted image would be transparent all over.
    """
    if not isinstance(transform, library.BasicTransform):
        for inner in transform.transforms:
            guard(inner, library)
        return
    transform.apply_with_params = partial(_apply_guarded, transform)
    if isinstance(transform, library.ThinPlateSpline):
        transform.update_transform_params = partial(_check_distances, transform)
    if isinstance(transform, library.ImageOnlyTransform):
        for method in ("update_transform_params", "get_params_dependent_on_data"):
            setattr(transform, method, partial(_without_alpha, transform, method))
        transform.apply_with_params = partial(_apply_beside_alpha, transform)


def _without_alpha(transform: Any, method: str, params: Any, data: Mapping[str, Any]) -> Any:
    """Call a method with an image that has no alpha channel."""
    colour, _ = split_alpha(data["image"])
    return getattr(type(transform), method)(
        transform, params=params, data={**data, "image": colour}
    )


def _apply_beside_alpha(transform: Any, params: dict[str, Any], **data: Any) -> Any:
    colour, alpha = split_alpha(data["image"])
    result = _apply_guarded(transform, params, **{**data, "image": colour})
    if alpha is not None and isinstance(result["image"], np.ndarray):
        changed = result["image"]
        changed = changed[..., None] if changed.ndim == 2 else changed
        result["image"] = np.concatenate([changed, alpha], axis=-1)
    return result


def _check_distances(transform: Any, params: Any, data: Mapping[str, Any]) -> Any:
    """Refuse an image that is too large for ThinPlateSpline, which draws for each pixel."""
    height, width = data["image"].shape[:2]
    distances = height * width * transform.num_control_points**2
    if distances > MOST_DISTANCES:
        name, gigabytes = type(transform).__name__, 8 * distances / 1e9
        raise BadImageError(f"it would take {gigabytes:.0f} GB of memory by {name}")
    return type(transform).update_transform_params(transform, params=params, data=data)


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Return the colours of an image, H×W or H×W×3, and its alpha channel, H×W×1, if it has one."""
    if pixels.ndim != 3 or pixels.shape[2] not in (2, 4):
        return pixels, None
    colour = pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3]
    return np.ascontiguousarray(colour), pixels[..., -1:]


def _apply_guarded(transform: Any, params: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    name = type(transform).__name__
    width, height = largest_size(transform, params)
    most = limit.pixels or max(max_pixels(), math.prod(params["shape"][:2]))
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
