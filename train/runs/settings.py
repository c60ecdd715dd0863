"""The settings of a run, which decide the trained weights, and its location, which does not.

Settings that are recorded are compared with those of a command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import MISSING, Field, asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from expand.layouts.layout import AUTO
from expand.recipes.recorded import is_older
from expand.storage.stores.url import Place, is_url
from train.data.cache import Cache
from train.data.dataset import DataRequest
from train.data.shape import ANY_SHAPE, Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.models.weights_file import WeightsFile
from train.runs.observer import Observer
from train.runs.records import cut

MOST_WORKERS = 1024
RENDERERS = ("auto", "exact", "batched")
OLDER = (
    "noise was of an earlier version, which hits other pixels (only the version of train that "
    "began it can finish it)"
)
PATHS = ("data", "test")
"""Settings that are folders: the same images may be reached by another path."""
MAY_DIFFER = (*PATHS, "draws")
"""Settings that need a value where a record has one, but not the same: a trial names its draw."""
OPTIONS = {
    "data": "DATA",
    "arms": "--arms with --factor",
    "lengths": "--epochs",
    "views": "--recipe",
    "fly_techniques": "--fly",
    "side": "--image-size",
    "visit_all": "--visit",
    "pixel_rules": "the rules for 16 bits and alpha",
}
"""What a setting is called on the command line, where that is not its own name."""
TYPED: dict[str, Callable[[Any], Any]] = {
    "arms": lambda names: ",".join(names).replace(" ×", "="),
    "lengths": lambda numbers: ",".join(map(str, numbers)),
    "sizes": ",".join,
    "fly_techniques": lambda names: ",".join(names) or NOT_GIVEN,
    "codec": lambda codec: ":".join(str(each) for each in codec.values() if each),
    "visit_all": lambda every: "all" if every else "sources",
    "weights": lambda weights: weights["file"],
    "tune": lambda count: count or NOT_GIVEN,
}
"""How the value of a setting is typed, where its plain form is another."""
NOT_GIVEN = "not given"
NOTES = {"threads": " (by default the cores divided by --jobs)"}


@dataclass(frozen=True)
class Settings:
    """Everything that the trained weights depend on."""

    data: Place
    test: Place | None
    strategy: Strategy
    hyperparameters: Hyperparameters
    model: str = "cnn"
    dropout: float = 0.0
    pretrained: bool = False
    weights: WeightsFile | None = None
    """What the model starts from; None: random weights."""
    freeze: bool = False
    """Whether only the last layer, and what is new in the model, learns."""
    seed: int = 0
    validation: float = 0.0
    sources: int | None = None
    shape: Shape = ANY_SHAPE
    renderer: str = "auto"
    precision: str = "auto"
    mirrored: bool = False
    allow_leak: bool = False
    layout: str = AUTO
    group_by: str | None = None

    def __post_init__(self) -> None:
        if self.renderer not in RENDERERS:
            raise TrainError(f"--renderer must be {', '.join(RENDERERS)}, got {self.renderer!r}")
        if not 0 <= self.seed < 2**64:
            raise TrainError(f"--seed must be 0 … 2^64 - 1, got {self.seed}")

        if self.freeze and not (self.weights or self.pretrained):
            raise TrainError(
                "--freeze keeps all layers but the last as they are; it needs --weights FILE or "
                "--pretrained"
            )
        if self.weights and self.pretrained:
            raise TrainError("--weights and --pretrained both say where to start; give one of them")

    def data_request(self) -> DataRequest:
        """Return the data that this run needs."""
        return DataRequest(
            self.data,
            self.test,
            self.shape,
            self.validation,
            self.allow_leak,
            self.sources,
            copies=self.strategy.reads_copies,
            layout=self.layout,
            group_by=self.group_by,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        # "recipe" was the field's name when the first runs were recorded; they must still resume
        plain = {"recipe" if key == "hyperparameters" else key: plain[key] for key in plain}
        paths = {"data": str(self.data), "test": self.test and str(self.test)}
        parts = {
            "strategy": self.strategy.to_dict(),
            "recipe": asdict(self.hyperparameters),
            "shape": self.shape.to_dict(),
            "weights": self.weights and self.weights.to_dict(),
        }
        return {**plain, **paths, **parts}


@dataclass(frozen=True)
class RunLocation:
    """Where a run takes place: its folder, the cache, the device; and its observer."""

    out: Path
    cache: Cache
    device: str = "auto"
    workers: int | None = None
    overwrite: bool = False
    observer: Observer = field(default_factory=lambda: Observer())

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 0:
            raise TrainError(f"--workers must be at least 0, got {self.workers}")
        if self.workers is not None and self.workers > MOST_WORKERS:
            raise TrainError(f"--workers must be at most {MOST_WORKERS:,}, got {self.workers:,}")


class Recorded(Protocol):
    """Settings that are recorded: a dataclass with a plain form."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""


