"""The study of a comparison: everything that decides its results, and its trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from expand.errors import ExpandError
from expand.job.balance import Balance
from expand.job.settings import Settings as Expansion
from expand.recipes.recipe import Recipe
from expand.views.views import Views
from train.compare.arms import BUDGETS, Arm, Speed, epochs_within
from train.compare.codec import LOSSLESS, Codec
from train.data.subsets import MOST_DRAWS, Draw
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.trials.study import Study, Trial
from train.trials.tuning.settings import TunedSettings
from train.trials.tuning.space import check_count

CHEAP = ("flip", "translate")
"""What hybrid applies on the fly by default: the cheapest techniques, exact or nearly so."""


@dataclass(frozen=True, kw_only=True)
class ComparisonStudy(Study):
    """The arms, the epochs, the recipe and the budget of a comparison; checks itself."""

    arms: tuple[Arm, ...]
    lengths: tuple[int, ...]
    views: Recipe
    fly_techniques: tuple[str, ...] = ()
    """The techniques that hybrid draws on top; empty: the recipe's cheap ones."""
    budget: str = "steps"
    codec: Codec = LOSSLESS
    balance: str = "max"
    """How disk-balanced arms balance classes: a rule of `expand --balance`."""
    most: int | None = None
    """Views of an image at most, in disk-balanced arms; None: as many as the rule gives."""

    def __post_init__(self) -> None:
        if self.budget not in BUDGETS:
            raise TrainError(f"--budget must be {', '.join(BUDGETS)}, got {self.budget!r}")
        if min(self.lengths) < 1:
            raise TrainError(f"--epochs must be at least 1, got {min(self.lengths)}")
        if self.shape.side is not None and any(arm.strategy == "hybrid" for arm in self.arms):
            raise TrainError("hybrid arms need images of one size, without --image-size")
        if self.balancing.is_count:
            raise TrainError(
                "--balance must be max, median or repeat=SHARE, which follow the factor of an arm, "
                f"got {self.balance}"
            )
        for arm in self.arms:
            if arm.stored:
                self.expansion(arm, 0)
        self._check_tuning()
        self._check_draws()
        self.hybrid_parts  # noqa: B018  # checks the techniques

    def _check_tuning(self) -> None:
        check_count(self.tune)
        if self.tune and len(self.lengths) > 1:
            raise TrainError(
                "--tune chooses the number of epochs of each arm, up to --epochs; give one number, "
                f"got {','.join(map(str, self.lengths))}"
            )
        if self.tune and self.budget != "steps":
            raise TrainError(
                "--tune lets every arm train for as long as suits it, up to --epochs; "
                f"it cannot be combined with --budget {self.budget}"
            )

    def _check_draws(self) -> None:
        if self.draws is not None and not 2 <= self.draws <= MOST_DRAWS:
            raise TrainError(f"--draws must be 2 … {MOST_DRAWS:,}, got {self.draws:,}")
        if self.draws is not None and self.sources is None:
            raise TrainError(
                "--draws needs --sources, the number of sources of each draw; draws share none "
                "as long as the dataset has enough for all of them"
            )

    def drawn_for(self, replicate: int) -> Draw | None:
        """Return the sources that a replicate learns from; None: all that the study has."""
        if self.draws is None or self.sources is None:
            return None
        return Draw(replicate % self.draws, self.sources, self.sources)

    @property
    def longest(self) -> int:
        """The most epochs."""
        return max(self.lengths)

    @property
    def balancing(self) -> Balance:
        """How disk-balanced arms balance classes."""
        try:
            return Balance(self.balance, self.most)
        except ExpandError as error:
            raise TrainError(str(error)) from error

    @property
    def clean_every(self) -> int | None:
        """Fly shows the untouched image once in so many epochs, as the most copies do."""
        return max((arm.factor for arm in self.arms if arm.factor), default=None)

    @property
    def hybrid_parts(self) -> tuple[Recipe, Recipe]:
        """The techniques that hybrid arms store, and those that they apply in every epoch."""
        names = [technique.name for technique in self.views.techniques]
        if not any(arm.strategy == "hybrid" for arm in self.arms):
            return self.views, self.views
        cheap = self.fly_techniques or tuple(name for name in CHEAP if name in names)
        if unknown := [name for name in cheap if name not in names]:
            raise TrainError(
                f'--fly: recipe "{self.views.name}" has no technique "{unknown[0]}"; '
                f"it has {', '.join(names)}"
            )
        if not cheap or len(cheap) == len(names):
            raise TrainError(
                f'a hybrid arm needs some techniques of "{self.views.name}" on disk and some on '
                "the fly: --fly"
            )
        return self._part("stored", [n for n in names if n not in cheap]), self._part(
            "drawn", list(cheap)
        )

    def _part(self, name: str, techniques: list[str]) -> Recipe:
        chosen = tuple(
            technique for technique in self.views.techniques if technique.name in techniques
        )
        return replace(self.views, name=f"{self.views.name} {name}", techniques=chosen)

    @property
    def streams(self) -> bool:
        """Whether no arm needs decoded images: copies are made of them, and so are searches."""
        return not (any(arm.stored for arm in self.arms) or self.tune or self.is_drawn)

    @property
    def streaming_arms(self) -> str:
        """Arms that need no decoded images, unless settings are tuned or sources drawn."""
        return "" if self.tune or self.is_drawn else "--arms none,fly"

    def expansion(self, arm: Arm, view_seed: int) -> Expansion:
        """Return the settings with which `expand` writes an arm's copies."""
        recipe = self.hybrid_parts[0] if arm.strategy == "hybrid" else self.views
        sampling = "random" if arm.strategy == "disk-random" else "stratified"
        try:
            plain = Expansion(
                recipe, arm.factor or 1, view_seed, sampling, self.codec.format, self.codec.quality
            )
        except ExpandError as error:
            raise TrainError(str(error)) from error
        balanced = arm.strategy == "disk-balanced"
        return replace(plain, balance=self.balancing) if balanced else plain

    def strategy(self, arm: Arm, view_seed: int) -> Strategy:
        """Return the strategy by which an arm trains."""
        if arm.strategy == "fly":
            return Strategy("fly", self.views, view_seed, clean_every=self.clean_every)
        if arm.strategy == "hybrid":
            return Strategy("hybrid", self.hybrid_parts[1], view_seed)
        if arm.strategy in ("disk-all", "disk-balanced"):
            return Strategy("disk", view_seed=view_seed, pools_files=True)
        return Strategy("disk" if arm.stored else "none")

    def copies(self, arm: Arm, view_seed: int) -> Expansion | None:
        """Return the settings with which `expand` writes the copies that an arm reads."""
        return self.expansion(arm, view_seed) if arm.stored else None

    def memorised_views(self, arm: Arm, view_seed: int) -> Views | None:
        """Return the views that an arm stores; None for hybrid, which changes its copies."""
        if not arm.stored or arm.strategy == "hybrid" or self.shape.side is not None:
            return None
        return self.expansion(arm, view_seed).views

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        return {
            **super().to_dict(),
            "arms": [arm.name for arm in self.arms],
            "lengths": list(self.lengths),
            "views": self.views.to_dict(),
            "fly_techniques": list(self.fly_techniques),
            "codec": asdict(self.codec),
        }


