"""Labels in forms that are not read: each is refused, and the message says what to do."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from expand import ExpandError
from expand.layouts.class_folders import list_sources
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from tests.expand.layouts.test_recognise import LABELME, write

NAMES = [f"{number}.jpg" for number in range(3)]
FLAT = dict.fromkeys(NAMES, "")
FOLDER = {f"images/{name}": "" for name in NAMES}
CLASSES = {f"{label}/{label}{number}.jpg": "" for label in ("cat", "dog") for number in range(3)}
PARTS = {
    f"{part}/{label}.{n}.jpg": "" for part in ("train", "test") for label in "ab" for n in "01"
}
KITTI = "Car 0.00 0 1.85 20.0 10.0 40.0 30.0 1.67 1.87 3.69 -16.53 2.39 58.49 1.57\n"
DOTA = "imagesource:GoogleEarth\ngsd:0.15\n1 1 5 1 5 5 1 5 plane 0\n"
WIDER = "".join(f"0--Parade/{n}\n1\n20 10 20 20 0 0 0 0 0 0 \n" for n in NAMES)
VIA = '{"0.jpg12": {"filename": "0.jpg", "regions": [{"shape_attributes": {"name": "rect"}}]}}'
VIA_CSV = 'filename,region_id,region_shape_attributes\n0.jpg,0,"{""name"":""rect""}"\n'
STUDIO = '[{"result": [{"original_width": 60, "from_name": "label"}], "data": {"image": "0.jpg"}}]'
SUPERVISELY = '{"size": {"height": 4}, "objects": [{"classTitle": "cat", "points": {}}]}'
DATUMARO = '{"categories": {"label": {}}, "items": [{"id": "0", "annotations": []}]}'
CREATEML = '[{"image": "0.jpg", "annotations": [{"label": "a", "coordinates": {"x": 1, "y": 2}}]}]'
CVAT = '<annotations><version>1.1</version><image id="0" name="0.jpg"/></annotations>'
DLIB = "<dataset><images><image file='0.jpg'><box top='1'/></image></images></dataset>"


def each(folder: str, suffix: str, text: str) -> dict[str, str]:
    return {f"{folder}{name[:-4]}{suffix}": text for name in NAMES}


REFUSED: dict[str, tuple[str, dict[str, str]]] = {
    "spreadsheet, flat": ("save it as a CSV file", FLAT | {"labels.xlsx": ""}),
    "spreadsheet, a folder": ("save it as a CSV file", FOLDER | {"labels.xls": ""}),
    "spreadsheet, parts": ("save it as a CSV file", PARTS | {"labels.ods": ""}),
    "array, flat": ("MAT files are not read", FLAT | {"setid.mat": ""}),
    "array, a folder": ("H5 files are not read", FOLDER | {"labels.h5": ""}),
    "arrays, flat": ("NPY files are not read.*as PNG", FLAT | each("", ".npy", "")),
    "arrays, classes": ("NPY files", CLASSES | {f"cat/cat{n}.npy": "" for n in range(3)}),
    "landmarks": ("PTS files are not read", FLAT | each("", ".pts", "version: 1\n")),
    "captions, flat": ("columns file_name and text", FLAT | each("", ".txt", "a cat\n")),
    "captions, one folder": (
        "columns file_name and text",
        FOLDER | each("images/", ".caption", "a cat\n"),
    ),
    "classes of WebDataset": ("columns file and label", FLAT | each("", ".cls", "1")),
    "KITTI": ("form of KITTI", each("image_2/", ".png", "") | each("label_2/", ".txt", KITTI)),
    "KITTI, beside": ("form of KITTI", FLAT | each("", ".txt", KITTI)),
    "DOTA": ("form of DOTA", FOLDER | each("labelTxt/", ".txt", DOTA)),
    "ICDAR": ("form of ICDAR", FOLDER | each("gt/gt_", ".txt", "1,1,5,1,5,5,1,5,STOP\n")),
    "VisDrone": ("Labels with boxes", FOLDER | each("annotations/", ".txt", "1,1,5,5,1,4,0,0\n")),
    "Open Images toolkit": (
        "with a name and a box",
        FOLDER | each("images/Label/", ".txt", "Car 20.0 10.0 40.0 30.0\n"),
    ),
    "WIDER FACE": (
        "form of WIDER FACE",
        {f"WIDER_train/images/0--Parade/{name}": "" for name in NAMES}
        | {"wider_face_split/wider_face_train_bbx_gt.txt": WIDER},
    ),
    "keras-yolo3": ("keras-yolo3", FLAT | {"_annotations.txt": "0.jpg 20,10,40,30,0\n"}),
    "VIA": ("COCO format.*in VIA", FLAT | {"via_region_data.json": VIA}),
    "VIA in classes": ("COCO format.*in VIA", CLASSES | {"cat/via.json": VIA}),
    "VIA, CSV": ("COCO format.*in VIA", FLAT | {"via_export.csv": VIA_CSV}),
    "Label Studio": ("in Label Studio", FLAT | {"project.json": STUDIO}),
    "Supervisely": ("from Supervisely", each("d/img/", ".jpg", "") | each("d/ann/", ".json", SUPERVISELY)),
    "Datumaro": ("datum convert", FOLDER | {"annotations/default.json": DATUMARO}),
    "CreateML": ("form of CreateML", FLAT | {"_annotations.createml.json": CREATEML}),
    "CVAT": ("in CVAT", FLAT | {"annotations.xml": CVAT}),
    "dlib": ("form of dlib", FLAT | {"labels.xml": DLIB}),
    "labels in a folder of any name": ("as PNG files", FOLDER | each("depthmap/", ".npy", "")),
    "CUB-200": (
        '"images.txt" numbers the images.*"train_test_split.txt"',
        {f"images/{name}": "" for name in CLASSES}
        | {"images.txt": "".join(f"{n} {name}\n" for n, name in enumerate(CLASSES, 1))}
        | {
            name: "".join(f"{n} {n % 2}\n" for n in range(1, 7))
            for name in ("image_class_labels.txt", "train_test_split.txt")
        },
    ),
    "images named for their class": (
        r'no class folders: 4 images \("a.0.jpg"\).*\$\{f%%\.\*\}.*/train OUT --as flat',
        PARTS,
    ),
    "TFRecord": ("inside TFRecord files", {"train-00000-of-00010.tfrecord": ""}),
    "TFRecord in parts": ("inside TFRecord files", {"train/a.tfrecord": "", "valid/a.tfrecord": ""}),
    "HDF5": ("inside HDF5 files", {"train.h5": ""}),
    "LMDB": ("inside LMDB files", {"train.lmdb/data.mdb": "", "train.lmdb/lock.mdb": ""}),
    "WebDataset": ("unpack it", {"shard-000000.tar": "", "shard-000001.tar": ""}),
    "Parquet with images": ("inside Parquet files", {"data/train-00000-of-00001.parquet": ""}),
    "MNIST": ("expand fetch", {"MNIST/raw/train-images-idx3-ubyte.gz": ""}),
    "CIFAR": ("expand fetch", {"cifar-10-batches-py/data_batch_1": ""}),
    "Tiny ImageNet": (
        "--as split-folders$",
        {f"train/{c}/images/{c}_{n}.jpg": "" for c in ("n1", "n2") for n in range(3)}
        | {f"train/{c}/{c}_boxes.txt": f"{c}_0.jpg\t0\t1\t9\t9\n" for c in ("n1", "n2")}
        | {"val/images/v.jpg": "", "val/val_annotations.txt": "v.jpg\tn1\t0\t1\t9\t9\n"},
    ),
    "ImageNet of Kaggle": (
        "expand [^ ]*ILSVRC/Data/CLS-LOC OUT$",
        {
            f"ILSVRC/{place}/CLS-LOC/train/n1/n1_{n}{suffix}": text
            for place, suffix, text in (
                ("Data", ".jpg", ""),
                ("Annotations", ".xml", "<annotation><folder>n1</folder></annotation>"),
            )
            for n in range(3)
        }
        | {"ILSVRC/Data/CLS-LOC/val/v.jpg": "", "ILSVRC/ImageSets/CLS-LOC/train_cls.txt": "n1/n1_0 1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "files"), REFUSED.values(), ids=list(REFUSED))
def test_labels_that_are_not_read_are_refused_with_what_to_do(
    said: str, files: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(ExpandError, match=said) as refused:
        open_dataset(write(tmp_path / "set", files))
    assert refused.value.status == 2


@pytest.mark.parametrize("text", ["cat/cat0.jpg", "cat0"])
def test_a_spreadsheet_beside_class_folders_counts_if_it_names_images(
    text: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", CLASSES)
    for name, cells in (("costs.xlsx", ["file", "12"]), ("info.xlsx", ["file", text, "dog2"])):
        with zipfile.ZipFile(root / name, "w") as file:
            strings = "".join(f"<si><t>{cell}</t></si>" for cell in cells)
            file.writestr("xl/sharedStrings.xml", f"<sst>{strings}</sst>")
    with pytest.raises(ExpandError, match='"info.xlsx".*Spreadsheets are not read'):
        list_sources(root)
    (root / "info.xlsx").unlink()
    assert len(list_sources(root)) == 6


def test_a_file_of_labels_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    for root in (write(tmp_path / "a", FOLDER), write(tmp_path / "b", CLASSES)):
        os.mkfifo(root / "labels.csv")
        with pytest.raises(ExpandError, match='"labels.csv". It is not a regular file'):
            open_dataset(root)
        (root / "labels.csv").unlink()
        (root / "labels.json").symlink_to("nowhere")
        with pytest.raises(ExpandError, match="labels.json.*cannot be read"):
            open_dataset(root)


@pytest.mark.parametrize(
    "more",
    [
        {"model.h5": "", "features.npy": "", "notes.xlsx": ""},
        {"cat/cat0.txt": "a cat", "cat/cat1.json": "{}", "cat/cat2.xmp": ""},
        {"train.zip": "", "README.md": ""},
    ],
)
def test_other_files_beside_class_folders_are_no_labels(
    more: dict[str, str], tmp_path: Path
) -> None:
    with open_dataset(write(tmp_path / "set", CLASSES | more)) as dataset:
        assert (dataset.layout, len(dataset.listing)) == ("folders", 6)


def test_the_images_of_a_refused_folder_grow_alone_if_asked(tmp_path: Path) -> None:
    root = write(tmp_path / "set", CLASSES | {"cat/cat0.json": LABELME})
    for layout in ("flat", "folders"):
        with open_dataset(root, Request(layout)) as dataset:
            assert len(dataset.listing) == 6
