"""The screen: what a plainly trained model no longer knows when images are changed, and what it takes them for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand.views.views import Views
from tests.conftest import noise_image
from tests.train.ablate.ablations import BLOG, ablation_for, recipe
from tests.train.compare.studies import context_of, draw_arrows, trial_of
from tests.train.samples import pictures, write_set
from train.ablate import screen as screens
from train.ablate.ablation import AblationStudy
from train.ablate.arms import NONE, AblationArm
from train.ablate.screen import change, check_images, screen
from train.ablate.switches import combine
from train.errors import TrainError
from train.trials.context import TrialContext
from train.trials.trial import train

WAYS = ("down", "line", "up")


def staged(
    tmp_path: Path, shape: tuple[int, ...] = (16, 16, 3), **changes: Any
) -> TrialContext[AblationStudy]:
    """Return the stage of an ablation on a few images of noise."""
    src, test = (
        write_set(tmp_path / "src", pictures(2, shape)),
        write_set(tmp_path / "test", pictures(1, shape, seed=50)),
    )
    return context_of(ablation_for(src, test, **changes))


@pytest.fixture
def arrows(tmp_path: Path) -> TrialContext[AblationStudy]:
    """Return the stage of an ablation on arrows that tell up from down."""
    src, test = (
        draw_arrows(tmp_path / "src", 8, WAYS),
        draw_arrows(tmp_path / "test", 6, WAYS, seed=1),
    )
    return context_of(
        ablation_for(
            src,
            test,
            recipe=recipe("flip: {factor: 4}", "translate: {x: 1, y: 0, unit: pixel}"),
            lr=0.01,
            epochs=4,
        )
    )


def test_classes_that_a_flip_turns_into_each_other_are_flagged_with_what_they_are_taken_for(
    arrows: TrialContext[AblationStudy],
) -> None:
    trained = train(arrows, trial_of(AblationArm(NONE), 4))
    rows = screen(arrows, trained, np.ones(18, dtype=bool))
    assert [(row["technique"], row["setting"]) for row in rows] == [
        ("flip horizontal", "mirrored"), ("flip vertical", "mirrored"),
        ("translate ±1 px", "−1 px across"), ("translate ±1 px", "+1 px across"),
    ]  # fmt: skip
    assert [row["plain"] for row in rows] == [1.0] * 4
    assert rows[1]["harmed"] == [
        {"class": "down", "before": 1.0, "after": 0.0, "taken_for": "up"},
        {"class": "up", "before": 1.0, "after": 0.0, "taken_for": "down"},
    ]
    assert rows[1]["per_class"]["line"] > 0.5
    assert rows[1]["accuracy"] == pytest.approx(rows[1]["per_class"]["line"] / 3)
    assert [row["harmed"] for row in (rows[0], *rows[2:])] == [[], [], []]


def test_only_the_half_that_chooses_is_looked_at_and_of_many_images_a_part(
    arrows: TrialContext[AblationStudy], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    honest = screens.evaluate_trained
    monkeypatch.setattr(
        screens,
        "evaluate_trained",
        lambda context, setup, images, labels: (
            looked.append(len(images)) or honest(context, setup, images, labels)
        ),
    )
    trained = train(arrows, trial_of(AblationArm(NONE), 1))
    half = np.arange(18) % 2 == 0
    rows = screen(arrows, trained, half)
    assert set(looked) == {9}
    assert all(round(9 * row["accuracy"], 9) % 1 == 0 for row in rows)
    looked.clear()
    monkeypatch.setattr(screens, "IMAGES", 3)
    screen(arrows, trained, half)
    assert set(looked) == {3}


@pytest.mark.parametrize("channels", [None, 3])
def test_images_are_changed_by_one_technique_at_one_strength(channels: int | None) -> None:
    images = np.stack(
        [noise_image(12, 12, channels, seed=n).reshape(12, 12, -1) for n in range(2)]
    ).astype(np.uint8)
    switch = ablation_for(recipe=BLOG).switches[1]
    alone = combine(BLOG, [switch], switch.name)
    assert alone is not None
    (mirrored,) = switch.technique.strengths()
    np.testing.assert_array_equal(change(images, alone, mirrored, ["a", "b"]), images[:, ::-1])


def test_what_has_no_strengths_is_shown_as_views_draw_it() -> None:
    blurred = recipe("Blur: {blur_limit: 3, p: 1}", "noise")
    switch = ablation_for(recipe=blurred).switches[0]
    alone = combine(blurred, [switch], switch.name)
    assert alone is not None
    images = np.stack([noise_image(12, 12, 3, seed=n) for n in range(2)]).astype(np.uint8)
    views = Views(alone)
    expected = [
        views.render(image, views.params(source, 1)).pixels
        for image, source in zip(images, "ab", strict=True)
    ]
    (drawn,) = switch.technique.strengths()
    found = change(images, alone, drawn, ["a", "b"])
    np.testing.assert_array_equal(found, np.stack(expected))
    assert (found != images).any()


@pytest.mark.parametrize(
    ("techniques", "shape", "name"),
    [
        (("flip", "pad"), (16, 16, 3), "pad"),
        (("flip", "pad: {factor: 2}", "resize: {size: 16}"), (16, 16), "pad"),
        (("rotate", "resize: {size: 20}"), (16, 16, 3), "resize"),
        (("rotate90", "flip"), (12, 16, 3), "rotate90"),
    ],
)
def test_techniques_that_change_the_size_are_refused_at_once(
    techniques: tuple[str, ...], shape: tuple[int, ...], name: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainError) as refused:
        check_images(staged(tmp_path, shape, recipe=recipe(*techniques)))
    assert (
        str(refused.value)
        == f'"{name}" changes the size of images, an ablation needs one size; leave it out of the recipe'
    )


def test_images_that_trivialaugment_does_not_take_are_refused_unless_it_is_not_asked_for(
    tmp_path: Path,
) -> None:
    with pytest.raises(TrainError) as refused:
        check_images(staged(tmp_path / "a", (16, 16, 4)))
    assert (
        str(refused.value)
        == "TrivialAugment takes images of 1 or 3 channels, these have 4; --colour rgb or grey"
    )
    check_images(staged(tmp_path / "b", (16, 16, 4), design="single"))


def test_square_quarter_turns_grey_images_and_sizes_that_stay_are_taken(tmp_path: Path) -> None:
    check_images(staged(tmp_path / "a", (16, 16), recipe=recipe("rotate90", "resize: {size: 16}")))
    check_images(
        staged(tmp_path / "b", (12, 16), recipe=recipe("rotate90: {factor: 2}", "crop", "noise"))
    )
