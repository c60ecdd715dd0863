"""An ablation: the arms of its design and of its check, and invalid settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.ablate.ablations import BLOG, CLASSIC, ablation_for, recipe
from tests.train.commands import draw_set
from tests.train.compare.studies import context_of
from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, TRIVIAL, AblationArm, plackett_burman
from train.ablate.switches import combine
from train.ablate.transforms import TransformReader
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.dataset import ViewDataset
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy


def test_the_arms_of_the_design_are_its_rows() -> None:
    ablation = ablation_for()
    arms, rows = ablation.design_arms, plackett_burman(5)
    assert [arm.on for arm in arms] == [tuple(np.flatnonzero(row)) for row in rows]
    assert arms[0] == AblationArm(
        "flip horizontal + rotate ±15° + scale × 0.9 … 1.1 + noise", (0, 1, 3, 4)
    )
    assert arms[-1] == NONE


def test_with_few_techniques_some_rows_are_equal() -> None:
    arms = ablation_for(recipe=recipe("rotate", "scale")).design_arms
    assert len(arms) == 12
    assert {arm.on: arms.count(arm) for arm in arms} == {(): 3, (0,): 3, (1,): 3, (0, 1): 3}


def test_single_techniques_are_tried_alone() -> None:
    arms = ablation_for(recipe=BLOG, design="single").design_arms
    assert [arm.on for arm in arms] == [(), (0,), (1,), (2,), (3,), (4,), (5,)]
    assert [arm.name for arm in arms[:3]] == ["none", "flip horizontal", "flip vertical"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ((), ["none", "TrivialAugment"]),
        ((2,), ["none", "TrivialAugment", "chosen"]),
        (
            (0, 2, 4),
            [
                "none",
                "TrivialAugment",
                "chosen",
                "without flip horizontal",
                "without translate ±10 %",
                "without noise",
            ],
        ),
    ],
)
def test_the_check_compares_the_chosen_with_baselines_and_all_but_one(
    chosen: tuple[int, ...], names: list[str]
) -> None:
    arms = ablation_for().final_arms(chosen)
    assert [arm.name for arm in arms] == names
    assert [arm.on for arm in arms[2:]] == (
        [chosen, *((2, 4), (0, 4), (0, 2))][: len(names) - 2] if chosen else []
    )
    assert [arm.left_out for arm in arms[3:]] == ([*chosen] if len(chosen) > 1 else [])


def test_an_arm_draws_new_views_of_its_techniques_in_every_epoch() -> None:
    ablation = ablation_for()
    arm = ablation.design_arms[0]
    drawn = combine(CLASSIC, [ablation.switches[number] for number in arm.on], arm.name)
    assert ablation.recipe_of(arm) == drawn
    assert [technique.name for technique in drawn.techniques] == [
        "flip",
        "rotate",
        "scale",
        "noise",
    ]  # type: ignore[union-attr]
    assert ablation.strategy(arm, 7) == Strategy("fly", drawn, 7)
    for baseline in (NONE, TRIVIAL):
        assert ablation.recipe_of(baseline) is None
        assert ablation.strategy(baseline, 7) == Strategy("none")


def test_only_trivialaugment_has_its_own_reader(tmp_path: Path) -> None:
    context = context_of(
        ablation_for(draw_set(tmp_path / "src", 3), draw_set(tmp_path / "test", 2, seed=1))
    )
    sampler = Sampler(context.data.train.folder, Strategy("none"))
    reader = context.study.reader(TRIVIAL, sampler, context.data, 7)
    assert isinstance(reader, TransformReader)
    assert (reader.seed, reader.ids) == (7, context.data.train.folder.sources)
    assert [
        context.study.reader(arm, sampler, context.data, 7)
        for arm in (NONE, context.study.design_arms[0])
    ] == [None, None]


def test_resized_images_are_changed_after_resizing(tmp_path: Path) -> None:
    context = context_of(
        ablation_for(
            draw_set(tmp_path / "src", 3), draw_set(tmp_path / "test", 2, seed=1), shape=Shape(8)
        )
    )
    arm, pixels = context.study.design_arms[0], context.data.train.decoded.pixels
    sampler = Sampler(context.data.train.folder, context.study.strategy(arm, 7))
    reader = context.study.reader(arm, sampler, context.data, 7)
    assert isinstance(reader, ViewDataset)
    shown = reader.read(0, np.arange(len(pixels)))
    assert (shown.permute(0, 2, 3, 1).numpy() == pixels).all()
    assert reader.read(1, np.arange(len(pixels))).shape == (len(pixels), 3, 8, 8)
    assert context.study.reader(NONE, sampler, context.data, 7) is None


def test_an_ablation_as_plain_data_has_every_setting() -> None:
    plain = ablation_for(recipe=BLOG, seed=4).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {*AblationStudy.__dataclass_fields__, "pixel_rules"}
    assert (plain["recipe"], plain["seed"], plain["design"]) == (
        BLOG.to_dict(),
        4,
        "plackett-burman",
    )


TWELVE = recipe(
    "flip: {factor: 4}",
    "rotate90",
    "rotate",
    "translate",
    "scale",
    "crop",
    "pad",
    "resize",
    "noise",
    "Blur",
    "MedianBlur",
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tune": 1}, "--tune must be 2 … 1,000 trials for each arm, got 1"),
        (
            {"recipe": recipe("rotate")},
            'recipe "mine" has only one technique; an ablation needs at least two',
        ),
        ({"design": "full"}, "--design must be plackett-burman or single, got 'full'"),
        ({"recipe": TWELVE}, "a design of 12 runs takes 1 … 11 techniques, got 12"),
    ],
)
def test_invalid_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError) as refused:
        ablation_for(**changes)
    assert str(refused.value) == message


def test_one_epoch_is_refused_since_it_shows_no_view() -> None:
    with pytest.raises(
        TrainError,
        match="^--epochs must be at least 2, got 1: the first epoch shows the images unchanged$",
    ):
        AblationStudy(
            data=Path("a"),
            test=Path("b"),
            training=ablation_for().training,
            recipe=CLASSIC,
            epochs=1,
        )


def test_more_than_eleven_techniques_can_be_tried_alone() -> None:
    assert len(ablation_for(recipe=TWELVE, design="single").design_arms) == 13
