"""The targets of a view: moved by the one placement that resamples its pixels."""

from __future__ import annotations

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Placement, Size
from expand.recipes.recipe import Recipe
from expand.targets import Boxes, Carried, Targets
from expand.targets.carry import carry_all
from expand.targets.rings import Floats, move_points
from expand.targets.windows import VISIBLE, Window
from expand.techniques import PixelTechnique
from expand.techniques.geometric.flip import Flip
from expand.views.moves import Move
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
    check_targets(views.recipe, targets, shape)
    return carry_all([window_of(views, targets, params, shape, visible)])[0]


def window_of(
    views: Views,
    targets: Targets,
    params: Params,
    shape: tuple[int, ...],
    visible: float = VISIBLE,
    move: Move | None = None,
) -> Window:
    """Return what `carry_all` needs for a view, as `carry_view` takes it.

    `move` is the resampling of the view, if that is known. `check_targets` is the caller's task.
    """
    size = Size(float(shape[1]), float(shape[0]))
    if move:
        placement = Placement(move.source, Size(*map(float, move.size)))
    else:
        placement = views.placement(params, size)
    return Window(targets, placement, _painted(views, params, shape, placement), visible)


def _painted(
    views: Views, params: Params, shape: tuple[int, ...], placement: Placement
) -> list[Floats]:
    """Return the corners (4×2) of each box that is painted over, in pixels of the view."""
    size, moved, painted = Size(shape[1], shape[0]), False, []
    for step in views.steps:
        if step.move:
            size, moved = placement.size, True
        elif step.change and (box := step.change.painted(params[step.key], size)):
            forward = IDENTITY if moved else placement.source.inverse()
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
