"""Freshness: frozen views are refused before training, and nothing else is mistaken for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand.recipes.recipe import Recipe
from tests.conftest import noise_image
from tests.train.compare.studies import MIRROR, context_of, study_for
from tests.train.samples import pictures, write_set
from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.trials.freshness import check_fresh

BOTH = Recipe.parse("{name: both, techniques: [flip: {axes: [horizontal, vertical]}]}")


@dataclass(frozen=True)
class Stuck(Strategy):
    """Shows one view in every epoch: the generator that was never asked again."""

    only: int = 1

    def view(self, k: int) -> int:
        return self.only


@dataclass(frozen=True, kw_only=True)
class Frozen(ComparisonStudy):
    """A study whose fly arm is stuck."""

    only: int = 1

    def strategy(self, arm: Arm, view_seed: int) -> Strategy:
        honest = super().strategy(arm, view_seed)
        return (
            Stuck("fly", honest.recipe, view_seed, only=self.only)
            if arm.strategy == "fly"
            else honest
        )


def check(
    tmp_path: Path,
    arms: str = "none,fly,disk,disk-random,hybrid",
    images: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Check all arms of a study of a few images."""
    src = write_set(tmp_path / "src", pictures(6) if images is None else images)
    context = context_of(
        study_for(src, write_set(tmp_path / "test", pictures(1, seed=50)), arms, **changes)
    )
    for arm in context.study.arms:
        check_fresh(context, arm)


@pytest.mark.parametrize("renderer", ["exact", "batched"])
@pytest.mark.parametrize("only", [1, 0])
def test_an_arm_that_shows_one_view_again_and_again_is_named(
    only: int, renderer: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainError) as stopped:
        check(tmp_path, kind=Frozen, only=only, renderer=renderer)
    assert (str(stopped.value), stopped.value.status) == (
        "fly repeats the same views in every epoch; this is a bug. 12 of 12 sources look the same in epochs 1, 2, 3.",
        3,
    )


@pytest.mark.parametrize("renderer", ["exact", "batched"])
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_fresh_views_pass_however_often_the_untouched_image_comes_between(
    factor: int, renderer: str, tmp_path: Path
) -> None:
    check(tmp_path, factors=(factor,), renderer=renderer)


def test_a_recipe_that_can_only_repeat_itself_is_not_called_frozen(tmp_path: Path) -> None:
    check(tmp_path, "none,fly,disk", views=MIRROR)
    check(
        tmp_path, "none,fly,disk", views=MIRROR, kind=Frozen
    )  # two views are all there are: nothing could tell


def test_resized_views_are_looked_at_as_they_are_shown(tmp_path: Path) -> None:
    check(tmp_path, "none,fly", shape=Shape(12))
    with pytest.raises(
        TrainError, match="^fly repeats the same views .* 12 of 12 sources look the same"
    ):
        check(tmp_path, "none,fly", shape=Shape(12), kind=Frozen)


@pytest.mark.parametrize(("blank", "fresh"), [(6, True), (7, False)])
def test_some_images_that_look_alike_however_they_are_turned_do_not_matter(
    blank: int, fresh: bool, tmp_path: Path
) -> None:
    images = {name: noise_image(16, 16, seed=place) for place, name in enumerate(pictures(6))}
    both = sorted(
        images, key=lambda name: Path(name).name
    )  # a class of blank images would be masks
    for number, name in enumerate(both[:blank]):
        images[name] = np.full((16, 16), 10 * number, np.uint8)
    src, test = (
        write_set(tmp_path / "src", images),
        write_set(tmp_path / "test", pictures(1, (16, 16), seed=50)),
    )
    context = context_of(study_for(src, test, "none,fly", views=BOTH))
    if fresh:
        check_fresh(context, Arm("fly"))
    else:
        with pytest.raises(TrainError, match="7 of 12 sources look the same in epochs 1, 2, 3"):
            check_fresh(context, Arm("fly"))
