"""Split a folder of images into parts: plan it, then copy or link each image to its part."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expand import __version__, interrupts
from expand.errors import BadImageError, ExpandError
from expand.layouts.groups import GroupBy
from expand.layouts.layout import AUTO
from expand.splitting.assign import assign
from expand.splitting.images import Images, SplitImage, open_images
from expand.splitting.parts import EXAMPLE, Part, parse_parts
from expand.splitting.record import (
    FINISHED,
    UNFINISHED,
    check_output,
    digest_images,
    source_path,
    write_split,
)
from expand.splitting.units import Units, count_labels, find_units
from expand.storage.folder import OutputFolder
from expand.storage.lock import Lock
from expand.storage.reading import read_image
from expand.storage.removal import open_output
from expand.storage.stores.places import check_apart

ORIGINALS = ("copy", "link")
COPIES = (
    "the folder holds copies, and they go to the part of their source; to validate and test on "
    "originals alone, split the folder first and expand its training part"
)
Progress = Callable[[int], None]


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
        if self.group_by is not None:
            GroupBy.parse(self.group_by)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        parts = {part.name: part.share for part in self.parts}
        return {
            "parts": parts,
            "group_by": self.group_by,
            "seed": self.seed,
            "originals": self.originals,
        }


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
        """Return the images of each class in each part, by class."""
        return count_labels(self.units.units, self.of_unit, len(self.settings.parts))

    def files(self) -> Iterator[tuple[SplitImage, str]]:
        """Yield each image and its path in the output folder."""
        parts = [part.name for part in self.settings.parts]
        for image, place in zip(self.images.read(), self.units.of_image, strict=True):
            yield image, f"{parts[self.of_unit[place]]}/{image.name}"


@dataclass
class SplitReport:
    """What a split did."""

    plan: SplitPlan
    made: int = 0
    bad: list[str] = field(default_factory=list)
    """A line for each image that could not be used."""

    @property
    def status(self) -> int:
        """The exit status: 0 all done, 1 done but some input was bad."""
        return 1 if self.bad else 0


def plan_split(src: Path, out: Path, settings: SplitSettings, layout: str = AUTO) -> SplitPlan:
    """Decide which image goes where; nothing is written.

    Raise ExpandError for a folder that cannot be split, and for parts that cannot all be filled.
    """
    check_apart(src, out)
    images = open_images(src, layout)
    group_by = None if settings.group_by is None else GroupBy.parse(settings.group_by)
    units = find_units(images, group_by)
    if not units.units:
        raise ExpandError(f'"{src}" has no images')
    return SplitPlan(
        src, out, settings, images, units, assign(units.units, settings.parts, settings.seed)
    )


def split(plan: SplitPlan, progress: Progress = lambda _images: None) -> SplitReport:
    """Do what a plan says. Interrupted? Call it again to resume.

    An image that cannot be read is noted, and the rest goes on. Raise ExpandError with status 3 if
    a file cannot be written.
    """
    out = plan.out
    existed = out.is_dir()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExpandError(f'"{out}" cannot be created: {error.strerror or error}') from error
    try:
        with Lock(out), open_output(out) as folder:
            return _split(plan, folder, progress)
    except BaseException:
        if not existed:
            with suppress(OSError):
                out.rmdir()  # only if it is empty
        raise


def _split(plan: SplitPlan, folder: OutputFolder, progress: Progress) -> SplitReport:
    digest = digest_images((name, image.size) for image, name in plan.files())
    check_output(plan.out, plan.settings.to_dict(), digest)
    record = {
        "expand": __version__,
        "state": UNFINISHED,
        "source": source_path(plan.src, plan.out),
        "settings": plan.settings.to_dict(),
        "images": digest,
    }
    write_split(folder, record)
    report = SplitReport(
        plan, bad=[f'"{name}" has a name that is not UTF-8' for name in plan.images.bad]
    )
    for image, name in plan.files():
        interrupts.check()
        _put(plan, folder, image, name, report)
        progress(1)
    parts = [part.name for part in plan.settings.parts]
    classes = {label: dict(zip(parts, each, strict=True)) for label, each in plan.counts().items()}
    done = {"state": FINISHED, "classes": classes, "notes": plan.notes, "bad": report.bad}
    write_split(folder, {**record, **done})
    folder.sync_names()
    return report


def _put(
    plan: SplitPlan, folder: OutputFolder, image: SplitImage, name: str, report: SplitReport
) -> None:
    """Copy or link an image to its part, unless it is there."""
    found = folder.status(name)
    if found and found.st_size == image.size:
        return
    path = os.path.join(plan.src, image.name)
    try:
        if plan.settings.originals == "link":
            _check_regular(path)
            folder.link(path, name)
        else:
            folder.write(name, read_image(path))
        report.made += 1
    except BadImageError as error:
        report.bad.append(f'"{image.name}" {error}')


def _check_regular(path: str) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadImageError("is not a regular file")
    except (OSError, ValueError) as error:
        raise BadImageError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
