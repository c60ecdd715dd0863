"""Arms: the strategies that are compared, and for how many epochs each of them trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expand.job.balance import Balance
from train.errors import TrainError

STORED = ("disk", "disk-random", "disk-all", "disk-balanced", "hybrid")
STRATEGIES = ("none", "fly", *STORED)
MOST_NUMBERS = 100
BUDGETS = ("steps", "files", "wall", "wall-expansion")


@dataclass(frozen=True)
class Arm:
    """One way of augmenting; those that store copies have a factor."""

    strategy: str
    factor: int | None = None

    @property
    def name(self) -> str:
        """What the arm is called: disk ×4."""
        return f"{self.strategy} ×{self.factor}" if self.factor else self.strategy

    @property
    def label(self) -> str:
        """What the files of its trials are named for: disk-x4."""
        return self.name.replace(" ×", "-x")

    @property
    def stored(self) -> bool:
        """Tell whether it reads copies."""
        return self.factor is not None

    def describe(self, balance: Balance) -> str:
        """Return what the arm shows in an epoch; `balance` is that of disk-balanced arms."""
        copies = f"{self.factor} views of each source on disk, including the untouched one"
        return {
            "none": "the sources as they are",
            "fly": "a new view of each source in every epoch, nothing stored",
            "disk": f"{copies}; stratified",
            "disk-random": f"{copies}; drawn independently",
            "disk-all": f"{copies}; stratified. All files are shuffled together, as one folder of "
            f"more images: reading each once takes {self.factor} epochs, and a source may come "
            "several times in an epoch or not at all",
            "disk-balanced": f"copies on disk as expand --factor {self.factor} {balance.options} "
            "writes them; as many images per epoch as there are sources, from all files in turn",
            "hybrid": f"{copies}; cheap techniques applied to them on the fly",
        }[self.strategy]


def parse_arms(text: str, factors: Sequence[int]) -> tuple[Arm, ...]:
    """Parse a list such as `none,fly,disk,disk-random=4`; arms with copies get each factor."""
    arms: list[Arm] = []
    for word in (part.strip() for part in text.split(",")):
        name, _, own = word.partition("=")
        if name not in STRATEGIES:
            raise TrainError(f'--arms: "{name}" is not an arm; there are {", ".join(STRATEGIES)}')
        if name not in STORED and own:
            raise TrainError(f'--arms: "{name}" stores nothing and takes no factor')
        arms += (
            [Arm(name, factor) for factor in ([parse_factor(own)] if own else factors)]
            if name in STORED
            else [Arm(name)]
        )
    if len(set(arms)) < len(arms):
        raise TrainError(f"--arms names an arm twice: {text}")
    if len(arms) < 2:
        raise TrainError(f"--arms must name two arms or more, got {text!r}")
    return tuple(arms)


def parse_numbers(text: str, option: str, least: int) -> tuple[int, ...]:
    """Return the whole numbers of a list such as `2,4,8`, each once and in order."""
    try:
        numbers = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        message = f"{option} must be whole numbers, for example 2,4,8, got {text[:80]!r}"
        raise TrainError(message) from None
    if numbers[0] < least:
        raise TrainError(f"{option} must be at least {least}, got {numbers[0]}")
    if len(numbers) > MOST_NUMBERS:
        raise TrainError(f"{option} takes at most {MOST_NUMBERS} numbers, got {len(numbers):,}")
    return numbers


def parse_factor(text: str) -> int:
    """Return the factor of one arm."""
    return parse_numbers(text, "--arms: the factor of an arm", 2)[0]


def default_lengths(factors: Sequence[int]) -> tuple[int, ...]:
    """Return two numbers of epochs K: one with K ≤ F for the largest F, one well above it."""
    return max(factors), 5 * max(factors)


@dataclass(frozen=True)
class Speed:
    """The seconds of an arm: for an epoch, and once for its expansion."""

    epoch_seconds: float
    expansion_seconds: float = 0.0


def epochs_within(arm: Arm, asked: int, budget: str, speeds: Mapping[str, Speed]) -> int:
    """Return the epochs that an arm trains for within a budget.

    steps: as many for all arms. files: one visit to each file counts as an epoch. wall: as many as
    fit into the seconds of `asked` epochs over the untouched sources; wall-expansion: less the
    seconds of the arm's expansion. At least one.
    """
    if budget == "steps":
        return asked
    if budget == "files":
        return asked * (arm.factor or 1)
    seconds = asked * min(speed.epoch_seconds for speed in speeds.values())
    if "none" in speeds:
        seconds = asked * speeds["none"].epoch_seconds
    own = speeds[arm.name]
    if budget == "wall-expansion":
        seconds -= own.expansion_seconds
    return max(1, round(seconds / own.epoch_seconds))
