"""The records of a run: run.json and metrics.jsonl, as typed data and as files."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from expand.storage.files import write_whole
from expand.storage.json import read_json, to_json
from train.data.shape import RULES
from train.errors import TrainError
from train.fit.divergence import Divergence, describe, has_exploded
from train.fit.precision import PRECISIONS
from train.models.settings import ModelSettings
from train.runs.results import EpochMetrics, Plain, RunCost, RunResults
from train.runtime.typed import checked, fits

RUN, METRICS = "run.json", "metrics.jsonl"
REASON = 300
"""Characters of a reason that a message shows."""
LIBRARIES = (
    "expand-train",
    "torch",
    "torchvision",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "albumentations",
)
FINISHED, UNFINISHED, DIVERGED = "finished", "unfinished", "diverged"


@dataclass(frozen=True)
class SplitRecord:
    """The size of a split, and hashes: of the decoded pixels of all its images, of their names.

    Records of earlier versions have no hash of the names.
    """

    images: int
    sources: int
    hash: str
    names: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the split as plain data; what an earlier version did not record is left out."""
        return {key: value for key, value in asdict(self).items() if value != ""}

    def is_like(self, other: SplitRecord) -> bool:
        """Return whether two splits have the same images and, as far as recorded, names."""
        same = (self.images, self.sources, self.hash) == (other.images, other.sources, other.hash)
        return same and (not self.names or not other.names or self.names == other.names)


@dataclass(frozen=True)
class Part:
    """A part of a run that was trained with other versions than the part before."""

    step: int
    """The number of steps before it."""
    versions: dict[str, str]


@dataclass(frozen=True)
class PixelRecord:
    """How images reach the model."""

    rules: int
    bits: int
    levels: tuple[int, int] | None = None
    """The lowest and the highest level of the training images, if they have 16 bits."""
    background: int | None = None
    """The grey level of 255 on which transparent parts are shown; None: images have no alpha, or
    keep it."""

    @classmethod
    def from_dict(cls, values: Plain) -> PixelRecord:
        """Read plain data."""
        levels = values.get("levels")
        pixels = checked(cls(**{**values, "levels": tuple(levels) if levels else None}))
        if pixels.rules != RULES or pixels.bits not in (8, 16):
            raise ValueError("its pixels are of another version")
        return pixels


@dataclass(frozen=True)
class RunRecord:
    """Everything that is known of a run; results and cost when it is finished.

    A run that diverged stays unfinished: `divergence` says where.
    """

    settings: dict[str, Any]
    """As plain data: they are compared with those of a command, key by key."""
    model: ModelSettings
    parameters: int
    classes: list[str]
    steps: int
    precision: str
    renderer: str
    data: dict[str, SplitRecord]
    leaks: int
    leaks_shown: list[str]
    versions: dict[str, str]
    hardware: dict[str, Any]
    pixels: PixelRecord | None = None
    """None: a run that began by the first rules."""
    results: RunResults | None = None
    cost: RunCost | None = None
    divergence: Divergence | None = None
    order: str | None = None
    """What is promised of the order of visits, if the training set is streamed."""
    visits: str | None = None
    """A digest of what that order depends on, beside the seed and the epoch."""
    parts: list[Part] | None = None
    """What was resumed with other versions; `versions` are those at the start."""

    @property
    def finished(self) -> bool:
        """Whether the run has been trained to its end."""
        return self.results is not None

    @property
    def state(self) -> str:
        """The state of the run, as run.json names it."""
        unfinished = DIVERGED if self.divergence else UNFINISHED
        return FINISHED if self.finished else unfinished

    @property
    def diverged(self) -> Divergence | None:
        """Where the run diverged; earlier versions recorded such a run as finished."""
        if self.results and has_exploded(self.results.train_loss):
            what = describe("the training loss", self.results.train_loss)
            return Divergence(what, self.settings["recipe"]["epochs"], self.steps)
        return self.divergence

    @property
    def strategy(self) -> str:
        """The name of the strategy."""
        name: str = self.settings["strategy"]["name"]
        return name

    @classmethod
    def from_dict(cls, values: Plain) -> RunRecord:
        """Read a record from run.json."""
        values = dict(values)
        state, divergence = values.pop("state"), values.pop("divergence", None)
        model = dict(values.pop("model"))
        parts = values.pop("parts", None)
        data = {name: checked(SplitRecord(**split)) for name, split in values.pop("data").items()}
        results, cost = values.pop("results", None), values.pop("cost", None)
        pixels = values.pop("pixels", None)
        record = cls(
            parameters=model.pop("parameters"),
            model=checked(ModelSettings(**model)),
            data=data,
            pixels=PixelRecord.from_dict(pixels) if pixels else None,
            results=RunResults.from_dict(results) if state == FINISHED else None,
            cost=checked(RunCost(**cost)) if state == FINISHED else None,
            divergence=checked(Divergence(**divergence)) if state == DIVERGED else None,
            parts=None if parts is None else [checked(Part(**part)) for part in parts],
            **values,
        )
        name, epochs = record.strategy, record.settings["recipe"]["epochs"]
        if not (isinstance(name, str) and fits(epochs, int)):
            raise TypeError("the settings are not those of a run")
        # a resumed run takes it for its own: the refusal would name --precision, not the file
        if record.precision not in PRECISIONS[1:]:
            raise ValueError(f"its precision is {cut(record.precision)!r}")
        return checked(record)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data, as run.json holds it."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        del values["parameters"]
        values["model"] = asdict(self.model) | {"parameters": self.parameters}
        values["data"] = {name: split.to_dict() for name, split in self.data.items()}
        values["pixels"] = self.pixels and asdict(self.pixels)
        values["results"] = self.results and self.results.to_dict()
        values["cost"] = self.cost and asdict(self.cost)
        values["parts"] = [asdict(part) for part in self.parts] if self.parts else None
        values["divergence"] = self.divergence and asdict(self.divergence)
        known = {key: value for key, value in values.items() if value is not None}
        return {"state": self.state, **known}


def read_run(folder: Path) -> RunRecord | None:
    """Read a run's record; None if there is none; raise TrainError if it is damaged."""
    path = folder / RUN
    if not os.path.lexists(path):
        return None
    try:
        return RunRecord.from_dict(read_json(path))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, TrainError) as error:
        raise TrainError(
            f'"{path}" is damaged ({shorten(error)}); choose another --out, or --overwrite to '
            "start again"
        ) from error


def shorten(error: Exception) -> str:
    """Return the reason of an error in a few words, however long its text is."""
    return cut(str(error) if isinstance(error, ValueError | TrainError) else repr(error))


def cut(value: Any) -> str:
    """Return a value as text, cut to a length that a message can show."""
    text = str(value)
    return text if len(text) <= REASON else f"{text[:REASON]}…"


def write_run(folder: Path, record: RunRecord) -> None:
    """Write a run's record."""
    write_json(folder / RUN, record.to_dict())


def write_metrics(folder: Path, metrics: Sequence[EpochMetrics]) -> None:
    """Write the metrics, one line per epoch."""
    lines = "".join(to_json(line.to_dict(), ascii_only=True) + "\n" for line in metrics)
    write_whole(folder / METRICS, lines.encode())


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write plain data as indented JSON."""
    write_text(path, to_json(data, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Bytes of a file name that are not UTF-8 are written as escapes, which JSON reads back.
    """
    write_whole(path, text.encode("utf-8", "backslashreplace"))


def versions() -> dict[str, str]:
    """Return the versions of the libraries that a run's numbers depend on."""
    installed = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            installed[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return installed
