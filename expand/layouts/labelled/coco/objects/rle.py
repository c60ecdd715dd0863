"""RLE: the masks of COCO files as runs of pixels, column by column.

pycocotools writes the compressed form. It does not check what it reads (lengths that end too early
leave memory as it was), so lengths are read here. A mask stays a list of runs: most cover a small
part of their image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from expand.errors import BadImageError, shown
from expand.geometry import Size
from expand.targets.rings import Floats, Wholes


class Runs(NamedTuple):
    """The pixels of a mask, counted down the first column, then the next one, and so on."""

    begins: Wholes
    """The first pixel of each run, ascending."""
    lengths: Wholes
    """Its pixels: at least one."""
    height: int
    width: int

    @property
    def area(self) -> int:
        """The number of pixels."""
        return int(self.lengths.sum())

    def pixels(self) -> Wholes:
        """Return the numbers of all pixels."""
        ends = np.cumsum(self.lengths)
        offsets = np.repeat(self.begins - ends + self.lengths, self.lengths)
        numbers: Wholes = offsets + np.arange(len(offsets))
        return numbers

    def bounds(self) -> Floats:
        """Return left, top, right and bottom; there must be a pixel."""
        last = self.begins + self.lengths - 1
        left, right = int(self.begins[0]) // self.height, int(last[-1]) // self.height + 1
        top, bottom = 0, self.height
        if (self.begins // self.height == last // self.height).all():
            top, bottom = (self.begins % self.height).min(), (last % self.height).max() + 1
        return np.array([left, top, right, bottom], np.float64)

    def counts(self) -> list[int]:
        """Return the lengths of runs outside and inside, by turns, as COCO files have them."""
        edges = np.stack([self.begins, self.begins + self.lengths], axis=1).ravel()
        counts: list[int] = np.diff(edges, prepend=0).tolist()
        rest = self.height * self.width - (int(edges[-1]) if len(edges) else 0)
        return [*counts, rest] if rest else counts


def no_runs(height: int, width: int) -> Runs:
    """Return an empty mask."""
    return Runs(np.empty(0, np.int64), np.empty(0, np.int64), height, width)


def decode(segmentation: Mapping[str, Any], size: Size) -> Runs:
    """Return a mask of the size of its image; raise BadImageError if it is not one."""
    height, width = int(size.height), int(size.width)
    if segmentation.get("size") != [height, width]:
        raise BadImageError(
            f"its RLE mask has the size {shown(segmentation.get('size'))}, and height and width of "
            f"the image are [{height}, {width}]"
        )
    given = segmentation.get("counts")
    if isinstance(given, str):
        counts = _lengths(given)
    elif isinstance(given, list) and all(type(count) is int for count in given):
        counts = given
    else:
        raise BadImageError(f"its RLE counts must be text or whole numbers, got {shown(given)}")
    if counts and min(counts) < 0:
        raise BadImageError(f"its RLE counts have a negative length, {shown(min(counts))}")
    if sum(counts) != height * width:
        raise BadImageError(
            f"its RLE counts are of {shown(sum(counts))} pixels, and the image has {height * width}"
        )
    lengths = np.array(counts, np.int64)
    begins = np.cumsum(lengths) - lengths
    some = lengths[1::2] > 0
    return Runs(begins[1::2][some], lengths[1::2][some], height, width)


def encode(runs: Runs, *, compressed: bool) -> dict[str, Any]:
    """Return a mask as run lengths: as text if compressed, else as whole numbers."""
    plain: dict[str, Any] = {"size": [runs.height, runs.width], "counts": runs.counts()}
    if not compressed:
        return plain
    from pycocotools.mask import frPyObjects  # an extra, and slow to import

    counts = frPyObjects(plain, runs.height, runs.width)["counts"]  # type: ignore[call-overload]
    return {**plain, "counts": counts if isinstance(counts, str) else counts.decode("ascii")}


def _lengths(text: str) -> list[int]:
    """Return the run lengths of compressed counts, as maskApi.c of cocoapi writes them.

    Each is 5 bits a character from 48 on, the lowest first; bit 6 says that more follow. From the
    fourth on they are differences to the length two places before.
    """
    lengths: list[int] = []
    value = shift = 0
    for code in text.encode("utf-8", "replace"):
        bits = code - 48
        if not 0 <= bits < 64 or shift > 60:
            raise BadImageError(f"its RLE counts have the character {chr(code)!r}")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = shift = 0
    if shift:
        raise BadImageError("its RLE counts end within a number")
    return lengths
