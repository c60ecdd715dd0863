"""The plan of a set of tars: how many blocks, which classes, which image extension."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from expand.archives.extension import common_extension
from expand.archives.index import Index, Tar, make_index
from expand.archives.members import member_bytes
from expand.archives.names import INDEX, parse_tar_name
from expand.archives.samples import json_of
from expand.errors import BadImageError, ExpandError
from expand.job.blocks.keys import block_of
from expand.job.planning.plan import Plan
from expand.job.settings import Settings
from expand.job.tasks.copies import make_files
from expand.job.tasks.labels import classes_of
from expand.job.tasks.outcome import row_of
from expand.job.tasks.sources import open_source
from expand.layouts.layout import FOLDERS
from expand.layouts.listing import spread_out
from expand.layouts.source import Source

TAR_BYTES = 10**9
"""The default of --tar-size."""
MOST_BLOCKS = 100_000
MOST_SOURCES = 1 << 16
"""Sources of a block on average, at most: a worker holds the list of one."""
USUAL_BLOCKS, USUAL_SOURCES = 32, 64
"""Small sets get up to so many blocks, of at least so many sources: blocks are what workers do at
the same time, and what a training mixes."""
LEAST_SOURCES = 8
SAMPLED = 8
"""Sources of which a copy is made to find out how large copies are. It is always the same number:
the number of blocks must not depend on how fast the machine is."""
MOST_VIEWS = 256
"""A worker writes so many tars side by side."""


@dataclass(frozen=True)
class Archives:
    """How a set of tars is divided and named; the run card has it."""

    blocks: int
    extension: str
    classes: tuple[str, ...]
    """By their number; empty if the images have no classes."""
    sample_bytes: int = 0
    """Bytes of a sample in a tar, on average, as estimated; 0 if it was not."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for the run card."""
        classes = list(self.classes)
        return {"blocks": self.blocks, "extension": self.extension, "classes": classes}

    def has(self, name: str, factor: int) -> bool:
        """Tell whether a file of this name is the index, or one of the tars of so many views."""
        tar = parse_tar_name(name)
        return name == INDEX or (tar is not None and tar[0] < self.blocks and tar[1] < factor)

    def index(self, factor: int, tars: Iterable[Tar]) -> Index:
        """Return the index of all tars, which may come in any order."""
        return make_index(self.classes, self.blocks, factor, self.extension, tars)

    def number_of(self, label: str) -> int | None:
        """Return the number of a class; None if the images have no classes."""
        return self.classes.index(label) if self.classes else None


def check_suited(plan: Plan) -> None:
    """Refuse a dataset whose labels have no place in a tar, with what to do."""
    dataset, settings = plan.dataset, plan.settings
    if dataset.layout not in (FOLDERS, "flat"):
        part = plan.src / dataset.split if dataset.layout == "split-folders" else None
        raise ExpandError(
            f"--output webdataset takes class folders, or a folder of images without labels; "
            f'"{plan.src}" is {dataset.title}. Leave out --output webdataset'
            + (f', or name one part: "{part}"' if part else "")
        )
    if plan.listing.summary.kept:
        raise ExpandError(
            f'--output webdataset writes images only, and "{plan.src}" has '
            f"{plan.listing.summary.kept:,} other files. Move them away, or leave out "
            "--output webdataset"
        )
    if settings.factor > MOST_VIEWS:
        raise ExpandError(
            f"--output webdataset writes at most {MOST_VIEWS} views of an image, got "
            f"--factor {settings.factor}"
        )


def plan_archives(plan: Plan, card: dict[str, Any] | None = None) -> Archives:
    """Return how the tars of a plan are divided; those of an earlier run stay as its `card` says.

    Raise ExpandError if the dataset has images of several formats, or, for an earlier run, other
    classes than it had.
    """
    check_suited(plan)
    extension = common_extension((source.id for source in plan.listing), plan.settings.format)
    classes = tuple(sorted(label for label in plan.listing.summary.labels if label))
    if card and "archives" in card:
        earlier = read_archives(card)
        _check_same(plan, earlier, Archives(earlier.blocks, extension, classes))
        return earlier
    size = _sample_bytes(plan)
    return Archives(_count_blocks(plan, size), extension, classes, size)


def read_archives(card: dict[str, Any]) -> Archives:
    """Return what a run card says; raise ExpandError if that cannot be."""
    values = card.get("archives")
    values = values if isinstance(values, dict) else {}
    blocks, extension, classes = (values.get(key) for key in ("blocks", "extension", "classes"))
    if (
        type(blocks) is not int
        or not 1 <= blocks <= MOST_BLOCKS
        or not isinstance(extension, str)
        or not isinstance(classes, list)
        or not all(isinstance(name, str) for name in classes)
    ):
        raise ExpandError('the run card has "archives" that cannot be used')
    return Archives(blocks, extension, tuple(classes))


def _check_same(plan: Plan, earlier: Archives, now: Archives) -> None:
    if earlier.classes != now.classes:
        changed = sorted(set(earlier.classes) ^ set(now.classes))
        gone = changed[0] in earlier.classes
        raise ExpandError(
            f'"{plan.out}" has tars with the number of each class, and class "{changed[0]}" '
            f"{'is gone' if gone else 'is new'}, which changes the numbers. Use --overwrite to "
            "start again"
        )
    if earlier.extension != now.extension:
        raise ExpandError(
            f'"{plan.out}" has tars with .{earlier.extension} images, and would get '
            f".{now.extension} now. Use --overwrite to start again"
        )


def _sample_bytes(plan: Plan) -> int:
    """Estimate the bytes of a sample in a tar: of originals or of copies, whichever is larger."""
    sources = copies = rows = count = 0
    for source in spread_out(plan.listing, SAMPLED):
        try:
            made = _make_copy(plan.settings, plan.read(source), source)
        except (BadImageError, MemoryError):
            continue
        count += 1
        sources += source.size
        copies += made[0]
        rows += made[1]
    mean = plan.listing.summary.bytes / max(1, len(plan.listing))
    image = mean * max(1.0, copies / max(1, sources))
    row = rows // count if count else 600
    return member_bytes(int(image)) + member_bytes(row) + member_bytes(1)


def _make_copy(settings: Settings, data: bytes, source: Source) -> tuple[int, int]:
    """Make a copy of a source; return its bytes, and those of its row."""
    k = settings.written_for(source)[-1:]
    opened = open_source(source.id, data, k, (), classes_of(settings, source, None))
    (file,) = make_files(opened, settings)
    return len(file.data), len(json_of(row_of(source, file, settings.group_by)))


def _count_blocks(plan: Plan, sample_bytes: int) -> int:
    """Return the number of blocks: tars have about --tar-size, and no block is empty."""
    count = len(plan.listing)
    by_size = -(-count * sample_bytes // (plan.settings.shard_size or TAR_BYTES))
    blocks = max(by_size, -(-count // MOST_SOURCES), min(USUAL_BLOCKS, count // USUAL_SOURCES))
    blocks = max(1, min(blocks, count // LEAST_SOURCES, MOST_BLOCKS))
    while blocks > 1 and len(_sizes(plan, blocks)) < blocks:
        blocks -= max(1, blocks // 8)
    return blocks


def _sizes(plan: Plan, blocks: int) -> Counter[int]:
    return Counter(block_of(source.id, blocks) for source in plan.listing)
