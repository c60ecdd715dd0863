"""Matches: images and their labels, matched by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from expand.layouts.labelled.voc.naming import note_files
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import FILLER, IMAGES, LABELS, role_of, words


@dataclass(slots=True)
class Match:
    """The files that share a name: images with their labels. All are paths in the dataset."""

    images: list[str]
    annotations: list[str]
    masks: list[str]
    lossy: list[str]
    """Pictures in folders of labels that are not masks."""
    first: str
    """The number of its first file, as text."""

    @property
    def labels(self) -> list[str]:
        """The annotations and masks."""
        return [*self.annotations, *self.masks]

    def note(self) -> str:
        """Return what `Source.annotation` says of each of the images."""
        labels = [*self.annotations[:1], *self.masks]
        if len(self.annotations) > 1:
            return note_files((), f"has two annotations: {_and(self.annotations)}")
        if len(self.images) > 1 and labels:
            return note_files(
                (), f"shares {_and(labels[:1])} with another image: {_and(self.images)}"
            )
        return note_files(labels)


BACKGROUND = note_files(())
"""The note of an image without labels."""


def _and(names: Iterable[str]) -> str:
    return " and ".join(f'"{name}"' for name in list(names)[:2])


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
