"""Tags: the names of objects, placed beside them so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2

from expand.images.pixels import Pixels
from expand.previews.colours import Colour

SIZE, WEIGHT, MARGIN = 11, 500, 2
"""The height of the letters in pixels, how bold they are, and the space around them."""
LONGEST = 24
"""Characters of a name that are shown."""
HEIGHT = SIZE + 2 * MARGIN
COVERED = 0.15
"""Share of an image that names cover: with hundreds of objects, those of the largest are shown."""
INK: Colour = (0, 0, 0)
Area = tuple[int, int, int, int]
"""Left, top, right and bottom in whole pixels."""


class Tag(NamedTuple):
    """A name in the colour of its object; x and y of the object's top and bottom; its area."""

    name: str
    colour: Colour
    top: tuple[int, int]
    bottom: tuple[int, int]
    area: float


def draw_tags(shown: Pixels, tags: Sequence[Tag]) -> None:
    """Draw names on an image (H×W×3, RGB, 8 bits), those of large objects first.

    A name is left out if there is no room beside its object, or if names cover too much already.
    """
    taken: list[Area] = []
    room = COVERED * shown.shape[0] * shown.shape[1]
    font = cv2.FontFace("sans")
    for tag in sorted(tags, key=lambda tag: -tag.area):
        text = shorten(tag.name)
        ends = cv2.getTextSize((0, 0), text, (0, 0), font, SIZE, WEIGHT)
        width = ends[0] + ends[2] + 2 * MARGIN
        places = _places(tag, width, (shown.shape[1], shown.shape[0]))
        free = (area for area in places if not any(_overlap(area, other) for other in taken))
        if area := next(free, None):
            taken.append(area)
            left, top, right, bottom = area
            shown[top:bottom, left:right] = tag.colour
            cv2.putText(shown, text, (left + MARGIN, bottom - MARGIN - 2), INK, font, SIZE, WEIGHT)
            room -= width * HEIGHT
            if room < 0:
                return


def shorten(name: str) -> str:
    """Return a name as it is shown: one line, and not too long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _places(tag: Tag, width: int, size: tuple[int, int]) -> Iterator[Area]:
    """Yield where a name can be: above the object, in its top, below it, in its bottom."""
    (top_x, top), (bottom_x, bottom) = tag.top, tag.bottom
    for x, y in (
        (top_x, top - HEIGHT),
        (top_x, top),
        (bottom_x, bottom),
        (bottom_x, bottom - HEIGHT),
    ):
        left = max(0, min(x, size[0] - width))
        if 0 <= y <= size[1] - HEIGHT:
            yield left, y, min(left + width, size[0]), y + HEIGHT


def _overlap(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
