"""Odd and bad datasets of images with masks: each problem is named, and the rest is expanded."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from tests.expand.layouts.labelled.masks import drawn
from tests.expand.layouts.labelled.masks.written import expanded
from tests.expand.targets.scenes import MOVES as SCENES

PAIRS = {"images/a.png": "masks/a.png", "images/b.png": "masks/b.png"}
MOVES = "techniques: [flip: {factor: 4}, rotate90]"


def made(tmp_path: Path, more: dict[str, bytes], pairs: dict[str, str] = PAIRS) -> Path:
    return drawn.write(tmp_path / "set", drawn.pairs(pairs) | more)


def names(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*.*") if path.is_file()}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            drawn.as_png(drawn.scene(0, 90, 120)),
            'its mask "masks/a.png" has 90×120 pixels, and the image has 160×120',
        ),
        (b"", 'its mask "masks/a.png" is empty'),
        (b"text", 'its mask "masks/a.png" is not an image'),
        (
            drawn.as_png(drawn.scene(0))[:200],
            'its mask "masks/a.png" cannot be decoded: the file is truncated',
        ),
        (
            drawn.as_file(Image.fromarray(drawn.scene(0)), "PCX"),
            'its mask "masks/a.png" is a PCX file; ',
        ),
        (
            drawn.as_file(
                Image.fromarray(drawn.scene(0)),
                "GIF",
                save_all=True,
                append_images=[Image.fromarray(drawn.scene(1))],
            ),
            'its mask "masks/a.png" is an animation; a mask is one image',
        ),
    ],
)
def test_a_bad_mask_makes_a_bad_source_and_the_rest_is_expanded(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    out = tmp_path / "out"
    dataset, bad = expanded(made(tmp_path, {"masks/a.png": data}), out)
    assert list(bad) == ["images/a.png"]
    assert bad["images/a.png"].startswith(reason)
    assert "images/b_v2.png" in names(out)
    assert "images/a.png" not in names(out)
    assert dataset.problems == 0


def test_an_image_without_its_mask_is_left_as_it_is_and_is_a_problem(tmp_path: Path) -> None:
    root = made(tmp_path, {"images/c.png": drawn.as_png(drawn.scene(3))})
    report = expand(root, tmp_path / "out", 3, workers=1)
    assert report.status == 1
    assert report.plan.dataset.notes == (
        '1 image has no mask, "images/c.png": it is left as it is',
    )
    assert {name for name in names(tmp_path / "out") if "/c" in name} == {"images/c.png"}


def test_masks_without_an_image_are_left_as_they_are(tmp_path: Path) -> None:
    more = dict.fromkeys(("masks/c.png", "masks/d.png"), drawn.as_png(drawn.scene(3)))
    report = expand(made(tmp_path, more), tmp_path / "out", 3, workers=1)
    assert report.status == 0
    assert report.plan.dataset.notes == (
        '2 masks have no image, such as "masks/c.png": they are left as they are',
    )
    assert {"masks/c.png", "masks/d.png"} <= names(tmp_path / "out")


def test_folders_without_masks_are_left_as_they_are(tmp_path: Path) -> None:
    root = made(tmp_path, {"samples/s.png": drawn.as_png(drawn.scene(3)), "README.md": b"read"})
    report = expand(root, tmp_path / "out", 3, workers=1)
    assert report.status == 0
    assert report.plan.dataset.notes == (
        '1 image has no mask, "samples/s.png": it is left as it is',
    )
    assert {"samples/s.png", "README.md"} <= names(tmp_path / "out")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"images/a.jpg": drawn.as_image("a.jpg", drawn.shown(drawn.scene(0)))},
            'and "images/a.jpg" have the same mask, "masks/a.png"',
        ),
        (
            {"masks/a.tif": drawn.as_image("a.tif", drawn.scene(0))},
            'has two masks of one name, "masks/a.png" and "masks/a.tif"',
        ),
    ],
)
def test_what_belongs_together_in_two_ways_is_not_used(
    tmp_path: Path, more: dict[str, bytes], reason: str
) -> None:
    _, bad = expanded(made(tmp_path, more), tmp_path / "out")
    assert bad["images/a.png"] == reason
    assert "images/b_v1.png" in names(tmp_path / "out")


def test_a_mask_whose_name_is_not_utf_8_makes_a_bad_source(tmp_path: Path) -> None:
    root = made(tmp_path, {})
    (root / "masks/a.png").rename(os.fsdecode(os.fsencode(root / "masks/a_mask") + b"\xff.png"))
    _, bad = expanded(root, tmp_path / "out")
    assert bad["images/a.png"] == "has a mask with a name that is not UTF-8"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"train/a.jpg": b"", "train_masks/a_mask.npy": b""},
            'has masks in NPY files, such as "train_masks/a_mask.npy", which are not supported',
        ),
        ({"images/a.jpg": b"", "groundTruth/a.mat": b""}, "has masks in MAT files"),
        (
            {"images/one.png": b"", "masks/two.png": b"", "images/three.png": b""},
            'has no image with a mask: the names of "images/one.png" and "masks/two.png" do not',
        ),
        ({"cat/a.png": b"", "dog/b.png": b""}, "has no image with a mask: masks are images in"),
        (
            {"images/val/a.png": b"", "masks/val/a.png": b""},
            'has no part for training with masks; it has "val". To expand one of these: --split "val"',
        ),
    ],
)
def test_a_dataset_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(ExpandError) as refused:
        expanded(drawn.write(tmp_path / "set", files), tmp_path / "out", layout="masks")
    assert words in str(refused.value)


def test_folders_that_look_like_images_and_masks_can_be_classes(tmp_path: Path) -> None:
    root = drawn.write(tmp_path / "set", {"photo/1.png": b"", "mask/2.png": b""})
    with pytest.raises(ExpandError, match="do not belong together.*: --as folders"):
        expanded(root, tmp_path / "out")


def test_more_labels_in_a_format_that_is_not_read_are_refused(tmp_path: Path) -> None:
    root = made(tmp_path, {"depth/a.npy": b""})
    with pytest.raises(ExpandError, match="has masks in NPY files, such as .depth/a.npy."):
        expanded(root, tmp_path / "out", layout="masks")


@pytest.mark.parametrize("split", ["val", "validation"])
def test_split_chooses_another_part(tmp_path: Path, split: str) -> None:
    pairs = {f"images/{part}/a.png": f"masks/{part}/a.png" for part in ("train", "val")}
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs))
    dataset, _ = expanded(root, tmp_path / "out", split=split)
    assert dataset.split == "val"
    assert {name for name in names(tmp_path / "out") if "_v1" in name} == {
        "images/val/a_v1.png",
        "masks/val/a_v1.png",
    }


def test_an_unknown_split_is_refused_with_those_there_are(tmp_path: Path) -> None:
    pairs = {f"images/{part}/a.png": f"masks/{part}/a.png" for part in ("train", "val")}
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs))
    with pytest.raises(ExpandError, match='no part "test" with masks; it has "train", "val"'):
        expanded(root, tmp_path / "out", split="test")
    with pytest.raises(ExpandError, match="has no parts with masks, so --split dev names none"):
        expanded(made(tmp_path / "other", {}), tmp_path / "out", split="dev")


def test_a_file_that_is_called_as_a_copy_would_be_is_refused(tmp_path: Path) -> None:
    files = drawn.pairs({"a.png": "a_mask.png"}) | {"a_v1_mask.png": drawn.as_png(drawn.scene(1))}
    root = drawn.write(tmp_path / "set", files)
    with pytest.raises(ExpandError, match='a_v1_mask.png" is called as a copy of "a_mask.png"'):
        expanded(root, tmp_path / "out")


def test_a_folder_that_is_called_as_that_of_a_copy_would_be_is_refused(tmp_path: Path) -> None:
    pairs = {f"a/{name}/image.png": f"a/{name}/mask.png" for name in ("s", "s_v2")}
    root = drawn.write(tmp_path / "set", drawn.pairs(pairs))
    with pytest.raises(ExpandError, match='a/s_v2" is called as a copy of "a/s" would be'):
        expanded(root, tmp_path / "out")
    _, bad = expanded(root, tmp_path / "out", factor=2)
    assert not bad
    assert "a/s_v2_v1/mask.png" in names(tmp_path / "out")


def test_several_masks_of_an_image_all_move(tmp_path: Path) -> None:
    pairs = {"benign/x (1).png": "benign/x (1)_mask.png", "malign/y.png": "malign/y_mask.png"}
    second = drawn.scene(0)
    root = made(tmp_path, {"benign/x (1)_mask_1.png": drawn.as_png(second * 10)}, pairs)
    out = tmp_path / "out"
    dataset, bad = expanded(root, out, MOVES, 4)
    assert not bad
    assert dataset.title == "images with masks, 2 images with 3 masks"
    assert 'label": "benign"' in (out / "expand.jsonl").read_text()
    for k in (1, 2, 3):
        first = read(out / f"benign/x (1)_v{k}_mask.png")
        assert np.array_equal(read(out / f"benign/x (1)_v{k}_mask_1.png"), first * 10)


def test_exact_moves_give_exact_masks(tmp_path: Path) -> None:
    out = tmp_path / "out"
    expanded(made(tmp_path, {}), out, MOVES, 8)
    for k in range(8):
        name = f"a_v{k}.png" if k else "a.png"
        assert np.array_equal(drawn.seen(read(out / "images" / name)), read(out / "masks" / name))


@pytest.mark.parametrize("name", SCENES)
def test_every_technique_moves_masks_as_images(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    flip = "" if name == "flip" else "flip, "  # pad and resize have one view each
    recipe = f"fill: 0\ntechniques: [{flip}{SCENES[name]}]"
    _, bad = expanded(made(tmp_path, {}), out, recipe, 2)
    assert not bad
    for copy in ("a_v1.png", "b_v1.png"):
        image, mask = read(out / "images" / copy), read(out / "masks" / copy)
        assert image.shape[:2] == mask.shape
        assert drawn.agree(image, mask) > 0.95


def test_masks_get_no_new_values_and_the_ignored_one_stays(tmp_path: Path) -> None:
    classes = drawn.scene(0)
    classes[:10] = 255
    out = tmp_path / "out"
    expanded(made(tmp_path, {"masks/a.png": drawn.as_png(classes)}), out, "blog", 6)
    values = set().union(*(np.unique(read(path)).tolist() for path in out.glob("masks/a*.png")))
    assert values == {0, 1, 2, 3, 255}


def test_the_fill_of_masks_is_what_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    recipe = "techniques: [translate: {x: [40, 40], y: [0, 0], unit: pixel}]"
    expanded(made(tmp_path, {}), out, recipe, 2, mask_fill=255)
    assert (read(out / "masks/a_v1.png")[:, :40] == 255).all()
    assert set(np.unique(read(out / "masks/a.png"))) == {0, 1, 2, 3}


def test_the_palette_and_depth_of_masks_are_kept(tmp_path: Path) -> None:
    image = Image.fromarray(drawn.scene(0), "P")
    image.putpalette(drawn.COLOURS.tobytes())
    out = tmp_path / "out"
    expanded(made(tmp_path, {"masks/a.png": drawn.as_file(image, "PNG", bits=2)}), out, "blog", 3)
    for k in (1, 2):
        path = out / f"masks/a_v{k}.png"
        assert path.read_bytes()[24:26] == bytes([2, 3])
        with Image.open(path) as copy:
            assert copy.getpalette()[:12] == drawn.COLOURS.ravel().tolist()


def test_jpeg_masks_stay_jpeg_and_it_is_said(tmp_path: Path) -> None:
    pairs = {"images/a.jpg": "masks/a.jpg", "images/b.jpg": "masks/b.jpg"}
    binary = (drawn.scene(0) > 0).astype(np.uint8) * 255
    root = made(tmp_path, {"masks/a.jpg": drawn.as_image("a.jpg", binary)}, pairs)
    dataset, bad = expanded(root, tmp_path / "out", MOVES, 3)
    assert not bad
    (note,) = dataset.notes
    assert note.startswith('2 masks are JPEG, such as "masks/a.jpg", which is lossy: the masks of')
    copy = read(tmp_path / "out/images/a_v1.jpg")
    seen = drawn.seen(copy) > 0
    assert ((read(tmp_path / "out/masks/a_v1.jpg") > 127) == seen).mean() > 0.99


def turned(orientation: int, width: int = drawn.WIDTH, height: int = drawn.HEIGHT) -> bytes:
    """Return a JPEG file of a scene, turned so that the tag turns it back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(drawn.shown(drawn.scene(0, width, height)))
    back = {
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright.transpose(back)
    return drawn.as_file(stored, "JPEG", quality=100, subsampling=0, exif=exif)


def stored_mask(data: bytes, **settings: object) -> bytes:
    """Return the mask of an image, drawn on its stored pixels."""
    with Image.open(io.BytesIO(data)) as image:
        return drawn.as_file(Image.fromarray(drawn.seen(np.array(image))), "PNG", **settings)


@pytest.mark.parametrize("orientation", [6, 7, 8])
@pytest.mark.parametrize("frame", ["stored", "upright", "tagged"])
def test_masks_of_turned_images_agree_with_them(
    tmp_path: Path, orientation: int, frame: str
) -> None:
    image = turned(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    mask = stored_mask(image, **({"exif": exif} if frame == "tagged" else {}))
    if frame == "upright":
        mask = drawn.as_png(drawn.scene(0))
    pairs = {"images/a.jpg": "masks/a.png"}
    root = made(tmp_path, {"images/a.jpg": image, "masks/a.png": mask}, pairs)
    out = tmp_path / "out"
    _, bad = expanded(root, out, MOVES, 4)
    assert not bad
    for k in range(4):
        name = f"a_v{k}" if k else "a"
        assert drawn.agree(read(out / f"images/{name}.jpg"), read(out / f"masks/{name}.png")) > 0.97
    same = (out / "masks/a.png").read_bytes() == mask
    assert same == (frame == "upright")


@pytest.mark.parametrize(("orientation", "size"), [(3, (160, 120)), (6, (120, 120))])
def test_a_mask_that_may_be_turned_or_not_is_not_used(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    mask = drawn.as_png(drawn.scene(0, *size))
    pairs = {"images/a.jpg": "masks/a.png", "images/b.jpg": "masks/b.png"}
    root = made(tmp_path, {"images/a.jpg": turned(orientation, *size), "masks/a.png": mask}, pairs)
    _, bad = expanded(root, tmp_path / "out")
    assert "does not tell by its size whether it is turned" in bad["images/a.jpg"]


def test_a_run_with_another_number_of_workers_or_a_restart_gives_the_same_tree(
    tmp_path: Path,
) -> None:
    more = {"images/c.png": drawn.as_png(drawn.scene(5)), "list.txt": b"a 1\nb 2\n"}
    root = made(tmp_path, more)
    for name, workers, factors in (("one", 1, (4,)), ("two", 2, (4,)), ("grown", 1, (2, 4))):
        for factor in factors:
            expand(root, tmp_path / name, factor, Recipe.load("blog"), workers=workers)
    trees = [
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file() and path.name != "expand.json"
        }
        for name in ("one", "two", "grown")
    ]
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0][Path("list.txt")].splitlines()) == 8


def test_a_mask_that_is_lost_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    expanded(made(tmp_path, {"list.txt": b"a\nb\n"}), out, "blog", 3)
    lost = [out / "masks/a_v2.png", out / "masks/a.png", out / "list.txt"]
    before = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    runner, verify = CliRunner(), ["verify", str(out)]
    assert runner.invoke(command, verify, standalone_mode=False).return_value == 1
    done = runner.invoke(command, [*verify, "--repair"], standalone_mode=False)
    assert not done.return_value, done.output
    assert [path.read_bytes() for path in lost] == before
