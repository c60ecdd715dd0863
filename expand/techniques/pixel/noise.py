"""Salt-and-pepper noise: turn a fraction of the pixels white or black, in all channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from expand.errors import SettingError, shown
from expand.geometry import Number
from expand.images.pixels import Pixels
from expand.techniques.pixel.cells import as_cells, cell, own, white_of, whites_of
from expand.techniques.pixel.hits import Draw, Hits, draw, hits, hits_of_many
from expand.techniques.ranges import (
    SHARES,
    Range,
    check_factor,
    is_whole,
    parse_range,
    share_of,
    switch,
    whole,
)
from expand.techniques.technique import Choice, PixelTechnique, Strength

AMOUNT, SALT = Range(0.01, 0.02), Range(0.5, 0.5)
SEED_BITS = 52
FIRST_VERSION, VERSION = 1, 2
"""The first version hit each pixel on its own; other pixels than this one, from the same seed."""
LARGE = 1 << 16
"""Images with more pixels are done one by one: a batch saves nothing there."""


@dataclass(frozen=True)
class Noise(PixelTechnique):
    """Hit each pixel with probability `amount`.

    A hit is salt (white) with probability `salt`, else pepper (black), in all channels. The count
    of hits is `amount` of the pixels, and that of salt `salt` of the hits, both rounded up or down
    by chance; were each pixel hit on its own, the counts would vary as a binomial does. White is
    255; for 16 bits it is the lowest of 255, 1,023, 4,095, 16,383 and 65,535 that no level of the
    source is above.
    """

    name: ClassVar[str] = "noise"
    spread: ClassVar[int] = 2
    seeds: ClassVar[int] = 1
    amount: Range = AMOUNT
    salt: Range = SALT
    factor: int | None = 2
    version: int = VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", parse_range(self.amount, "amount", within=(0, 1)))
        object.__setattr__(self, "salt", parse_range(self.salt, "salt", within=(0, 1)))
        check_factor(self.name, self.factor)
        _check_version(self.version)

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn three numbers into an amount, a fraction of salt and the seed of the pattern."""
        amount = self.amount.at(share_of(variant, numbers[0], self.factor))
        return {
            "amount": switch(variant, self.factor, amount, off=0.0),
            "salt": self.salt.at(numbers[1]),
            "seed": whole(numbers[2] * 2.0**SEED_BITS),
        }

    def movers(self) -> tuple[str, ...]:
        """Return nothing: no pixel moves."""
        return ()

    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the pixels with noise; which are hit depends on the seed and the size only."""
        return self.apply_within(pixels, choice, pixels)

    def apply_batch(self, pixels: Pixels, choices: Choice) -> Pixels:
        """Return N images (N×H×W or N×H×W×C) with noise, as `apply` does for each."""
        return self.apply_batch_within(pixels, choices, pixels)

    def apply_within(self, pixels: Pixels, choice: Choice, source: Pixels) -> tuple[Pixels, Choice]:
        """Apply noise in a view."""
        if not choice["amount"]:
            return pixels, choice
        noisy, count = own(pixels, source), pixels.shape[0] * pixels.shape[1]
        white = white_of(source)
        cells, colours = as_cells(noisy, count), _colours(noisy, count, white)
        drawn = draw(choice["seed"], choice["amount"], choice["salt"], count)
        _paint(cells, hits(drawn, count), colours)
        return noisy, choice

    def apply_batch_within(self, pixels: Pixels, choices: Choice, source: Pixels) -> Pixels:
        """Apply noise in views of one size."""
        noisy, count = own(pixels, source), pixels.shape[1] * pixels.shape[2]
        amount, salt, seed = (
            np.broadcast_to(choices[key], len(pixels)) for key in ("amount", "salt", "seed")
        )
        drawn = draw(seed, amount, salt, count)
        whites = whites_of(source)
        cells = as_cells(noisy, count * len(noisy))
        for white in np.unique(whites).tolist():
            colours = _colours(noisy, count * len(noisy), white)
            rows = np.flatnonzero((whites == white) & (drawn.count > 0))
            if count > LARGE:
                for row in rows.tolist():
                    own_cells = cells[row * count : (row + 1) * count]
                    _paint(own_cells, hits(drawn.of(row), count), colours)
            else:
                _paint_many(cells, drawn, rows, count, colours)
        return noisy

    def caption(self, choice: Choice) -> str:
        """Describe noise by the fraction of pixels that it hits, and of salt among them."""
        if not choice["amount"]:
            return ""
        return f"noise {100 * choice['amount']:.1f} %, salt {100 * choice['salt']:.0f} %"

    def strengths(self) -> list[Strength]:
        """Return a few amounts up to the largest, with one pattern."""
        amounts = [self.amount.high * share for share in SHARES]
        salt = self.salt.middle
        return [
            Strength(
                f"{100 * amount:.1f} % of the pixels", {"amount": amount, "salt": salt, "seed": 7}
            )
            for amount in amounts
        ]


def _check_version(version: object) -> None:
    """Refuse noise of another version: it has other pixels."""
    if is_whole(version) and FIRST_VERSION <= version < VERSION:
        raise SettingError(
            f'"version" of noise is {version}: that noise hits other pixels, and only the version '
            f"of expand that wrote it makes it. Leave the setting out for version {VERSION}",
            "version",
        )
    if not is_whole(version) or version != VERSION:
        raise SettingError(
            f'"version" of noise must be {VERSION} in this version of expand, got {shown(version)}',
            "version",
        )


def _colours(pixels: Pixels, count: int, white: int) -> tuple[Any, Any]:
    """Return black and white as cells of these pixels."""
    channels = pixels.size // count
    return cell(pixels.dtype, channels, 0), cell(pixels.dtype, channels, white)


def _paint(cells: NDArray[Any], found: Iterable[Hits], colours: tuple[Any, Any]) -> None:
    """Write the hits of one image."""
    black, white = colours
    for block in found:
        cells[block.white], cells[block.black] = white, black


def _paint_many(
    cells: NDArray[Any], drawn: Draw, rows: NDArray[np.intp], count: int, colours: tuple[Any, Any]
) -> None:
    """Write the hits of the images in `rows`; each has `count` cells."""
    black, white = colours
    for group, positions, ranks in hits_of_many(drawn, rows, count):
        index = positions + group * count
        cells[index[ranks <= drawn.count[group]]] = black
        cells[index[ranks <= drawn.salted[group]]] = white
