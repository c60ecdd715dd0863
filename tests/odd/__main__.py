"""Write what becomes of every odd file to a report: python -m tests.odd REPORT.md."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.odd.accounting import account
from tests.odd.make_odd_files import make
from tests.odd.pillow_formats import entries


def report() -> Iterator[str]:
    """Yield the lines of the report."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cases = make(root / "src")
        accounting = account(root / "src", root / "out", cases)
    used = sum(outcome.used for outcome in accounting.outcomes.values())
    faults = sum(bool(outcome.faults) for outcome in accounting.outcomes.values())
    yield "# Odd files"
    yield ""
    yield (
        f"{len(cases)} files: {used} used, {len(cases) - used} refused, {faults} not as expected. "
        f"Exit status {accounting.status}."
    )
    yield ""
    yield from table(
        ("file", "what it is", "outcome", "not as expected"),
        (
            (name, cases[name].what, "used" if each.used else each.reason, "; ".join(each.faults))
            for name, each in sorted(accounting.outcomes.items())
        ),
    )
    found = list(entries())
    yield ""
    yield "# Every format that Pillow writes, in every mode"
    yield ""
    yield f"{len(found)} files, {sum(bool(each.fault) for each in found)} not as expected."
    yield ""
    yield from table(("format", "mode", "outcome", "not as expected"), found)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield a Markdown table; characters that cannot be printed are escaped."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        cells = (cell if cell.isprintable() else repr(cell)[1:-1] for cell in row)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(report()) + "\n", "utf-8")
