"""The names of copies: each copy is paired with its own masks, by the rule of the originals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand.layouts.labelled.masks.annotation import image_name, mask_names, write_masks
from expand.layouts.labelled.masks.files import File
from expand.layouts.labelled.masks.pairs.pairing import pair
from expand.layouts.source import Source
from tests.conftest import examples
from tests.expand.layouts.labelled.masks.test_layouts import LAYOUTS, PARTS

STEMS = st.text("abx01_- (", min_size=1, max_size=6).map(str.strip).filter(bool)
"""Names that are easily taken for those of others."""
WAYS = [
    ("images/{}.png", "masks/{}.png"),
    ("images/{}.jpg", "masks/{}_mask.png"),
    ("images/{}.jpg", "masks/{}.jpg.png"),
    ("images/{}_sat.jpg", "labels/{}_label.tif"),
    ("set/{}.png", "set/{}_mask.png"),
    ("set/{}_image.png", "set/{}_seg.png"),
    ("train/images/{}.png", "train/masks/{}_gt.png"),
    ("leftImg8bit/train/{}_leftImg8bit.png", "gtFine/train/{}_gtFine_labelIds.png"),
    ("imagesTr/{}_0000.png", "labelsTr/{}.png"),
]


def expanded(
    names: list[str], factor: int, kind: str
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the masks of each file of the expanded dataset, and all its files."""
    pairing = pair(map(File.of, names))
    known: dict[str, tuple[str, ...]] = {}
    for image, masks in pairing.items():
        source = Source(image, 1, "", write_masks(masks))
        for k in range(factor):
            name = image_name(source, k, kind) if k else image
            assert name not in known
            known[name] = mask_names(source, name)
    assert not pairing.doubtful
    return known, [file for image, masks in known.items() for file in (image, *masks)]


def check(names: list[str], kind: str) -> None:
    known, files = expanded(names, 3, kind)
    assert len(files) == len(set(files)) == 3 * len(names)
    found = pair(map(File.of, sorted(files)))
    assert {
        image: tuple(sorted(mask.path for mask in masks)) for image, masks in found.items()
    } == known


@pytest.mark.parametrize("kind", ["keep", "webp"])
@pytest.mark.parametrize("pairs", [layout[0] for layout in (*LAYOUTS.values(), *PARTS.values())])
def test_copies_are_paired_as_their_originals(pairs: dict[str, str], kind: str) -> None:
    check(sorted([*pairs, *pairs.values()]), kind)


@settings(max_examples=examples(150), deadline=None)
@given(
    way=st.sampled_from(WAYS),
    stems=st.sets(STEMS, min_size=1, max_size=5),
    kind=st.sampled_from(["keep", "webp"]),
)
def test_copies_of_any_name_are_paired_as_their_originals(
    way: tuple[str, str], stems: set[str], kind: str
) -> None:
    check(sorted(form.format(stem) for form in way for stem in stems), kind)
