"""Layouts: folders that look like another layout and are not, and the other way round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand.layouts.class_folders import list_images, list_sources
from expand.layouts.layout import FOLDERS, Kind, LayoutError
from expand.layouts.recognition.recognise import recognise

YOLO = "0 0.5 0.5 0.2 0.2\n"
ROBOFLOW = "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: [cat, dog]\n"
Files = dict[str, str]
"""What to write at each path: a text, or one of the kinds of pictures below."""


def photograph(seed: int, mode: str = "RGB", size: tuple[int, int] = (160, 120)) -> Image.Image:
    rng = np.random.default_rng(seed)
    large = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize(size, 3)
    noisy = np.asarray(large).astype(int) + rng.integers(-12, 13, (size[1], size[0], 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).convert(mode)


def mask(
    seed: int, mode: str = "L", values: int = 2, size: tuple[int, int] = (160, 120)
) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = np.zeros((size[1], size[0]), np.uint8)
    for value in range(1, values):
        x, y = rng.integers(0, size[0] // 2), rng.integers(0, size[1] // 2)
        pixels[y : y + size[1] // 4, x : x + size[0] // 4] = 255 // (values - 1) * value
    if mode == "colours":
        palette = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
        return Image.fromarray(palette[pixels])
    return Image.fromarray(pixels).convert(mode)


PICTURES = {
    "photo": photograph,
    "small photo": lambda seed: photograph(seed, size=(20, 20)),
    "grey photo": lambda seed: photograph(seed, "L"),
    "mask": mask,
    "small mask": lambda seed: mask(seed, size=(80, 60)),
    "1-bit mask": lambda seed: mask(seed, "1"),
    "palette mask": lambda seed: mask(seed, "P", 6),
    "coloured mask": lambda seed: mask(seed, "colours", 6),
}


def write(root: Path, files: Files) -> Path:
    for seed, (name, what) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if what in PICTURES:
            PICTURES[what](seed).save(path)
        else:
            path.write_text(what, "utf-8")
    return root


def classes(*names: str, above: str = "") -> Files:
    """Return two images for each class; their kind does not matter, so they are not drawn."""
    return {f"{above}{name}/{name}_{i}.jpg": "" for name in names for i in range(2)}


TWO = classes("cat", "dog")


def each_in(*folders: str, files: Files = TWO) -> Files:
    return {f"{folder}/{name}": what for folder in folders for name, what in files.items()}


ACCEPTED: dict[str, Files] = {
    "devices": classes("dev1", "dev2"),
    "strips": classes("test1", "test2", "test3"),
    "ampoules": classes("val1", "val2"),
    "vehicles, three of them called as parts": classes(
        "train", "test", "val", "bus", "car", "bike", "tram"
    ),
    "vehicles, two of them called as parts": classes("train", "valid", "bus", "car", "plane"),
    "trains by kind": classes("train_ICE", "train_TGV", "train_S-Bahn"),
    "valid and invalid": classes("valid", "invalid"),
    "test and control": classes("test", "control"),
    "left and right": classes("left", "right"),
    "original and fake": classes("original", "fake"),
    "originals with forgeries of the same names": {
        f"{name}/{i}.jpg": "" for name in ("original", "forged") for i in range(4)
    },
    "raw and cooked": each_in("raw", "cooked"),
    "split peas": classes("split peas", "fold", "part"),
    "machine parts": classes("part 1", "part 2"),
    "digits": classes("images of 1", "images of 2"),
    "a bottle and its label": {"wine/w.jpg": "photo", "wine/w_label.jpg": "photo", **TWO},
    "a bottle and its label of another size": {
        "wine/w.png": "photo",
        "wine/w_label.png": "small photo",
        **TWO,
    },
    "bottles, each with its label": {
        f"wine/{i}{end}.jpg": "photo" for i in range(6) for end in ("", "_label")
    },
    "a bottle and its label, grey": {
        "wine/w.png": "grey photo",
        "wine/w_label.png": "grey photo",
        **TWO,
    },
    "people, one with a mask": {
        **{f"people/{i}.png": "photo" for i in range(4)},
        "people/1_mask.png": "photo",
    },
    "a mask taken off": {"cat/cat.1.png": "photo", "cat/cat.1_mask_off.png": "photo", **TWO},
    "a mask put on": {"cat/1.png": "", "cat/1_mask_off.png": "", "cat/1_mask_on.png": "", **TWO},
    "the file of a former YOLO dataset": {"data.yaml": ROBOFLOW, **TWO},
    "class names in a file": {"dataset.yml": "nc: 2\nnames: [cat, dog]\n", **TWO},
    "a list for training": {
        "train.txt": "".join(f"{name} {name.startswith('d'):d}\n" for name in TWO),
        **TWO,
    },
    "one class with folders and images": {"cat/1.jpg": "", "cat/in/2.jpg": "", "cat/out/3.jpg": ""},
    "classes with the same names of images, one called label": {
        f"{name}/{n}.png": "photo" for name in ("label", "bottle", "cap") for n in range(2)
    },
    "a list in JSON": {
        "split.json": '{"train": ["cat/cat_0.jpg"], "test": ["dog/dog_0.jpg"]}',
        **TWO,
    },
    "one class with a folder": {"cat/in/1.jpg": "", "cat/in/2.jpg": ""},
}

REFUSED: dict[str, tuple[Kind, Files]] = {
    "parts beside many other folders": (
        Kind.SPLIT,
        {**each_in("train", "test"), "src/1.png": "", "docs/2.png": "", "results/3.png": ""},
    ),
    "parts beside strange folders": (
        Kind.SPLIT,
        {**each_in("train", "test"), **classes("a", "b", "c")},
    ),
    "several parts for training": (Kind.SPLIT, each_in("train1", "train2")),
    "several parts for tests": (Kind.SPLIT, each_in("test1", "test2")),
    "a part for training and one with a number": (
        Kind.SPLIT,
        {**each_in("train"), "test1/1.jpg": "", "test1/2.jpg": ""},
    ),
    "two kinds of tests": (Kind.SPLIT, each_in("train", "test_a", "test_b")),
    "no part for training": (Kind.SPLIT, each_in("val", "test_clean", "test_corrupt")),
    "two domains": (Kind.SPLIT, {f"{part}{x}/1.jpg": "" for part in ("train", "test") for x in "AB"}),
    "numbered folders of images": (
        Kind.NUMBERED,
        {f"HAM10000_images_part_{i}/{i}.jpg": "" for i in (1, 2)},
    ),
    "depth maps": (Kind.MASKS, {"rgb/1.png": "photo", "depth/1.png": "grey photo"}),
    "colours, depths and normals": (
        Kind.COUNTERPARTS,
        {"rgb/1.png": "photo", "depth/1.png": "grey photo", "normals/1.png": "photo"},
    ),
    "two images and what has changed": (
        Kind.COUNTERPARTS,
        {"A/1.png": "photo", "B/1.png": "photo", "label/1.png": "mask"},
    ),
    "JSON with boxes beside classes": (
        Kind.ANNOTATED,
        {"boxes.json": '[{"file": "cat/cat_0.jpg", "box": [1, 2, 3, 4]}]', **TWO},
    ),
    "a mask": (Kind.MASKS, {"a/1.png": "photo", "a/1_mask.png": "mask"}),
    "a mask of a grey image": (Kind.MASKS, {"a/1.png": "grey photo", "a/1_mask.png": "mask"}),
    "a mask in JPEG": (Kind.MASKS, {"a/1.jpg": "photo", "a/1_mask.jpg": "mask"}),
    "a label image": (Kind.MASKS, {"a/1.jpg": "photo", "a/1_label.png": "palette mask"}),
    "a coloured label image": (Kind.MASKS, {"a/1.jpg": "photo", "a/1_label.png": "coloured mask"}),
    "a coloured label image in JPEG": (
        Kind.MASKS,
        {"a/1.jpg": "photo", "a/1_label.jpg": "coloured mask"},
    ),
    "a mask of one bit": (Kind.MASKS, {"a/1.tif": "photo", "a/1_mask.tif": "1-bit mask"}),
    "a smaller mask": (Kind.MASKS, {"a/1.jpg": "photo", "a/1_mask.png": "small mask"}),
    "a grey matte of a coloured image": (
        Kind.MASKS,
        {"a/1.jpg": "photo", "a/1_mask.png": "grey photo"},
    ),
    "one mask among many images": (
        Kind.MASKS,
        {**{f"a/{i}.png": "photo" for i in range(9)}, "a/7_mask.png": "mask"},
    ),
    "a mask after other pairs": (
        Kind.MASKS,
        {
            **{f"a/{i}.jpg": "photo" for i in range(3)},
            "a/0_label.jpg": "photo",
            "a/1_label.jpg": "photo",
            "a/2_label.png": "mask",
        },
    ),
    "a mask drawn over each image": (
        Kind.MASKS,
        {f"a/{i}{end}.png": "photo" for i in range(3) for end in ("", "_mask")},
    ),
    "ground truth": (Kind.MASKS, {"a/1.png": "photo", "a/1_gt.png": "photo"}),
    "YOLO, a file beside classes with boxes": (
        Kind.YOLO,
        {"data.yaml": ROBOFLOW, **TWO, "cat/cat_0.txt": YOLO},
    ),
    "YOLO, a file that names the folders": (
        Kind.YOLO,
        {"data.yaml": "train: left\nval: right\nnc: 2\n", "left/1.jpg": "", "right/2.jpg": ""},
    ),
    "YOLO, a file and images": (Kind.YOLO, {"data.yaml": ROBOFLOW, "images/1.jpg": ""}),
    "a table of ages": (
        Kind.TABLE,
        {"ages.csv": "file,age\n" + "".join(f"{i}.jpg,{i % 2}\n" for i in range(6))}
        | {f"faces/{i}.jpg": "" for i in range(6)},
    ),
    "a table of numbers, sorted": (
        Kind.TABLE,
        {"labels.txt": "".join(f"{i}.jpg {i > 5:d}\n" for i in range(9))}
        | {f"faces/{i}.jpg": "" for i in range(9)},
    ),
    **{
        f"one level too high, {name}": (Kind.WRAPPED, each_in(name))
        for name in (
            "dataset", "my_dataset", "flowers", "PetImages", "101_ObjectCategories", "archive/animals"
        )
    },
    "one level too high, with other files": (
        Kind.WRAPPED,
        {**each_in("flowers"), "README.md": "", "LICENSE.txt": ""},
    ),
    "one level too high, beside a folder without images": (
        Kind.WRAPPED,
        {**each_in("dataset"), "docs/read.txt": ""},
    ),
    "several versions": (Kind.WRAPPED, each_in("color", "grayscale", "segmented")),
    "several sizes": (Kind.WRAPPED, each_in("original", "resized")),
    "several parts": (Kind.NUMBERED, each_in("dataset_part1", "dataset_part2")),
}  # fmt: skip


@pytest.mark.parametrize("files", ACCEPTED.values(), ids=list(ACCEPTED))
def test_what_only_looks_like_another_layout_is_not_refused(files: Files, tmp_path: Path) -> None:
    root = write(tmp_path / "set", files)
    assert recognise(root).kind is Kind.CLASS_FOLDERS, recognise(root)
    images = sum(Path(name).suffix in (".jpg", ".png") for name in files)
    with list_sources(root) as listing:
        assert len(listing) == images
    assert len(list(list_images(root))) == images


@pytest.mark.parametrize(("kind", "files"), REFUSED.values(), ids=list(REFUSED))
def test_what_only_looks_like_class_folders_is_refused(
    kind: Kind, files: Files, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", files)
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    assert refused.value.layout.kind is kind, refused.value
    assert recognise(root).kind is kind
    with list_sources(root, layout=FOLDERS) as listing:
        assert len(listing)


@pytest.mark.parametrize(
    ("above", "named"),
    [("dataset", "dataset"), ("flowers", "flowers"), ("archive/flowers", "archive/flowers")],
)
def test_the_folder_one_level_down_is_named(above: str, named: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", each_in(above))
    with pytest.raises(LayoutError) as refused:
        list_sources(root)
    assert f"expand {root / named} OUT" in str(refused.value)
    with list_sources(root / named) as listing:
        assert set(listing.summary.labels) == {"cat", "dog"}
