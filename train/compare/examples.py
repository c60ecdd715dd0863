"""Strips: a few views of one source as each arm shows them, as pictures that stand in a page."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.views.views import Views
from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.trials.context import TrialContext
from train.trials.study import Seeds

PASSES = 9
SIDE = 72
"""Pixels that a picture is enlarged to, at least, without smoothing."""


def strip(context: TrialContext[ComparisonStudy], arm: Arm) -> dict[str, Any]:
    """Return what an arm shows of the first source in its first passes, picture by picture."""
    side = context.data.train
    source, pixels = side.folder.sources[0], side.pixels(slice(1))[0]
    return {
        "arm": arm.name,
        "images": [_picture(context, arm, source, pixels, k) for k in range(PASSES)],
    }


def _picture(
    context: TrialContext[ComparisonStudy], arm: Arm, source: str, pixels: NDArray[np.uint8], k: int
) -> dict[str, str]:
    """Return what an arm shows in pass `k`: the copy that it reads, the view that it draws, or both."""
    study, said = context.study, []
    views = Seeds.of(study.seed, 0).views
    strategy = study.strategy(arm, views)
    image = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    if arm.factor:
        expansion = study.expansion(arm, views)
        image, words = _look(expansion.views, image, source, k % arm.factor)
        said.append(f"copy {k % arm.factor}{words}")
    if drawn := strategy.views(k):
        view = strategy.view(k)
        image, words = _look(drawn, image, source, view)
        block = strategy.block(k)
        said.append(f"view {view}{f' of expansion {block + 1}' if block and view else ''}{words}")
    caption = f"pass {k}: " + (", ".join(part.partition(":")[0] for part in said) or "as it is")
    return {
        "src": _data_uri(image),
        "alt": f"{source}, {arm.name}, pass {k}: {'; '.join(said) or 'as it is'}",
        "caption": caption,
    }


def _look(views: Views, image: NDArray[Any], source: str, k: int) -> tuple[NDArray[Any], str]:
    """Return view `k` of an image, and what changed, in words."""
    if k == 0:
        return image, ": untouched"
    params = views.params(source, k)
    changed = [name for name, choice in params.items() if choice != views.recipe.neutral()[name]]
    return views.render(image, params).pixels, ": " + (", ".join(changed) or "untouched")


def _data_uri(image: NDArray[Any]) -> str:
    times = max(1, -(-SIDE // min(image.shape[:2])))
    large = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
    return "data:image/png;base64," + base64.b64encode(encode(large, Encoding("PNG"))).decode()
