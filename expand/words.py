"""What the command says: the plan's table, progress, and a closing summary; text only, computed from plain results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from expand.job import Report
    from expand.plan import Bill, Plan
    from expand.run import Progress

LOG_SECONDS = 10.0
BAD_SHOWN = 20


def bytes_in_words(count: float) -> str:
    """Return a number of bytes as a person reads it (decimal units, as disks are sold)."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if count >= 100 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def seconds_in_words(seconds: float) -> str:
    """Return a duration as a person reads it."""
    if seconds < 1:
        return "under a second"
    if seconds < 99:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 99 else f"{seconds / 3600:.1f} h"


def count_in_words(count: int, noun: str) -> str:
    """Return "1 source", "1,234 sources", "2 classes"."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{count:,} {noun if count == 1 else plural}"


def plan_in_words(plan: Plan, bill: Bill, workers: int) -> str:
    """Return the plan: the techniques' table, the counts, and the bill."""
    settings, recipe, found = plan.settings, plan.settings.recipe, plan.survey
    views = settings.views
    walks = zip(*(views.variants("", k) for k in range(min(settings.factor, recipe.combinations))), strict=True)
    rows: list[tuple[str, ...]] = [("technique", "settings", "factor", "variants used")]
    for technique, walked, variants in zip(recipe.techniques, recipe.walked, walks, strict=True):
        merged = "" if walked == technique else f" (counts {walked.factor})"
        used = len(set(variants)) if technique.factor else settings.factor
        rows.append((technique.name, _settings(technique), _factor(technique.factor) + merged, f"{used:,}"))
    lines = _table(rows)
    lines += ["", f"nominal {_factor(recipe.nominal)}, distinct {_factor(recipe.distinct)}; factor {settings.factor} asked for"]
    lines += [f"fill {recipe.fill.value}; {settings.sampling} views, seed {settings.seed}", ""]
    lines += [f"{_set(found.count, len(found.labels))} in {plan.src}, {bytes_in_words(found.bytes)}{_aside(found)}"]
    lines += [f"{count_in_words(plan.files, 'file')} to {plan.out}, about {bytes_in_words(bill.bytes)}"]
    free = f", {bill.free_files:,} more files" if bill.free_files is not None else ""
    lines += [f"about {bytes_in_words(bill.allocated)} of disk; free: {bytes_in_words(bill.free_bytes)}{free}"]
    about = seconds_in_words(bill.core_seconds / workers)
    lines += [f"about {about} with {count_in_words(workers, 'worker')} (from making the copies of {bill.sampled} sources)"]
    if any(technique.name in ("resize", "pad") for technique in recipe.techniques) and settings.originals != "none":
        lines += ["note: view 0 is the image itself, at its own size; --originals none leaves it out"]
    return "\n".join(lines)


def _set(sources: int, classes: int) -> str:
    return f"{count_in_words(sources, 'source')} in {count_in_words(classes, 'class')}"


def report_in_words(report: Report) -> str:
    """Return the closing summary."""
    plan, tally = report.plan, report.tally
    settings = plan.settings
    counted = f"{count_in_words(tally.files, 'file')}, {bytes_in_words(tally.bytes)}"
    lines = [
        f"{plan.src} → {plan.out}",
        f"  {_set(tally.sources, len(tally.labels))} × {settings.factor} = {counted}",
        f"  recipe {settings.recipe.name}, seed {settings.seed}, {settings.sampling} views, originals: {settings.originals}",
    ]
    if tally.made:
        made, workers = count_in_words(tally.made, "file"), count_in_words(report.workers, "worker")
        rate = f"{tally.made / max(tally.wall_seconds, 1e-9):,.0f} files/s, {tally.cpu_seconds:.1f} s of CPU"
        lines += [f"  {made} written in {seconds_in_words(tally.wall_seconds)} by {workers}: {rate}"]
    if there := tally.files - tally.made:
        lines += [f"  {count_in_words(there, 'file')} {'was' if there == 1 else 'were'} there already"]
    if tally.same:
        lines += [
            f"  {count_in_words(tally.same, 'view')} came out with the pixels of another view (symmetric or empty images)"
        ]
    if settings.originals == "none":
        lines += ["  originals are not in it: --originals none"]
    lines += [f"  {note}" for note in (*report.notes, _aside(plan.survey).removeprefix("; ")) if note]
    if tally.bad:
        lines += [f"  {count_in_words(len(tally.bad), 'source')} could not be used, all others are done:"]
        lines += [f'    "{bad.source}" {bad.reason}' for bad in tally.bad[:BAD_SHOWN]]
        if len(tally.bad) > BAD_SHOWN:
            lines += [f"    … and {len(tally.bad) - BAD_SHOWN:,} more, in {plan.out}/expand.json"]
    return "\n".join(lines)


def _aside(found: object) -> str:
    """Return what was left aside, or nothing."""
    counts = (("hidden", "hidden file"), ("foreign", "other file"), ("unlabelled", "image outside class folders"))
    words = [
        f"{value:,} image{'s' if value > 1 else ''} outside class folders"
        if key == "unlabelled"
        else count_in_words(value, noun)
        for key, noun in counts
        if (value := getattr(found, key))
    ]
    return f"; left aside: {', '.join(words)}" if words else ""


def _factor(factor: int | None) -> str:
    return "as many as asked" if factor is None else f"{factor:,}"


def _settings(technique: object) -> str:
    """Return a technique's settings in a few words."""
    values = {key: value for key, value in vars(technique).items() if key not in ("factor", "name", "transform")}
    return ", ".join(f"{key} {_value(value)}" for key, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


@contextmanager
def progress_bar(total: int | None, noun: str, quiet: bool) -> Iterator[Progress]:
    """Show progress on stderr: a bar on a terminal, a line now and then in a log, nothing if `quiet`; None: who knows."""
    if quiet:
        yield _say_nothing
    elif sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(total=total, unit=f" {noun}", unit_scale=(total or 0) >= 100_000, smoothing=0.05, dynamic_ncols=True) as bar:
            yield _Bar(bar)
    else:
        yield _Log(total, noun)


def _say_nothing(_files: int) -> None:
    """Show no progress."""


class _Bar:
    """Progress as tqdm shows it."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar = bar

    def __call__(self, files: int) -> None:
        self.bar.update(files)


class _Log:
    """Progress as plain lines, one every few seconds."""

    def __init__(self, total: int | None, noun: str) -> None:
        self.total, self.noun, self.done = total, noun, 0
        self.started = self.said = time.monotonic()

    def __call__(self, files: int) -> None:
        self.done += files
        now = time.monotonic()
        if now - self.said >= LOG_SECONDS:
            self.said, rate = now, self.done / (now - self.started)
            line = f"{self.done:,} {self.noun}, {rate:,.0f} a second"
            if self.total is not None:
                left = seconds_in_words((self.total - self.done) / rate)
                line = f"{self.done:,} of {self.total:,} {self.noun}, {rate:,.0f} a second, about {left} left"
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
