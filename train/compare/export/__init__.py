"""Export: the results of a comparison as files, one module per format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train.compare.results import Comparison
from train.runs.records import write_text
from train.trials.runner import Result

PAGE, NUMBERS, TABLE, MARKDOWN = "index.html", "comparison.json", "runs.csv", "report.md"


def write_results(out: Path, comparison: Comparison, results: Sequence[Result]) -> None:
    """Write the page of a comparison, its numbers, its trials and its report."""
    from train.compare.export.csv import trials_to_csv
    from train.compare.export.json import comparison_to_json
    from train.compare.export.markdown import comparison_to_markdown
    from train.compare.page.page import render_page

    write_text(out / NUMBERS, comparison_to_json(comparison))
    write_text(out / TABLE, trials_to_csv(results))
    write_text(out / MARKDOWN, comparison_to_markdown(comparison))
    write_text(out / PAGE, render_page(comparison))
