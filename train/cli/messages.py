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
    lines = [
        f"{visible(out)}: {record.model.name}, {record.strategy}, {format_count(record.steps, 'step')}"
    ]
    if test := results.test:
        lines += [f"  test: accuracy {100 * test.accuracy:.2f} %, loss {test.loss:.4f}"]
        if (mirrored := results.test_accuracy_mirrored) is not None:
            lines += [f"  test, averaged with the mirrored image: accuracy {100 * mirrored:.2f} %"]
        worst = sorted(test.per_class.items(), key=lambda item: item[1])[:3]
        listed = ", ".join(f"{visible(name)} {100 * accuracy:.1f} %" for name, accuracy in worst)
        lines += [f"  lowest accuracy: {listed}"]
    if validation := results.validation:
        lines += [
            f"  validation: accuracy {100 * validation.accuracy:.2f} %, loss {validation.loss:.4f}"
        ]
    lines += [
        (
            f"  training: accuracy {100 * results.train_accuracy:.2f} %, loss {results.train_loss:.4f} "
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
    lines += [f"  {sentence}" for sentence in advise(record)]
    if record.leaks:
        verb = "is" if record.leaks == 1 else "are"
        count = format_count(record.leaks, "test image")
        lines += [f"  {count} {verb} in the training set as well (--allow-leak)"]
    return "\n".join(lines)


def advise(record: RunRecord) -> list[str]:
    """Return sentences: whether all files were read, and whether the training was too short."""
    return [*filter(None, (_unread_copies(record), _too_short(record)))]


def _unread_copies(record: RunRecord) -> str:
    """Say how many files of each source were read, if there were more than epochs."""
    split, epochs = record.data.get("train"), _epochs(record)
    if split is None or record.cost is None or record.strategy not in ("disk", "hybrid"):
        return ""
    visits_sources = record.cost.images == split.sources * epochs
    files, rest = divmod(split.images, split.sources)
    if not visits_sources or rest or epochs >= files:
        return ""
    verb = "reads" if epochs == 1 else "read"
    return (
        f"{format_count(epochs, 'epoch')} {verb} {epochs:,} of the {files:,} files of each "
        f"source; {files:,} or more read all (--epochs)"
    )


def _too_short(record: RunRecord) -> str:
    from train.fit import underfit

    assert record.results is not None
    smoothing = record.settings["recipe"].get("smoothing", 0.0)
    left = underfit.loss_left(record.results.train_loss, smoothing, len(record.classes))
    return underfit.advise(_epochs(record), left, augments=record.strategy != "none")


def _epochs(record: RunRecord) -> int:
    epochs: int = record.settings["recipe"]["epochs"]
    return epochs
