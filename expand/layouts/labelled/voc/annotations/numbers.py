"""Numbers in the text of an annotation: read strictly, and written in the style of the old ones."""

from __future__ import annotations

import math
import re

from expand.errors import BadImageError, shown
from expand.layouts.labelled.voc.annotations.elements import Element

NUMBER = re.compile(r"[+-]?(\d+(?:\.(\d*))?|\.(\d+))([eE][+-]?\d{1,3})?", re.ASCII)
LARGEST = 1e7
MOST_DECIMALS = 6
SAME = 1e-6
"""Pixels by which a place may differ that did not move."""
ROUNDING = 3
"""Decimals, of the last digit that is written, up to which a number counts as that digit."""


def read_number(element: Element, name: str) -> float:
    """Return the number that an element holds; raise BadImageError if it is none."""
    if not NUMBER.fullmatch(element.value) or abs(value := float(element.value)) > LARGEST:
        raise BadImageError(
            f'"{name}", line {element.line}: {element.tag} must be a number of pixels, got '
            f"{shown(element.value)}"
        )
    return value


def decimals_of(*elements: Element) -> int:
    """Return the most decimals that any of some numbers has."""
    texts = [element.value for element in elements if not element.value.isdigit()]
    matches = [match for match in map(NUMBER.fullmatch, texts) if match]
    counts = [
        len(match[2] or match[3] or "") if not match[4] else MOST_DECIMALS for match in matches
    ]
    return min(MOST_DECIMALS, max(counts, default=0))


def written(value: float, decimals: int) -> str:
    """Return a number with so many decimals."""
    if not decimals:
        return str(round(value))
    text = f"{value:.{decimals}f}"
    return text[1:] if text[0] == "-" and float(text) == 0 else text


def is_same(first: float, second: float) -> bool:
    """Tell whether a place did not move."""
    return abs(first - second) < SAME


def centre_of(pixel: float) -> float:
    """Return the centre of a pixel that is counted from 1; one counted from 0 is at the border."""
    return pixel - 0.5 if not 0 <= pixel < 0.5 else 0.0


def pixel_at(place: float, decimals: int, side: float) -> float:
    """Return the pixel, counted from 1, that a place lies in; `side` is the last one.

    With decimals, whole numbers are the centres of pixels.
    """
    pixel = place + 0.5 if decimals else math.floor(round(place, ROUNDING)) + 1.0
    return min(max(pixel, 1.0), side)
