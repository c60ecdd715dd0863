"""The values of a semantic mask as classes, and the exchange of some by rules with `becomes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.images.masks import MaskFile
from expand.images.pixels import Pixels
from expand.layouts.labelled.masks.files import MaskOf
from expand.layouts.labelled.masks.polygons import ENDING
from expand.layouts.recognition.words import words

LARGEST = (1 << 16) - 1
OTHERS = {
    "instance": "objects",
    "instances": "objects",
    "depth": "depths",
    "disparity": "depths",
    "matte": "opacities",
}
"""What the values of a mask are if a folder or its name has such a word: no classes."""


def why_no_classes(images: Iterable[Sequence[MaskOf]]) -> str:
    """Return why the values of the masks of some images name no classes; "" if they can."""
    for masks in images:
        if len(masks) > 1:
            first, second = sorted(mask.path for mask in masks)[:2]
            return f'an image has several, "{first}" and "{second}"'
        for mask in masks:
            said = next((OTHERS[word] for word in words(mask.path) if word in OTHERS), "")
            if said or mask.path.endswith(ENDING):
                return f'"{mask.path}" is of {said or "polygons"}'
    return ""


def check_values(names: Iterable[str], fill: int, why_none: str) -> None:
    """Refuse rules by which the values of masks cannot be exchanged; raise ExpandError."""
    if why_none:
        raise ExpandError(
            "rules with becomes exchange the values of masks that are classes, one mask for each "
            f"image; here {why_none}. Use never"
        )
    for name in names:
        if not (name.isascii() and name.isdecimal() and name == f"{int(name)}"):
            raise ExpandError(
                f'the classes of masks are the values of their pixels, such as "3"; "{name}" in a '
                "rule with becomes is none"
            )
        if int(name) > LARGEST:
            raise ExpandError(
                f"a rule with becomes names the class {name}; a mask has at most {LARGEST}"
            )
        if int(name) == fill:
            raise ExpandError(
                f"a rule with becomes exchanges the value {name}, which masks also have where a "
                "view shows nothing of its image; choose another value for that with --mask-fill"
            )


def values_of(file: MaskFile) -> tuple[str, ...]:
    """Return the values of a mask, as names of classes; raise BadImageError if they are none."""
    if file.pixels.ndim > 2:
        raise BadImageError(
            "has colours or numbers of more than 16 bits, which name no classes; the recipe has "
            "rules for classes"
        )
    if not file.lossless:
        raise BadImageError(
            "is lossy, so that its values are not exact classes, and the recipe has rules for "
            "classes; convert it to PNG"
        )
    counts = np.bincount(file.pixels.ravel())
    return tuple(map(str, np.flatnonzero(counts).tolist()))


def exchange(file: MaskFile, pixels: Pixels, renames: Mapping[str, str]) -> Pixels:
    """Return pixels of a mask (H×W) with the values that a view gives them.

    Raise BadImageError if its file cannot hold one of them.
    """
    table = np.arange(int(pixels.max()) + 1, dtype=pixels.dtype)
    present = np.bincount(pixels.ravel()) > 0
    for old, new in ((int(old), int(new)) for old, new in renames.items()):
        if old < len(table) and present[old]:
            if not file.holds(new):
                raise BadImageError(
                    f"cannot hold the value {new}, which {old} becomes where a view is mirrored: "
                    f"it has {file.kind}"
                )
            table[old] = new
    return table[pixels]
