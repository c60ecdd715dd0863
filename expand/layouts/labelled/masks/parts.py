"""The parts of a split of images with masks, and the one that grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from expand.layouts.labelled.masks.files import File
from expand.layouts.labelled.masks.places import Part
from expand.layouts.labelled.splits.choose import no_part
from expand.layouts.recognition.words import PART_OF, words
from expand.layouts.spooled.sets import TextSet

TRAIN = "train"


class Growing(NamedTuple):
    """The part that grows; `kind` is empty if there are no parts, so that all images grow."""

    kind: str = ""
    shown: str = ""
    by_name: bool = False
    """Whether names of files tell the parts, instead of folders."""
    listed: TextSet | None = None
    """The images of the part, if a list tells them."""

    def holds(self, file: File) -> bool:
        """Tell whether a file is in the part."""
        if self.listed is not None:
            return file.path in self.listed
        part = _part(file, by_name=self.by_name)
        return not self.kind or (part is not None and part.kind == self.kind)


def _part(file: File, *, by_name: bool) -> Part | None:
    """Return the part of a file, told by its folders or by the first word of its name."""
    if not by_name:
        return file.place.part
    first = next(iter(words(file.stem)), "")
    return Part(PART_OF[first], first) if first in PART_OF else None


@dataclass(frozen=True)
class Parts:
    """The parts, by what they are; each with the name that a folder has."""

    parts: dict[str, str]
    by_name: bool = False
    listed: Mapping[str, TextSet] = field(default_factory=dict)
    """The images of each part, if lists tell them."""

    @classmethod
    def of(cls, files: Iterable[File]) -> Parts:
        """Return the parts of images: folders, or else names such as "train_1", "testA_1".

        `files` are iterated twice.
        """
        if found := _kinds(_parts(files, by_name=False)):
            return cls(found)
        named = _parts(files, by_name=True)
        kinds = _kinds(named)
        split = TRAIN in kinds and len(kinds) > 1 and None not in named
        return cls(kinds, by_name=True) if split else cls({})

    def choose(self, root: Path, split: str) -> Growing:
        """Return the part that --split names, else the training part.

        Raise ExpandError if there is none.
        """
        if not self.parts and not split:
            return Growing()
        wanted = (split or TRAIN).casefold()
        named = [kind for kind, shown in self.parts.items() if shown.casefold() == wanted]
        for kind, shown in self.parts.items():
            if kind in (named or (wanted, PART_OF.get(wanted))):
                return Growing(kind, shown, self.by_name, self.listed.get(kind))
        raise no_part(root, [*self.parts.values()], split, "with masks")

    def outside(self, files: Iterable[File]) -> Iterator[File]:
        """Yield the files that are in none of the parts; none if there are no parts."""
        if not self.parts:
            return iter(())
        known = [Growing(kind, "", self.by_name, self.listed.get(kind)) for kind in self.parts]
        return (file for file in files if not any(part.holds(file) for part in known))

    def others(self, growing: Growing) -> tuple[str, ...]:
        """Return the names of the other parts."""
        return tuple(shown for kind, shown in self.parts.items() if kind != growing.kind)


def _parts(files: Iterable[File], *, by_name: bool) -> list[Part | None]:
    """Return the different parts of files, sorted."""
    found = dict.fromkeys(_part(file, by_name=by_name) for file in files)
    return sorted(found, key=lambda part: ("", "") if part is None else part)


def _kinds(parts: Iterable[Part | None]) -> dict[str, str]:
    """Return the first name of each kind of part."""
    kinds = dict[str, str]()
    for part in parts:
        if part:
            kinds.setdefault(part.kind, part.shown)
    return kinds
