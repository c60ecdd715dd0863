"""The messages of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expand.cli.formatting import format_count

if TYPE_CHECKING:
    from pathlib import Path

    from train.runs.records import RunRecord


def format_run(record: RunRecord, out: Path) -> str:
    """Return the closing summary of a run."""
    results, cost = record.results, record.cost
    assert results is not None
    assert cost is not None
    lines = [f"{out}: {record.model.name}, {record.strategy}, {record.steps:,} steps"]
    if test := results.test:
        lines += [f"  test: accuracy {test.accuracy:.2%}, loss {test.loss:.4f}"]
        if results.test_accuracy_mirrored is not None:
            lines += [
                f"  test, averaged with the mirrored image: accuracy {results.test_accuracy_mirrored:.2%}"
            ]
        worst = sorted(test.per_class.items(), key=lambda item: item[1])[:3]
        lines += ["  least sure: " + ", ".join(f"{name} {share:.1%}" for name, share in worst)]
    if validation := results.validation:
        lines += [f"  validation: accuracy {validation.accuracy:.2%}, loss {validation.loss:.4f}"]
    lines += [
        f"  training: accuracy {results.train_accuracy:.2%}, loss {results.train_loss:.4f} (last pass, as shown)"
    ]
    parts = f"wait {cost.wait_seconds:.1f}, augment {cost.augment_seconds:.1f}, compute {cost.compute_seconds:.1f}"
    lines += [
        f"  {cost.training_seconds:.1f} s of training ({parts}), {cost.images_per_second:,.0f} images/s",
        f"  decoding {cost.pack_seconds:.1f} s, evaluating {cost.evaluate_seconds:.1f} s",
    ]
    if record.leaks:
        verb = "is" if record.leaks == 1 else "are"
        lines += [
            f"  {format_count(record.leaks, 'test image')} {verb} in the training set as well (--allow-leak)"
        ]
    return "\n".join(lines)
