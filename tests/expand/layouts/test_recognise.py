"""Layouts: class folders are told from every other kind, by what is in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand import ExpandError
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import FOLDERS, Kind, LayoutError
from expand.layouts.recognition.masks import STARTS
from expand.layouts.recognition.recognise import recognise
from expand.layouts.recognition.words import MARKS, part_of, role_of, words
from tests.conftest import noise_image

IMAGE = noise_image(4, 4, 3)
COCO = json.dumps(
    {
        "info": {},
        "images": [{"id": 1, "file_name": "1.jpg", "width": 4, "height": 4}],
        "annotations": [{"id": 1, "image_id": 1, "bbox": [0, 0, 2, 2], "category_id": 1}],
        "categories": [{"id": 1, "name": "cat"}],
    }
)
VOC = "<annotation><folder>x</folder><filename>1.jpg</filename><object></object></annotation>"
YOLO = "0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.05 0.05\n"
YAML = "train: images/train\nval: images/val\nnames: [cat, dog]\n"
LABELME = json.dumps(
    {"version": "5", "shapes": [{"label": "cat", "points": [[0, 0]]}], "imagePath": "1.jpg"}
)
CVAT = '<?xml version="1.0"?>\n<annotations>\n<version>1.1</version><image id="0"/></annotations>'
STEMS = '{"classes": ["x"], "labels": {"a": [{"label": 0, "bounding_box": [0, 0, 1, 1]}], "b": []}}'
TWO = ("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")


def write(root: Path, files: dict[str, str] | tuple[str, ...]) -> Path:
    """Write files with these contents; one without content is an image in its name only."""
    contents = files if isinstance(files, dict) else dict.fromkeys(files, "")
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return root


def inside(folder: str, names: tuple[str, ...] = TWO) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


def parts(*names: str) -> tuple[str, ...]:
    return tuple(file for name in names for file in inside(name))


SPLITS = [
    ("train", "val", "test"),
    ("Train", "Valid", "Test"),
    ("TRAIN", "VALIDATION"),
    ("training", "testing"),
    ("train", "dev"),
    ("train2017", "val2017"),
    ("train_set", "test_set"),
    ("trainset", "testset"),
    ("training_images", "test_images"),
    ("seg_train", "seg_test", "seg_pred"),
    ("cars_train", "cars_test"),
    ("imagesTrain", "imagesVal"),
    ("val", "test"),
    ("train",),
    ("Training Set",),
    ("train", "test", "unlabeled"),
    ("fold1", "fold2", "fold3"),
    ("fold_0", "fold_1"),
]


@pytest.mark.parametrize("names", SPLITS, ids=" ".join)
@pytest.mark.parametrize("above", ["", "archive/", "archive/dataset v2/"])
def test_a_split_root_is_refused_at_any_level(
    names: tuple[str, ...], above: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", parts(*(f"{above}{name}" for name in names)))
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    layout = refused.value.layout
    assert layout.kind in (Kind.SPLIT, Kind.FOLDS)
    assert layout.evidence[0].startswith(above)
    assert refused.value.status == 2
    assert recognise(root) == layout
    assert len(list_sources(root, layout=FOLDERS)) == 4 * len(names)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (parts("train", "val"), "expand ROOT/train OUT"),
        (parts("Training Set", "Test Set"), "expand 'ROOT/Training Set' OUT"),
        (parts("a/train", "a/test"), "expand ROOT/a/train OUT"),
        (parts("train/images", "val/images"), "expand ROOT/train/images OUT"),
        (parts("images"), "expand ROOT/images OUT"),
        (parts("cat/train", "cat/test"), "expand ROOT/cat/train OUT"),
    ],
)
def test_the_right_command_is_named(files: tuple[str, ...], command: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", files)
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    assert command.replace("ROOT", str(root)) in str(refused.value)
    assert "--as folders" in str(refused.value)


@pytest.mark.parametrize("name", ["train", "val"])
def test_parts_without_class_folders_name_no_command(name: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", ("train/1.png", f"{name}/2.png", "test/3.png"))
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    assert "OUT" not in str(refused.value)


OTHERS: list[tuple[str, Kind, dict[str, str]]] = [
    (
        "YOLO, Ultralytics",
        Kind.YOLO,
        {"data.yaml": YAML, "images/train/1.jpg": "", "labels/train/1.txt": YOLO},
    ),
    (
        "YOLO, no yaml",
        Kind.YOLO,
        {"images/train/1.jpg": "", "images/val/2.jpg": "", "labels/train/1.txt": YOLO},
    ),
    ("YOLO, flat", Kind.YOLO, {"images/1.jpg": "", "labels/1.txt": YOLO}),
    (
        "YOLO, Roboflow",
        Kind.YOLO,
        {
            "data.yaml": YAML,
            "train/images/1.jpg": "",
            "train/labels/1.txt": YOLO,
            "valid/images/2.jpg": "",
        },
    ),
    (
        "YOLO, Roboflow, no yaml",
        Kind.YOLO,
        {
            "train/images/1.jpg": "",
            "train/labels/1.txt": YOLO,
            "valid/images/2.jpg": "",
            "valid/labels/2.txt": "",
        },
    ),
    ("YOLO, one part of Roboflow", Kind.YOLO, {"images/1.jpg": "", "labels/1.txt": YOLO}),
    (
        "YOLO, yaml of another name",
        Kind.YOLO,
        {"coco8.yml": "path: x\ntrain: images\nval: images\nnames:\n  0: a\n", "images/1.jpg": ""},
    ),
    ("YOLO, text beside images", Kind.YOLO, {"cat/1.jpg": "", "cat/1.txt": YOLO, "cat/2.jpg": ""}),
    ("YOLO, darknet", Kind.YOLO, {"obj/1.jpg": "", "obj/1.txt": YOLO}),
    ("YOLO, polygons", Kind.YOLO, {"cat/1.jpg": "", "cat/1.txt": "0 0.1 0.1 0.2 0.1 0.2 0.2\n"}),
    (
        "YOLO, labels beside classes",
        Kind.YOLO,
        {"cat/1.jpg": "", "dog/2.jpg": "", "labels/1.txt": YOLO, "labels/2.txt": YOLO},
    ),
    (
        "COCO",
        Kind.COCO,
        {"train2017/1.jpg": "", "val2017/2.jpg": "", "annotations/instances_train2017.json": COCO},
    ),
    ("COCO, one part", Kind.COCO, {"images/1.jpg": "", "annotations/instances.json": COCO}),
    (
        "COCO, Roboflow",
        Kind.COCO,
        {
            "train/1.jpg": "",
            "train/_annotations.coco.json": COCO,
            "valid/2.jpg": "",
            "valid/_annotations.coco.json": COCO,
        },
    ),
    ("COCO, beside the folder", Kind.COCO, {"images/1.jpg": "", "labels.json": COCO}),
    (
        "COCO, beside class folders",
        Kind.COCO,
        {"cat/1.jpg": "", "dog/2.jpg": "", "result.json": COCO},
    ),
    ("COCO, flat", Kind.COCO, {"1.jpg": "", "_annotations.coco.json": COCO}),
    (
        "VOC",
        Kind.VOC,
        {"JPEGImages/1.jpg": "", "Annotations/1.xml": VOC, "ImageSets/Main/train.txt": "1"},
    ),
    (
        "VOC, devkit",
        Kind.VOC,
        {"VOCdevkit/VOC2007/JPEGImages/1.jpg": "", "VOCdevkit/VOC2007/Annotations/1.xml": VOC},
    ),
    (
        "VOC, segmentation",
        Kind.VOC,
        {"JPEGImages/1.jpg": "", "SegmentationClass/1.png": "", "ImageSets/x.txt": "1"},
    ),
    ("VOC, beside images", Kind.VOC, {"cat/1.jpg": "", "cat/1.xml": VOC}),
    (
        "VOC, Roboflow",
        Kind.VOC,
        {"train/1.jpg": "", "train/1.xml": VOC, "test/2.jpg": "", "test/2.xml": VOC},
    ),
    (
        "VOC, annotations per class",
        Kind.VOC,
        {"images/cat/1.jpg": "", "annotations/cat/1.xml": VOC},
    ),
    ("masks", Kind.MASKS, {"images/1.jpg": "", "masks/1.png": ""}),
    ("masks, capitals", Kind.MASKS, {"Image/a.jpg": "", "GT/a.png": ""}),
    ("masks, labels", Kind.MASKS, {"images/1.jpg": "", "labels/1.png": ""}),
    (
        "masks, annotations",
        Kind.MASKS,
        {"images/training/1.jpg": "", "annotations/training/1.png": ""},
    ),
    ("masks, mmsegmentation", Kind.MASKS, {"img_dir/train/1.jpg": "", "ann_dir/train/1.png": ""}),
    ("masks, nnU-Net", Kind.MASKS, {"imagesTr/a_0000.png": "", "labelsTr/a.png": ""}),
    ("masks, ground truth", Kind.MASKS, {"Original/1.png": "", "Ground Truth/1.png": ""}),
    ("masks, Carvana", Kind.MASKS, {"train/a_01.jpg": "", "train_masks/a_01_mask.gif": ""}),
    (
        "masks, CamVid",
        Kind.MASKS,
        {"train/1.png": "", "trainannot/1.png": "", "val/2.png": "", "valannot/2.png": ""},
    ),
    (
        "masks, Cityscapes",
        Kind.MASKS,
        {
            "leftImg8bit/train/aachen/a_leftImg8bit.png": "",
            "gtFine/train/aachen/a_gtFine_labelIds.png": "",
        },
    ),
    (
        "masks, Cityscapes with polygons",
        Kind.MASKS,
        {
            "leftImg8bit/train/aachen/a_leftImg8bit.png": "",
            "gtFine/train/aachen/a_gtFine_labelIds.png": "",
            "gtFine/train/aachen/a_gtFine_instanceIds.png": "",
            "gtFine/train/aachen/a_gtFine_polygons.json": "{}",
        },
    ),
    (
        "masks, with names of classes",
        Kind.MASKS,
        {"images/1.png": "", "labels/1.png": "", "labels/classes.txt": "a"},
    ),
    (
        "masks, with a table of images",
        Kind.MASKS,
        {"images/a.png": "", "masks/a.png": "", "labels.csv": "image,label\na.png,cat\n"},
    ),
    ("masks, KITTI", Kind.MASKS, {"training/image_2/1.png": "", "training/semantic/1.png": ""}),
    (
        "masks, in each class",
        Kind.MASKS,
        {"covid/images/1.png": "", "covid/masks/1.png": "", "normal/images/2.png": ""},
    ),
    (
        "masks, in each part",
        Kind.MASKS,
        {"train/images/1.png": "", "train/masks/1.png": "", "test/images/2.png": ""},
    ),
    (
        "masks, images at the top",
        Kind.MASKS,
        {"1.png": "", "2.png": "", "masks/1.png": "", "masks/2.png": ""},
    ),
    (
        "masks, beside classes",
        Kind.MASKS,
        {"images/a.png": "", "masks/a.png": "", "other/b.png": ""},
    ),
    ("pairs, _mask", Kind.MASKS, {"benign/x.png": "", "benign/x_mask.png": ""}),
    (
        "pairs, _mask_1",
        Kind.MASKS,
        {"benign/benign (1).png": "", "benign/benign (1)_mask_1.png": ""},
    ),
    ("pairs, _anno", Kind.MASKS, {"Warwick/train_1.bmp": "", "Warwick/train_1_anno.bmp": ""}),
    ("pairs, _sat", Kind.MASKS, {"train/1_sat.jpg": "", "train/1_mask.png": ""}),
    ("pairs, _seg", Kind.MASKS, {"a/x.jpg": "", "a/x_seg.png": ""}),
    ("pairs, _label", Kind.MASKS, {"a/x.jpg": "", "a/x_label.png": ""}),
    ("pairs, -gt", Kind.MASKS, {"a/x.jpg": "", "a/x-gt.png": ""}),
    ("pairs, prefix", Kind.MASKS, {"a/image_01.jpg": "", "a/mask_01.png": ""}),
    ("pairs, names alone", Kind.MASKS, {"a/s1/image.png": "", "a/s1/mask.png": ""}),
    ("pairs, mask of another format", Kind.MASKS, {"a/x.jpg": "", "a/x_mask.gif": ""}),
    (
        "anomaly detection",
        Kind.SPLIT,
        {"train/good/1.png": "", "test/broken/2.png": "", "ground_truth/broken/2_mask.png": ""},
    ),
    ("labelme", Kind.ANNOTATED, {"cat/1.jpg": "", "cat/1.json": LABELME}),
    ("CVAT", Kind.ANNOTATED, {"images/1.jpg": "", "annotations.xml": CVAT}),
    (
        "Hugging Face, csv",
        Kind.METADATA,
        {"train/1.jpg": "", "train/metadata.csv": "file_name,text\n1.jpg,a\n"},
    ),
    (
        "Hugging Face, jsonl",
        Kind.METADATA,
        {
            "cat/1.jpg": "",
            "dog/2.jpg": "",
            "metadata.jsonl": '{"file_name": "cat/1.jpg", "text": "x"}\n',
        },
    ),
    (
        "Hugging Face, in a class",
        Kind.METADATA,
        {"cat/1.jpg": "", "dog/2.jpg": "", "cat/metadata.jsonl": '{"file_name": "1.jpg"}\n'},
    ),
    ("csv of one folder", Kind.TABLE, {"images/a.jpg": "", "labels.csv": "id,label\na.jpg,cat\n"}),
    (
        "csv of stems",
        Kind.TABLE,
        {
            "part_1/ISIC_1.jpg": "",
            "part_2/ISIC_2.jpg": "",
            "x_metadata.csv": "lesion,image_id,dx\nH1,ISIC_1,bkl\nH2,ISIC_2,nv\n",
        },
    ),
    ("csv of numbers", Kind.TABLE, {"images/1.jpg": "", "labels.csv": "id,label\n1,cat\n"}),
    (
        "csv of several labels",
        Kind.TABLE,
        {"cat/1.jpg": "", "dog/2.jpg": "", "tags.csv": "file,a,b\ncat/1.jpg,0,1\ndog/2.jpg,1,1\n"},
    ),
    ("csv in a class", Kind.TABLE, {"faces/x.jpg": "", "faces/age.csv": "x.jpg;31\n"}),
    (
        "csv in another case",
        Kind.TABLE,
        {"images/a.JPG": "", "labels.csv": "file,label\na.jpg,cat\n"},
    ),
    (
        "boxes beside class folders",
        Kind.TABLE,
        {"cat/1.jpg": "", "dog/2.jpg": "", "x.csv": "file,class,a,b,c,d\ncat/1.jpg,cat,1,1,5,5\n"},
    ),
    (
        "boxes in a part",
        Kind.TABLE,
        {"train/a.jpg": "", "train/x.csv": "TRAIN,a.jpg,cat,0.1,0.1,,,0.5,0.5,,\n"},
    ),
    ("list of boxes", Kind.TABLE, {"00/b.jpg": "", "a.jpg": "", "gt.txt": "a.jpg;4;1;8;6;11\n"}),
    ("json of stems", Kind.ANNOTATED, {"data/a.jpg": "", "data/b.jpg": "", "labels.json": STEMS}),
    ("tsv", Kind.TABLE, {"images/a.jpg": "", "labels.tsv": "a.jpg\tcat\n"}),
    ("text with labels", Kind.TABLE, {"images/a.jpg": "", "train.txt": "images/a.jpg 0\n"}),
    (
        "csv in Windows form",
        Kind.TABLE,
        {"images/a.jpg": "", "labels.csv": "\ufefffile;label\r\nimages\\a.jpg;3\r\n"},
    ),
]


@pytest.mark.parametrize(
    ("kind", "files"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS]
)
def test_other_layouts_are_refused_and_named(
    kind: Kind, files: dict[str, str], tmp_path: Path
) -> None:
    root = write(tmp_path / "set", files)
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    layout = refused.value.layout
    assert layout.kind is kind, layout
    assert layout.evidence
    assert all((root / name).exists() for name in layout.evidence), layout
    assert all(f'"{name}"' in str(refused.value) for name in layout.evidence)
    assert recognise(root).kind is kind


GOOD: list[tuple[str, dict[str, str]]] = [
    (
        "files that happen to be there",
        {
            "README.txt": "Photos of cats.\ncat 1\n",
            "labels.txt": "cat\ndog\n",
            "LICENSE": "MIT",
            "classes.csv": "id,name\n0,cat\n1,dog\n",
            "cat/Thumbs.db": "",
            "desktop.ini": "",
            "notes.json": '{"author": "me", "images": 4}',
            "class_indices.json": '{"cat": 0, "dog": 1}',
            "cat_to_name.json": '{"1": "rose"}',
            "Dockerfile": "",
            "dataset-metadata.json": '{"id": "x/y", "licenses": [{"name": "CC0"}]}',
            "conda.yaml": "name: x\n",
        },
    ),
    (
        "a table that says what the folders say",
        {"labels.csv": "path,class\ncat/1.png,cat\ndog/3.png,dog\n"},
    ),
    (
        "a list of files",
        {
            "files.txt": "cat/1.png\ndog/3.png\n",
            "SHA256SUMS.txt": f"{'ab' * 32}  cat/1.png\n{'cd' * 32}  dog/3.png\n",
        },
    ),
    ("captions", {"cat/1.txt": "a photo of a cat", "cat/2.txt": "two cats"}),
    ("numbers that are not boxes", {"cat/1.txt": "3 4", "cat/scores.csv": "epoch,loss\n1,0.5\n"}),
    (
        "classes of numbers with a table",
        {"names.csv": "1,rose\n2,daisy\n", "1/1.png": "", "2/1.png": ""},
    ),
    (
        "a class named images of cats",
        {"images of cats/1.png": "", "trainers/1.png": "", "mask/1.png": ""},
    ),
    ("mask and no mask", {"mask/1.png": "", "no mask/1.png": ""}),
    (
        "with and without mask",
        {"with_mask/0_mask.png": "", "with_mask/0.png": "", "without_mask/0.png": ""},
    ),
    ("a class named train", {"train/1.png": "", "bus/1.png": "", "car/1.png": ""}),
    (
        "classes named train station and test tube",
        {"train station/1.png": "", "test tube/1.png": ""},
    ),
    ("a class named test", {"test/1.png": "", "print/1.png": ""}),
    ("a class named images", {"images/1.png": "", "text/1.png": "", "tables/1.png": ""}),
    (
        "classes named images and labels, numbered alike",
        {"images/1.png": "", "labels/1.png": "", "text/1.png": "", "tables/1.png": ""},
    ),
    ("stages", {"dev/1.png": "", "test/1.png": "", "prod/1.png": ""}),
    ("people", {"Ann/1.png": "", "Bob/1.png": "", "Ann/bob_ann.png": "", "Ann/bob.png": ""}),
    ("deeper folders", {"cat/indoors/1.png": "", "cat/outdoors/1.png": "", "cat/train/9.png": ""}),
    (
        "words in names",
        {"cat/x_masked.png": "", "cat/x.png": "", "cat/segment.png": "", "cat/label.png": ""},
    ),
    (
        "a folder that systems add",
        {"__MACOSX/cat/._1.png": "", "cat/@eaDir/1.png": "", ".git/x.png": ""},
    ),
    (
        "names of numbered classes",
        {"1/1.png": "", "2/2.png": "", "names.json": '{"1": "rose", "2": "tulip"}'},
    ),
    ("a class named metadata.csv", {"metadata.csv/1.png": "", "expand.json/2.png": ""}),
]


@pytest.mark.parametrize("files", [case[1] for case in GOOD], ids=[case[0] for case in GOOD])
def test_class_folders_are_not_refused(files: dict[str, str], tmp_path: Path) -> None:
    root = write(write(tmp_path / "set", TWO), files)
    assert recognise(root).kind is Kind.CLASS_FOLDERS, recognise(root)
    assert len(list_sources(root)) >= 4


def test_one_class_is_enough(tmp_path: Path) -> None:
    assert len(list_sources(write(tmp_path / "set", ("cat/1.png", "cat/out/2.png")))) == 2


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="layout must be auto or folders"):
        list_sources(write(tmp_path / "set", TWO), layout="yolo")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trainImages2017", ("train", "images", "2017")),
        ("JPEGImages", ("jpeg", "images")),
        ("leftImg8bit", ("left", "img", "8", "bit")),
        ("trainset", ("train", "set")),
        ("trainers", ("trainers",)),
        ("valley", ("valley",)),
        ("", ()),
        ("日本 猫", ("日本", "猫")),
    ],
)
def test_names_are_split_into_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


def test_names_say_parts_and_roles() -> None:
    assert [
        part_of(name) is not None for name in ("hold-out", "Held Out", "developer", "validity")
    ] == [True, True, False, False]
    assert role_of("images of cats") == ("images", ("of", "cats"))
    assert role_of("gtFine") == ("labels", ())


DOCUMENT = Path(__file__).parents[3] / "docs/layouts.md"
CONTENTS = {
    ".txt": YOLO,
    ".json": COCO,
    ".xml": VOC,
    ".yaml": YAML,
    ".csv": "file_name,label\n1.jpg,3\n",
    "cat/1.json": LABELME,
    "labels.csv": "file,label\n1.jpg,3\n",
    "README.txt": "Photos of cats and dogs.\n",
    "labels.txt": "cat\ndog\n",
    "classes.csv": "id,name\n0,cat\n1,dog\n",
    "expand.json": "{}",
}


def documented(head: str) -> list[list[str]]:
    """Return the rows of the table with this first column."""
    text = DOCUMENT.read_text("utf-8").split(f"| {head} |")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def example(root: Path, cell: str) -> Path:
    files = cell.strip("`").split("` `")
    texts = {name: CONTENTS.get(name, CONTENTS.get(Path(name).suffix, "")) for name in files}
    return write(root, texts)


def test_every_documented_layout_is_refused_as_documented(tmp_path: Path) -> None:
    rows = documented("layout")
    assert {row[0] for row in rows} == {kind.value for kind in Kind} - {"class folders"}
    for number, (kind, _, cell) in enumerate(rows):
        with pytest.raises(LayoutError) as refused:
            list_sources(example(tmp_path / str(number), cell))
        assert refused.value.layout.kind.value == kind, cell


def test_what_is_documented_as_class_folders_is_not_refused(tmp_path: Path) -> None:
    for number, (cell, _) in enumerate(documented("still class folders")):
        assert len(list_sources(example(tmp_path / str(number), cell))) > 1


def test_every_word_for_a_mask_is_found_quickly() -> None:
    assert all(any(start in mark for start in STARTS) for mark in MARKS)


def test_an_expanded_dataset_inside_the_folder_is_named(tmp_path: Path) -> None:
    root = write(
        tmp_path / "set",
        {"cat/1.png": "", "out/cat/1.png": "", "out/expand.json": "", "out/metadata.jsonl": ""},
    )
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    assert f'"{root}/out" was written by expand (it has "out/expand.json")' in str(refused.value)
