"""Sets that are nearly something else: each is refused, or its note says what is odd."""

from __future__ import annotations

import shlex
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from expand import ExpandError, expand
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from expand.splitting.plan import SplitSettings, plan_split
from tests.conftest import noise_image

SCENE, MASK = noise_image(16, 24, 3, seed=1), np.zeros((16, 24), np.uint8)
MASK[4:9, 5:12] = 1
YOLO = "0 0.5 0.5 0.2 0.2\n"
VOC = (
    "<annotation><size><width>24</width><height>16</height></size><object><name>cat</name>"
    "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)
COUNT = 8


def draw(root: Path, *names: str, mask: bool = False) -> Path:
    """Draw images, each with another corner."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = (MASK if mask else SCENE).copy()
        pixels[0, 0] = number
        path.write_bytes(encode(pixels, Encoding("PNG")))
    return root


def refused(root: Path, layout: str = "auto") -> str:
    with pytest.raises(ExpandError) as error:
        open_dataset(root, Request(layout))
    return str(error.value)


@pytest.mark.parametrize("ending", ["_L", "_m"])
def test_masks_whose_names_have_an_ending_that_says_nothing_are_refused(
    ending: str, tmp_path: Path
) -> None:
    root = draw(tmp_path, *(f"x{n}.png" for n in range(COUNT)))
    draw(root, *(f"x{n}{ending}.png" for n in range(COUNT)), mask=True)
    assert f'"x0{ending}.png" shows what masks of "x0.png" show' in refused(root)
    with open_dataset(root, Request("flat")) as dataset:
        assert len(dataset.listing) == 2 * COUNT


def test_photographs_with_such_endings_are_images(tmp_path: Path) -> None:
    names = [f"x{n}{ending}.png" for n in range(COUNT) for ending in ("", "_L")]
    with open_dataset(draw(tmp_path, *names)) as dataset:
        assert len(dataset.listing) == 2 * COUNT


def test_a_folder_of_masks_that_is_called_like_a_class_is_refused(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"x/{n}.png" for n in range(COUNT)))
    draw(root, *(f"y/{n}.png" for n in range(COUNT)), mask=True)
    assert '"y/" shows what masks of "x/" show' in refused(root)
    with open_dataset(root, Request("folders")) as dataset:
        assert dataset.class_names == ("x", "y")


def test_a_folder_of_masks_whose_names_have_an_ending_is_refused(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"Stills/{n}.png" for n in range(COUNT)))
    draw(root, *(f"Labeled/{n}_L.png" for n in range(COUNT)), mask=True)
    assert '"Labeled/" shows what masks of "Stills/" show' in refused(root)


@pytest.mark.parametrize("above", ["{0}/{1}.png", "train/{0}/{1}.png", "{0}/train/{1}.png"])
def test_several_folders_of_masks_that_are_not_called_so_are_refused(
    above: str, tmp_path: Path
) -> None:
    names = {
        name: [above.format(name, n) for n in range(COUNT)] for name in ("ids", "pics", "tints")
    }
    root = draw(draw(tmp_path, *names["pics"]), *names["ids"], *names["tints"], mask=True)
    said = refused(root)
    assert 'ids/" and "' in said
    assert 'tints/" show what masks of "' in said
    assert "--as folders" in said
    assert refused(root, "masks") == said.partition(". To grow")[0]
    for move in said.partition("rename the folders: ")[2].partition(". ")[0].split("; "):
        _, old, new = shlex.split(move)
        Path(old).rename(new)
    with open_dataset(root) as dataset:
        assert dataset.layout == "masks"
        assert len(dataset.listing) == COUNT


def test_masks_are_called_so_as_a_message_says(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"x{n}.png" for n in range(COUNT)))
    draw(root, *(f"x{n}_{who}.png" for n in range(COUNT) for who in ("1stHO", "2ndHO")), mask=True)
    assert 'call all of them as "x0_mask_1stHO.png"' in refused(root)
    for path in [*root.glob("*HO.png")]:
        path.rename(root / path.name.replace("_", "_mask_"))
    with open_dataset(root) as dataset:
        assert dataset.title == f"images with masks, {COUNT} images with {2 * COUNT} masks"


def test_images_of_several_kinds_with_the_same_names_as_masks_are_refused(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"{name}/{n}{n}b.png" for name in "xz" for n in range(COUNT)))
    draw(root, *(f"y/{n}{n}b.png" for n in range(COUNT)), mask=True)
    for path in root.glob("?/0*"):
        path.write_bytes(encode(np.repeat(decode(path.read_bytes()).pixels, 2, 0), Encoding("PNG")))
    assert "several pictures of the same things" in refused(root)


def test_folders_of_photographs_and_one_of_drawings_are_classes(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"{name}/{n}.png" for name in "xz" for n in range(COUNT)))
    draw(root, *(f"y/{n}.png" for n in range(COUNT)), mask=True)
    with open_dataset(root) as dataset:
        assert dataset.class_names == ("x", "y", "z")


@pytest.mark.parametrize("scenes", [0, 1])
def test_a_class_of_plain_images_is_a_class(scenes: int, tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"x/{n}.png" for n in range(COUNT)))
    draw(root, *(f"y/{n}.png" for n in range(COUNT - scenes)), mask=True)
    if not scenes:
        for n in range(COUNT):
            pixels = np.full_like(MASK, n)
            (root / f"y/{n}.png").write_bytes(encode(pixels, Encoding("PNG")))
    draw(root, *(f"y/{n}.png" for n in range(COUNT - scenes, COUNT)))
    with open_dataset(root) as dataset:
        assert dataset.class_names == ("x", "y")


@pytest.mark.parametrize(
    ("name", "text", "reading"), [("a/0.txt", YOLO, "yolo"), ("a/0.xml", VOC, "voc")]
)
def test_class_folders_with_a_stray_label_file_are_ambiguous(
    name: str, text: str, reading: str, tmp_path: Path
) -> None:
    root = draw(tmp_path, *(f"{'ab'[n % 2]}/{n}.png" for n in range(COUNT)))
    (root / name).write_text(text)
    said = refused(root)
    assert f'such as "{name}", but most images have none' in said
    assert f"--as {reading}" in said
    with open_dataset(root, Request("folders")) as dataset:
        assert dataset.class_names == ("a", "b")
    with open_dataset(root, Request(reading)) as dataset:
        assert len(dataset.listing) == COUNT


def test_images_of_pascal_voc_without_annotation_are_said_to_be_background(tmp_path: Path) -> None:
    root = draw(tmp_path, *(f"JPEGImages/{n}.png" for n in range(4)))
    (root / "Annotations").mkdir()
    for n in range(2):
        (root / f"Annotations/{n}.xml").write_text(VOC)
    with open_dataset(root) as dataset:
        assert dataset.notes == (
            '2 images have no annotation: background; the first is "JPEGImages/2.png"',
        )
        assert dataset.problems == 0


def test_a_box_of_nan_is_a_bad_image_and_not_the_end(tmp_path: Path) -> None:
    root = draw(tmp_path / "src", "train/0.png", "train/1.png")
    (root / "train/metadata.jsonl").write_text(
        '{"file_name": "0.png", "objects": {"bbox": [[NaN, 1, 2, 3]], "categories": [0]}}\n'
        '{"file_name": "1.png", "objects": {"bbox": [[2, 1, 8, 3]], "categories": [0]}}\n'
    )
    report = expand(root, tmp_path / "out", 2, workers=1)
    assert [(bad.source, bad.reason) for bad in report.summary.bad] == [
        ("train/0.png", '"train/metadata.jsonl", line 1: has a box with the number nan')
    ]


def test_absolute_paths_of_another_system_are_refused_with_the_folder_to_remove(
    tmp_path: Path,
) -> None:
    root = draw(tmp_path, "img/0.png", "img/1.png")
    (root / "labels.csv").write_text("path,class\nC:\\data\\img\\0.png,a\nC:\\data\\img\\1.png,b\n")
    assert 'remove "C:\\data\\img\\" if the images lie' in refused(root)


def test_columns_are_named_of_tables_only(tmp_path: Path) -> None:
    root = draw(tmp_path, "images/a.png", "images/b.png")
    (root / "labels").mkdir()
    (root / "labels/a.txt").write_text(YOLO)
    with pytest.raises(
        ExpandError, match="^--columns says what columns of a table mean, and .* is YOLO"
    ):
        open_dataset(root, Request(columns="x=x"))


def test_a_table_that_writes_names_in_another_case_is_refused_with_both(tmp_path: Path) -> None:
    root = draw(tmp_path, "img/0.png", "img/1.png")
    (root / "labels.csv").write_text("path,class\n0.PNG,a\n1.PNG,b\n")
    assert '"labels.csv" names "0.PNG", and the image is called "img/0.png"' in refused(root)


def test_texts_that_are_not_read_beside_masks_name_the_command_for_masks(tmp_path: Path) -> None:
    names = [f"{n:02}.png" for n in range(4)]
    root = draw(tmp_path, *(f"PNGImages/{name}" for name in names))
    draw(root, *(f"PedMasks/{name[:-4]}_mask.png" for name in names), mask=True)
    (root / "Annotation").mkdir()
    for name in names:
        (root / f"Annotation/{name[:-4]}.txt").write_text("# PASCAL 1.00\nImage size : 24 x 16\n")
    assert "--as masks" in refused(root)
    with open_dataset(root, Request("masks")) as dataset:
        assert len(dataset.listing) == 4


@pytest.mark.parametrize(
    ("image", "label"),
    [("a.png", "a.TXT"), (f"{unicodedata.normalize('NFD', 'é')}.png", "é.txt")],
)
def test_a_label_file_that_is_called_nearly_like_its_image_is_refused(
    image: str, label: str, tmp_path: Path
) -> None:
    root = draw(tmp_path, f"images/train/{image}", "images/train/b.png")
    (root / "labels/train").mkdir(parents=True)
    for name in (label, "b.txt"):
        (root / f"labels/train/{name}").write_text(YOLO)
    (root / "data.yaml").write_text("train: images/train\nval: images/train\nnames: [a]\n")
    said = refused(root)
    assert f'labels/train/{label}" is called like the label file of an image' in said


def test_images_without_labels_are_left_out_of_a_split_and_named(tmp_path: Path) -> None:
    root = draw(tmp_path / "src", *(f"train/{n}.png" for n in range(COUNT)))
    rows = "".join(f"{n}.png,{n}\n" for n in range(COUNT - 1))
    (root / "train/metadata.csv").write_text(f"file_name,weight\n{rows}")
    plan = plan_split(root, tmp_path / "out", SplitSettings())
    assert plan.count == COUNT - 1
    assert plan.images.bad == (f'"train/{COUNT - 1}.png" is left out: it has no labels',)


def test_class_folders_beside_what_is_not_read_are_named(tmp_path: Path) -> None:
    classes = [f"101/{label}/{n}.png" for label in ("ant", "bass", "background") for n in range(2)]
    root = draw(tmp_path, *classes)
    (root / "Annotations/ant").mkdir(parents=True)
    (root / "Annotations/ant/0.mat").write_bytes(b"MATLAB 5.0")
    assert f"To grow its class folders instead, without other files: expand {root}/101" in refused(
        root
    )


def test_names_of_columns_are_quoted_in_a_command(tmp_path: Path) -> None:
    root = draw(tmp_path, "i/0.png", "i/1.png")
    (root / "boxes.csv").write_text("file,Box [x,y\n0.png,1.5,3\n1.png,5,6\n")
    assert "For a point in pixels: --columns 'Box [x=x,y=y'. " in refused(root)
    with open_dataset(root, Request(columns="Box [x=x,y=y")) as dataset:
        assert len(dataset.listing) == 2
