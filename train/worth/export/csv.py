"""runs.csv: one line per trial, with its size and its draw."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from train.compare.export.csv import trials_to_csv as compared_to_csv
from train.trials.runner import Result
from train.worth.study import SizedTrial


def trials_to_csv(planned: Sequence[SizedTrial], results: Sequence[Result]) -> str:
    """Format all trials as CSV, as a comparison does, with two columns more.

    `size` is the number of sources that was asked for; `images` over `epochs` is what it had.
    """
    header, *rows = csv.reader(io.StringIO(compared_to_csv(results)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["size", "draw", *header])
    for trial, row in zip(planned, rows, strict=True):
        writer.writerow([trial.size, trial.draw.number if trial.draw else 0, *row])
    return text.getvalue()
