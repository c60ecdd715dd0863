"""Layouts in training: refused like in expansion, with the command for the training part."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Folder, noise_image
from tests.expand.layouts.labelled.voc.drawn import devkit
from tests.train.commands import call, draw_set, refusal
from tests.train.samples import write_set
from train.data.folders.listing import list_folder
from train.errors import TrainError
from train.runs.predict import find_images


def test_a_dataset_in_folds_is_refused_with_what_was_seen(tmp_path: Path) -> None:
    for fold in ("fold1", "fold2", "fold3"):
        write_set(tmp_path / "set" / fold)
    root = tmp_path / "set"
    for command in ((), ("compare",), ("ablate",)):
        message = refusal(*command, root, "--epochs", 2, "--out", tmp_path / "o")
        assert f'"{root}" is a dataset in folds for cross-validation' in message
        assert not list(tmp_path.glob("o/*"))
    assert len(list_folder(root, "folders")) == 24


def test_a_test_set_of_another_layout_is_refused(tmp_path: Path) -> None:
    data = draw_set(tmp_path / "data", 2)
    for part in ("images", "masks"):
        write_set(
            tmp_path / "other" / part, {"1.png": noise_image(8, 8), "2.png": noise_image(8, 8)}
        )
    message = refusal(data, "--test", tmp_path / "other", "--epochs", 1, "--out", tmp_path / "run")
    assert "its images do not have one class each, which train needs" in message


@pytest.mark.slow
def test_folders_named_like_parts_are_classes_where_asked(tmp_path: Path) -> None:
    names = ("train", "test")
    data = draw_set(tmp_path / "data", 6, classes=names)
    test = draw_set(tmp_path / "tested", 2, classes=names, seed=1)
    options = ("--test", test, "--as", "folders", "--epochs", 1, "--quiet", "--device", "cpu")
    assert call(data, *options, "--out", tmp_path / "run").exception is None
    again = call("--config", tmp_path / "run/run.json", "--out", tmp_path / "again", "-q")
    assert again.exception is None, again.exception
    study = ("--seeds", 1, "--factor", 2, "--arms", "none,disk", "--image-size", 16)
    compared = call("compare", data, *options, *study, "--out", tmp_path / "comparison")
    assert compared.exception is None, compared.exception


def test_a_table_with_the_name_of_a_manifest_is_no_manifest(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    (root / "metadata.jsonl").write_text('{"file_name": "cat/1.png", "text": "a cat"}\n')
    pytest.importorskip("expand.layouts.labelled.tables.huggingface")
    with pytest.raises(TrainError, match="its images do not have one class each"):
        list_folder(root)
    assert len(list_folder(root, "folders")) == 8


def test_predict_lists_what_the_other_commands_list(class_folder: Folder, tmp_path: Path) -> None:
    elsewhere = class_folder({"x.png": b""}, "elsewhere")
    files = [
        "b.png",
        "a/1.png",
        "a/z/2.PNG",
        "a/._1.png",
        "__MACOSX/a/1.png",
        ".cache/1.png",
        "a/t.txt",
    ]
    root = class_folder(dict.fromkeys(files, b""))
    (root / "linked").symlink_to(elsewhere)
    (root / "gone.png").symlink_to(tmp_path / "nowhere")
    found = [file.relative_to(root).as_posix() for file in find_images([root])]
    assert found == ["a/1.png", "a/z/2.PNG", "b.png", "gone.png", "linked/x.png"]


def test_predict_takes_no_mask_for_an_image(tmp_path: Path) -> None:
    for name in ("images/1.png", "masks/1.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).touch()
    with pytest.raises(TrainError, match='it has "images/" and "masks/"'):
        find_images([tmp_path / "set"])
    assert len(find_images([tmp_path / "set"], "folders")) == 2


def test_what_is_no_file_is_named_by_predict_and_never_opened(tmp_path: Path) -> None:
    data = draw_set(tmp_path / "data", 2)
    options = ("--epochs", 1, "--device", "cpu", "-q", "--out", tmp_path / "run")
    assert call(data, *options).exception is None
    os.mkfifo(data / "ant/pipe.png")
    (data / "ant/gone.png").symlink_to(tmp_path / "nowhere")
    for given in ([data], [data / "ant/pipe.png", data / "ant/gone.png", data / "ant/000.png"]):
        result = call("predict", tmp_path / "run", *given, "--device", "cpu")
        assert result.return_value == 1
        assert 'ant/pipe.png" is not a regular file' in result.stderr
        assert 'ant/gone.png" cannot be read' in result.stderr


@pytest.mark.parametrize("given", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_pascal_voc_is_refused_with_the_call_that_reads_it(tmp_path: Path, given: str) -> None:
    year = tmp_path / "VOCdevkit/VOC2012"
    devkit(year)
    with pytest.raises(TrainError) as error:
        list_folder(tmp_path / given)
    call = f'torchvision.datasets.VOCDetection("{tmp_path}", year="2012")'
    assert (call in str(error.value)) == (given != "VOCdevkit/VOC2012")
    assert "as they are" not in str(error.value)
