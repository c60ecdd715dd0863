"""The folder, listed: plain ones image by image, expanded ones through their manifest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from expand import expand
from expand.records.card import CARD
from expand.records.manifest import MANIFEST, read_rows
from tests.conftest import Folder, noise_image, tree
from tests.train.samples import pictures, write_set
from train.data.folders.folder import match_classes
from train.data.folders.listing import list_folder
from train.errors import TrainError


def refusal(root: Path) -> str:
    with pytest.raises(TrainError) as refused:
        list_folder(root)
    assert refused.value.status == 2
    return str(refused.value)


def test_in_a_plain_folder_each_image_is_a_source_of_its_own(class_folder: Folder) -> None:
    pixels = noise_image(4, 4)
    root = class_folder(
        {
            "b/2.png": pixels,
            "b/x/1.png": pixels,
            "a/1_v1.png": pixels,
            "a/note.txt": b"x",
            "c.png": pixels,
        }
    )
    folder = list_folder(root)
    assert (
        folder.files
        == folder.sources
        == folder.source_ids
        == ["a/1_v1.png", "b/2.png", "b/x/1.png"]
    )
    assert folder.classes == ("a", "b")
    assert folder.labels.tolist() == [0, 1, 1]
    assert folder.views.tolist() == [0, 0, 0]
    assert folder.table.tolist() == [[0], [1], [2]]
    assert (folder.source_hashes, folder.card, folder.expanded, len(folder)) == ([], None, False, 3)


def test_an_expanded_folder_is_read_from_its_manifest(tmp_path: Path) -> None:
    expand(write_set(tmp_path / "src"), tmp_path / "out", factor=3, workers=1)
    folder, rows = list_folder(tmp_path / "out"), list(read_rows(tmp_path / "out"))
    assert folder.files == [row["file_name"] for row in rows]
    assert [folder.classes[label] for label in folder.labels] == [row["label"] for row in rows]
    assert folder.sources == [row["source"] for row in rows]
    assert folder.views.tolist() == [row["view"] for row in rows] == [0, 1, 2] * 8
    assert folder.source_hashes == [row["source_sha256"] for row in rows]
    assert folder.source_ids == list(pictures())
    assert folder.table.tolist() == np.arange(24).reshape(8, 3).tolist()
    assert folder.expanded


def test_a_part_of_a_folder_knows_its_rows_in_the_pack(tmp_path: Path) -> None:
    expand(write_set(tmp_path / "src"), tmp_path / "out", factor=3, workers=1)
    folder = list_folder(tmp_path / "out")
    part = folder.of_sources(np.array([False, True, False, False, False, False, True, False]))
    assert part.sources == ["cat/1.png"] * 3 + ["dog/2.png"] * 3
    assert part.decoded_rows.tolist() == [3, 4, 5, 18, 19, 20]
    assert part.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert part.table.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert part.originals().decoded_rows.tolist() == [3, 18]
    assert part.originals().files == ["cat/1.png", "dog/2.png"]
    assert part.originals().source_hashes == [folder.source_hashes[3], folder.source_hashes[18]]
    assert part.whole().decoded_rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert part.whole().files == part.files
    assert folder.only([23]).classes == ("cat", "dog")


def test_a_source_that_lacks_a_view_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path / "src")
    out = tmp_path / "out"
    expand(tmp_path / "src", out, factor=3, workers=1)
    lines = (out / MANIFEST).read_text().splitlines(keepends=True)
    (out / MANIFEST).write_text("".join(lines[:-1]))
    with pytest.raises(TrainError) as refused:
        list_folder(out).table  # noqa: B018
    assert (
        str(refused.value)
        == f'"{out}" does not have every view of every source; `expand verify` lists what is missing'
    )


def test_missing_originals_are_reported(tmp_path: Path) -> None:
    write_set(tmp_path / "src")
    out = tmp_path / "out"
    expand(tmp_path / "src", out, factor=3, originals="none", workers=1)
    folder = list_folder(out)
    assert folder.views.tolist() == [1, 2] * 8
    with pytest.raises(TrainError) as refused:
        folder.originals()
    assert (
        str(refused.value)
        == f'"{out}" has no originals (expand --originals none); this strategy needs them'
    )


def test_a_folder_without_data_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    assert refusal(tmp_path / "nosuch") == f'"{tmp_path / "nosuch"}" does not exist'
    file = tmp_path / "file"
    file.write_text("x")
    assert refusal(file) == f'"{file}" is not a folder'
    empty = class_folder({}, "empty")
    assert (
        refusal(empty)
        == f'"{empty}" has no class folders; images are expected as empty/<class>/<image>'
    )


def test_an_unfinished_expansion_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path / "src")
    out = tmp_path / "out"
    expand(tmp_path / "src", out, factor=2, workers=1)
    before = tree(out)
    card = json.loads((out / CARD).read_text())
    (out / CARD).write_text(json.dumps({**card, "state": "unfinished"}))
    assert refusal(out) == f'"{out}" is not finished; run the same expand command again'
    (out / CARD).write_text("{")
    assert refusal(out).startswith(f'"{out / CARD}" is damaged (')
    (out / CARD).unlink()
    assert refusal(out) == f'"{out}" has a {MANIFEST} and no run card; was it written by expand?'
    assert tree(out) == before


def test_a_manifest_without_a_row_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    expand(write_set(tmp_path / "src"), out, factor=2, workers=1)
    (out / MANIFEST).write_text("")
    assert refusal(out) == f'"{out}" has no images: its {MANIFEST} is empty'


def test_classes_are_matched_by_name(class_folder: Folder) -> None:
    pixels = noise_image(4, 4)
    test = list_folder(class_folder({"b/1.png": pixels, "d/1.png": pixels, "d/2.png": pixels}))
    matched = match_classes(test, ("a", "b", "c", "d"), "the test set")
    assert matched.classes == ("a", "b", "c", "d")
    assert matched.labels.tolist() == [1, 3, 3]
    assert matched.files == test.files


def test_classes_that_do_not_match_are_named(class_folder: Folder) -> None:
    pixels = noise_image(4, 4)
    root = class_folder({f"{label}/1.png": pixels for label in "abcde"})
    test = list_folder(root)
    with pytest.raises(TrainError) as refused:
        match_classes(test, ("x", "y"), "the test set")
    assert (
        str(refused.value)
        == f'the test set "{root}" has no class in common with the training set ("x", "y")'
    )
    with pytest.raises(TrainError) as refused:
        match_classes(test, ("e",), "the test set")
    expected = (
        f'the test set "{root}" has classes that the training set does not have: "a", "b", "c", …'
    )
    assert str(refused.value) == expected


def test_classes_are_matched_however_accents_are_encoded(class_folder: Folder) -> None:
    pixels = noise_image(4, 4)
    names = {"cafe\u0301/1.png": pixels, "b/1.png": pixels}
    matched = match_classes(list_folder(class_folder(names)), ("b", "caf\u00e9"), "the test set")
    assert matched.classes == ("b", "caf\u00e9")
    assert matched.labels.tolist() == [0, 1]


def test_a_name_that_is_not_utf_8_is_refused(class_folder: Folder) -> None:
    name = os.fsdecode(b"caf\xe9")
    root = class_folder({f"{name}/1.png": noise_image(4, 4)})
    assert refusal(root) == f'"{root / name / "1.png"}" has a name that is not UTF-8; rename it'


def test_a_folder_says_which_class_folders_have_no_images(class_folder: Folder) -> None:
    folder = list_folder(class_folder({"a/1.png": noise_image(4, 4), "b/1.heic": b""}))
    assert folder.only([0]).whole().notes == (
        '"b" has no image of a supported format, so it is not a class: it has 1 file (.heic)',
    )
