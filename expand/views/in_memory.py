"""One view of an image in memory: what a program calls that has no folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np

from expand.errors import ExpandError, shown
from expand.images.pixels import Pixels
from expand.recipes.recipe import Recipe
from expand.techniques.ranges import is_whole
from expand.views.keys import MASK
from expand.views.views import Views

if TYPE_CHECKING:
    from expand.targets import Carried, Targets


@overload
def view(
    image: Pixels,
    source_id: str,
    k: int,
    recipe: Recipe | str = ...,
    seed: int = ...,
    sampling: str = ...,
    targets: None = ...,
) -> Pixels: ...


@overload
def view(
    image: Pixels,
    source_id: str,
    k: int,
    recipe: Recipe | str = ...,
    seed: int = ...,
    sampling: str = ...,
    *,
    targets: Targets,
) -> tuple[Pixels, Carried]: ...


def view(
    image: Pixels,
    source_id: str,
    k: int,
    recipe: Recipe | str = "classic",
    seed: int = 0,
    sampling: str = "stratified",
    targets: Targets | None = None,
) -> Pixels | tuple[Pixels, Carried]:
    """Return the k-th view of an image (H×W or H×W×C, 8 or 16 bits), as `expand` encodes it.

    `source_id` is the image's path relative to the input folder, POSIX style; `recipe` is a
    `Recipe`, a name or a file. With `targets`, return the view and its targets.
    """
    views = Views(recipe if isinstance(recipe, Recipe) else Recipe.load(recipe), seed, sampling)
    image = _checked(image)
    if not is_whole(k) or not 0 <= k <= MASK:
        raise ExpandError(f"views are numbered from 0, got {shown(k)}")
    params = views.params(source_id, k)
    pixels = image.copy() if k == 0 else views.render(image, params).pixels
    if targets is None:
        return pixels
    from expand.views.carried import carry_view  # images without targets do not need it

    return pixels, carry_view(views, targets, params, image.shape)


def _checked(image: object) -> Pixels:
    """Return an image as a contiguous array; refuse what no image file holds."""
    if (
        not isinstance(image, np.ndarray)
        or image.dtype not in (np.uint8, np.uint16)
        or image.ndim not in (2, 3)
        or not image.size
    ):
        kind = f"{image.dtype}, {image.shape}" if isinstance(image, np.ndarray) else shown(image)
        raise ExpandError(f"an image is H×W or H×W×C, uint8 or uint16; got {kind}")
    return np.ascontiguousarray(image)
