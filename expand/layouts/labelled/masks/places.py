"""What the folders that lead to a file say: labels or images, a part of a split, a class."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from expand.layouts.recognition.words import (
    EXTRAS,
    FILLER,
    IMAGES,
    LABELS,
    MARKS,
    PART_OF,
    words,
)

BITS = re.compile(r"(?<=[a-z])8bit", re.IGNORECASE)
"""In "leftImg8bit": it is not the number of a folder."""
LABEL_WORDS = LABELS | {"anno", "annos", "semantic", "semantics", "instance", "instances", "ho"}
MASK_WORDS = MARKS | {"anno", "annos", "matte", "depth", "disparity", "instance", "instances"}
"""The words that tell a mask from the image beside it."""
IMAGE_WORDS = IMAGES | FILLER | PART_OF.keys() | {"sat", "flair"}
"""What can stand behind the common part of the names in that of the image: "x_sat"."""

SHORT = {"tr": "train", "ts": "test", "te": "test"}
"""Parts as nnU-Net and others call them: "imagesTr"."""
KNOWN = LABEL_WORDS | IMAGES | FILLER | PART_OF.keys() | SHORT.keys() | {"stage", "phase"}


class Part(NamedTuple):
    """A part of a split: what it is, and how its folder calls it."""

    kind: str
    """"train", "validation", "test", or one of these and another word: "train extra"."""
    shown: str


class Place(NamedTuple):
    """What the folders that lead to a file say."""

    labels: bool = False
    """Whether they say that it is a label."""
    plain: bool = False
    """Whether a folder says nothing else than "labels" or "images", or the part with it."""
    part: Part | None = None
    rest: tuple[str, ...] = ()
    """The other words; an image and its mask have the same."""
    folder: str = ""
    """The first folder that says none of this, above those that do: a class."""

    @property
    def key(self) -> tuple[str, ...]:
        """What an image and its mask have in common."""
        return (self.part.kind if self.part else "", *self.rest)


@lru_cache(maxsize=4096)
def place_of(names: tuple[str, ...]) -> Place:
    """Return what the folders of a path say."""
    place = Place()
    for name in names:
        place = _below(place, name)
    return place


def part_said(name: str) -> str:
    """Return the kind of part that a name tells; "" for none."""
    return next((PART_OF[word] for word in words(name) if word in PART_OF), "")


def _below(place: Place, name: str) -> Place:
    """Return the place of a folder in another place: the last plain one says what is in it."""
    named = words(BITS.sub("", name))
    kinds = {*named} & (LABEL_WORDS | IMAGES)
    left = [word for word in named if word not in KNOWN and not word.isdigit()]
    extra = [word for word in left if word in EXTRAS]
    parts = [PART_OF[word] for word in named if word in PART_OF]
    parts += [SHORT[word] for word in named if word in SHORT and kinds]
    inside = place.plain and kinds and left  # "images/with_mask"
    if inside or not (kinds or (parts and left == extra)):  # a class, a city, a patient
        folder = place.folder if place.plain else place.folder or name
        return place._replace(rest=(*place.rest, *named), folder=folder)
    if parts:
        left = [word for word in left if word not in EXTRAS]
        place = place._replace(part=Part(" ".join([parts[0], *extra]), name))
    if kinds:
        place = place._replace(labels=bool(kinds & LABEL_WORDS), plain=not left)
    return place._replace(rest=(*place.rest, *left))
