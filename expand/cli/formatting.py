"""Numbers as text: bytes, durations and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expand.archives.index import Tar


def format_bytes(count: float) -> str:
    """Format a number of bytes in decimal units, as disks are sold."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if count >= 100 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def format_seconds(seconds: float) -> str:
    """Format a duration in seconds, minutes or hours."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 99:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 99 else f"{seconds / 3600:.1f} h"


def format_count(count: int, noun: str) -> str:
    """Format a count with its noun: "1 source", "1,234 sources", "2 classes"."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{count:,} {noun if count == 1 else plural}"


def format_empty_tars(tars: Sequence[Tar]) -> list[str]:
    """Say which tars are empty, because all images of their block are bad."""
    empty = [tar.file for tar in tars if not tar.count]
    if not empty:
        return []
    first = "; Hugging Face cannot read a set that begins with one"
    named = f"{format_count(len(empty), 'tar')} without an image ({empty[0]})"
    said = f"  {named}: all images of the block are bad"
    return [said + (first if empty[0] == tars[0].file else "")]
