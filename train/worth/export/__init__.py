"""Export: the results of a study of worth as files, one module per format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from train.runs.records import write_text
from train.trials.runner import Result
from train.worth.results import Worth
from train.worth.study import SizedTrial

PAGE, NUMBERS, TABLE, MARKDOWN = "index.html", "worth.json", "runs.csv", "report.md"


def write_results(
    out: Path, worth: Worth, planned: Sequence[SizedTrial], results: Sequence[Result]
) -> None:
    """Write the page of a study of worth, its numbers, its trials and its report."""
    from train.worth.export.csv import trials_to_csv
    from train.worth.export.json import worth_to_json
    from train.worth.export.markdown import worth_to_markdown
    from train.worth.page.page import render_page

    write_text(out / NUMBERS, worth_to_json(worth))
    write_text(out / TABLE, trials_to_csv(planned, results))
    write_text(out / MARKDOWN, worth_to_markdown(worth))
    write_text(out / PAGE, render_page(worth))
