"""What a split gave, as plain text: a table of classes and parts, and how even it is."""

from __future__ import annotations

from expand.splitting.plan import SplitPlan

ROWS = 20
"""Classes of which the table shows all; of more it shows the first ones."""


def format_table(plan: SplitPlan) -> list[str]:
    """Return the lines of the table: images of each class in each part."""
    counts = plan.counts()
    total = plan.totals()
    rows = [["class", *(part.name for part in plan.settings.parts)]]
    if list(counts) != [""]:
        rows += [_row(label, each) for label, each in list(counts.items())[:ROWS]]
    if len(counts) > ROWS:
        rows.append([f"… {len(counts) - ROWS:,} more", *("" for _ in total)])
    rows.append(_row("all images", total))
    rows.append(["share", *(_percent(each / sum(total)) for each in total)])
    rows.append(["requested", *(_percent(part.share) for part in plan.settings.parts)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def describe_evenness(plan: SplitPlan) -> list[str]:
    """Say where a share is furthest from the requested one, and which parts lack a class."""
    counts, parts = plan.counts(), plan.settings.parts
    shares = [
        (abs(number / sum(each) - part.share), label, part, number / sum(each))
        for label, each in counts.items()
        for part, number in zip(parts, each, strict=True)
    ]
    furthest, label, part, share = max(shares, key=lambda entry: entry[0])
    where, of = (f'class "{label}": ', "its") if label else ("", "the")
    lines = []
    if furthest >= 0.0005:
        lines.append(
            f"largest difference from the requested shares: {where}{_percent(share)} of {of} "
            f"images are in {part.name}, {_percent(part.share)} were requested"
        )
    lacking = [
        f'class "{label}" has no images in {part.name}: {_why(plan, each)}'
        for label, each in counts.items()
        for part, number in zip(parts, each, strict=True)
        if not number
    ]
    if len(lacking) > ROWS:
        lacking[ROWS:] = [f"… {len(lacking) - ROWS:,} more like these"]
    return [*lines, *lacking]


def _why(plan: SplitPlan, counts: list[int]) -> str:
    """Say why a part lacks a class."""
    if sum(counts) < len(counts):
        return "only 1 has it" if sum(counts) == 1 else f"only {sum(counts)} have it"
    if plan.images.labelled:
        return "its images show rarer classes too, or their groups cannot be divided"
    return "its groups cannot be divided"


def _row(name: str, counts: list[int]) -> list[str]:
    return [name, *(f"{count:,}" for count in counts)]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
