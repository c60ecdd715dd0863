"""Transforms built from their saved form, guarded against results that do not fit into memory."""

from __future__ import annotations

import json
import random
import threading
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.images.pixels import Pixels, kind_of
from expand.techniques.catalogue.guard import guard, limit
from expand.techniques.catalogue.library import VERSION, in_one_line, load_library, silent


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


def run(compose: Any, pixels: Pixels, seed: int, most: int | None = None) -> dict[str, Any]:
    """Apply a Compose to an image with the random numbers of a seed; return image and parameters.

    A result has at most `most` pixels, or as many as `--max-pixels` allows. Raises `BadImageError`
    for whatever a transform raises. The image itself is not changed: AutoContrast writes into a
    grey image that it is given.
    """
    # set_random_seed would give every child the same stream: three transforms at p = 0.5 would
    # be applied all together or not at all (measured over 400 seeds)
    limit.pixels = most
    compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
    try:
        with silent():
            result: dict[str, Any] = compose(image=pixels.copy())
    except BadImageError:
        raise
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise BadImageError("the result does not fit into memory") from error
        raise BadImageError(f"OpenCV does not support it for {kind_of(pixels)}") from error
    except Exception as error:  # a transform may raise anything; only this image is lost
        raise BadImageError(in_one_line(error)) from error
    return result


@lru_cache(maxsize=64)
def _build(transform: str, _thread: int) -> Any:
    library = load_library()
    with silent():
        inner = library.from_dict({"transform": json.loads(transform)})
        guard(inner, library)
        return library.Compose([inner], save_applied_params=True)
