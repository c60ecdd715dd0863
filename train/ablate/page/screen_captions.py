"""Captions of the screen: accuracies on changed images, and the classes that are flagged."""

from __future__ import annotations

from collections.abc import Sequence

from train.ablate.findings.sentences import format_flags
from train.ablate.page.captions import Labelled
from train.ablate.page.tables import screens
from train.ablate.results import AblationResult, ScreenRow
from train.report.formatting import arm_name, listing, percent


def flagged(result: AblationResult) -> list[Labelled]:
    """List the flagged classes, technique by technique; the techniques without flags come last."""
    tried = screens(result)
    clear = [name for name, rows in tried.items() if not any(row.flags for row in rows)]
    texts = [(arm_name(name), _worst(rows)) for name, rows in tried.items() if name not in clear]
    if clear:
        texts.append((listing(map(arm_name, clear)), "no class is flagged"))
    return texts


def _worst(rows: Sequence[ScreenRow]) -> str:
    """Name the flags at the strength with most of them, and the strengths without flags."""
    worst = max(rows, key=lambda row: (len(row.flags), -row.accuracy))
    at = arm_name(worst.strength if len(rows) == 1 else f"at worst, {worst.strength}")
    clear = [arm_name(row.strength) for row in rows if not row.flags]
    none = f". No flags at {listing(clear)}" if clear else ""
    return f"{at}: {format_flags(worst.flags)}{none}"


def strengths(rows: Sequence[ScreenRow]) -> str:
    """Give the accuracy on unchanged images and at the worst strength of one technique."""
    worst = min(rows, key=lambda row: row.accuracy)
    count = sum(bool(row.flags) for row in rows)
    flags = f"classes flagged at {count} of {len(rows)} strengths" if count else "no class flagged"
    return (
        f"{arm_name(worst.technique)}: {percent(worst.plain)} unchanged, lowest accuracy "
        f"{percent(worst.accuracy)} ({arm_name(worst.strength)}); {flags}."
    )


def techniques(rows: Sequence[ScreenRow]) -> str:
    """Give the accuracy on unchanged images and under the worst technique of one strength."""
    worst = min(rows, key=lambda row: row.accuracy)
    count = sum(bool(row.flags) for row in rows)
    flags = f"{count} of {len(rows)} techniques flag classes" if count else "no class flagged"
    return (
        f"{percent(worst.plain)} unchanged, lowest accuracy {percent(worst.accuracy)} "
        f"({arm_name(worst.technique)}); {flags}."
    )
