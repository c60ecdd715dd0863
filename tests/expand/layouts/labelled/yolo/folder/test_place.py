"""Where the label file of an image is."""

from __future__ import annotations

from expand.layouts.labelled.yolo.folder.place import BESIDE, USUAL, Place, find_place
from expand.layouts.labelled.yolo.folder.survey import Survey


def test_the_last_folder_called_images_is_replaced_as_ultralytics_does() -> None:
    assert USUAL.label("images/train/a.b.jpg") == "labels/train/a.b.txt"
    assert USUAL.label("train/images/a.png") == "train/labels/a.txt"
    assert USUAL.label("images/x/images/a.png") == "images/x/labels/a.txt"
    assert USUAL.label("my_images/a.png") == "my_images/a.txt"
    assert USUAL.label("a.png") == "a.txt"
    assert BESIDE.label("images/a.png") == "images/a.txt"


def test_the_folder_of_images_is_found_back() -> None:
    for folder in ("images/train/", "train/images/", "", "a/"):
        assert USUAL.image_folder(USUAL.label_folder(folder)) == folder


def test_the_usual_place_comes_first() -> None:
    found = Survey(images=["images/"], texts={"images/", "labels/"})
    assert find_place(found, found.images) == USUAL
    assert find_place(Survey(texts={"images/"}), ["images/"]) == BESIDE
    assert find_place(Survey(texts={"JPEGImages/"}), ["JPEGImages/"]) == USUAL
    found = Survey(texts={"Annotations/train/"})
    assert find_place(found, ["JPEGImages/train/"]) == Place("JPEGImages", "Annotations")
    assert find_place(Survey(texts={"docs/"}), ["images/"]) is None
