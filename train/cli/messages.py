"""The messages of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expand.cli.formatting import format_count

if TYPE_CHECKING:
    from pathlib import Path


def format_run(record: dict[str, Any], out: Path) -> str:
    """Return the closing summary of a run."""
    results, cost = record["results"], record["cost"]
    lines = [
        f"{out}: {record['settings']['model']}, {record['settings']['strategy']['name']}, {record['steps']:,} steps"
    ]
    if "test_accuracy" in results:
        lines += [
            f"  test: accuracy {results['test_accuracy']:.2%}, loss {results['test_loss']:.4f}"
        ]
        if "test_accuracy_mirrored" in results:
            lines += [
                f"  test, averaged with the mirrored image: accuracy {results['test_accuracy_mirrored']:.2%}"
            ]
        worst = sorted(results["test_per_class"].items(), key=lambda item: item[1])[:3]
        lines += ["  least sure: " + ", ".join(f"{name} {share:.1%}" for name, share in worst)]
    if "validation_accuracy" in results:
        lines += [
            f"  validation: accuracy {results['validation_accuracy']:.2%}, loss {results['validation_loss']:.4f}"
        ]
    lines += [
        f"  training: accuracy {results['train_accuracy']:.2%}, loss {results['train_loss']:.4f} (last pass, as shown)"
    ]
    parts = ", ".join(
        f"{name} {cost[f'{name}_seconds']:.1f}" for name in ("wait", "augment", "compute")
    )
    lines += [
        f"  {cost['training_seconds']:.1f} s of training ({parts}), {cost['images_per_second']:,.0f} images/s"
    ]
    lines += [
        f"  decoding {cost['pack_seconds']:.1f} s, evaluating {cost['evaluate_seconds']:.1f} s"
    ]
    if record["leaks"]:
        verb = "is" if record["leaks"] == 1 else "are"
        lines += [
            f"  {format_count(record['leaks'], 'test image')} {verb} in the training set as well (--allow-leak)"
        ]
    return "\n".join(lines)
