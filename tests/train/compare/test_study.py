"""The settings of a comparison: what is refused, what each arm trains on, which trials there are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.job.settings import Settings as Expansion
from expand.recipes.recipe import Recipe
from tests.train.compare.studies import CLASSIC, MIRROR, study_for
from train.compare.arms import Arm
from train.compare.codec import Codec
from train.compare.study import ComparisonStudy, trials
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.trials.study import Seeds, Study

DATA, TEST = Path("data/train"), Path("data/test")
ALL_ARMS = "none,fly,disk,disk-random=4,hybrid"


def ask(arms: str = ALL_ARMS, **changes: Any) -> ComparisonStudy:
    return study_for(DATA, TEST, arms, **changes)


@pytest.mark.parametrize(
    ("text", "codec"),
    [("png", Codec("png")), ("keep", Codec("keep")), ("jpg:80", Codec("jpg", 80)), ("webp", Codec("webp")), ("keep:60", Codec("keep", 60))],
)  # fmt: skip
def test_a_codec_is_a_format_and_perhaps_a_quality(text: str, codec: Codec) -> None:
    assert Codec.parse(text) == codec
    assert codec.lossless == (text == "png")


@pytest.mark.parametrize(
    "text", ["", "jpg:", "jpg:good", "jpg:0", "jpg:101", "jpg:-1", "tiff", "80", "jpeg:80"]
)
def test_what_is_no_codec_is_refused(text: str) -> None:
    with pytest.raises(TrainError) as refused:
        Codec.parse(text)
    assert (
        str(refused.value)
        == f"--codec must be keep, png, jpg, webp, with a quality of 1 … 100 as jpg:80, got {text!r}"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"budget": "joules"}, "--budget must be steps, files, wall, wall-expansion, got 'joules'"),
        ({"lengths": (0, 4), "epochs": 1}, "--epochs must be at least 1, got 0"),
        ({"shape": Shape(8)}, "hybrid arms need images of one size, without --image-size"),
        ({"views": MIRROR}, '--factor 4 is more than recipe "mirror" can give: 2 distinct views'),
        ({"codec": Codec("jpg", 0)}, "--quality must be 1 … 100, got 0"),
        ({"fly_techniques": ("flip", "crop")}, '--fly: recipe "classic" has no technique "crop"; it has flip, rotate, translate, scale, noise'),
        (
            {"fly_techniques": ("flip", "rotate", "translate", "scale", "noise")},
            'a hybrid arm needs some techniques of "classic" on disk and some on the fly: --fly',
        ),
    ],
)  # fmt: skip
def test_a_study_that_cannot_be_run_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainError) as refused:
        ask(**changes)
    assert str(refused.value) == words


def test_a_hybrid_arm_needs_something_cheap_to_draw() -> None:
    turning = Recipe.parse("{name: turning, techniques: [rotate, noise]}")
    with pytest.raises(
        TrainError,
        match='^a hybrid arm needs some techniques of "turning" on disk and some on the fly: --fly$',
    ):
        ask(views=turning)
    stored, drawn = ask(views=turning, fly_techniques=("noise",)).hybrid_parts
    assert [[technique.name for technique in part.techniques] for part in (stored, drawn)] == [
        ["rotate"],
        ["noise"],
    ]


def test_a_hybrid_arm_stores_what_is_costly_and_draws_what_is_cheap() -> None:
    study = ask()
    stored, drawn = study.hybrid_parts
    assert [technique.name for technique in stored.techniques] == ["rotate", "scale", "noise"]
    assert [technique.name for technique in drawn.techniques] == ["flip", "translate"]
    assert (stored.name, drawn.name) == ("classic stored", "classic drawn")
    assert (stored.fill, drawn.fill) == (CLASSIC.fill, CLASSIC.fill)
    arm = Arm("hybrid", 2)
    assert study.strategy(arm, 7) == Strategy("hybrid", drawn, 7)
    assert study.copies(arm, 7) == Expansion(stored, 2, 7, "stratified", "png", None)
    assert study.memorised_views(arm, 7) is None


def test_without_a_hybrid_arm_the_techniques_to_draw_do_not_matter() -> None:
    assert ask("none,fly", fly_techniques=("crop",)).hybrid_parts == (CLASSIC, CLASSIC)


def test_each_arm_trains_by_its_strategy() -> None:
    study = ask()
    strategies = {
        arm.name: study.strategy(arm, 7) for arm in study.arms if arm.strategy != "hybrid"
    }
    assert strategies == {
        "none": Strategy("none"),
        "fly": Strategy("fly", CLASSIC, 7, clean_every=4),
        "disk ×2": Strategy("disk"),
        "disk-random ×4": Strategy("disk"),
    }


def test_each_stored_arm_reads_the_copies_that_expand_writes_for_it() -> None:
    study = ask(codec=Codec("jpg", 80))
    copies = {arm.name: study.copies(arm, 7) for arm in study.arms if arm.strategy != "hybrid"}
    assert copies == {
        "none": None,
        "fly": None,
        "disk ×2": Expansion(CLASSIC, 2, 7, "stratified", "jpg", 80),
        "disk-random ×4": Expansion(CLASSIC, 4, 7, "random", "jpg", 80),
    }


def test_fly_shows_the_untouched_image_as_often_as_the_largest_folder_does() -> None:
    assert ask("none,fly,disk", factors=(2, 8, 4)).clean_every == 8
    assert ask("fly,disk=2,disk-random=4").clean_every == 4
    assert ask("none,fly").clean_every is None


def test_what_an_arm_remembers_are_its_own_views() -> None:
    study = ask()
    views = {arm.name: study.memorised_views(arm, 7) for arm in study.arms}
    assert {name for name, found in views.items() if found is None} == {"none", "fly", "hybrid ×2"}
    assert {
        name: (found.recipe, found.seed, found.sampling) for name, found in views.items() if found
    } == {
        "disk ×2": (CLASSIC, 7, "stratified"),
        "disk-random ×4": (CLASSIC, 7, "random"),
    }
    resized = ask("none,fly,disk", shape=Shape(8))
    assert [resized.memorised_views(arm, 7) for arm in resized.arms] == [None, None, None]


@given(st.integers(1, 8), st.sampled_from([(3,), (2, 10)]), st.sampled_from(["none,fly", ALL_ARMS]))
def test_every_replicate_has_every_arm_at_every_length_before_the_next_one_begins(
    seeds: int, lengths: tuple[int, ...], arms: str
) -> None:
    study = ask(arms, lengths=lengths)
    listed = list(trials(study, seeds))
    block = len(lengths) * len(study.arms)
    assert len(listed) == len({trial.name for trial in listed}) == seeds * block
    for replicate in range(seeds):
        mine = listed[replicate * block : (replicate + 1) * block]
        assert {(each.arm, each.epochs_asked, each.replicate) for each in mine} == {
            (arm, epochs, replicate) for arm in study.arms for epochs in lengths
        }


def test_replicates_begin_with_another_arm_each() -> None:
    names = [trial.name for trial in trials(ask("none,fly,disk"), 3)]
    assert names == [
        "none_k2_s0", "fly_k2_s0", "disk-x2_k2_s0",
        "fly_k2_s1", "disk-x2_k2_s1", "none_k2_s1",
        "disk-x2_k2_s2", "none_k2_s2", "fly_k2_s2",
    ]  # fmt: skip


def test_a_study_is_plain_data_and_leaves_nothing_out() -> None:
    study = ask(codec=Codec("jpg", 80), shape=Shape(None, "grey"), allow_leak=True)
    plain = study.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {*ComparisonStudy.__dataclass_fields__, "pixel_rules"}
    assert plain["arms"] == ["none", "fly", "disk ×2", "disk-random ×4", "hybrid ×2"]
    assert (plain["data"], plain["lengths"], plain["codec"]) == (
        "data/train",
        [2],
        {"format": "jpg", "quality": 80},
    )
    assert Recipe.from_dict(plain["views"]) == CLASSIC
    assert plain["training"]["batch_size"] == 12


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1}, {"model": "cnn"}, {"lengths": (3,)}, {"views": MIRROR, "arms": "none,disk"}, {"lr": 0.5},
        {"budget": "files"}, {"codec": Codec("keep")}, {"shape": Shape(None, "grey")}, {"threads": 2}, {"sources": 5},
    ],
)  # fmt: skip
def test_other_settings_are_another_study(changes: dict[str, Any]) -> None:
    assert ask("none,disk").to_dict() != ask(**{"arms": "none,disk", **changes}).to_dict()


def test_all_arms_share_the_chance_of_a_replicate_and_no_two_replicates_do() -> None:
    drawn = [Seeds.of(seed, replicate) for seed in range(5) for replicate in range(20)]
    numbers = [number for seeds in drawn for number in (seeds.training, seeds.views)]
    assert len(set(numbers)) == 200
    assert all(0 <= seeds.training < 2**63 and 0 <= seeds.views < 2**64 for seeds in drawn)
    assert [seeds.replicate for seeds in drawn] == 5 * list(range(20))


def test_the_seeds_of_a_replicate_never_change() -> None:
    # Golden: whoever changes these numbers changes every comparison that was ever made.
    assert Seeds.of(0, 0) == (0, 1136911226892934386, 661327956568560121)
    assert Seeds.of(7, 3) == (3, 8648276557721230773, 9439248582658730489)


def test_a_study_reads_its_sources_unless_it_says_otherwise() -> None:
    class Plain(Study):
        def strategy(self, arm: Any, view_seed: int) -> Strategy:
            return Strategy("none")

    study = Plain(data=DATA, test=TEST, training=Hyperparameters())
    assert (
        study.copies("a", 0),
        study.memorised_views("a", 0),
        study.reader("a", None, None, 0),
    ) == (None, None, None)  # type: ignore[arg-type]
    assert replace(study, seed=3).to_dict() == {**study.to_dict(), "seed": 3}
