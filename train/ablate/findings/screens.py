"""Screens of all seeds merged: mean accuracies, and the classes that most trials flag."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from train.ablate.results import Flag, ScreenRow


def merge_screens(screens: Sequence[Sequence[ScreenRow]]) -> tuple[ScreenRow, ...]:
    """Average the screens of all seeds; a class is flagged where more than half of them flag it."""
    return tuple(_merge(rows) for rows in zip(*screens, strict=True))


def _merge(rows: Sequence[ScreenRow]) -> ScreenRow:
    flags = [flag for row in rows for flag in row.flags]
    names = dict.fromkeys(flag.name for flag in flags)
    merged = [_merge_flags([flag for flag in flags if flag.name == name]) for name in names]
    return ScreenRow(
        rows[0].technique,
        rows[0].strength,
        fmean(row.plain for row in rows),
        fmean(row.accuracy for row in rows),
        tuple(
            sorted(
                (flag for flag in merged if 2 * flag.times > len(rows)),
                key=lambda flag: flag.after - flag.before,
            )
        ),
    )


def _merge_flags(flags: Sequence[Flag]) -> Flag:
    taken = [flag.taken_for for flag in flags]
    return Flag(
        flags[0].name,
        fmean(flag.before for flag in flags),
        fmean(flag.after for flag in flags),
        max(taken, key=taken.count),
        len(flags),
    )
