"""Images with labels in two forms: the dataset is refused, unless the user says which grow."""

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
DOTA = b"imagesource:GoogleEarth\ngsd:0.15\n1 1 5 1 5 5 1 5 plane 0\n"


def yolo(root: Path, more: dict[str, bytes]) -> Path:
    names = [f"images/{n}.png" for n in range(3)]
    rows = {f"labels/{n}.txt": ROW for n in range(3)}
    return write(root, {**dict.fromkeys(names, PNG), **rows, **more})


def test_yolo_beside_masks_is_refused_and_each_reading_works(tmp_path: Path) -> None:
    src = yolo(tmp_path, {f"masks/{n}.png": as_png(noise_image(9, 8, 1)[..., 0]) for n in range(3)})
    with pytest.raises(
        ExpandError,
        match=r'"images/0.png" has "masks/0.png".*--as yolo-detect or --as masks$',
    ):
        open_dataset(src)
    with open_dataset(src, Request("yolo-detect")) as dataset:
        assert dataset.layout == "yolo-detect"
    with open_dataset(src, Request("masks")) as dataset:
        assert dataset.layout == "masks"


def test_labels_that_split_folders_do_not_read_are_no_class_folders(tmp_path: Path) -> None:
    files = {f"train/images/P{n}.png": PNG for n in range(2)}
    write(tmp_path, {**files, **{f"train/labelTxt/P{n}.txt": DOTA for n in range(2)}})
    with pytest.raises(ExpandError, match="train/labelTxt/.*form of DOTA are not read"):
        open_dataset(tmp_path)


def test_a_list_of_images_hides_no_label_files(tmp_path: Path) -> None:
    files = {f"data/obj/{n}.png": PNG for n in range(3)}
    files |= {f"data/obj/{n}.txt": ROW for n in range(3)}
    lists = {
        "data/train.txt": b"data/obj/0.png\ndata/obj/1.png\n",
        "data/test.txt": b"data/obj/2.png\n",
    }
    with pytest.raises(ExpandError, match="which copies do not get"):
        open_dataset(write(tmp_path, {**files, **lists}), Request())


@pytest.mark.parametrize(
    "more",
    [
        {"val/labels/0.txt": ROW, "val/labels/1.txt": ROW, "val/labels/2.txt": ROW},
        {"other/0.csv": b"", "other/1.csv": b"", "other/2.csv": b""},
        {"masks/0.png": PNG, "labels/readme.txt": b""},
        {"drawings/0.png": PNG, "drawings/1.png": PNG, "drawings/2.png": PNG},
    ],
)
def test_other_files_are_kept(more: dict[str, bytes], tmp_path: Path) -> None:
    open_dataset(yolo(tmp_path, more)).close()


@pytest.mark.parametrize("folder", ["", "annotations/", "other/"])
def test_coco_json_beside_other_labels_is_refused_and_that_of_another_part_is_not(
    folder: str, tmp_path: Path
) -> None:
    def coco(name: str) -> bytes:
        return f'{{"images": [{{"id": 1, "file_name": "{name}"}}], "annotations": []}}'.encode()

    src = yolo(tmp_path, {f"{folder}instances.json": coco("0.png")})
    with pytest.raises(ExpandError, match="other labels too.*(coco or --as yolo|or --as coco)$"):
        open_dataset(src)
    with open_dataset(src, Request("yolo-detect")) as dataset:
        assert dataset.layout == "yolo-detect"
    (src / f"{folder}instances.json").unlink()
    with open_dataset(write(src, {"other/val.json": coco("val9.png")})) as dataset:
        assert dataset.layout == "yolo-detect"
