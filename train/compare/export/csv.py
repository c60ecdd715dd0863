"""runs.csv: one line per trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from train.trials.results import DivergedTrial, TrialResult

LEFT_OUT = ("right", "gap", "per_class", "versions", "trial", "tuned")


def trials_to_csv(results: Sequence[TrialResult | DivergedTrial]) -> str:
    """Format all trials as CSV, with the accuracy in each class.

    If some trials diverged, a last column says where; their other numbers are empty.
    """
    rows = [_flatten(each) if isinstance(each, TrialResult) else _lost(each) for each in results]
    columns = sorted(dict.fromkeys(key for row in rows for key in row), key="diverged".__eq__)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _lost(trial: DivergedTrial) -> dict[str, Any]:
    row = {key: value for key, value in trial.to_dict().items() if key not in LEFT_OUT}
    row |= trial.tuned.changed() if trial.tuned else {}
    return {**row, "diverged": trial.divergence.sentence}


def _flatten(result: TrialResult) -> dict[str, Any]:
    row = {key: value for key, value in result.to_dict().items() if key not in LEFT_OUT}
    row["gap_stored"] = result.gap.stored if result.gap else ""
    row["gap_fresh"] = result.gap.fresh if result.gap else ""
    row |= result.tuned.changed() if result.tuned else {}
    return row | {f"accuracy of {name}": share for name, share in result.per_class.items()}
