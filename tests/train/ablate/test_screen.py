"""The screen: classes that a model without augmentation does not recognise in changed images."""

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
from train.ablate.design import NONE
from train.ablate.protocol import check_images
from train.ablate.results import Flag, ScreenRow
from train.ablate.screen import change, screen, select_images
from train.ablate.switches import combine
from train.errors import TrainError
from train.trials.study import Trained, TrialContext
from train.trials.trial import train

WAYS = ("down", "line", "up")


def noise_context(
    tmp_path: Path, shape: tuple[int, ...] = (16, 16, 3), **changes: Any
) -> TrialContext[AblationStudy]:
    """Return the context of an ablation on a few images of noise."""
    src, test = (
        write_set(tmp_path / "src", pictures(2, shape)),
        write_set(tmp_path / "test", pictures(1, shape, seed=50)),
    )
    return context_of(ablation_for(src, test, **changes))


@pytest.fixture
def arrows(tmp_path: Path) -> TrialContext[AblationStudy]:
    """Return the context of an ablation on arrows that point up or down."""
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


def screened(
    context: TrialContext[AblationStudy], trained: Trained, half: np.ndarray
) -> tuple[ScreenRow, ...]:
    assert context.data.test is not None
    images = select_images(context.data.test, half)
    return screen(context, trained, context.study.single_recipes, images)


def test_classes_that_a_flip_swaps_are_flagged_with_the_class_they_are_taken_for(
    arrows: TrialContext[AblationStudy],
) -> None:
    trained = train(arrows, trial_of(NONE, 4))
    rows = screened(arrows, trained, np.ones(18, dtype=bool))
    assert [(row.technique, row.strength) for row in rows] == [
        ("flip horizontal", "mirrored"), ("flip vertical", "mirrored"),
        ("translate ±1 px", "−1 px across"), ("translate ±1 px", "+1 px across"),
    ]  # fmt: skip
    assert [row.plain for row in rows] == [1.0] * 4
    assert rows[1].flags == (Flag("down", 1.0, 0.0, "up"), Flag("up", 1.0, 0.0, "down"))
    assert rows[1].per_class["line"] > 0.5
    assert rows[1].accuracy == pytest.approx(rows[1].per_class["line"] / 3)
    assert [row.flags for row in (rows[0], *rows[2:])] == [(), (), ()]


def test_only_the_half_that_chooses_is_evaluated_and_of_many_images_a_part(
    arrows: TrialContext[AblationStudy], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    honest = screens.evaluate_trained
    monkeypatch.setattr(
        screens,
        "evaluate_trained",
        lambda context, setup, images, labels: (
            counts.append(len(images)) or honest(context, setup, images, labels)
        ),
    )
    trained = train(arrows, trial_of(NONE, 1))
    half = np.arange(18) % 2 == 0
    rows = screened(arrows, trained, half)
    assert set(counts) == {9}
    assert all(round(9 * row.accuracy, 9) % 1 == 0 for row in rows)
    counts.clear()
    monkeypatch.setattr(screens, "IMAGES", 3)
    screened(arrows, trained, half)
    assert set(counts) == {3}


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


def test_a_technique_without_strengths_is_shown_as_views_draw_it() -> None:
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
    changed = change(images, alone, drawn, ["a", "b"])
    np.testing.assert_array_equal(changed, np.stack(expected))
    assert (changed != images).any()


@pytest.mark.parametrize(
    ("techniques", "shape", "name"),
    [
        (("flip", "pad"), (16, 16, 3), "pad"),
        (("flip", "pad: {factor: 2}", "resize: {size: 16}"), (16, 16), "pad"),
        (("rotate", "resize: {size: 20}"), (16, 16, 3), "resize"),
        (("rotate90", "flip"), (12, 16, 3), "rotate90"),
    ],
)
def test_techniques_that_change_the_size_are_refused_at_the_start(
    techniques: tuple[str, ...], shape: tuple[int, ...], name: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainError) as refused:
        check_images(noise_context(tmp_path, shape, recipe=recipe(*techniques)))
    assert (
        str(refused.value)
        == f'"{name}" changes the size of images, and an ablation needs images of one size; '
        "remove it from the recipe"
    )


def test_images_that_trivialaugment_cannot_take_are_refused_unless_it_is_not_used(
    tmp_path: Path,
) -> None:
    with pytest.raises(TrainError) as refused:
        check_images(noise_context(tmp_path / "a", (16, 16, 4)))
    assert (
        str(refused.value) == "TrivialAugment needs images of 1 or 3 channels, these have 4; "
        "use --colour rgb or --colour grey"
    )
    check_images(noise_context(tmp_path / "b", (16, 16, 4), design="single"))


def test_quarter_turns_of_squares_grey_images_and_equal_sizes_are_accepted(tmp_path: Path) -> None:
    check_images(
        noise_context(tmp_path / "a", (16, 16), recipe=recipe("rotate90", "resize: {size: 16}"))
    )
    check_images(
        noise_context(
            tmp_path / "b", (12, 16), recipe=recipe("rotate90: {factor: 2}", "crop", "noise")
        )
    )
