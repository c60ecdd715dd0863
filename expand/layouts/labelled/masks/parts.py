"""The parts of a split of images with masks, and the one that grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.masks.pairing import File
from expand.layouts.labelled.masks.places import Part

TRAIN = "train"


class Growing(NamedTuple):
    """The part that grows; `kind` is empty if there are no parts, so that all images grow."""

    kind: str = ""
    shown: str = ""

    def holds(self, file: File) -> bool:
        """Tell whether a file is in the part."""
        part = file.place.part
        return not self.kind or (part is not None and part.kind == self.kind)


@dataclass(frozen=True)
class Parts:
    """The parts, by what they are; each with the name that a folder has."""

    parts: dict[str, str]

    @classmethod
    def of(cls, files: Iterable[File]) -> Parts:
        """Return the parts of images."""
        found = dict[str, str]()
        for file in files:
            if isinstance(file.place.part, Part):
                found.setdefault(file.place.part.kind, file.place.part.shown)
        return cls(found)

    def choose(self, root: Path, split: str) -> Growing:
        """Return the part that --split names, else the training part.

        Raise ExpandError if there is none.
        """
        if not self.parts and not split:
            return Growing()
        for kind, shown in self.parts.items():
            if (split or TRAIN).casefold() in (kind, shown.casefold()):
                return Growing(kind, shown)
        names = ", ".join(f'"{shown}"' for shown in self.parts.values())
        if not self.parts:
            raise ExpandError(f'"{root}" has no parts, so --split {split} names none; leave it out')
        if split:
            raise ExpandError(f'"{root}" has no part "{split}" with masks; it has {names}')
        first = next(iter(self.parts.values()))
        raise ExpandError(
            f'"{root}" has no training part with masks; it has {names}. To expand one of these: '
            f"--split {first}"
        )

    def others(self, growing: Growing) -> tuple[str, ...]:
        """Return the names of the other parts."""
        return tuple(shown for kind, shown in self.parts.items() if kind != growing.kind)
