"""Lists of images: which images grow, and the lists of the expanded dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand import expand
from expand.errors import ExpandError
from tests.conftest import tree
from tests.expand.layouts.labelled.voc.drawn import (
    CAT,
    DOG,
    Drawn,
    annotation,
    boxes,
    devkit,
    picture,
    put,
    save_mask,
    save_picture,
    seen,
)
from tests.expand.layouts.labelled.voc.growing import AWAY, grow, opened


def main(out: Path, name: str) -> str:
    return (out / f"ImageSets/Main/{name}.txt").read_text()


def images(out: Path) -> set[str]:
    return {path.stem for path in (out / "JPEGImages").iterdir()}


def test_images_of_train_grow_and_all_else_is_kept(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    with opened(src) as data:
        assert data.title == (
            "Pascal VOC, boxes and masks, train split 2 images; val left as it is"
        )
        assert data.notes == ('"JPEGImages/d.jpg" is in no list: it is kept, without copies',)
        assert (data.split, data.problems, data.detects) == ("train", 0, False)
    assert grow(src, out) == []
    assert images(out) == {"a", "a_v1", "b", "b_v1", "c", "d"}
    for name in ("c", "d"):
        for folder, suffix in (("Annotations", "xml"), ("SegmentationClass", "png")):
            file = f"{folder}/{name}.{suffix}"
            assert (out / file).read_bytes() == (src / file).read_bytes()


def test_copies_are_listed_after_their_image_where_it_is_listed_for_training(
    tmp_path: Path,
) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    grow(src, out, "classic", factor=3)
    for task in ("Main", "Segmentation"):
        lists = out / "ImageSets" / task
        assert (lists / "train.txt").read_text() == "a\na_v1\na_v2\nb\nb_v1\nb_v2\n"
        assert (lists / "trainval.txt").read_text() == "a\na_v1\na_v2\nb\nb_v1\nb_v2\nc\n"
        assert (lists / "val.txt").read_text() == "c\n"


def test_factor_1_changes_no_file(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    grow(src, out, factor=1)
    for path in src.rglob("*.*"):
        assert (out / path.relative_to(src)).read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize(
    ("lists", "grown"),
    [
        ({"trainval": "a\nb\n", "test": "c\n"}, {"a_v1", "b_v1"}),
        ({"trainval": "a\nb\nc\n"}, {"a_v1", "b_v1", "c_v1"}),
        ({"trainval": "a\nb\nc\n", "val": "c\n"}, {"a_v1", "b_v1"}),
        ({"default": "a\n", "test": "c\n"}, {"a_v1"}),
    ],
)
def test_without_train_the_images_of_trainval_grow_but_for_those_of_val(
    tmp_path: Path, lists: dict[str, str], grown: set[str]
) -> None:
    src, out = devkit(tmp_path / "src", lists), tmp_path / "out"
    with opened(src) as data:
        assert data.problems == 0
    grow(src, out)
    assert images(out) - images(src) == grown
    assert main(out, next(iter(lists))).count("_v1") == len(grown)


def test_another_split_grows_if_it_is_asked_for(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    grow(src, out, split="val")
    assert images(out) - images(src) == {"c_v1"}
    assert main(out, "val") == "c\nc_v1\n"
    assert main(out, "trainval") == "a\nb\nc\nc_v1\n"
    assert main(out, "train") == "a\nb\n"
    grow(src, tmp_path / "both", split="trainval")
    assert images(tmp_path / "both") - images(src) == {"a_v1", "b_v1", "c_v1"}
    assert main(tmp_path / "both", "val") == "c\nc_v1\n"


def test_a_split_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src")
    with pytest.raises(
        ExpandError, match='no part "test" with images; it has "train", "trainval", "val"'
    ):
        opened(src, split="test")
    devkit(tmp_path / "val", {"val": "a\n"})
    with pytest.raises(
        ExpandError, match='for training with images; it has "val". To expand one of'
    ):
        opened(tmp_path / "val")


def test_lists_of_a_class_keep_their_columns_and_copies_get_flags_of_what_they_show(
    tmp_path: Path,
) -> None:
    src, out = devkit(tmp_path / "src", {"train": "a\nb\n"}), tmp_path / "out"
    put(src / "ImageSets/Main/dog_train.txt", "a  1\nb  1\n")
    put(src / "ImageSets/Main/cat_train.txt", "a  1\nb -1\n")
    grow(src, out, AWAY)  # of a, the dog on the right is gone
    assert boxes(out / "Annotations/a_v1.xml")[0][0] == "cat"
    assert len(boxes(out / "Annotations/a_v1.xml")) == 1
    assert main(out, "dog_train") == "a  1\na_v1 -1\nb  1\nb_v1 -1\n"
    assert main(out, "cat_train") == "a  1\na_v1  1\nb -1\nb_v1 -1\n"


def test_a_class_of_which_a_copy_shows_only_difficult_objects_gets_the_flag_0(
    tmp_path: Path,
) -> None:
    src, out = devkit(tmp_path / "src", {"train": "a\n"}), tmp_path / "out"
    hard = Drawn("dog", CAT.box, head="<difficult>1</difficult>")
    put(src / "Annotations/a.xml", annotation("a", (DOG, hard)))
    put(src / "ImageSets/Main/dog_train.txt", "a 1\n")
    grow(src, out, AWAY)
    assert main(out, "dog_train") == "a 1\na_v1 0\n"


def test_lists_of_objects_name_them_by_their_number_in_the_copy(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src", {}), tmp_path / "out"
    put(src / "Annotations/a.xml", annotation("a", (DOG, CAT)))
    put(src / "ImageSets/Layout/train.txt", "a  1\na  2\n")
    put(src / "ImageSets/Action/running_train.txt", "a  2 -1\nb  1  1\n")
    put(src / "ImageSets/Action/train.txt", "a  2\nb  1\n")
    grow(src, out, AWAY)
    assert (out / "ImageSets/Layout/train.txt").read_text() == "a  1\na  2\na_v1  1\n"
    assert (out / "ImageSets/Action/train.txt").read_text() == "a  2\na_v1  1\nb  1\n"
    written = (out / "ImageSets/Action/running_train.txt").read_text()
    assert written == "a  2 -1\na_v1  1 -1\nb  1  1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\r\n", "a\r\na_v1\r\nb\r\nb_v1\r\n"),
        ("a\nb", "a\na_v1\nb\nb_v1"),
        ("\ufeffa\n\nb  \n", "\ufeffa\na_v1\n\nb  \nb_v1  \n"),
        ("a.jpg\nb.jpg\n", "a.jpg\na_v1.jpg\nb.jpg\nb_v1.jpg\n"),
        ("JPEGImages/a.jpg\n", "JPEGImages/a.jpg\nJPEGImages/a_v1.jpg\n"),
        ('"a"\n', '"a"\n"a_v1"\n'),
        ("a 1\n", "a 1\na_v1 1\n"),
    ],
)
def test_lines_of_copies_are_written_as_those_of_their_images(
    tmp_path: Path, before: str, after: str
) -> None:
    src, out = devkit(tmp_path / "src", {}, masks=False), tmp_path / "out"
    put(src / "ImageSets/Main/train.txt", before)
    grow(src, out)
    written = (out / "ImageSets/Main/train.txt").read_bytes().decode()
    assert written == after


def test_ids_can_have_spaces_and_folders(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    for stem in ("day 1/cat 1", "day 1/cat 1 1"):
        save_picture(src / f"JPEGImages/{stem}.jpg", picture((CAT,)))
        put(src / f"Annotations/{stem}.xml", annotation("cat 1", (CAT,)))
    put(src / "ImageSets/Main/train.txt", "day 1/cat 1\nday 1/cat 1 1\n")
    put(src / "ImageSets/Main/cat_train.txt", "day 1/cat 1 1\n")
    assert grow(src, out) == []
    assert main(out, "train") == ("day 1/cat 1\nday 1/cat 1_v1\nday 1/cat 1 1\nday 1/cat 1 1_v1\n")
    assert (out / "Annotations/day 1/cat 1 1_v1.xml").exists()


def test_an_image_in_two_parts_is_a_fault_and_does_not_grow(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src", {"train": "a\nb\n", "val": "b\nc\n"}), tmp_path / "out"
    with opened(src) as data:
        where = "in a list of train and in one of another part"
        sentence = f'"JPEGImages/b.jpg" is {where}: it is kept, without copies'
        assert data.notes[:2] == (sentence, sentence)
        assert data.problems == 2  # in Main and in Segmentation
    grow(src, out)
    assert images(out) - images(src) == {"a_v1"}


def test_an_image_that_another_task_trains_on_is_listed_with_its_copies_there_only(
    tmp_path: Path,
) -> None:
    src, out = devkit(tmp_path / "src", {}), tmp_path / "out"
    put(src / "ImageSets/Main/train.txt", "a\n")
    put(src / "ImageSets/Main/val.txt", "b\n")
    put(src / "ImageSets/Segmentation/train.txt", "b\n")
    put(src / "ImageSets/Segmentation/val.txt", "a\n")
    put(src / "ImageSets/Segmentation/trainval.txt", "a\nb\n")
    grow(src, out)
    assert images(out) - images(src) == {"a_v1", "b_v1"}
    assert main(out, "train") == "a\na_v1\n"
    assert main(out, "val") == "b\n"
    assert (out / "ImageSets/Segmentation/trainval.txt").read_text() == "a\nb\nb_v1\n"
    assert (out / "ImageSets/Segmentation/val.txt").read_text() == "a\n"


def test_lines_without_an_image_are_a_fault_and_stay(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src", {"train": "a\nlost\ngone\n"}, masks=False)
    with opened(src) as data:
        said = '2 lines of "ImageSets/Main/train.txt" name no image; the first is "gone"'
        assert said in data.notes
        assert data.problems == 1
    grow(src, tmp_path / "out")
    assert main(tmp_path / "out", "train") == "a\na_v1\nlost\ngone\n"


def test_a_bad_source_is_in_no_list(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    put(src / "Annotations/a.xml", "<annotation>")
    (problem,) = grow(src, out)
    assert problem == (
        'JPEGImages/a.jpg "Annotations/a.xml", line 1: is not well-formed XML: no element found'
    )
    assert main(out, "train") == "b\nb_v1\n"


def test_two_years_side_by_side_have_lists_of_their_own(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    devkit(src / "VOCdevkit/VOC2007", {"trainval": "a\n", "test": "b\n"})
    devkit(src / "VOCdevkit/VOC2012")
    grow(src, out)
    assert images(out / "VOCdevkit/VOC2007") == {"a", "a_v1", "b", "c", "d"}
    assert images(out / "VOCdevkit/VOC2012") == {"a", "a_v1", "b", "b_v1", "c", "d"}
    assert main(out / "VOCdevkit/VOC2007", "trainval") == "a\na_v1\n"
    assert main(out / "VOCdevkit/VOC2012", "train") == "a\na_v1\nb\nb_v1\n"


def test_a_list_in_utf_16_is_refused(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src")
    put(src / "ImageSets/Main/train.txt", "a\n".encode("utf-16"))
    with pytest.raises(ExpandError, match=r'Main/train.txt" is a list in UTF-16; save it as UTF-8'):
        opened(src)


def test_bytes_of_a_list_that_are_not_utf_8_are_kept(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src"), tmp_path / "out"
    put(src / "ImageSets/Main/train.txt", b"a\nb\xe9\n")
    grow(src, out)
    assert (out / "ImageSets/Main/train.txt").read_bytes() == b"a\na_v1\nb\xe9\n"


@pytest.mark.parametrize(
    "line",
    [
        "JPEGImages/{0}.jpg Annotations/{0}.xml\n",
        "./JPEGImages/{0}.jpg\tSegmentationClass/{0}.png\r\n",
        "/data/VOC/JPEGImages/{0}.jpg\n",
        "VOC\\JPEGImages\\{0}.jpg\n",
        "{0} 1 2 3\n",
        "{0}.jpg\n",
    ],
)
def test_lists_elsewhere_name_images_by_paths_and_their_labels_too(
    tmp_path: Path, line: str
) -> None:
    src, out = devkit(tmp_path / "src", {}), tmp_path / "out"
    put(src / "lists/train_list.txt", "# drawn\n" + line.format("a") + line.format("b"))
    put(src / "lists/val_list.txt", line.format("c"))
    put(src / "label_list.txt", "cat\ndog\n")
    with opened(src) as data:
        assert (data.layout, data.split) == ("voc", "train")
        assert data.notes[0].startswith('"#')
    grow(src, out)
    assert images(out) - images(src) == {"a_v1", "b_v1"}
    written = (out / "lists/train_list.txt").read_bytes().decode()
    names = ("a", "a_v1", "b", "b_v1")
    assert written == "# drawn\n" + "".join(map(line.format, names))
    for name in ("lists/val_list.txt", "label_list.txt"):
        assert (out / name).read_bytes() == (src / name).read_bytes()


def test_a_list_of_classes_is_kept_and_no_part(tmp_path: Path) -> None:
    src, out = devkit(tmp_path / "src", {}, masks=False), tmp_path / "out"
    put(src / "ImageSets/classes.txt", "cat\ndog\n")
    with opened(src) as data:
        assert data.title == "Pascal VOC, boxes, 4 images; it has no parts, so all of them grow"
    grow(src, out)
    assert (out / "ImageSets/classes.txt").read_text() == "cat\ndog\n"


def test_lists_that_hold_boxes_are_refused(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src", {})
    put(
        src / "2007_train.txt", "JPEGImages/a.jpg 1,2,3,4,0 5,6,7,8,1\nJPEGImages/b.jpg 1,2,3,4,0\n"
    )
    with pytest.raises(ExpandError, match='"2007_train.txt" names images and says more of them'):
        opened(src, layout="voc")


def test_oxford_pets_grow_by_their_lists(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    for stem in ("beagle_1", "beagle_2"):
        save_picture(src / f"images/{stem}.jpg", picture((CAT,)))
        put(src / f"annotations/xmls/{stem}.xml", annotation(stem, (CAT,)))
        save_mask(src / f"annotations/trimaps/{stem}.png", np.full((48, 64), 3, np.uint8))
    put(src / "annotations/trainval.txt", "beagle_1 5 2 1\n")
    put(src / "annotations/test.txt", "beagle_2 5 2 1\n")
    put(src / "annotations/list.txt", "#Image ID\nbeagle_1 5 2 1\nbeagle_2 5 2 1\n")
    with opened(src) as data:
        assert data.title == (
            "Pascal VOC, boxes and masks, trainval split 1 image; test left as it is"
        )
    assert grow(src, out) == []
    lists = out / "annotations"
    assert (lists / "trainval.txt").read_text() == "beagle_1 5 2 1\nbeagle_1_v1 5 2 1\n"
    assert (lists / "list.txt").read_text().count("beagle_1_v1 5 2 1\n") == 1
    assert (lists / "xmls/beagle_1_v1.xml").exists()
    assert (lists / "trimaps/beagle_1_v1.png").exists()


def test_torchvision_reads_each_copy_with_its_own_labels(tmp_path: Path) -> None:
    from torchvision.datasets import VOCDetection, VOCSegmentation

    devkit(tmp_path / "src/VOCdevkit/VOC2012")
    grow(tmp_path / "src", tmp_path / "out", "classic", factor=3)
    found = VOCDetection(tmp_path / "out", image_set="train")
    assert len(found) == 6
    for index, path in enumerate(found.images):
        image, target = found[index]
        said = target["annotation"]
        assert said["filename"] == Path(path).name
        assert image.size == tuple(int(said["size"][side]) for side in ("width", "height"))
        for each in said["object"]:
            box = [int(each["bndbox"][side]) for side in ("xmin", "ymin", "xmax", "ymax")]
            shown = seen(Path(path), each["name"])
            assert shown
            assert np.abs(np.subtract(box, shown)).max() <= 1
    masks = VOCSegmentation(tmp_path / "out", image_set="train")
    for index, path in enumerate(masks.images):
        image, mask = masks[index]
        assert (mask.size, mask.mode) == (image.size, "P")
        cat = np.asarray(mask) == 1
        drawn = np.abs(np.asarray(Image.open(path)).astype(int) - (250, 40, 40)).max(axis=2) < 60
        assert (cat == drawn).mean() > 0.97, path


@pytest.mark.slow
def test_any_number_of_workers_and_restarts_give_the_same_files(tmp_path: Path) -> None:
    src = devkit(tmp_path / "src", {"train": "a\nb\nc\nd\n"})
    trees = []
    for name, workers, factors in (("one", 1, [4]), ("two", 2, [4]), ("grown", 2, [2, 3, 4])):
        for factor in factors:
            expand(src, tmp_path / name, factor, "classic", workers=workers)
        trees.append(tree(tmp_path / name))
    assert trees[0] == trees[1] == trees[2]


def test_masks_alone_are_enough(tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "out"
    for stem in ("a", "b"):
        save_picture(src / f"JPEGImages/{stem}.jpg", picture((CAT,)))
        save_mask(src / f"SegmentationClass/{stem}.png", np.full((48, 64), 3, np.uint8))
    put(src / "ImageSets/Segmentation/train.txt", "a\n")
    with opened(src) as data:
        assert data.title == "Pascal VOC, masks, train split 1 image"
    assert grow(src, out) == []
    assert (out / "SegmentationClass/a_v1.png").exists()
    assert not (out / "SegmentationClass/b_v1.png").exists()
