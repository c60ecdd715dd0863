"""A survey of a dataset: which images have which annotations, masks and lists."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from expand.layouts.directory import IMAGE, Directory
from expand.layouts.labelled.voc.naming import note_files
from expand.layouts.layout import Kind
from expand.layouts.names import split_suffix
from expand.layouts.recognition.evidence import FILES, kind_of_json
from expand.layouts.recognition.tables import kind_of_table
from expand.layouts.recognition.words import FILLER, IMAGES, LABELS, PART_OF, role_of, words
from expand.layouts.walk import walk

LISTS = "ImageSets"
LIKE_LISTS = {*PART_OF, "list", "lists"}
LOSSY = (".jpg", ".jpeg")
"""Suffixes of pictures that are not masks: JPEG changes labels."""
TABLES = (".csv", ".tsv", ".jsonl", ".json")
UNREAD = (".npy", ".npz", ".mat", ".gif")


@dataclass(slots=True)  # there is one for each image
class Group:
    """The files of one name: images with their labels. All are paths in the dataset."""

    images: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)

    def note(self) -> str:
        """Return what `Source.annotation` says of each image of the group."""
        labels = [*self.annotations[:1], *self.masks]
        if len(self.annotations) > 1:
            return note_files((), f"has two annotations: {_and(self.annotations)}")
        if len(self.images) > 1 and labels:
            return note_files(
                (), f"shares {_and(labels[:1])} with another image: {_and(self.images)}"
            )
        return note_files(labels)


def _and(names: Iterable[str]) -> str:
    return " and ".join(f'"{name}"' for name in list(names)[:2])


@dataclass
class Survey:
    """What a dataset holds."""

    groups: dict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    """By their key: their folders without words for images and labels, and their stem."""
    lists: list[str] = field(default_factory=list)
    """The text files in folders that are called ImageSets, or are called like lists."""
    unread: list[str] = field(default_factory=list)
    """Files of formats that are not read, in folders of labels."""
    foreign: list[str] = field(default_factory=list)
    """Labels of the images in another format: YOLO text files, JSON files, tables."""

    def finish(self, others: Iterable[str]) -> None:
        """Tell masks from images, and lists from labels that are called like an image."""
        _settle(self.groups.values())
        for group in self.groups.values():
            lossy = [name for name in group.masks if name.lower().endswith(LOSSY)]
            group.masks = [name for name in group.masks if name not in lossy]
            self.unread += lossy
        images = {key for key, group in self.groups.items() if group.images}
        of_images = {name for name in (*self.lists, *others) if key_of(name) in images}
        of_images = {name for name in of_images if f"/{LISTS}/" not in f"/{name}"}
        self.lists = [name for name in self.lists if name not in of_images]
        self.foreign = sorted({*self.foreign, *of_images})

    def images(self) -> Iterator[tuple[str, Group]]:
        """Yield each image with its group."""
        for group in self.groups.values():
            for image in group.images:
                yield image, group

    def labels_alone(self) -> list[str]:
        """Return the annotations and masks without an image, sorted."""
        return sorted(
            name
            for group in self.groups.values()
            if not group.images
            for name in (*group.annotations, *group.masks)
        )


def survey(root: Path) -> Survey:
    """Look at the names of all files of a dataset; a few tables are looked into."""
    found, others, tables = Survey(), list[str](), Counter[str]()
    for frame, name, kind in walk(str(root), lambda _: None):
        if name is None:
            continue
        path, suffix = f"{frame.prefix}{name}", split_suffix(name)[1].lower()
        if suffix == ".txt" and (LISTS in frame.names or LIKE_LISTS & {*words(name)}):
            found.lists.append(path)
        elif kind == IMAGE:
            group = found.groups[key_of(path)]
            (group.masks if _holds_labels(frame.names) else group.images).append(path)
        elif suffix == ".xml":
            found.groups[key_of(path)].annotations.append(path)
        elif suffix in UNREAD and _holds_labels(frame.names):
            found.unread.append(path)
        elif suffix in (".txt", ".json"):
            others.append(path)
        if suffix in TABLES and tables[frame.prefix] < FILES:
            tables[frame.prefix] += 1
            if _has_labels(frame.directory, name):
                found.foreign.append(path)
    found.finish(others)
    return found


def _has_labels(directory: Directory, name: str) -> bool:
    """Tell whether a file gives labels to images, as a table or as COCO does."""
    if name.lower().endswith(".json"):
        return kind_of_json(os.path.join(directory.path, name)) is Kind.COCO
    return kind_of_table(directory, name, numbered=False) is not None


def _settle(groups: Collection[Group]) -> None:
    """Take images in folders of labels for images where annotations of no others lie beside them.

    A folder of images can be called "annotated".
    """
    beside = {
        _folder(mask)
        for group in groups
        if not group.images
        for mask in group.masks
        if _folder(mask) in map(_folder, group.annotations)
    }
    for group in groups if beside else ():
        if not group.images:
            group.images = [name for name in group.masks if _folder(name) in beside]
            group.masks = [name for name in group.masks if name not in group.images]


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def key_of(path: str) -> str:
    """Return what an image and its labels have in common: "train/images/a.jpg" is "train/a"."""
    *folders, name = path.split("/")
    kept = filter(None, map(_without_role, folders))
    return "/".join([*kept, split_suffix(name)[0]])


@lru_cache(4096)
def _without_role(folder: str) -> str:
    """Return the name of a folder without words that say that it holds images or labels."""
    if not role_of(folder).kind:
        return folder
    if re.match("segmentation(class|object)", folder, re.IGNORECASE):
        return ""
    return "_".join(word for word in words(folder) if word not in IMAGES | LABELS | FILLER)


def _holds_labels(folders: tuple[str, ...]) -> bool:
    return any(role_of(folder).kind == "labels" for folder in folders)
