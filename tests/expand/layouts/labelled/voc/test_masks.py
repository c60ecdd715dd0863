"""Masks of VOC: classes and instances move with their image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand.images.pixels import Pixels
from tests.expand.layouts.labelled.voc.drawn import (
    BORDER,
    CAT,
    DOG,
    HEIGHT,
    WIDTH,
    Drawn,
    annotation,
    boxes,
    devkit,
    mask,
    picture,
    put,
    save_mask,
    save_picture,
    seen,
)
from tests.expand.layouts.labelled.voc.growing import AWAY, grow

TURN = "techniques: [rotate: {degrees: [20, 40]}]"


def one(root: Path, objects: tuple[Drawn, ...], *, border: bool = False) -> Path:
    """Write a dataset of one image with masks."""
    save_picture(root / "JPEGImages/a.png", picture(objects))
    put(root / "Annotations/a.xml", annotation("a", objects, suffix=".png"))
    save_mask(root / "SegmentationClass/a.png", mask(objects, border=border))
    save_mask(root / "SegmentationObject/a.png", mask(objects, instances=True, border=border))
    put(root / "ImageSets/Segmentation/train.txt", "a\n")
    return root


def values(path: Path) -> Pixels:
    return np.asarray(Image.open(path))


def test_masks_move_exactly_with_a_mirror_and_keep_palette_and_border(tmp_path: Path) -> None:
    src, out = one(tmp_path / "src", (CAT, DOG), border=True), tmp_path / "out"
    assert grow(src, out) == []
    for folder in ("SegmentationClass", "SegmentationObject"):
        assert (out / folder / "a.png").read_bytes() == (src / folder / "a.png").read_bytes()
        before, after = (
            Image.open(root / folder / name) for root, name in ((src, "a.png"), (out, "a_v1.png"))
        )
        assert (after.mode, after.getpalette()) == ("P", before.getpalette())
        assert (np.asarray(after) == np.asarray(before)[:, ::-1]).all()
        assert BORDER in np.asarray(after)


@pytest.mark.parametrize("fill", [None, 255, 21])
def test_a_view_that_shows_nothing_has_the_fill_there(tmp_path: Path, fill: int | None) -> None:
    src, out = one(tmp_path / "src", (CAT,)), tmp_path / "out"
    grow(src, out, AWAY, mask_fill=fill)
    assert (values(out / "SegmentationClass/a_v1.png")[:, :30] == (fill or 0)).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_depth_of_a_palette_is_kept(tmp_path: Path, bits: int) -> None:
    src, out = one(tmp_path / "src", (CAT,)), tmp_path / "out"
    image = Image.fromarray(mask((CAT,)), "P")
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(src / "SegmentationClass/a.png", bits=bits, transparency=0)
    grow(src, out)
    before, after = (
        (root / "SegmentationClass" / name).read_bytes()
        for root, name in ((src, "a.png"), (out, "a_v1.png"))
    )
    assert after[16:29] == before[16:29]
    assert b"tRNS" in after


def test_a_box_is_tight_around_its_instance_where_that_is_certain(tmp_path: Path) -> None:
    src, out = one(tmp_path / "src", (DOG,)), tmp_path / "out"
    save_mask(src / "SegmentationObject/a.png", ellipse(0).astype(np.uint8))
    grow(src, out, TURN)
    moved = values(out / "SegmentationObject/a_v1.png")
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    tight = (columns[0] + 1, rows[0] + 1, columns[-1] + 1, rows[-1] + 1)
    assert boxes(out / "Annotations/a_v1.xml") == [("dog", tight)]


def ellipse(wider: float) -> Pixels:
    """Return which pixels are in the ellipse inside the box of the dog, made wider."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside: Pixels = ((x - 45) / (15 + wider)) ** 2 + ((y - 21.5) / (18.5 + wider)) ** 2 < 1
    return inside


def test_a_box_is_tight_around_an_instance_with_its_border_and_does_not_cut_it(
    tmp_path: Path,
) -> None:
    src, out = one(tmp_path / "src", (DOG,)), tmp_path / "out"
    pixels = picture(())
    pixels[ellipse(0)] = (40, 250, 40)
    save_picture(src / "JPEGImages/a.png", pixels)
    bordered = np.where(ellipse(-3), 1, np.where(ellipse(3), BORDER, 0)).astype(np.uint8)
    save_mask(src / "SegmentationObject/a.png", bordered)
    grow(src, out, "techniques: [rotate: {degrees: [-40, 40]}]", factor=8)
    (src / "SegmentationObject/a.png").unlink()
    grow(src, tmp_path / "corners", "techniques: [rotate: {degrees: [-40, 40]}]", factor=8)
    for k in range(1, 8):
        (name, box), (_, corners) = (
            boxes(root / f"Annotations/a_v{k}.xml")[0] for root in (out, tmp_path / "corners")
        )
        shown = seen(out / f"JPEGImages/a_v{k}.png", name)
        assert shown
        assert (np.subtract(shown, box) * (1, 1, -1, -1)).min() >= 0
        assert (np.subtract(box, corners) * (1, 1, -1, -1)).min() >= 0
    assert np.subtract(shown, box).max() <= 3


def test_a_box_that_its_instance_does_not_reach_holds_its_corners(tmp_path: Path) -> None:
    src, alone = one(tmp_path / "src", (DOG,)), one(tmp_path / "alone", (DOG,))
    save_mask(src / "SegmentationObject/a.png", ellipse(-4).astype(np.uint8))
    (alone / "SegmentationObject/a.png").unlink()
    for root in (src, alone):
        grow(root, root.with_suffix(".out"), TURN)
    found = [boxes(root.with_suffix(".out") / "Annotations/a_v1.xml") for root in (src, alone)]
    assert found[0] == found[1]


