"""The result of one trial, as runs/*.json keeps it."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.fit.divergence import Divergence, describe, has_exploded
from train.fit.precision import PRECISIONS
from train.runtime.clock import Clock
from train.runtime.typed import checked
from train.trials.tuning.settings import TunedSettings


@dataclass(frozen=True)
class MemorisationGap:
    """The accuracy on views that were trained on, and on fresh views of the same sources."""

    stored: float
    fresh: float

    @property
    def points(self) -> float:
        """The difference in percentage points."""
        return 100 * (self.stored - self.fresh)


@dataclass(frozen=True)
class TrialSeconds:
    """Where the seconds of a trial went, rounded as its file keeps them."""

    wait: float = 0.0
    augment: float = 0.0
    compute: float = 0.0
    evaluate: float = 0.0

    @classmethod
    def of(cls, clock: Clock) -> TrialSeconds:
        """Copy a clock at the end of a trial."""
        return cls(**{part: round(seconds, 4) for part, seconds in asdict(clock).items()})

    @property
    def training(self) -> float:
        """The seconds of training, without those of evaluation."""
        return round(self.wait + self.augment + self.compute, 4)


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What is kept of a trial; the files of earlier versions have the same keys."""

    arm: str
    replicate: int
    epochs_asked: int
    epochs_trained: int
    """Differs from `epochs_asked` where arms share a budget other than optimizer steps."""
    steps: int
    images: int
    accuracy: float
    loss: float
    train_accuracy: float
    train_loss: float
    per_class: Mapping[str, float]
    right_bits: bytes
    """Whether each test image was classified correctly, eight images in a byte."""
    weights: str
    """A hash of the final weights."""
    gap: MemorisationGap | None
    seconds: TrialSeconds
    precision: str
    renderer: str
    wall_seconds: float
    screen: tuple[Mapping[str, Any], ...] | None = None
    """What an ablation measures with the trained model, as plain data."""
    versions: Mapping[str, str] | None = None
    """Those of the libraries that it was trained with; earlier versions did not record them."""
    trial: str | None = None
    """The name of its trial; earlier versions did not record it."""
    tuned: TunedSettings | None = None
    """What it was trained with in place of the settings of the study."""

    def right(self, count: int) -> NDArray[np.bool_]:
        """Unpack which of the `count` test images were classified correctly."""
        bits = np.frombuffer(self.right_bits, np.uint8)
        return np.unpackbits(bits, count=count).astype(bool)

    @property
    def epoch_seconds(self) -> float:
        """The seconds of training in one epoch."""
        return self.seconds.training / self.epochs_trained

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data, with the keys of runs/*.json."""
        plain = {**vars(self)}
        screen, seconds = plain.pop("screen"), plain.pop("seconds")
        used, trial, tuned = (plain.pop(key) for key in ("versions", "trial", "tuned"))
        plain["right"] = base64.b64encode(plain.pop("right_bits")).decode()
        plain["gap"] = self.gap and asdict(self.gap)
        plain["seconds"] = plain.pop("wall_seconds")
        plain |= {f"{part}_seconds": value for part, value in asdict(seconds).items()}
        plain["training_seconds"] = seconds.training
        plain |= {} if screen is None else {"screen": list(screen)}
        return plain | _where_known(used, trial, tuned)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TrialResult:
        """Read plain data, of this version or an earlier one.

        Raise ValueError or TypeError for numbers that no trial can have.
        """
        screen = plain.get("screen")
        result = checked(
            cls(
                **{key: plain[key] for key in SAME},
                **_read_epochs(plain),
                right_bits=base64.b64decode(plain["right"]),
                gap=checked(MemorisationGap(**plain["gap"])) if plain["gap"] else None,
                seconds=checked(TrialSeconds(**{part: plain[f"{part}_seconds"] for part in PARTS})),
                wall_seconds=plain["seconds"],
                screen=None if screen is None else tuple(screen),
                versions=plain.get("versions"),
                trial=plain.get("trial"),
                tuned=_read_tuned(plain),
            )
        )
        result._check_ranges()
        return result

    def _check_ranges(self) -> None:
        """Raise ValueError for a number that no trial can have: it would spoil every mean."""
        gap = (self.gap.stored, self.gap.fresh) if self.gap else ()
        shares = (self.accuracy, self.train_accuracy, *self.per_class.values(), *gap)
        seconds = (self.wall_seconds, *asdict(self.seconds).values())
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("an accuracy is not between 0 and 1")
        if min(self.epochs_asked, self.epochs_trained, self.steps, self.images) < 1:
            raise ValueError("it has no epochs, steps or images")
        if min(self.loss, self.train_loss) < 0 or not all(0 <= each < math.inf for each in seconds):
            raise ValueError("a loss or a time is below 0")
        if self.precision not in PRECISIONS[1:]:
            raise ValueError(f"its precision is {self.precision[:40]!r}")

    def is_of(self, classes: Collection[str], images: int) -> bool:
        """Return whether it was measured on so many test images of these classes."""
        return self.per_class.keys() == set(classes) and len(self.right_bits) == -(-images // 8)


@dataclass(frozen=True, kw_only=True)
class DivergedTrial:
    """A trial that diverged: it has no accuracy, and no part in any mean."""

    arm: str
    replicate: int
    epochs_asked: int
    epochs_trained: int
    divergence: Divergence
    wall_seconds: float
    versions: Mapping[str, str] | None = None
    trial: str | None = None
    tuned: TunedSettings | None = None

    @property
    def sentence(self) -> str:
        """The trial and its divergence in words: "fly, seed 0: the loss became NaN in epoch 1"."""
        return f"{self.arm}, seed {self.replicate}: {self.divergence.sentence}"

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data, with the keys of runs/*.json."""
        plain = {
            "arm": self.arm,
            "replicate": self.replicate,
            "epochs_asked": self.epochs_asked,
            "epochs_trained": self.epochs_trained,
            "diverged": asdict(self.divergence),
            "seconds": self.wall_seconds,
        }
        return plain | _where_known(self.versions, self.trial, self.tuned)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> DivergedTrial:
        """Read plain data; earlier versions finished a trial whose loss was NaN."""
        loss = next((plain[key] for key in LOSSES if has_exploded(plain.get(key, 0))), math.nan)
        what = describe("the loss", loss)
        epochs = _read_epochs(plain)
        last = {"what": what, "epoch": epochs["epochs_trained"], "step": plain.get("steps", 0)}
        return checked(
            cls(
                arm=plain["arm"],
                replicate=plain["replicate"],
                **epochs,
                divergence=checked(Divergence(**plain.get("diverged", last))),
                wall_seconds=plain["seconds"],
                versions=plain.get("versions"),
                trial=plain.get("trial"),
                tuned=_read_tuned(plain),
            )
        )


def _where_known(
    versions: Mapping[str, str] | None, trial: str | None, tuned: TunedSettings | None
) -> dict[str, Any]:
    """Return what only some results have, as plain data."""
    found = {"trial": trial, "tuned": tuned and tuned.to_dict()}
    known = {key: value for key, value in found.items() if value is not None}
    return known if versions is None else {**known, "versions": dict(versions)}


def _read_epochs(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Read the epochs asked for and trained.

    Earlier versions named them "length" and "epochs"; an ablation of a still earlier one has no
    "length".
    """
    if "epochs_trained" in plain:
        return {key: plain[key] for key in ("epochs_asked", "epochs_trained")}
    trained = plain["epochs"]
    return {"epochs_asked": plain.get("length", trained), "epochs_trained": trained}


def _read_tuned(plain: Mapping[str, Any]) -> TunedSettings | None:
    tuned = plain.get("tuned")
    return None if tuned is None else checked(TunedSettings(**tuned))


def versions_of(results: Sequence[TrialResult | DivergedTrial]) -> dict[str, str]:
    """Return the versions that trials ran with: of each library one, or all with their trials."""
    counted: dict[str, Counter[str]] = {}
    for result in results:
        for name, version in (result.versions or {}).items():
            counted.setdefault(name, Counter())[version] += 1
    return {name: _format_versions(found, len(results)) for name, found in counted.items()}


def _format_versions(found: Counter[str], trials: int) -> str:
    known = sum(found.values())
    every = [*found.items(), *([("not recorded", trials - known)] if known < trials else [])]
    if len(every) == 1:
        return every[0][0]
    return ", ".join(f"{version} ({count} of {trials} trials)" for version, count in every)


def read_result(plain: Mapping[str, Any]) -> TrialResult | DivergedTrial:
    """Read the plain data of a trial that was trained to its end, or diverged."""
    if "diverged" in plain or any(has_exploded(plain[key]) for key in LOSSES):
        return DivergedTrial.from_dict(plain)
    return TrialResult.from_dict(plain)


def count_diverged(trials: int, diverged: int) -> str:
    """Say how many of some trials diverged; "" if none did."""
    if not diverged:
        return ""
    if diverged == trials:
        return f"No verdict: all {trials} trials diverged."
    they = "it has" if diverged == 1 else "they have"
    return (
        f"{diverged} of {trials} trials diverged: {they} no accuracy and no part in any mean or "
        "verdict."
    )


LOSSES = ("loss", "train_loss")
PARTS = ("wait", "augment", "compute", "evaluate")
SAME = (
    *("arm", "replicate", "steps", "images", "accuracy", "loss", "train_accuracy", "train_loss"),
    *("per_class", "weights", "precision", "renderer"),
)
"""The fields whose names in runs/*.json are those of `TrialResult`."""
