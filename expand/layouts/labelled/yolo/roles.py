"""The role of each file of a YOLO dataset: it grows, is kept, or is written anew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.class_folders import UNREAD
from expand.layouts.labelled.scan import KEPT, MADE, Role, Use
from expand.layouts.labelled.yolo.folder.parts import Part
from expand.layouts.labelled.yolo.folder.place import Neighbours, Place
from expand.layouts.names import COPY, split_suffix
from expand.layouts.recognition.evidence import is_yolo_text


@dataclass
class Faults:
    """What is odd about the files of the part that grows, counted, with a first name each."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, name: str) -> None:
        """Count a file."""
        self.counts[what] += 1
        self.first.setdefault(what, name)


class Roles:
    """Decides about the files of a dataset, one after the other."""

    def __init__(
        self,
        root: Path,
        part: Part,
        others: Sequence[Part],
        place: Place,
        made: frozenset[str],
        factor: int,
    ) -> None:
        """`others` are parts that do not grow, `made` the files that are not copied."""
        self.factor = factor
        self.root, self.part, self.others, self.place = root, part, others, place
        self.made, self.faults = made, Faults()
        self._neighbours = Neighbours(root)

    def __call__(self, path: str, is_image: bool) -> Use:
        """Return the role of a file."""
        folder, name = path[: path.rfind("/") + 1], path[path.rfind("/") + 1 :]
        stem, suffix = split_suffix(name)
        if path in self.made:
            return MADE
        if is_image:
            if self._grows(path):
                if any(other.lists_too(self.part, path) for other in self.others):
                    self.faults.add("both", path)
                return self._image(path, folder, stem)
            if all(other.depth(path) < 0 for other in self.others):
                self.faults.add("apart", path)
            return KEPT
        if suffix == ".txt":
            return self._text(path, folder, stem)
        if suffix.lower() in UNREAD and self._grows(path):
            self.faults.add("unread", path)
        return KEPT

    def _grows(self, path: str) -> bool:
        """Tell whether a file is of the part that grows; no other part names it more exactly."""
        depth = self.part.depth(path)
        return depth >= 0 and all(other.depth(path) <= depth for other in self.others)

    def _image(self, path: str, folder: str, stem: str) -> Use:
        label = self.place.label(path)
        labels = self._neighbours.others(self.place.label_folder(folder), stem)
        if label.rpartition("/")[2] not in labels:
            self.faults.add("background", path)
            return Use(Role.GROWS)
        alike = [folder + each for each in self._neighbours.images(folder, stem)]
        others = [each for each in alike if each != path and self._grows(each)]
        return Use(Role.GROWS, annotation=json.dumps({"shares": others[0]}) if others else "")

    def _check_copy(self, path: str, images: str, stem: str) -> None:
        """Raise ExpandError if a file without an image would become the label of a copy."""
        copy = COPY.match(f"{stem}.txt")
        if not copy or int(copy["view"]) >= self.factor:
            return
        base = copy["stem"]
        names = [
            *self._neighbours.images(images, base),
            *self._neighbours.images(images, _stem(base)),
        ]
        for name in names:
            if base in (name, _stem(name)) and self._grows(images + name):
                raise ExpandError(
                    f'"{path}" would become the label file of a copy of "{images}{name}"; rename '
                    "or remove it"
                )

    def _text(self, path: str, folder: str, stem: str) -> Use:
        """Return the role of a text file: that of the label of an image, or kept."""
        images = self.place.image_folder(folder)
        alike = self._neighbours.images(images, stem)
        if any(self._grows(images + name) for name in alike):
            return MADE
        self._check_copy(path, images, stem)
        labelled = images != folder or self._neighbours.has_images(folder)
        other = self._neighbours.others(images, stem) if images != folder else ()
        belongs = self._grows(f"{images}{stem}.jpg") or bool(self.part.lists)
        if labelled and belongs and not alike and not other and is_yolo_text(str(self.root / path)):
            self.faults.add("alone", path)
        return KEPT


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
