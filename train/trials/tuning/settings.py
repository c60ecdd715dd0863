"""The settings that a search chooses for an arm; they replace those of the study."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from train.fit.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class TunedSettings:
    """The epochs and the regularisation of one arm."""

    epochs: int
    lr: float
    weight_decay: float
    smoothing: float
    dropout: float

    @classmethod
    def of(cls, training: Hyperparameters, dropout: float, epochs: int) -> TunedSettings:
        """Return the settings that a study was asked for."""
        return cls(epochs, training.lr, training.weight_decay, training.smoothing, dropout)

    def apply(self, training: Hyperparameters) -> Hyperparameters:
        """Return hyperparameters with these settings; dropout is the model's."""
        return replace(
            training,
            epochs=self.epochs,
            lr=self.lr,
            weight_decay=self.weight_decay,
            smoothing=self.smoothing,
        )

    @property
    def words(self) -> str:
        """The settings beside the epochs, in words."""
        return (
            f"learning rate {self.lr:g}, weight decay {self.weight_decay:g}, label smoothing "
            f"{self.smoothing:g}, dropout {self.dropout:g}"
        )

    def changed(self) -> dict[str, float]:
        """Return the settings beside the epochs, by name."""
        return {key: value for key, value in asdict(self).items() if key != "epochs"}

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        return asdict(self)
