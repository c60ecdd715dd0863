"""The run cards of a job: when it begins, and when it is done."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expand import __version__
from expand.job.planning.plan import Plan
from expand.job.summary import RunSummary, printable
from expand.layouts.listing import ScanSummary
from expand.records.card import FINISHED, UNFINISHED, versions
from expand.storage.stores.url import Place, place_text

if TYPE_CHECKING:
    from expand.job.archives.plan import Archives


def source_text(src: Place, out: Place) -> str:
    """Return where the input is: relative to an output folder, or a URL or an absolute path."""
    if isinstance(src, Path) and isinstance(out, Path):
        return os.path.relpath(src.resolve(), out.resolve())
    return place_text(src)


def unfinished_card(
    plan: Plan, runs: list[dict[str, Any]], archives: Archives | None = None
) -> dict[str, Any]:
    """Return the run card that a job writes before it begins; `runs` are costs of earlier runs."""
    scanned = plan.found or plan.listing.summary
    return {
        "expand": __version__,
        "state": UNFINISHED,
        "source": source_text(plan.src, plan.out),
        "settings": plan.settings.to_dict(),
        **({"shard": str(plan.shard)} if plan.shard and not plan.in_blocks else {}),
        **({"archives": archives.to_dict()} if archives else {}),
        "found": {
            "sources": scanned.count,
            "bytes": scanned.bytes,
            "hidden": scanned.hidden,
            "not_images": scanned.foreign,
            "outside_class_folders": scanned.unlabelled,
            **({"without_images": _empty_classes(scanned)} if scanned.empty_classes else {}),
            **({"kept": scanned.kept} if scanned.kept else {}),
        },
        "versions": versions(),
        "platform": {
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        "cost": {"runs": runs},
    }


def _empty_classes(scanned: ScanSummary) -> list[dict[str, Any]]:
    """Return the class folders without an image, as plain data."""
    return [{"class": printable(each.label), "files": each.files} for each in scanned.empty_classes]


def _label_counts(summary: RunSummary) -> dict[str, Any]:
    """Return what became of labels, as plain data."""
    return {
        "kept": summary.kept,
        "label_files": summary.label_files,
        "objects": summary.objects,
        "dropped": dict(sorted(summary.dropped.items())),
        "mended": dict(sorted(summary.mended.items())),
    }


def finished_card(
    plan: Plan,
    runs: list[dict[str, Any]],
    summary: RunSummary,
    archives: Archives | None = None,
) -> dict[str, Any]:
    """Return the run card of a job that is done."""
    return finish_card(unfinished_card(plan, runs, archives), summary)


def finish_card(card: dict[str, Any], summary: RunSummary) -> dict[str, Any]:
    """Return the run card of a job that is done, from the one of when it began."""
    labelled = bool(card["settings"].get("dataset"))
    return {
        **card,
        "state": FINISHED,
        "counts": {
            "sources": summary.sources,
            "files": summary.files,
            "bytes": summary.bytes,
            "same_pixels": summary.same,
            "classes": summary.labels,
            **(_label_counts(summary) if labelled else {}),
        },
        **({"derived": summary.derived} if labelled else {}),
        "bad": [bad._asdict() for bad in summary.bad],
    }
