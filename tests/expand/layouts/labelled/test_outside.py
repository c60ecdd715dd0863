"""Images whose labels lie outside the folder that is given: refused, as their copies would get none."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand import ExpandError
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from tests.conftest import noise_image
from tests.expand.layouts.labelled.masks.drawn import as_png, write

PNG = as_png(noise_image(9, 8, 3))
ROW = b"0 .5 .5 .2 .2\n"


@pytest.mark.parametrize(
    ("images", "labels", "content", "both"),
    [
        ("train/images", "train/labels/0.txt", ROW, "train"),
        ("images/train", "labels/train/0.txt", ROW, ""),
        ("images/train", "labels/0.txt", ROW, ""),
        ("JPEGImages", "Annotations/0.xml", b"<annotation/>", ""),
        ("images", "masks/0.png", PNG, ""),
        ("train2017", "annotations/a.json", b'{"images": [{"file_name": "0.png"}]}', ""),
        ("images", "labels.csv", b"file,label\n0.png,cat\n", ""),
        ("images", "labels.csv", b"file,label\nimages/0.png,cat\n", ""),
    ],
)
def test_labels_beside_the_folder_of_images_are_not_lost_silently(
    tmp_path: Path, images: str, labels: str, content: bytes, both: str
) -> None:
    root = write(tmp_path, {f"{images}/0.png": PNG, f"{images}/1.png": PNG, labels: content})
    with pytest.raises(ExpandError) as error:
        open_dataset(root / images)
    assert f'"{Path(labels).name}". Give the folder that holds both, "{root / both}", ' in str(
        error.value
    )
    with open_dataset(root / images, Request("flat")) as dataset:
        assert dataset.layout == "flat"


@pytest.mark.parametrize(
    ("other", "content"),
    [
        ("labels/2.txt", ROW),  # of another image
        ("0.txt", ROW),
        ("0.png", PNG),
        ("photos/0.png", PNG),
        ("prices.csv", b"file,label\n10.png,cat\n"),
        ("annotations/readme.json", b'{"name": "a set"}'),
    ],
)
def test_files_beside_the_folder_of_images_that_do_not_label_them_are_ignored(
    tmp_path: Path, other: str, content: bytes
) -> None:
    root = write(tmp_path, {"images/0.png": PNG, "images/1.png": PNG, other: content})
    with open_dataset(root / "images") as dataset:
        assert dataset.layout == "flat"
