"""The images of a folder to split: class folders, a flat folder, or a folder that expand wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expand.errors import ExpandError
from expand.layouts.class_folders import list_sources
from expand.layouts.collisions import check_images
from expand.layouts.directory import read_directory
from expand.layouts.labelled.open import READINGS
from expand.layouts.layout import AUTO, FOLDERS, Layout, LayoutError, describe
from expand.layouts.listing import Listing, ScanSummary
from expand.layouts.recognition.recognise import look
from expand.layouts.source import Source, is_utf8
from expand.records.card import FINISHED, is_tars, read_card
from expand.records.manifest import read_rows
from expand.splitting.parts import SplitImage

if TYPE_CHECKING:
    from expand.splitting.sets import SplitSet

FLAT = "flat"


@dataclass(frozen=True)
class Images:
    """All images of a folder, in order; `read` can be called several times."""

    root: Path
    read: Callable[[], Iterator[SplitImage]]
    expanded: bool = False
    notes: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    """Lines about images that are left out."""
    labelled: SplitSet | None = None
    """The dataset, if it is a labelled one."""
    grouped_by: str = ""
    """The --group-by that the groups of its images come from; empty: none, or a manifest."""


def open_images(root: Path, layout: str = AUTO, group_by: str | None = None) -> Images:
    """List the images of a folder: class folders, images only, or a labelled dataset.

    Raise ExpandError if it has no images, or is divided already.
    """
    try:
        if not root.is_dir():
            problem = "is not a folder" if os.path.lexists(root) else "does not exist"
            raise ExpandError(f'"{root}" {problem}')
    except (OSError, ValueError) as error:
        raise ExpandError(f'"{root}" cannot be read: {error}') from error
    if layout == AUTO and (card := read_card(root)):
        if card["state"] != FINISHED:
            raise ExpandError(f'"{root}" is not finished; run the same expand command again')
        if "dataset" in card["settings"]:
            raise ExpandError(
                f'"{root}" is an expanded dataset with labels; split the dataset that it was made '
                "from, and expand its training part"
            )
        if is_tars(card):
            raise ExpandError(
                f'"{root}" has tars; split the folder that they were made from, and expand its '
                "training part"
            )
        return Images(root, lambda: _of_manifest(root), expanded=True)
    if layout not in (AUTO, FOLDERS, FLAT):
        return _open_set(root, layout, group_by)
    directory = read_directory(str(root))
    flat = not directory.folders and len(directory.images) > 0
    try:
        listing = _list_flat(root, layout) if flat else list_sources(root, layout=layout)
    except LayoutError as error:
        if error.layout.kind not in READINGS:
            raise ExpandError(_describe(error.root, error.layout)) from error
        return _open_set(root, AUTO, group_by)
    summary = listing.summary
    bad = tuple(_not_utf8(source.id) for source in listing if not is_utf8(source.id))
    return Images(root, lambda: _of_listing(listing), notes=_notes(summary), bad=bad)


def _open_set(root: Path, layout: str, group_by: str | None) -> Images:
    """List the images of a labelled dataset."""
    from expand.splitting.labelled import open_set  # not loaded for class folders

    found = open_set(root, layout, group_by)
    return Images(
        root,
        lambda: iter(found.images),
        notes=found.notes,
        bad=found.bad,
        labelled=found,
        grouped_by=group_by or "",
    )


def _not_utf8(name: str) -> str:
    return f'"{name}" has a name that is not UTF-8'


def _describe(root: Path, layout: Layout) -> str:
    """Say what a folder holds, if it cannot be split."""
    return describe(root, layout, f'expand split "{root / layout.training}" OUT')


def _of_manifest(root: Path) -> Iterator[SplitImage]:
    for row in read_rows(root):
        yield SplitImage(
            row["file_name"],
            row["label"],
            row["bytes"],
            row["source"],
            str(row.get("group") or ""),
            (row["sha256"], row["source_sha256"]),
        )


def _of_listing(listing: Listing) -> Iterator[SplitImage]:
    for source in listing:
        if is_utf8(source.id):
            yield SplitImage(source.id, source.label, source.size, source.id)


def _list_flat(root: Path, layout: str) -> Listing:
    """List the images of a folder without folders."""
    directory = read_directory(str(root))
    if layout != FOLDERS and (found := look(directory, (), alone=True)):
        raise LayoutError(root, found)
    check_images(directory.path, directory.images, 1, "keep")
    summary = ScanSummary(hidden=directory.hidden, foreign=len(directory.others))
    sources = (Source(name, _size(root / name), "") for name in directory.images)
    return Listing(sources, summary)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _notes(summary: ScanSummary) -> tuple[str, ...]:
    """Say which files and folders are left out."""
    left = {
        "file that is not an image": summary.foreign,
        "image outside the class folders": summary.unlabelled,
    }
    parts = [_count(count, noun) for noun, count in left.items() if count]
    notes = [f"left out: {', '.join(parts)}"] if parts else []
    return (*notes, *(f"class {each.sentence()}" for each in summary.empty_classes))


def _count(count: int, noun: str) -> str:
    first, _, rest = noun.partition(" ")
    plural = f"{first}s {rest.replace('is not an image', 'are not images')}"
    return f"{count:,} {noun if count == 1 else plural}"