@pytest.mark.parametrize("border", [False, True])
def test_instances_are_numbered_as_the_objects_of_the_view(tmp_path: Path, border: bool) -> None:
    src, out = one(tmp_path / "src", (DOG, CAT), border=border), tmp_path / "out"
    grow(src, out, AWAY)  # the dog is gone
    assert boxes(out / "Annotations/a_v1.xml")[0][0] == "cat"
    assert set(np.unique(values(out / "SegmentationObject/a_v1.png"))) - {BORDER} == {0, 1}
    assert set(np.unique(values(out / "SegmentationClass/a_v1.png"))) - {BORDER} == {0, 1}


def test_instances_that_are_not_the_objects_of_the_annotation_keep_their_numbers(
    tmp_path: Path,
) -> None:
    src, out = one(tmp_path / "src", (DOG, CAT)), tmp_path / "out"
    save_mask(src / "SegmentationObject/a.png", mask((CAT, DOG), instances=True) * 7)
    grow(src, out, AWAY)
    assert set(np.unique(values(out / "SegmentationObject/a_v1.png"))) == {0, 7}


def test_a_mask_of_another_size_is_a_bad_source(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src")
    save_mask(src / "SegmentationClass/a.png", np.zeros((WIDTH, HEIGHT), np.uint8))
    assert grow(src, tmp_path / "out") == [
        'JPEGImages/a.jpg "SegmentationClass/a.png" has 48×64 pixels, and the image has 64×48'
    ]


def test_a_mask_of_the_stored_image_is_turned_with_it(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    save_picture(src / "JPEGImages/a.png", picture((CAT,)), orientation=6)
    save_mask(src / "SegmentationClass/a.png", mask((CAT,)))
    save_picture(src / "JPEGImages/b.png", picture((CAT,)), orientation=6)
    upright = np.rot90(mask((CAT,)), -1)
    save_mask(src / "SegmentationClass/b.png", np.ascontiguousarray(upright))
    assert grow(src, out, layout="voc") == []
    for name in ("a", "b"):
        assert (values(out / f"SegmentationClass/{name}.png") == upright).all()
        assert (values(out / f"SegmentationClass/{name}_v1.png") == upright[:, ::-1]).all()


def test_a_turn_that_the_size_of_a_mask_does_not_tell_is_a_bad_source(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src")
    save_picture(src / "JPEGImages/a.jpg", picture((CAT, DOG)), orientation=3)
    (problem,) = grow(src, tmp_path / "out")
    assert '"SegmentationClass/a.png" does not tell by its size whether it is turned' in problem


def test_pictures_and_arrays_in_folders_of_labels_are_kept_and_noted(tmp_path: Path) -> None:
    from tests.expand.layouts.labelled.voc.growing import opened

    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    save_picture(src / "SegmentationClassVisualization/a.jpg", picture((CAT,)))
    put(src / "SegmentationClassNpy/a.npy", b"")
    with opened(src) as data:
        assert data.notes[-1].startswith("2 files in folders of labels are not read; each is kept")
    assert grow(src, out) == []
    assert (out / "SegmentationClassNpy/a.npy").exists()
    assert [path.name for path in (out / "SegmentationClassVisualization").iterdir()] == ["a.jpg"]


def test_a_damaged_mask_is_a_bad_source(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src")
    path = src / "SegmentationClass/a.png"
    path.write_bytes(path.read_bytes()[:60])
    (problem,) = grow(src, tmp_path / "out")
    assert problem.startswith('JPEGImages/a.jpg "SegmentationClass/a.png" cannot be decoded')


def video(root: Path, train: str, val: str) -> Path:
    """Write two videos with masks, as DAVIS has them."""
    for name in ("bear", "dog"):
        for number in ("00000", "00001"):
            save_picture(root / f"JPEGImages/480p/{name}/{number}.jpg", picture((CAT,)))
            save_mask(root / f"Annotations/480p/{name}/{number}.png", mask((CAT,)))
    put(root / "ImageSets/2017/train.txt", train)
    put(root / "ImageSets/2017/val.txt", val)
    return root


def paired(name: str, number: str) -> str:
    return f"/JPEGImages/480p/{name}/{number}.jpg /Annotations/480p/{name}/{number}.png\n"


@pytest.mark.parametrize("layout", ["auto", "masks"])
def test_lists_of_videos_name_the_folders_of_their_images(layout: str, tmp_path: Path) -> None:
    src, out = video(tmp_path / "src", "bear\n", "dog\n"), tmp_path / "out"
    assert grow(src, out, layout=layout) == []
    assert len(list((out / "JPEGImages/480p/bear").iterdir())) == 4
    assert len(list((out / "Annotations/480p/bear").iterdir())) == 4
    assert len(list((out / "JPEGImages/480p/dog").iterdir())) == 2
    assert (out / "ImageSets/2017/train.txt").read_text() == "bear\n"


def test_lists_of_images_and_their_masks_get_both_of_each_copy(tmp_path: Path) -> None:
    lists = ["".join(paired(name, n) for n in ("00000", "00001")) for name in ("bear", "dog")]
    src, out = video(tmp_path / "src", *lists), tmp_path / "out"
    assert grow(src, out) == []
    numbers = ("00000", "00000_v1", "00001", "00001_v1")
    expected = "".join(paired("bear", number) for number in numbers)
    assert (out / "ImageSets/2017/train.txt").read_text() == expected
    assert (out / "ImageSets/2017/val.txt").read_text() == lists[1]