def changed_settings(before: dict[str, Any], settings: Recorded) -> list[str]:
    """List the settings that differ from recorded ones by their options, other paths left out.

    A setting that the record does not have is newer than the record, which was made with what is
    now its default.
    """
    defaults = {
        name: field.default
        for name, field in settings.__dataclass_fields__.items()
        if field.default is not MISSING
    }
    now = json.loads(json.dumps(settings.to_dict()))
    recorded = {key: before.get(key, defaults.get(key)) for key in now}
    # by option: a study has its epochs twice, the later one as they were typed
    words = {
        option: said
        for key in now
        if not (key in MAY_DIFFER and recorded[key] and now[key])
        for option, said in _differences(key, recorded[key], now[key])
    }
    return list(words.values())


def _differences(key: str, before: Any, now: Any) -> Iterator[tuple[str, str]]:
    """Yield each option by which two values of a setting differ, and in words how.

    Of a group of settings, those that differ; of two strategies or recipes, only their names if
    these differ.
    """
    if before == now:
        return
    if not (isinstance(before, dict) and isinstance(now, dict)):
        yield _difference(key, before, now)
    elif key == "weights":
        if before.get("sha256") != now.get("sha256"):  # wherever the file lies
            yield _difference(key, before, now)
    elif key in TYPED:
        yield _difference(key, before, now)
    elif before.get("name") != now.get("name"):
        yield _difference(key, before.get("name"), now.get("name"))
    elif is_older(before):
        yield OLDER, OLDER
    elif "techniques" in now:
        changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        yield "--recipe", f'--recipe "{cut(now["name"])}" has other {", ".join(changed)} now'
    else:
        for name in {**before, **now}:
            yield from _differences(name, before.get(name), now.get(name))


def _difference(key: str, before: Any, now: Any) -> tuple[str, str]:
    """Return the option of a setting, and in words how two values differ."""
    option = OPTIONS.get(key, f"--{key.replace('_', '-')}")
    was, new = (_as_typed(key, value) for value in (before, now))
    changed = f"{was}, is {new}" if was != new else f"{was}, which has changed since"
    return option, f"{option} was {changed}{NOTES.get(key, '')}"


def _as_typed(key: str, value: Any) -> str:
    """Return a value of a setting as it is given on the command line."""
    if value is None or (isinstance(value, bool) and key not in TYPED):
        return "given" if value else NOT_GIVEN
    with suppress(TypeError, AttributeError, KeyError):  # a record may be damaged
        return cut(TYPED.get(key, str)(value))
    return cut(value)


def moved_folders(before: dict[str, Any], settings: Recorded) -> list[str]:
    """List the folders that are not those of a record, though the setting was there: in words.

    `./x` and its absolute path are one folder.
    """
    now = settings.to_dict()
    given = [key for key in PATHS if before.get(key) and now.get(key)]
    return [
        _difference(key, before[key], now[key])[1]
        for key in given
        if _real(str(before[key])) != _real(now[key])
    ]


def _real(place: str) -> str:
    return place if is_url(place) else os.path.realpath(place)
