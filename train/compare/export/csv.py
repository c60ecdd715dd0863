"""runs.csv: one line per trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from train.trials.results import TrialResult

LEFT_OUT = ("right", "gap", "per_class")


def trials_to_csv(results: Sequence[TrialResult]) -> str:
    """Format all trials as CSV, with the accuracy in each class."""
    rows = [_flatten(result) for result in results]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flatten(result: TrialResult) -> dict[str, Any]:
    row = {key: value for key, value in result.to_dict().items() if key not in LEFT_OUT}
    row["gap_stored"] = result.gap.stored if result.gap else ""
    row["gap_fresh"] = result.gap.fresh if result.gap else ""
    return row | {f"accuracy of {name}": share for name, share in result.per_class.items()}
