"""Examples: a few views of one source as each arm shows them, as images for a page."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from expand.views.views import Views
from train.compare.arms import Arm
from train.compare.results import ExampleImage, ExampleViews
from train.compare.study import ComparisonStudy
from train.trials.study import Seeds, TrialContext

EPOCHS = 9
SIDE = 72
"""Images are enlarged to at least this many pixels, without smoothing."""


def example_views(context: TrialContext[ComparisonStudy], arm: Arm) -> ExampleViews:
    """Render what an arm shows of the first source in its first epochs."""
    side = context.data.train
    source, pixels = side.folder.sources[0], side.pixels(slice(1))[0]
    image = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    levels = context.data.levels
    images = (_example(context.study, arm, source, image, k, levels) for k in range(EPOCHS))
    return ExampleViews(arm, tuple(images))


def _example(
    study: ComparisonStudy,
    arm: Arm,
    source: str,
    image: Pixels,
    k: int,
    levels: tuple[int, int] | None,
) -> ExampleImage:
    """Render what an arm shows in epoch `k`: its copy, its view, or a view of its copy."""
    seed = Seeds.of(study.seed, 0).views
    strategy = study.strategy(arm, seed)
    names, details = [], []
    if arm.factor:
        views = study.expansion(arm, seed).views
        image, changes = _render(views, image, source, k % arm.factor)
        names.append(f"copy {k % arm.factor}")
        details.append(f"{names[-1]}: {changes}")
    if drawn := strategy.views(k):
        view, block = strategy.view(k), strategy.block(k)
        image, changes = _render(drawn, image, source, view)
        names.append(f"view {view}{f' of expansion {block + 1}' if block and view else ''}")
        details.append(f"{names[-1]}: {changes}")
    return ExampleImage(
        src=_data_uri(image if levels is None else _to_8_bits(image, *levels)),
        alt=f"{source}, {arm.name}, epoch {k}: {'; '.join(details) or 'untouched'}",
        caption=f"epoch {k}: {', '.join(names) or 'untouched'}",
    )


def _render(views: Views, image: NDArray[Any], source: str, k: int) -> tuple[NDArray[Any], str]:
    """Render view `k` of an image; return it and the techniques that changed it."""
    if k == 0:
        return image, "untouched"
    params = views.params(source, k)
    changed = [name for name, choice in params.items() if choice != views.recipe.neutral()[name]]
    return views.render(image, params).pixels, ", ".join(changed) or "untouched"


def _to_8_bits(image: Pixels, low: int, high: int) -> Pixels:
    """Return an image of 16 bits with its levels spread, since a screen shows 8 bits."""
    share = (image.astype(np.float64) - low) / max(high - low, 1)
    shown: Pixels = (share.clip(0, 1) * 255).round().astype(np.uint8)
    return shown


def _data_uri(image: NDArray[Any]) -> str:
    times = max(1, -(-SIDE // min(image.shape[:2])))
    large = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
    return "data:image/png;base64," + base64.b64encode(encode(large, Encoding("PNG"))).decode()
