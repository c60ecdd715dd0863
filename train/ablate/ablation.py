"""An ablation: a recipe whose techniques are switched on and off, and the arms that this makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from expand.recipes.recipe import Recipe
from train.ablate.arms import DESIGN, NONE, TRIVIAL, AblationArm
from train.ablate.design import make_design
from train.ablate.screen import choosing_half, screen
from train.ablate.switches import Switch, check_switches, combine, switches_of
from train.ablate.trivial import TrivialReader
from train.data.dataset import Data
from train.errors import TrainError
from train.feed.dataset import Images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.trials.context import TrialContext
from train.trials.study import Study, Trial
from train.trials.trial import Trained


@dataclass(frozen=True, kw_only=True)
class AblationStudy(Study):
    """Which recipe is taken apart, by which design, for how many passes; checks itself."""

    recipe: Recipe
    design: str = "plackett-burman"
    epochs: int = 20

    def __post_init__(self) -> None:
        if self.epochs < 2:
            raise TrainError(
                f"--epochs must be at least 2, got {self.epochs}: the first pass shows sources as they are"
            )
        if self.shape.side is not None:
            raise TrainError("an ablation needs images of one size, without --image-size")
        check_switches(self.recipe, self.switches)
        make_design(self.design, len(self.switches))

    @cached_property
    def switches(self) -> tuple[Switch, ...]:
        """What is switched."""
        return switches_of(self.recipe)

    @cached_property
    def design_arms(self) -> tuple[AblationArm, ...]:
        """The runs of the design, row by row; few techniques make some rows alike. The one without any is called none."""
        rows = make_design(self.design, len(self.switches))
        on = [tuple(int(number) for number in row.nonzero()[0]) for row in rows]
        return tuple(
            AblationArm(
                " + ".join(self.switches[number].name for number in numbers) or NONE, numbers
            )
            for numbers in on
        )

    def final_arms(self, chosen: tuple[int, ...]) -> tuple[AblationArm, ...]:
        """Return the bars, the recipe of the chosen techniques, and the same without each of them in turn."""
        arms = [AblationArm(NONE), AblationArm(TRIVIAL)]
        if chosen:
            arms.append(AblationArm("chosen", chosen))
        if len(chosen) > 1:
            arms += [
                AblationArm(
                    f"without {self.switches[left].name}",
                    tuple(number for number in chosen if number != left),
                )
                for left in chosen
            ]
        return tuple(arms)

    def recipe_of(self, arm: AblationArm) -> Recipe | None:
        """Return the recipe of an arm."""
        return combine(self.recipe, [self.switches[number] for number in arm.on], arm.name)

    def strategy(self, arm: Any, view_seed: int) -> Strategy:
        """Return the strategy by which an arm trains: new views in every pass."""
        recipe = self.recipe_of(arm)
        return Strategy("fly", recipe, view_seed) if recipe else Strategy("none")

    def reader(self, arm: Any, sampler: Sampler, data: Data, view_seed: int) -> Images | None:
        """Return what reads for TrivialAugment."""
        return (
            TrivialReader(sampler, data.train.pack.pixels, view_seed)
            if arm.name == TRIVIAL
            else None
        )

    def screen(
        self, context: TrialContext[Any], trial: Trial, trained: Trained
    ) -> tuple[Mapping[str, Any], ...] | None:
        """Screen all techniques with the models that the design trains without any."""
        if not trial.name.startswith(f"{DESIGN}_{NONE}_"):
            return None
        return tuple(screen(context, trained, choosing_half(context)))

    def to_dict(self) -> dict[str, Any]:
        """Return the ablation as plain data."""
        return {**super().to_dict(), "recipe": self.recipe.to_dict()}
