"""The parts of a split and the images to put into them: names, shares, and counts of each class."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import NamedTuple

from expand.errors import ExpandError, cut
from expand.layouts.directory import is_hidden
from expand.layouts.names import fold
from expand.storage.names import check_inside

EXAMPLE = "train=0.8,val=0.1,test=0.1"
RECORD = "split.json"
"""The record of a split, at the top of its folder."""
TOLERANCE = 1e-6
"""How far from 1 shares may add up: 0.333333 three times does."""


class Part(NamedTuple):
    """A part of a split: its folder, and its share of the images."""

    name: str
    share: float


class SplitImage(NamedTuple):
    """An image to put into a part."""

    name: str
    """Its path in the folder, POSIX style."""
    label: str
    """Its class; empty in a flat folder."""
    size: int
    source: str
    """The source that it was made from: itself, unless expand wrote the folder."""
    group: str = ""
    """The group that the manifest has of it."""
    hashes: tuple[str, ...] = ()
    """SHA-256 of its file and of its source's file, as the manifest has them."""
    classes: tuple[str, ...] = ()
    """The classes of its objects, each once; only in a labelled dataset."""
    files: tuple[tuple[str, int], ...] = ()
    """Its label files, with their sizes."""


def parse_parts(text: str) -> tuple[Part, ...]:
    """Read the value of `--parts`; raise ExpandError if it does not name parts and their shares."""
    parts = tuple(map(_parse_part, text.split(",")))
    if len(parts) < 2:
        raise ExpandError(f'--parts must name at least two parts, got "{cut(text)}"')
    names = [fold(part.name) for part in parts]
    if len(set(names)) < len(names):
        raise ExpandError(f'--parts names a part twice: "{cut(text)}"')
    total = math.fsum(part.share for part in parts)
    if abs(total - 1) > TOLERANCE:
        raise ExpandError(f"the shares of --parts must add up to 1, got {total:g}")
    return parts


def _parse_part(text: str) -> Part:
    name, _, number = (each.strip() for each in text.partition("="))
    try:
        share = float(number)
    except ValueError:
        raise ExpandError(
            f'--parts takes name=share,…, for example {EXAMPLE}; got "{cut(text)}"'
        ) from None
    if not 0 < share < 1:
        raise ExpandError(f'the share of part "{cut(name)}" must be above 0 and below 1')
    check_inside(name)
    if is_hidden(name) or "/" in name or "\\" in name or fold(name) == RECORD:
        raise ExpandError(f'--parts: "{cut(name)}" cannot be the name of a folder; choose another')
    return Part(name, share)


def apportion(
    count: int, shares: Sequence[float], least: Sequence[int], offsets: Sequence[float]
) -> list[int]:
    """Divide `count` images by shares; each part gets its `least` or more.

    One image more makes one part larger by one, and no part smaller, as in every method of divisors
    (Balinski and Young, Fair Representation, 1982). `offsets`, above 0 and at most 1, say from
    which fraction on a part is rounded up: 0.5 for all is the method of Sainte-Laguë. The sum of
    `least` is at most `count`.
    """
    total = math.fsum(shares)
    # below every answer: from here on, one image after the other goes to the part due next
    floor = max(0, count - sum(least) - len(shares))
    sizes = [max(low, int(share / total * floor)) for share, low in zip(shares, least, strict=True)]
    due = [
        ((sizes[part] + offsets[part]) / share, part) for part, share in enumerate(shares) if share
    ]
    heapq.heapify(due)
    for _ in range(count - sum(sizes)):
        _, part = due[0]
        sizes[part] += 1
        heapq.heapreplace(due, ((sizes[part] + offsets[part]) / shares[part], part))
    return sizes
