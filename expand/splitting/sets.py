"""The files of a labelled dataset in parts: where each goes, and those for each whole part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from expand.layouts.labelled.dataset import Dataset, Derived, Rows, SetWideFile
from expand.layouts.labelled.tables.rows.labels import ROWS, TableLabels
from expand.layouts.labelled.voc.lists.entries import ImageList
from expand.layouts.names import split_suffix
from expand.layouts.source import Source
from expand.splitting.parts import Part, SplitImage
from expand.splitting.yolo import DataFiles, write_data

BY_LISTS = "JPEGImages"
"""The folder of images of a Pascal VOC dataset that says its parts by lists."""
TABLES = ("table", "huggingface")


@dataclass(frozen=True)
class SplitSet:
    """A labelled dataset that is split: where files of a part go, and its set-wide files."""

    root: Path
    dataset: Dataset
    images: list[SplitImage]
    bad: tuple[str, ...] = ()
    """A line for each image that cannot be used."""
    extra: tuple[tuple[str, int], ...] = ()
    """Set-wide files that are copied as they are, with their sizes."""
    yolo: DataFiles = field(default_factory=DataFiles)

    @property
    def lists(self) -> bool:
        """Whether lists of images say the parts, and files stay where they are."""
        first = self.images[0].name if self.images else ""
        return self.dataset.layout == "voc" and f"/{BY_LISTS}/" in f"/{first}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: sentences."""
        if any(image.label for image in self.images):
            return self.dataset.notes
        if any(image.classes for image in self.images):
            why = "most images are the only one of a class"
        else:
            why = "its labels name no classes"
        return f"{why}, so nothing but the number of images is even", *self.dataset.notes

    def place(self, part: str, path: str) -> str:
        """Return where a file of an image goes, in the output folder."""
        if self.lists:
            return path
        if self.dataset.layout == "masks" and (names := path.split("/")).count(self.dataset.split):
            names[names.index(self.dataset.split)] = part  # leftImg8bit/train is leftImg8bit/val
            return "/".join(names)
        return f"{part}/{_without(path, self.dataset.split)}"

    def derive(self, parts: tuple[Part, ...], of: Mapping[str, int]) -> Iterator[SetWideFile]:
        """Yield the files for each whole part; `of` has the part of each image by its name."""
        known = {name for name, _ in self.extra}
        for number, part in enumerate(parts):
            written = set[str]()
            for file in self._derive(partial(self._rows, of, number)):
                name = self._name(part.name, file.name)
                if self.dataset.layout.startswith("yolo") or name in written | known:
                    continue  # lists of images and data.yaml: parts are folders now
                written.add(name)
                yield SetWideFile(name, file.pieces)
            if self.lists and not written:
                yield self._list(part.name, [name for name, own in of.items() if own == number])
        if self.dataset.layout.startswith("yolo"):
            folders = {part.name: self._folder(part.name) for part in parts}
            yield write_data(self.yolo, folders, self.dataset.classes, self._numbers())

    def _derive(self, rows: Rows) -> Iterable[SetWideFile]:
        """Yield the set-wide files; of lists, the one with the shortest name is of all classes."""
        files = self.dataset.derive(rows)
        return sorted(files, key=lambda file: len(file.name)) if self.lists else files

    def _folder(self, part: str) -> str:
        """Return the folder with the images of a part: that called "images", or the whole part."""
        folder = f"{part}/images"
        own = (self.place(part, image.name) for image in self.images)
        return folder if all(path.startswith(f"{folder}/") for path in own) else part

    def _numbers(self) -> int:
        """Return how many classes there are, where they have no names."""
        seen = (int(each) for image in self.images for each in image.classes if each.isdecimal())
        return 1 + max(seen, default=-1)

    def _name(self, part: str, name: str) -> str:
        """Return where a file for a whole part goes, in the output folder."""
        if self.lists:
            old = ImageList.of(name)
            stem = f"{old.of_class}_{part}" if old.of_class else part
            folder, slash, last = name.rpartition("/")
            return f"{folder}{slash}{stem}{split_suffix(last)[1]}"
        name, split = _without(name, self.dataset.split), self.dataset.split
        folder, slash, last = name.rpartition("/")
        for said in (f"_{split}", f"-{split}") if split else ():
            last = last.replace(said, "", 1)
        return f"{part}/{folder}{slash}{last}"

    def _list(self, part: str, names: list[str]) -> SetWideFile:
        home = self.images[0].name.partition(BY_LISTS)[0]
        stems = sorted(split_suffix(name.rpartition("/")[2])[0] for name in names)
        text = "".join(f"{stem}\n" for stem in stems)
        return SetWideFile.of(f"{home}ImageSets/Main/{part}.txt", text.encode())

    def _rows(self, of: Mapping[str, int], number: int) -> Iterator[Derived]:
        """Yield the images of a part as they are: sizes of 0 say that nothing has changed."""
        for source in self.dataset.listing:
            if of.get(source.id) == number:
                said = _said(self.dataset, source)
                yield Derived(source.id, source.id, 0, 0, 0, source.label, said)


def _said(dataset: Dataset, source: Source) -> Any:
    """Return what the manifest of an expanded dataset would say of an original."""
    if dataset.layout in TABLES:
        assert isinstance(dataset.labels, TableLabels)
        said: dict[str, dict[str, str]] = {}
        for number, line, text in json.loads(source.annotation)[ROWS]["rows"]:
            said.setdefault(dataset.labels.tables[number].name, {})[str(line)] = text
        return said
    if dataset.layout == "masks" and dataset.labels:
        return {"masks": list(dataset.labels.names(source, source.id))}
    return None


def _without(path: str, split: str) -> str:
    """Return a path without the folder that is called as the one part that there is."""
    names = path.split("/")
    if split and split in names[:-1]:
        names.remove(split)
    return "/".join(names)
