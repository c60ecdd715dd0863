"""The labels of the views of one image, and what lists have to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.images.pixels import Pixels
from expand.layouts.labelled.dataset import LabelFile, LabelledView, ViewLabels
from expand.layouts.labelled.voc.annotations.annotation import Labelled
from expand.layouts.labelled.voc.moved import move_annotation
from expand.layouts.labelled.voc.naming import label_name
from expand.layouts.labelled.voc.read import IGNORED, ReadAnnotation, ReadMask
from expand.targets import Mask, Targets


@dataclass(frozen=True)
class VocImageLabels:
    """The labels of one image."""

    source: str
    read: ReadAnnotation | None
    """None for an image without annotation."""
    masks: tuple[ReadMask, ...]
    targets: Targets
    listed: bool

    @property
    def notes(self) -> Mapping[str, int]:
        """What was mended."""
        return self.read.notes if self.read else {}

    @property
    def classes(self) -> tuple[str, ...]:
        """The class of each object, and the name of each part."""
        return tuple(each.name for each in self.read.labelled) if self.read else ()

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the annotation and the masks of a view."""
        files, annotation = [], None
        if self.read:
            keeps = view.k == 0 and not self.read.is_mended
            data = self.read.data if keeps else move_annotation(self.read, view)
            files.append(LabelFile(label_name(self.read.name, view.name), data))
            annotation = _changed(self.read, view) if self.listed else None
        written = view.carried.targets.masks[: len(self.masks)]
        for mask, moved in zip(self.masks, written, strict=True):
            keeps = view.k == 0 and not mask.turned
            data = mask.data if keeps else mask.file.write(self._renumbered(mask, moved, view))
            files.append(LabelFile(label_name(mask.name, view.name), data))
        return ViewLabels(tuple(files), annotation)

    def _renumbered(self, mask: ReadMask, moved: Mask, view: LabelledView) -> Pixels:
        """Return a mask of instances with the numbers that the objects have in the view."""
        if not (mask.numbered and self.read and view.carried.dropped):
            return moved.pixels
        new = np.arange(np.iinfo(moved.pixels.dtype).max + 1, dtype=moved.pixels.dtype)
        objects = [each.number for each in self.read.annotation.labelled if not each.is_part]
        kept = [each.number for each in self.read.objects(view.carried)]
        ignored = IGNORED if (mask.mask.pixels == IGNORED).any() else 0
        new[objects] = [kept.index(each) + 1 if each in kept else ignored for each in objects]
        return new[moved.pixels]


def _changed(read: ReadAnnotation, view: LabelledView) -> Any:
    """Return what lists have to say anew of a view; None if it shows all objects as they are."""
    before = [each for each in read.annotation.labelled if not each.is_part]
    after = read.objects(view.carried)
    flags, old = _flags(after, view), _flags(before)
    if len(before) == len(after) and flags == old:
        return None
    names = dict.fromkeys((*old, *flags))
    changed = {name: flags.get(name, -1) for name in names if flags.get(name, -1) != old.get(name)}
    return {"objects": [each.number for each in after], "flags": changed}


def _flags(objects: list[Labelled], view: LabelledView | None = None) -> dict[str, int]:
    """Return for each class 1, or 0 if all its objects are difficult, as VOC's lists have it."""
    flags: dict[str, int] = {}
    for each in objects:
        name = view.class_of(each.name) if view else each.name
        flags[name] = max(flags.get(name, 0), int(not each.difficult))
    return flags
