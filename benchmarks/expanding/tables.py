"""Tables of the results: as text after a run, and as Markdown for the pages."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from math import isnan
from pathlib import Path

from benchmarks.expanding.results import (
    RATES,
    ArmResult,
    Results,
    SetResult,
    Summary,
    ratios,
)

PAGES = ("README.md", "benchmarks/README.md", "docs/findings.md")
"""The pages that show the results, between the marks below."""
BEGIN = re.compile(r"<!-- begin: python -m benchmarks.expanding --publish( short)? -->\n")
END = "<!-- end -->\n"
PLOT = "docs/speed.svg"


def text_of(result: SetResult) -> str:
    """Return the table of one set as text: every arm, then the ratios."""
    head = ["", "files/s", "(range)", "without start", "per CPU s", "start s", "others"]
    rows = [head, *(_arm_row(arm) for arm in result.ran)]
    compared = ratios(result)
    below = [["ratio", *RATES]]
    below += [
        [ratio.title, *(_ratio(ratio.summary(rate)) for rate in RATES.values())]
        for ratio in compared
    ]
    missing = [f"{arm.label}: {arm.missing}" for arm in result.arms if arm.missing]
    title = f"{result.title}: {result.images:,} {result.origin}, {_rounds(result.rounds)}"
    tables = [_aligned(rows), *([_aligned(below)] if compared else [])]
    return "\n\n".join([title, *tables, *missing])


def _arm_row(arm: ArmResult) -> list[str]:
    rate = Summary.of(timing.rate for timing in arm.timings)
    others = [
        Summary.of(values).median
        for values in (
            [timing.work_rate for timing in arm.timings],
            [timing.cpu_rate for timing in arm.timings],
        )
    ]
    start, busy = (
        Summary.of(getattr(timing, name) for timing in arm.timings).median
        for name in ("start", "others")
    )
    return [
        arm.label,
        _rate(rate.median),
        f"({_rate(rate.low)} … {_rate(rate.high)})",
        *map(_rate, others),
        f"{start:.2f}" if start else "–",
        f"{busy:.1f}",
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def markdown_of(results: Results, *, short: bool = False) -> str:
    """Return the tables of all sets as Markdown; `short` leaves out slower variants and notes."""
    parts = [_wrapped(conditions(results)), _rates_table(results, short), _ratios_table(results)]
    if not short:
        parts += [_wrapped(results.work), "\n".join(map(_wrapped, _notes(results)))]
    return "\n\n".join(filter(None, parts)) + "\n"


def _wrapped(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def conditions(results: Results) -> str:
    """Return one sentence on the machine and on what else ran on it."""
    timings = [t for each in results.sets for arm in each.ran for t in arm.timings]
    busy = Summary.of(timing.others for timing in timings)
    machine = results.machine
    return (
        f"Files per second: medians (ranges) of {_rounds(results.rounds)} in which the arms take "
        f"turns. {machine['cores']} cores ({machine['processor']}), Python {machine['python']}, "
        f"files {results.where}, {results.date}. Other programs used {busy.median:.1f} of the "
        f"cores meanwhile (median; {busy.low:.1f} … {busy.high:.1f})."
    )


def _rates_table(results: Results, short: bool) -> str:
    labels = _labels(results, short)
    rows = [["", *(_title(each) for each in results.sets)]]
    for label in labels:
        arms = [next((a for a in each.ran if a.label == label), None) for each in results.sets]
        cells = [_cell([t.rate for t in arm.timings]) if arm else "–" for arm in arms]
        rows.append([f"**{label}**" if label.startswith("expand,") else label, *cells])
    return _markdown(rows)


def _title(result: SetResult) -> str:
    kind = "" if result.origin == "real images" else ", drawn"
    return f"{result.images:,} {result.title}{kind}"


def _labels(results: Results, short: bool) -> list[str]:
    """Return the arms to show; of a peer's variants `short` shows the fastest on the first set."""
    labels = list(dict.fromkeys(arm.label for each in results.sets for arm in each.ran))
    if not short or not results.sets:
        return labels
    first = results.sets[0]
    best: dict[str, ArmResult] = {}
    for arm in first.ran:
        if arm.name not in best or arm.median > best[arm.name].median:
            best[arm.name] = arm
    kept = {arm.label for arm in best.values()} | {
        arm.label for arm in first.ran if arm.name == "expand"
    }
    return [label for label in labels if label in kept]


def _ratios_table(results: Results) -> str:
    found = {each.name: {r.title: r for r in ratios(each)} for each in results.sets}
    titles = list(dict.fromkeys(title for each in found.values() for title in each))
    rows = [["ratio", *(_title(each) for each in results.sets)]]
    rate = RATES["whole command"]
    for title in titles:
        compared = [found[each.name].get(title) for each in results.sets]
        rows.append([title, *(_ratio(r.summary(rate)) if r else "–" for r in compared)])
    return _markdown(rows) if titles else ""


def _notes(results: Results) -> Iterable[str]:
    """Say what each arm does more, and less, than the others; and which did not run."""
    noted: dict[str, ArmResult] = {}
    for each in results.sets:
        for arm in each.arms:
            noted.setdefault(arm.name, arm)
    for name, arm in noted.items():
        if arm.missing:
            yield f"- {name} did not run: {arm.missing}"
            continue
        says = [
            f"also {arm.also}" if arm.also else "",
            f"leaves out {arm.leaves_out}" if arm.leaves_out else "",
        ]
        packages = f" ({', '.join(arm.packages)})" if arm.packages else ""
        yield f"- {name}{packages} {'; '.join(filter(None, says))}."


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _cell(values: list[float]) -> str:
    rate = Summary.of(values)
    return f"{_rate(rate.median)} ({_rate(rate.low)} … {_rate(rate.high)})"


def _rate(value: float) -> str:
    """Return a rate with three digits that count."""
    if isnan(value):
        return "–"
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}"


def _rounds(number: int) -> str:
    return "1 round" if number == 1 else f"{number} rounds"


def _ratio(summary: Summary) -> str:
    if isnan(summary.median):
        return "–"
    return f"{summary.median:.2f} ({summary.low:.2f} … {summary.high:.2f})"


def publish(results: Results, root: Path) -> list[Path]:
    """Write the tables into the pages that have the marks; return those pages."""
    changed = []
    for name in PAGES:
        page = root / name
        text = page.read_text("utf-8")
        if found := BEGIN.search(text):
            end = text.index(END, found.end())
            between = section_of(results, name, short=bool(found[1]))
            page.write_text(f"{text[: found.end()]}{between}{text[end:]}", "utf-8")
            changed.append(page)
    return changed


def section_of(results: Results, page: str, *, short: bool) -> str:
    """Return what a page has between its marks: the tables, and in full ones the plot."""
    plot = Path(os.path.relpath(PLOT, Path(page).parent)).as_posix()
    picture = "" if short else f"\n![Files per second of each program, as a plot]({plot})\n"
    return f"\n{markdown_of(results, short=short)}{picture}\n"
