"""Laws of files: what is written is read, for every size, depth and format; and of their names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import FORMATS, OPTIONS, SUFFIXES, Encoding
from expand.layouts.names import COPY, copy_name
from tests.odd.pillow_formats import entries

SIDES = st.integers(1, 40)
LOSSLESS = [
    (kind.name, channels, depth)
    for kind in FORMATS.values()
    if kind.name != "JPEG"
    for depth, held in ((np.uint8, kind.channels), (np.uint16, kind.channels_16))
    for channels in (1, 2, 3, 4, 5, 9)
    if channels in held
]


@pytest.mark.parametrize(("format_", "channels", "depth"), LOSSLESS)
@settings(max_examples=15)
@given(height=SIDES, width=SIDES, seed=st.integers(0, 99), flat=st.booleans())
def test_pixels_of_every_size_are_read_as_they_were_written(
    format_: str, channels: int, depth: type, height: int, width: int, seed: int, flat: bool
) -> None:
    shape = (height, width) if channels == 1 else (height, width, channels)
    white = np.iinfo(depth).max
    drawn = np.random.default_rng(seed).integers(0, white + 1, shape)
    pixels = np.full(shape, white if seed % 2 else 0, depth) if flat else drawn.astype(depth)
    again = decode(encode(pixels, Encoding(format_))).pixels
    assert again.dtype == pixels.dtype
    np.testing.assert_array_equal(again, pixels)


NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1)


@given(
    folder=NAMES,
    stem=NAMES,
    suffix=st.sampled_from(sorted(SUFFIXES)),
    k=st.integers(1, 10**6),
    format_=st.sampled_from(["keep", *OPTIONS]),
)
def test_the_name_of_a_copy_says_its_source_and_its_view(
    folder: str, stem: str, suffix: str, k: int, format_: str
) -> None:
    source = f"{folder}/{stem}{suffix}"
    copy = copy_name(source, k, format_)
    match = COPY.match(copy)
    assert match
    assert int(match["view"]) == k
    assert match["stem"] in (source, source[: -len(suffix)])
    assert match["suffix"].lower() in SUFFIXES
    assert copy != copy_name(source, k + 1, format_)


def test_every_format_that_pillow_writes_is_read_like_pillow_or_refused_with_a_reason() -> None:
    found = list(entries())
    assert len(found) > 150
    assert [each for each in found if each.fault] == []
