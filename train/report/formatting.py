"""Numbers for tables, plots and sentences: percentages, points, durations and p values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

NOTHING = "–"
SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""
Interval = tuple[float, float] | list[float] | None


def known(value: float | None) -> bool:
    """Return whether there is a number to show."""
    return value is not None and math.isfinite(value)


def percent(share: float | None, digits: int = 1) -> str:
    """Return a fraction as "85.3 %"."""
    return (
        f"{decimal(100 * share, digits)}{SPACE}%" if share is not None and known(share) else NOTHING
    )


def percent_range(interval: Interval, digits: int = 1) -> str:
    """Return an interval of fractions as "85.0 … 85.6 %"."""
    if interval is None or not all(map(known, interval)):
        return NOTHING
    low, high = interval
    return f"{decimal(100 * low, digits)} … {percent(high, digits)}"


def points(difference: float | None, digits: int = 2) -> str:
    """Return a difference in percentage points as "+0.42", with a real minus sign."""
    if difference is None or not known(difference):
        return NOTHING
    text = f"{difference:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def points_range(interval: Interval, digits: int = 2) -> str:
    """Return an interval of differences as "+0.21 … +0.63"."""
    if interval is None or not all(map(known, interval)):
        return NOTHING
    return " … ".join(points(end, digits) for end in interval)


def probability(p: float | None) -> str:
    """Return a p value; never "0.000"."""
    if p is None or not known(p):
        return NOTHING
    return f"<{SPACE}0.001" if p < 0.001 else f">{SPACE}0.999" if p > 0.999 else f"{p:.3f}"


def decimal(value: float | None, digits: int) -> str:
    """Return a number with a fixed number of decimals, thousands parted: "120.5"."""
    return (
        f"{value:,.{digits}f}".replace("-", "−") if value is not None and known(value) else NOTHING
    )


def number(value: float | None, significant: int = 3) -> str:
    """Format a number with a few significant digits and thousands separators: "6,800", "0.31"."""
    if value is None or not known(value):
        return NOTHING
    if value == 0:
        return "0"
    digits = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: float | None) -> str:
    """Return a whole number with thousands parted."""
    return f"{value:,.0f}" if value is not None and known(value) else NOTHING


def seconds(value: float | None) -> str:
    """Return a duration with a unit that fits: "11 µs", "0.31 s", "20.6 min"."""
    if value is None or not known(value):
        return NOTHING
    size = abs(value)
    if 0 < size < 0.1:
        return (
            f"{number(value * 1e6)}{SPACE}µs" if size < 1e-3 else f"{number(value * 1e3)}{SPACE}ms"
        )
    if size < 600:
        digits = 0 if value == 0 or size >= 99.95 else 1 if size >= 9.995 else 2
        return f"{value:.{digits}f}{SPACE}s".replace("-", "−")
    return (
        f"{number(value / 60)}{SPACE}min" if size < 2 * 3600 else f"{number(value / 3600)}{SPACE}h"
    )


def moment(stamp: str | None) -> str:
    """Return an ISO time as "2026-11-22 10:00 UTC"; other text is returned unchanged."""
    try:
        return datetime.fromisoformat(stamp or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return stamp or NOTHING


def value(thing: object) -> str:
    """Return a setting, a version or the like: numbers with thousands parted, all else as it is."""
    if thing is None:
        return NOTHING
    if isinstance(thing, bool):
        return "yes" if thing else "no"
    if isinstance(thing, float):
        return f"{thing:g}"
    if isinstance(thing, list | tuple):
        return ", ".join(map(value, thing))
    return f"{thing:,}" if isinstance(thing, int) else str(thing)


def listing(words: Iterable[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def arm_name(name: str) -> str:
    """Return an arm's name, numbers kept on one line with their "×" and "%"."""
    return name.replace(" ×", f"{SPACE}×").replace("× ", f"×{SPACE}").replace(" %", f"{SPACE}%")
