"""Do a split: copy or link each image to its part, with its labels."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from expand import __version__, interrupts
from expand.errors import BadImageError, about
from expand.splitting.plan import PlannedFile, SplitPlan
from expand.splitting.record import (
    FINISHED,
    UNFINISHED,
    check_output,
    digest_images,
    source_path,
    write_split,
)
from expand.storage.folder import OutputFolder
from expand.storage.lock import Lock
from expand.storage.reading import read_image
from expand.storage.removal import open_output

Progress = Callable[[int], None]


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


def split(plan: SplitPlan, progress: Progress = lambda _images: None) -> SplitReport:
    """Do what a plan says. Interrupted? Call it again to resume.

    An image that cannot be read is noted, and the rest goes on. Raise ExpandError with status 3 if
    a file cannot be written.
    """
    with Lock(plan.out, create=True), open_output(plan.out) as folder:
        return _split(plan, folder, progress)


def _split(plan: SplitPlan, folder: OutputFolder, progress: Progress) -> SplitReport:
    digest = digest_images((file.path, file.size) for file in plan.files())
    check_output(plan.out, plan.settings.to_dict(), digest)
    record = {
        "expand": __version__,
        "state": UNFINISHED,
        "source": source_path(plan.src, plan.out),
        "settings": plan.settings.to_dict(),
        "images": digest,
    }
    write_split(folder, record)
    report = SplitReport(plan, bad=list(plan.images.bad))
    for file in plan.files():
        interrupts.check()
        _put(plan, folder, file, report)
        progress(int(file.is_image))
    for derived in plan.derived():
        folder.write(derived.name, derived.pieces())
    parts = [part.name for part in plan.settings.parts]
    classes = {label: dict(zip(parts, each, strict=True)) for label, each in plan.counts().items()}
    done = {"state": FINISHED, "classes": classes, "notes": plan.notes, "bad": report.bad}
    write_split(folder, {**record, **done})
    folder.sync_names()
    return report


def _put(plan: SplitPlan, folder: OutputFolder, file: PlannedFile, report: SplitReport) -> None:
    """Copy a file to its part, or link an image, unless it is there."""
    found = folder.status(file.path)
    if found and found.st_size == file.size:
        return
    path = os.path.join(plan.src, file.name)
    try:
        if plan.settings.originals == "link" and file.is_image:
            _check_regular(path)
            folder.link(path, file.path)
        else:
            folder.write(file.path, read_image(path))
        report.made += file.is_image
    except BadImageError as error:
        report.bad.append(about(file.name, error))


def _check_regular(path: str) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadImageError("is not a regular file")
    except (OSError, ValueError) as error:
        raise BadImageError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
