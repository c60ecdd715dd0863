"""The plan of a split: which image goes to which part, and to which path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from expand.errors import ExpandError
from expand.layouts.groups import GroupBy
from expand.layouts.labelled.dataset import SetWideFile
from expand.layouts.layout import AUTO
from expand.splitting.assign import assign
from expand.splitting.images import Images, open_images
from expand.splitting.parts import EXAMPLE, Part, parse_parts
from expand.splitting.units import Units, count_classes, count_labels, find_units
from expand.splitting.yolo import check_parts
from expand.storage.stores.places import check_apart

ORIGINALS = ("copy", "link")
COPIES = (
    "the folder holds copies, and they go to the part of their source; to validate and test on "
    "originals alone, split the folder first and expand its training part"
)


@dataclass(frozen=True)
class SplitSettings:
    """Everything that decides which image goes where; checks itself."""

    parts: tuple[Part, ...] = field(default_factory=lambda: parse_parts(EXAMPLE))
    group_by: str | None = None
    seed: int = 0
    originals: str = "copy"

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise ExpandError(f"--seed must be 0 … 2^64 - 1, got {self.seed}")
        if self.originals not in ORIGINALS:
            raise ExpandError(f"--originals must be {', '.join(ORIGINALS)}, got {self.originals!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        parts = {part.name: part.share for part in self.parts}
        return {
            "parts": parts,
            "group_by": self.group_by,
            "seed": self.seed,
            "originals": self.originals,
        }


class PlannedFile(NamedTuple):
    """A file to write: its path in the input folder, that in the output folder, and its bytes."""

    name: str
    path: str
    size: int
    is_image: bool = False


@dataclass(frozen=True)
class SplitPlan:
    """Which image goes where."""

    src: Path
    out: Path
    settings: SplitSettings
    images: Images
    units: Units
    of_unit: bytearray
    """The index of the part of each unit."""

    @property
    def count(self) -> int:
        """The number of images."""
        return len(self.units.of_image)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: sentences."""
        copies = (COPIES,) if self.images.expanded else ()
        return (*self.units.notes, *copies, *self.images.notes)

    def counts(self) -> dict[str, list[int]]:
        """Return the images of each class in each part, by class; an image can have several."""
        if self.images.labelled:
            return count_classes(self.images.read(), self._parts(), len(self.settings.parts))
        return count_labels(self.units.units, self.of_unit, len(self.settings.parts))

    def totals(self) -> list[int]:
        """Return the images in each part."""
        found = Counter(self._parts())
        return [found[number] for number in range(len(self.settings.parts))]

    def _parts(self) -> Iterator[int]:
        """Yield the index of the part of each image."""
        return (self.of_unit[place] for place in self.units.of_image)

    def files(self) -> Iterator[PlannedFile]:
        """Yield each image and, before it, its label files, with their paths in the output."""
        labelled, names = self.images.labelled, [part.name for part in self.settings.parts]
        for name, size in labelled.extra if labelled else ():
            yield PlannedFile(name, name, size)
        for image, part in zip(self.images.read(), self._parts(), strict=True):
            for name, size in image.files:
                assert labelled
                yield PlannedFile(name, labelled.place(names[part], name), size)
            path = f"{names[part]}/{image.name}"
            path = labelled.place(names[part], image.name) if labelled else path
            yield PlannedFile(image.name, path, image.size, is_image=True)

    def derived(self) -> Iterator[SetWideFile]:
        """Yield the files for each whole part of a labelled dataset."""
        if self.images.labelled:
            names = (image.name for image in self.images.read())
            of = dict(zip(names, self._parts(), strict=True))
            yield from self.images.labelled.derive(self.settings.parts, of)


def plan_split(src: Path, out: Path, settings: SplitSettings, layout: str = AUTO) -> SplitPlan:
    """Decide which image goes where; nothing is written.

    Raise ExpandError for a folder that cannot be split, and for parts that cannot all be filled.
    """
    check_apart(src, out)
    images = open_images(src, layout, settings.group_by)
    group_by = None
    if settings.group_by is not None and not images.labelled:
        group_by = GroupBy.parse(settings.group_by)
    units = find_units(images, group_by)
    if not units.units:
        raise ExpandError(f'"{src}" has no images')
    of_unit = assign(units.units, settings.parts, settings.seed, every=not images.labelled)
    plan = SplitPlan(src, out, settings, images, units, of_unit)
    if images.labelled:
        _check_labelled(plan)
    return plan


def _check_labelled(plan: SplitPlan) -> None:
    """Refuse parts of a labelled dataset without images, and files that would have one path."""
    if plan.images.labelled and plan.images.labelled.dataset.layout.startswith("yolo"):
        check_parts(plan.settings.parts)
    for part, total in zip(plan.settings.parts, plan.totals(), strict=True):
        if not total:
            units = len(plan.units.units)
            stay = "" if units == plan.count else f" in {units:,} groups that stay together"
            raise ExpandError(
                f'part "{part.name}" gets no image: {plan.count:,} images{stay} are too few for '
                f"{len(plan.settings.parts)} parts. Ask for fewer --parts"
            )
    paths = dict[str, str]()
    for file in plan.files():
        if (other := paths.setdefault(file.path, file.name)) != file.name:
            raise ExpandError(
                f'"{file.name}" and "{other}" would both be written to "{file.path}"; rename one'
            )
