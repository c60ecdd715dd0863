"""An ablation: a recipe, its techniques as switches, and the arms to train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.recipes.recipe import Recipe
from train.ablate.design import NONE, TRIVIAL, AblationArm, Phase, make_design
from train.ablate.export.json import screen_to_json
from train.ablate.screen import screen, select_images
from train.ablate.switches import Switch, check_switches, combine, switches_of
from train.ablate.transforms import TransformReader, trivial_augment
from train.data.dataset import Data
from train.data.subsets import validation_sources
from train.errors import TrainError
from train.feed.dataset import Images, decoded_images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import MOST_EPOCHS
from train.trials.study import Study, Trained, Trial, TrialContext
from train.trials.tuning.space import check_count

FEWEST_TUNED = 12
"""An eighth of it, rounded, is two epochs: the fewest that show changed images."""


@dataclass(frozen=True)
class AblationTrial(Trial):
    """A trial of the design or of the check."""

    phase: Phase

    @property
    def keeps_arm(self) -> bool:
        """Whether its arm has the same name whenever it is trained.

        The techniques of a check may be "chosen" today, and "without flip" once there are more
        seeds.
        """
        return self.phase == "design"


@dataclass(frozen=True, kw_only=True)
class AblationStudy(Study):
    """The recipe to ablate, the design, and the epochs of every run; checks itself."""

    recipe: Recipe
    design: str = "plackett-burman"
    epochs: int = 20

    def __post_init__(self) -> None:
        if self.epochs < 2:
            raise TrainError(
                f"--epochs must be at least 2, got {self.epochs}: "
                "the first epoch shows the images unchanged"
            )
        if self.epochs > MOST_EPOCHS:
            raise TrainError(f"--epochs must be at most {MOST_EPOCHS:,}, got {self.epochs:,}")
        check_count(self.tune)
        if self.tune and self.epochs < FEWEST_TUNED:
            raise TrainError(
                f"--tune tries trainings from an eighth of --epochs on, which must be at least "
                f"{FEWEST_TUNED}, got {self.epochs}: the first epoch shows the images unchanged"
            )
        check_switches(self.recipe, self.switches)
        make_design(self.design, len(self.switches))

    @cached_property
    def switches(self) -> tuple[Switch, ...]:
        """The techniques of the recipe that can be on or off."""
        return switches_of(self.recipe)

    @cached_property
    def single_recipes(self) -> tuple[tuple[Switch, Recipe], ...]:
        """Each technique with the recipe of it alone."""
        recipes = (combine(self.recipe, [switch], switch.name) for switch in self.switches)
        pairs = zip(self.switches, recipes, strict=True)
        return tuple((switch, recipe) for switch, recipe in pairs if recipe)

    @cached_property
    def design_arms(self) -> tuple[AblationArm, ...]:
        """The arm of each row of the design; with few techniques some rows are equal."""
        rows = make_design(self.design, len(self.switches))
        return tuple(self._arm(tuple(int(number) for number in row.nonzero()[0])) for row in rows)

    def _arm(self, on: tuple[int, ...]) -> AblationArm:
        return (
            AblationArm(" + ".join(self.switches[number].name for number in on), on) if on else NONE
        )

    def final_arms(self, chosen: tuple[int, ...]) -> tuple[AblationArm, ...]:
        """List the arms of the check: the baselines, the chosen techniques, all but one of them."""
        arms = [NONE, TRIVIAL]
        if chosen:
            arms.append(AblationArm("chosen", chosen))
        if len(chosen) > 1:
            arms += [self._without(left_out, chosen) for left_out in chosen]
        return tuple(arms)

    def _without(self, left_out: int, chosen: tuple[int, ...]) -> AblationArm:
        others = tuple(number for number in chosen if number != left_out)
        return AblationArm(f"without {self.switches[left_out].name}", others, left_out)

    def recipe_of(self, arm: AblationArm) -> Recipe | None:
        """Build the recipe of an arm; None if it has no technique."""
        return combine(self.recipe, [self.switches[number] for number in arm.on], arm.name)

    def strategy(self, arm: Any, view_seed: int) -> Strategy:
        """Choose how an arm trains: with new views in every epoch, or without augmentation."""
        recipe = self.recipe_of(arm)
        return Strategy("fly", recipe, view_seed) if recipe else Strategy("none")

    def reader(self, arm: Any, sampler: Sampler, data: Data, view_seed: int) -> Images | None:
        """Return the reader of TrivialAugment, or of an arm whose images are resized first.

        None for every other arm.
        """
        pixels = data.train.decoded.pixels
        if arm == TRIVIAL:
            change = trivial_augment()
            return TransformReader(sampler, pixels, view_seed, change, "trivial", data.levels)
        if arm.on and self.shape.side is not None:
            return decoded_images(sampler, pixels)
        return None

    def choosing_half(self, data: Data) -> NDArray[np.bool_]:
        """Select the test images that choose techniques; the other half measures the choice.

        Techniques that are tried alone are not measured again, so all images choose.
        """
        assert data.test is not None
        if self.design == "single":
            return np.ones(len(data.test.folder), dtype=bool)
        return validation_sources(data.test.folder, 0.5)

    def screen(
        self, context: TrialContext[Any], trial: Trial, trained: Trained
    ) -> tuple[Mapping[str, Any], ...] | None:
        """Screen all techniques with the models that the design trains without augmentation."""
        if trial.arm != NONE or not isinstance(trial, AblationTrial) or trial.phase != "design":
            return None
        assert context.data.test is not None
        images = select_images(context.data.test, self.choosing_half(context.data))
        return screen_to_json(screen(context, trained, self.single_recipes, images))

    def to_dict(self) -> dict[str, Any]:
        """Return the ablation as plain data."""
        return {**super().to_dict(), "recipe": self.recipe.to_dict()}