def trials(
    study: ComparisonStudy,
    seeds: int,
    speeds: Mapping[str, Speed] = MappingProxyType({}),
    tuned: Mapping[str, TunedSettings] = MappingProxyType({}),
) -> Iterator[Trial]:
    """Yield all trials, arms interleaved, so that a machine that slows down slows all arms alike.

    A budget of seconds needs the `speeds` of the arms. `tuned` are the settings that a search chose
    for each arm.
    """
    count = len(study.arms)
    for replicate in range(seeds):
        for asked in study.lengths:
            for shift in range(count):
                arm = study.arms[(shift + replicate) % count]
                own = tuned.get(arm.name)
                trained = own.epochs if own else epochs_within(arm, asked, study.budget, speeds)
                draw = study.drawn_for(replicate)
                part = f"_n{draw.sources}_d{draw.number}" if draw else ""
                name = f"{arm.label}_k{asked}{part}_s{replicate}"
                yield Trial(arm, replicate, asked, trained, name, tuned=own, draw=draw)


def in_order(study: ComparisonStudy, trials: Sequence[Trial]) -> list[Trial]:
    """Sort trials by epochs, arm and replicate."""
    return sorted(
        trials, key=lambda each: (each.epochs_asked, study.arms.index(each.arm), each.replicate)
    )
