"""The results of a run: the metrics of each epoch, the final scores, and the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from train.fit.evaluate import Evaluation
from train.fit.trainer import Epoch
from train.runtime.typed import checked

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Scores:
    """A model's loss and accuracy on a split, and its accuracy on each class."""

    loss: float
    accuracy: float
    per_class: dict[str, float]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Scores:
        """Return the scores of an evaluation."""
        return cls(evaluation.loss, evaluation.accuracy, evaluation.per_class)

    @classmethod
    def from_dict(cls, values: Plain, split: str) -> Scores | None:
        """Read the scores of a split from a flat record; None if it has none."""
        if f"{split}_loss" not in values:
            return None
        return checked(cls(*(values[f"{split}_{key}"] for key in cls.__dataclass_fields__)))

    def to_dict(self, split: str) -> dict[str, Any]:
        """Return the scores as a flat record, with keys such as `test_loss`."""
        return {f"{split}_{key}": value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class EpochMetrics:
    """A line of metrics.jsonl: averages over an epoch's images, and the scores after it.

    Nothing in it depends on the speed of the machine.
    """

    epoch: int
    step: int
    lr: float
    loss: float
    accuracy: float
    validation: Scores | None = None

    @classmethod
    def of(cls, epoch: Epoch, validation: Evaluation | None) -> EpochMetrics:
        """Return the metrics of an epoch that has just ended."""
        return cls(*epoch, Scores.of(validation) if validation else None)

    @classmethod
    def from_dict(cls, values: Plain) -> EpochMetrics:
        """Read a line of metrics."""
        epoch = Epoch(*(values[key] for key in Epoch._fields))
        return checked(cls(*epoch, Scores.from_dict(values, "validation")))

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics as plain data."""
        values = {key: getattr(self, key) for key in Epoch._fields}
        return values | (self.validation.to_dict("validation") if self.validation else {})


@dataclass(frozen=True)
class RunResults:
    """The scores of a finished run.

    Those on the training images are averages over the last epoch, as they were shown.
    """

    train_loss: float
    train_accuracy: float
    validation: Scores | None
    test: Scores | None
    test_accuracy_mirrored: float | None
    """With the logits averaged over each image and its mirror image."""

    @classmethod
    def from_dict(cls, values: Plain) -> RunResults:
        """Read the results from run.json."""
        return checked(
            cls(
                values["train_loss"],
                values["train_accuracy"],
                Scores.from_dict(values, "validation"),
                Scores.from_dict(values, "test"),
                values.get("test_accuracy_mirrored"),
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the results as plain data; what was not measured is left out."""
        values = {"train_loss": self.train_loss, "train_accuracy": self.train_accuracy}
        for split, scores in (("validation", self.validation), ("test", self.test)):
            values |= scores.to_dict(split) if scores else {}
        if self.test_accuracy_mirrored is not None:
            values["test_accuracy_mirrored"] = self.test_accuracy_mirrored
        return values


@dataclass(frozen=True)
class RunCost:
    """The seconds of a finished run, by kind of work, and its speed."""

    pack_seconds: float
    wait_seconds: float
    augment_seconds: float
    compute_seconds: float
    evaluate_seconds: float
    training_seconds: float
    """Waiting, augmenting and computing."""
    images: int
    images_per_second: float
