"""Public datasets as they are downloaded: what grows, and what is left as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expand import ExpandError, expand
from expand.layouts.labelled.open import open_dataset
from tests.conftest import noise_image
from tests.expand.layouts.labelled.masks import drawn
from tests.expand.layouts.labelled.masks.written import expanded

SCENE, MASK = noise_image(16, 24, 3, seed=1), np.zeros((16, 24), np.uint8)
MASK[4:9, 5:12] = 1
TWO = (0, 1)


def write(root: Path, *files: str, **texts: str) -> Path:
    """Draw a mask where the name of a file ends with "*", and a scene elsewhere."""
    for file in files:
        name = file.rstrip("*")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn.as_image(path.name, MASK if file.endswith("*") else SCENE))
    for name, text in texts.items():
        (root / f"{name}.csv").write_text(text)
    return root


SETS: dict[str, tuple[list[str], set[str]]] = {
    "ISPRS Potsdam": (
        [
            name
            for n in range(3)
            for name in (f"2_Ortho_RGB/top_{n}_RGB.tif", f"5_Labels_all/top_{n}_label.tif*")
        ],
        {
            name
            for n in range(3)
            for name in (f"2_Ortho_RGB/top_{n}_v1_RGB.tif", f"5_Labels_all/top_{n}_v1_label.tif")
        },
    ),
    "Mapillary Vistas": (
        [
            name
            for n in TWO
            for name in (f"training/images/{n}.jpg", f"training/v2.0/labels/{n}.png*")
        ],
        {
            name
            for n in TWO
            for name in (f"training/images/{n}_v1.jpg", f"training/v2.0/labels/{n}_v1.png")
        },
    ),
    "AISegment": (
        [
            name
            for n in TWO
            for name in (f"clip_img/9/clip_0/{n}.jpg", f"matting/9/matting_0/{n}.png")
        ],
        {
            name
            for n in TWO
            for name in (f"clip_img/9/clip_0/{n}_v1.jpg", f"matting/9/matting_0/{n}_v1.png")
        },
    ),
    "COCO-stuff, with the same numbers in both parts": (
        [
            name
            for part in ("train2017", "val2017")
            for n in TWO
            for name in (f"{part}/{n}.jpg", f"stuffthingmaps/{part}/{n}.png*")
        ],
        {
            name
            for n in TWO
            for name in (f"train2017/{n}_v1.jpg", f"stuffthingmaps/train2017/{n}_v1.png")
        },
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_images_and_masks_of_the_training_part_grow(name: str, tmp_path: Path) -> None:
    files, made = SETS[name]
    root = write(tmp_path / "set", *files)
    _, bad = expanded(root, tmp_path / "out", factor=2)
    assert not bad
    written = {path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("*_v1*")}
    assert written == made


def test_run_lengths_of_the_masks_in_gif_are_said_to_be_left(tmp_path: Path) -> None:
    names = [f"0a_0{n}" for n in TWO]
    files = [
        each for name in names for each in (f"train/{name}.jpg", f"train_masks/{name}_mask.gif*")
    ]
    rows = "".join(f"{name}.jpg,1 3 9 2\n" for name in names)
    root = write(tmp_path / "set", *files, "test/1.jpg", train_masks=f"img,rle_mask\n{rows}")
    report = expand(root, tmp_path / "out", 2, workers=1)
    assert report.plan.dataset.layout == "masks"
    assert '"train_masks.csv" may say where something is in images' in report.plan.dataset.notes[0]
    assert (tmp_path / "out/train_masks/0a_01_v1_mask.gif").exists()


def test_tables_in_folders_of_ground_truth_are_tables(tmp_path: Path) -> None:
    parts = ("Training", "Validation")
    files = [f"ISIC_Task3_{part}_Input/{part[0]}{n}.jpg" for part in parts for n in TWO]
    root = write(tmp_path / "set", *files)
    for part in parts:
        folder = root / f"ISIC_Task3_{part}_GroundTruth"
        folder.mkdir()
        rows = "".join(f"{part[0]}{n},{n}.0,{1 - n}.0\n" for n in TWO)
        (folder / f"ISIC_Task3_{part}_GroundTruth.csv").write_text(f"image,MEL,NV\n{rows}")
    with open_dataset(root) as dataset:
        assert (dataset.layout, dataset.split) == ("table", "train")
        assert [source.id for source in dataset.listing] == files[:2]


def test_a_folder_with_the_same_part_can_hold_masks_and_is_named(tmp_path: Path) -> None:
    files = [f"{above}train/{n}.png" for above in ("", "maps/") for n in TWO]
    root = write(tmp_path / "set", *files, "val/9.png")
    with pytest.raises(
        ExpandError, match="has the same part .* If these are masks: mv "
    ) as refused:
        open_dataset(root)
    assert f"mv {root}/maps {root}/masks." in str(refused.value)
    (root / "maps").rename(root / "masks")
    with open_dataset(root) as dataset:
        assert (dataset.layout, len(dataset.listing)) == ("masks", 2)


def test_volumes_are_said_to_be_not_read(tmp_path: Path) -> None:
    for name in ("imagesTr/a.nii.gz", "labelsTr/a.nii.gz"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"\x1f\x8b")
    with pytest.raises(ExpandError, match="Images inside NIfTI files are not read"):
        open_dataset(tmp_path)


def test_channels_of_one_image_are_said_to_be_so(tmp_path: Path) -> None:
    files = [f"imagesTr/a{n}_000{c}.png" for n in TWO for c in TWO]
    root = write(tmp_path, *files, *(f"labelsTr/a{n}.png*" for n in TWO))
    with pytest.raises(ExpandError, match="channels of one image would have to move together"):
        open_dataset(root)


def test_metadata_of_hugging_face_names_the_masks_of_copies(tmp_path: Path) -> None:
    files = [name for n in "ab" for name in (f"train/images/{n}.png", f"train/masks/{n}.png*")]
    root = write(tmp_path / "set", *files)
    line = (
        '{{"file_name": "images/{0}.png", "mask_file_name": "masks/{0}.png", "text": "{1}, x"}}\n'
    )
    texts = {name: line.format(name, number) for number, name in enumerate("ab")}
    (root / "train/metadata.jsonl").write_text("".join(texts.values()))
    expanded(root, tmp_path / "out", factor=2)
    written = (tmp_path / "out/train/metadata.jsonl").read_text()
    copies = {name: texts[name].replace(f"{name}.png", f"{name}_v1.png") for name in texts}
    assert written == "".join(texts[name] + copies[name] for name in texts)


def test_metadata_with_places_is_said_to_be_left(tmp_path: Path) -> None:
    files = [name for n in "ab" for name in (f"train/images/{n}.png", f"train/masks/{n}.png*")]
    root = write(tmp_path / "set", *files)
    text = '{"file_name": "images/a.png", "objects": {"bbox": []}}\n'
    (root / "train/metadata.jsonl").write_text(text)
    dataset, _ = expanded(root, tmp_path / "out", factor=2)
    assert "train/metadata.jsonl" in dataset.notes[0]
    assert (tmp_path / "out/train/metadata.jsonl").read_text() == text


def test_a_dataset_in_a_folder_that_is_called_segmentation_is_named(tmp_path: Path) -> None:
    files = [each for n in TWO for each in (f"CXR_png/a{n}.png", f"masks/a{n}_mask.png*")]
    root = write(tmp_path, *(f"Lung Segmentation/{name}" for name in files))
    with pytest.raises(ExpandError, match="all images lie in it") as refused:
        open_dataset(root)
    assert f"expand '{root}/Lung Segmentation' OUT" in str(refused.value)
    with open_dataset(root / "Lung Segmentation") as dataset:
        assert (dataset.layout, len(dataset.listing)) == ("masks", 2)
