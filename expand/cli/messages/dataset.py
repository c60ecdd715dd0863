"""What is said of a dataset before and after a run: its title, and what of it is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from expand.cli.formatting import format_count
from expand.cli.output import visible

if TYPE_CHECKING:
    from expand.job.planning.plan import Plan
    from expand.layouts.listing import ScanSummary


def format_title(plan: Plan) -> str:
    """Say what the input is: the first line of a command."""
    return f"{visible(plan.src)} is {visible(plan.dataset.title)}"


def classes_of(plan: Plan) -> int | None:
    """Return the number of classes that images are in; None if an image has no single class."""
    labels = plan.listing.summary.labels
    return None if set(labels) == {""} else len(labels)


def format_sources(sources: int, classes: int | None) -> str:
    """Format how many sources there are, and classes if each has one: "8 sources in 2 classes"."""
    counted = format_count(sources, "source")
    return counted if classes is None else f"{counted} in {format_count(classes, 'class')}"


def format_ignored(listed: ScanSummary) -> str:
    """Format which files of the input were ignored; empty if there were none."""
    parts = {
        "hidden file": listed.hidden,
        "other file": listed.foreign - listed.unread.total(),
        "image": listed.unlabelled,
    }
    counted = {noun: format_count(count, noun) for noun, count in parts.items() if count}
    if "image" in counted:
        counted["image"] += " outside class folders"
    unread = [
        f"{count:,} {suffix} (not supported)" for suffix, count in sorted(listed.unread.items())
    ]
    shown = [*counted.values(), *unread]
    return f"; ignored: {', '.join(shown)}" if shown else ""


def format_empty_classes(listed: ScanSummary, made: Mapping[str, int] | None = None) -> list[str]:
    """Format the classes without a usable image: empty folders, and those with bad images only.

    `made` has the files of each class once the images have been read.
    """
    lines = [f"class {each.sentence()}" for each in listed.empty_classes]
    if made is not None:
        lost = [label for label in listed.labels if label not in made]
        lines += [f'class "{label}" is missing: none of its images could be used' for label in lost]
    return [visible(line) for line in lines]
