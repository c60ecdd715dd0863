"""The pictures of the targets page: labels, and what a view of each recipe does to them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from draw_picture import draw_picture

from expand import Boxes, Mask, Points, Polygons, Recipe, Targets, view
from expand.images.pixels import Pixels
from expand.previews.overlay import draw

NAMES = ("house", "tree", "sun", "fence")
BOXES = [[44, 94, 166, 196], [192, 65, 278, 204], [248, 18, 290, 60], [0, 204, 154, 238]]
HOUSE = [[44, 134], [66, 94], [140, 96], [166, 126], [160, 186], [122, 196], [52, 196]]
WINDOWS = [[66.5, 154], [108.5, 154]]
GRASS = 158
"""The first row of the meadow."""
WIDTH = 320
RECIPES = ("detect", "classic", "blog")


def draw_views() -> Iterator[tuple[str, Pixels]]:
    """Yield the picture with its labels, and a view of each recipe with its own."""
    picture, labels = draw_picture(), picture_targets()
    yield "the original", draw(picture, labels, NAMES, range(4), WIDTH)
    for name in RECIPES:
        pixels, carried = view(picture, "picture.png", 1, Recipe.load(name), targets=labels)
        rows = carried.kept.tolist()
        yield name, draw(pixels, carried.targets, [NAMES[row] for row in rows], rows, WIDTH)


def picture_targets() -> Targets:
    """Return a box around four objects, the outline of one, two points and a mask of the meadow."""
    meadow = np.zeros((240, 320), np.uint8)
    meadow[GRASS:] = 4
    cv2.fillPoly(meadow, [np.array(HOUSE)], 0)
    points = np.zeros((4, 2, 2))
    points[0] = WINDOWS
    return Targets(
        Boxes(BOXES),
        polygons=Polygons([[HOUSE], [], [], []]),
        points=Points(points, [[2, 2], [0, 0], [0, 0], [0, 0]], ["left window", "right window"]),
        masks=(Mask(meadow),),
    )
