"""The messages of `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expand.cli.formatting import format_count
from expand.cli.output import visible

if TYPE_CHECKING:
    from pathlib import Path

    from train.runs.records import RunRecord


def format_run(record: RunRecord, out: Path) -> str:
    """Format the closing summary of a run."""
    results, cost = record.results, record.cost
    assert results is not None
    assert cost is not None
    lines = [f"{visible(out)}: {record.model.name}, {record.strategy}, {record.steps:,} steps"]
    if test := results.test:
        lines += [f"  test: accuracy {test.accuracy:.2%}, loss {test.loss:.4f}"]
        if (mirrored := results.test_accuracy_mirrored) is not None:
            lines += [f"  test, averaged with the mirrored image: accuracy {mirrored:.2%}"]
        worst = sorted(test.per_class.items(), key=lambda item: item[1])[:3]
        listed = ", ".join(f"{visible(name)} {100 * accuracy:.1f} %" for name, accuracy in worst)
        lines += [f"  lowest accuracy: {listed}"]
    if validation := results.validation:
        lines += [f"  validation: accuracy {validation.accuracy:.2%}, loss {validation.loss:.4f}"]
    lines += [
        (
            f"  training: accuracy {results.train_accuracy:.2%}, loss {results.train_loss:.4f} "
            "(last epoch, on the images as shown)"
        ),
        (
            f"  training time: {cost.training_seconds:.1f} s "
            f"(waiting for data {cost.wait_seconds:.1f}, "
            f"augmenting {cost.augment_seconds:.1f}, computing {cost.compute_seconds:.1f}), "
            f"{cost.images_per_second:,.0f} images/s"
        ),
        f"  decoding: {cost.pack_seconds:.1f} s, evaluating: {cost.evaluate_seconds:.1f} s",
    ]
    if record.leaks:
        verb = "is" if record.leaks == 1 else "are"
        count = format_count(record.leaks, "test image")
        lines += [f"  {count} {verb} in the training set as well (--allow-leak)"]
    return "\n".join(lines)
