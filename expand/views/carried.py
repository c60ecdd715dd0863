"""The targets of a view: moved by the one placement that resamples its pixels."""

from __future__ import annotations

from collections.abc import Sequence

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Placement, Size
from expand.recipes.recipe import Recipe
from expand.targets import Boxes, Carried, Targets
from expand.targets.carry import VISIBLE, carry_all
from expand.targets.rings import Floats, move_points
from expand.techniques import PixelTechnique
from expand.techniques.geometric.flip import Flip
from expand.views.views import Params, Views


def carry_view(
    views: Views,
    targets: Targets,
    params: Params,
    shape: tuple[int, ...],
    visible: float = VISIBLE,
) -> Carried:
    """Return the targets of a view of an image of this shape (H×W or H×W×C).

    An object is dropped if less than `visible` (0 … 1) of it is visible. Raises `ExpandError` if
    the recipe cannot be used with these targets.
    """
    return carry_views(views, targets, [params], shape, visible)[0][0]


def carry_views(
    views: Views,
    targets: Targets,
    params: Sequence[Params],
    shape: tuple[int, ...],
    visible: float = VISIBLE,
) -> list[tuple[Carried, Placement]]:
    """Return the targets of several views of an image, as `carry_view` does for one.

    With them, the placement of each view.
    """
    check_targets(views.recipe, targets, shape)
    size = Size(float(shape[1]), float(shape[0]))
    placements = [views.placement(each, size) for each in params]
    hidden = [
        _painted(views, each, shape, placement)
        for each, placement in zip(params, placements, strict=True)
    ]
    carried = carry_all(targets, placements, visible, hidden)
    return list(zip(carried, placements, strict=True))


def _painted(
    views: Views, params: Params, shape: tuple[int, ...], placement: Placement
) -> list[Floats]:
    """Return the corners (4×2) of each box that is painted over, in pixels of the view."""
    forward, size, painted = placement.source.inverse(), Size(shape[1], shape[0]), []
    for step in views.steps:
        if step.move:
            forward, size = IDENTITY, placement.size
        elif step.change and (box := step.change.painted(params[step.key], size)):
            painted.append(move_points(Boxes([box]).corners()[0], forward))
    return painted


def check_targets(recipe: Recipe, targets: Targets, shape: tuple[int, ...]) -> None:
    """Refuse a recipe whose views of an image (H×W or H×W×C) targets cannot follow.

    Raises `ExpandError`; `BadImageError` for a mask of another size than the image.
    """
    movers = [
        name
        for technique in recipe.techniques
        if isinstance(technique, PixelTechnique)
        for name in technique.movers()
    ]
    if movers:
        raise ExpandError(
            f"{movers[0]} may move or cover pixels, and targets cannot follow it; leave it out, or "
            "use the techniques of this package"
        )
    if recipe.fill.value == "reflect" and targets.kinds:
        raise ExpandError(
            f"fill: reflect shows parts of objects again, which {targets.kinds[0]} would not "
            "label; use fill: background, edge or a colour"
        )
    if targets.points and any(isinstance(technique, Flip) for technique in recipe.techniques):
        targets.points.check_mirror()
    if targets.masks and targets.masks[0].pixels.shape[:2] != tuple(shape[:2]):
        height, width = targets.masks[0].pixels.shape[:2]
        raise BadImageError(
            f"its mask has {width}×{height} pixels, and it has {shape[1]}×{shape[0]}"
        )
