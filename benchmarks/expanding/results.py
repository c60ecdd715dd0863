"""The results: every timing of every arm, as a JSON file, and the numbers computed from them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan, nan
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.expanding.arms import ALBUMENTATIONS, EXPAND, FLOOR, OWN_FLOOR

SMALLEST_SHARE = 0.3
"""The share of a run that must remain without its start, for a rate of the rest to mean much."""


@dataclass(frozen=True)
class Timing:
    """One run of an arm."""

    files: int
    wall: float
    cpu: float
    start: float = 0.0
    """Seconds of the same command on two images."""
    start_cpu: float = 0.0
    others: float = 0.0
    """Cores that other programs used meanwhile."""
    load: float = 0.0

    @property
    def rate(self) -> float:
        """Files per second of the whole command."""
        return self.files / self.wall

    @property
    def work_rate(self) -> float:
        """Files per second without the start."""
        return _rate_without(self.files, self.wall, self.start)

    @property
    def cpu_rate(self) -> float:
        """Files per CPU second without those of the start."""
        return _rate_without(self.files, self.cpu, self.start_cpu)


def _rate_without(files: int, seconds: float, start: float) -> float:
    """Return files per second without the start; not a number where that is most of it."""
    return files / (seconds - start) if seconds - start > seconds * SMALLEST_SHARE else nan


@dataclass(frozen=True)
class ArmResult:
    """The runs of one arm on one set, in the order of the rounds."""

    name: str
    way: str
    workers: int
    also: str
    leaves_out: str
    packages: list[str]
    timings: list[Timing] = field(default_factory=list)
    missing: str = ""
    """Why it did not run."""

    @property
    def label(self) -> str:
        """The name, with how it runs."""
        return f"{self.name}, {self.way}"

    @property
    def median(self) -> float:
        """The median of files per second."""
        return statistics.median(timing.rate for timing in self.timings)


@dataclass(frozen=True)
class SetResult:
    """All arms on one set."""

    name: str
    title: str
    images: int
    origin: str
    arms: list[ArmResult]

    @property
    def ran(self) -> list[ArmResult]:
        """The arms that ran."""
        return [arm for arm in self.arms if arm.timings]

    @property
    def rounds(self) -> int:
        """How often each arm ran."""
        return max((len(arm.timings) for arm in self.arms), default=0)

    def find(self, name: str, many: bool) -> ArmResult | None:
        """Return an arm with one worker, or with `many`; of several the fastest."""
        found = [arm for arm in self.ran if arm.name == name and (arm.workers > 1) == many]
        return max(found, key=lambda arm: arm.median, default=None)


@dataclass(frozen=True)
class Results:
    """One run of the benchmark."""

    date: str
    machine: dict[str, Any]
    where: str
    copies: int
    work: str
    sets: list[SetResult]

    @property
    def rounds(self) -> int:
        """How often each arm ran, on the set with the fewest rounds."""
        return min((each.rounds for each in self.sets), default=0)

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` wrote."""
        data = json.loads(path.read_text("utf-8"))
        sets = [
            SetResult(**{**each, "arms": [_arm(arm) for arm in each["arms"]]})
            for each in data.pop("sets")
        ]
        return cls(**data, sets=sets)


def _arm(data: dict[str, Any]) -> ArmResult:
    return ArmResult(**{**data, "timings": [Timing(**timing) for timing in data["timings"]]})


class Summary(NamedTuple):
    """The median of the rounds, with the smallest and the largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Summary:
        """Summarise one value a round; those that are not numbers make all three so."""
        ordered = sorted(values)
        if any(map(isnan, ordered)):
            return cls(nan, nan, nan)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])


Rate = Callable[[Timing], float]
RATES: dict[str, Rate] = {
    "whole command": lambda timing: timing.rate,
    "without start": lambda timing: timing.work_rate,
    "per CPU second, without start": lambda timing: timing.cpu_rate,
}


class Ratio(NamedTuple):
    """How much faster one arm is than another."""

    title: str
    one: ArmResult
    other: ArmResult

    def summary(self, rate: Rate) -> Summary:
        """Compare round by round, so that a slower minute of the machine affects both."""
        pairs = zip(self.one.timings, self.other.timings, strict=True)
        return Summary.of(rate(one) / rate(other) for one, other in pairs)


RATIOS = (
    ("expand ÷ the fastest albumentations", EXPAND, True, ALBUMENTATIONS, None),
    ("expand ÷ codecs alone", EXPAND, True, FLOOR, True),
    ("expand ÷ codecs alone, 1 worker", EXPAND, False, FLOOR, False),
    ("expand ÷ its own decode and encode", EXPAND, True, OWN_FLOOR, True),
    ("expand ÷ its own decode and encode, 1 worker", EXPAND, False, OWN_FLOOR, False),
    ("expand, more workers ÷ 1 worker", EXPAND, True, EXPAND, False),
)


def ratios(result: SetResult) -> list[Ratio]:
    """Return the comparisons of a set that both arms ran for."""
    found = []
    for title, name, many, other_name, other_many in RATIOS:
        one = result.find(name, many)
        sizes: Sequence[bool] = (True, False) if other_many is None else (other_many,)
        others = [arm for size in sizes if (arm := result.find(other_name, size))]
        if one and others:
            found.append(Ratio(title, one, max(others, key=lambda arm: arm.median)))
    return found
