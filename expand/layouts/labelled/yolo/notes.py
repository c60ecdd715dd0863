"""What is said about a YOLO dataset: its title, and sentences about what is odd in it."""

from __future__ import annotations

from collections.abc import Sequence

from expand.errors import cut
from expand.layouts.labelled.titles import counted, format_title
from expand.layouts.labelled.yolo.folder.datafile import DataFile
from expand.layouts.labelled.yolo.folder.parts import Part
from expand.layouts.labelled.yolo.folder.place import BESIDE, USUAL, Place
from expand.layouts.labelled.yolo.roles import Faults
from expand.layouts.labelled.yolo.rows.task import Task
from expand.targets import flip_by_names

TITLES = {"detect": "detect", "segment": "segment", "pose": "pose", "obb": "OBB"}


def title_of(task: Task, part: Part, others: Sequence[Part], count: int) -> str:
    """Return what the first line says: "YOLO detect, 3 classes, train split 128 images"."""
    kept = [each.name for each in others if each.lists or set(each.folders) - set(part.folders)]
    return format_title(f"YOLO {TITLES[task.name]}", task.classes or None, part.name, count, kept)


def notes_of(
    task: Task,
    data: DataFile | None,
    part: Part,
    others: Sequence[Part],
    faults: Faults,
) -> tuple[tuple[str, ...], int]:
    """Return sentences about what is odd, and how many of them are faults of the dataset."""
    wrong, odd = _faults(part, faults), list[str]()
    if count := faults.counts["background"]:
        odd.append(
            f"{counted(count, 'image has', 'images have')} no label file, such as "
            f'"{faults.first["background"]}": background'
        )
    if count := faults.counts["apart"]:
        odd.append(
            f"{counted(count, 'image is', 'images are')} in no part of the dataset, such as "
            f'"{faults.first["apart"]}": kept as {"it is" if count == 1 else "they are"}'
        )
    for other in others:
        odd += [f'"{cut(entry)}" of {other.name} is not in the folder' for entry in other.lost[:1]]
        same = other.lists and other.lists == part.lists
        if same or (other.folders and set(other.folders) <= set(part.folders)):
            odd.append(f"{other.name} has the same images as {part.name}: the two are one part")
    mirrors = task.points < 2 or task.flip_idx or flip_by_names(task.names)
    if task.name == "pose" and not mirrors:
        name = data.name if data else "data.yaml"
        odd.append(
            f'"{name}" has no flip_idx, which says what point is where in a mirrored object; '
            "recipes with a flip need it"
        )
    return (*wrong, *odd), len(wrong)


def note_of_place(place: Place, folders: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence about label files that are not where Ultralytics looks for them."""
    said = list[str]()
    if place == BESIDE and any(USUAL.label_folder(each) != each for each in folders):
        said.append(
            "the label files lie beside the images; Ultralytics looks for those of a folder "
            '"images" in a folder "labels"'
        )
    if place not in (BESIDE, USUAL):
        said.append(
            f'the labels of "{place.images}" are in "{place.labels}"; Ultralytics needs the names '
            '"images" and "labels"'
        )
    return tuple(said)


def _faults(part: Part, faults: Faults) -> list[str]:
    counts, first, said = faults.counts, faults.first, list[str]()
    if count := counts["alone"]:
        said.append(
            f"{counted(count, 'label file has', 'label files have')} no image, such as "
            f'"{first["alone"]}"; kept as {"it is" if count == 1 else "they are"}'
        )
    if count := counts["unread"]:
        said.append(
            f"{counted(count, 'image is', 'images are')} of a format that is not read, such as "
            f'"{first["unread"]}"; kept as {"it is" if count == 1 else "they are"}'
        )
    if count := counts["both"]:
        said.append(
            f"{counted(count, 'image')} of {part.name} {'is' if count == 1 else 'are'} in the list "
            f'of another part too, such as "{first["both"]}"; name each image in one list only'
        )
    if part.lost:
        said.append(
            f"{counted(len(part.lost), 'path')} of {part.name} "
            f"{'is' if len(part.lost) == 1 else 'are'} not in the folder, such as "
            f'"{cut(part.lost[0])}"'
        )
    return said
