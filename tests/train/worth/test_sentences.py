"""Sentences: what the headline of a study of worth says, and of which size."""

from __future__ import annotations

from typing import Any

from expand.job.balance import Balance
from train.compare.arms import Arm
from train.statistics.intervals import Interval
from train.worth.exchange import ABOVE, BELOW, Rate
from train.worth.results import ArmRate, WorthSetup
from train.worth.sentences import _describe_draws, describe_rate, headline

FLY, DISK = Arm("fly"), Arm("disk", 4)
SPAN = (250.0, 2000.0)


def setup(**changes: Any) -> WorthSetup:
    plain: dict[str, Any] = {
        "data": "photos", "sources": 2000, "total": 2000, "classes": 10, "test_images": 400,
        "lengths": (8, 32), "replicates": 6, "scope": "these", "overlaps": (0.1, 0.25, 0.5, 1.0),
        "sizes": (250.0, 500.0, 1000.0, 2000.0), "settings": {}, "balance": Balance("max"),
    }  # fmt: skip
    return WorthSetup(**{**plain, **changes})


def rate(arm: Arm, sources: float, worth: float, low: float, high: float) -> ArmRate:
    return ArmRate(arm, sources, worth, Interval(low, high), "")


def test_the_headline_speaks_of_the_largest_size_at_which_arms_gain() -> None:
    rates = [
        rate(FLY, 500, 800, 700, 950),
        rate(DISK, 500, 760, 640, 900),
        rate(FLY, 1000, 1903, 1604, ABOVE),
        rate(DISK, 1000, 1704, 1502, 1901),
        rate(FLY, 2000, ABOVE, ABOVE, ABOVE),
        rate(DISK, 2000, ABOVE, 1900, ABOVE),
    ]
    start = "With 1,000 images, views on the fly do as well as 1,900 without augmentation"
    end = "With 2,000 images, views on the fly do better than 2,000 without augmentation, the largest number that was measured; neither a gain nor a loss is shown for ×4 copies"
    assert headline(setup(), rates, SPAN) == (
        f"{start} (1,600 … more than 2,000); ×4 copies do as well as 1,700 without augmentation (1,500 … 1,900).",
        f"{end} (as good as 1,900 … more than 2,000 without augmentation).",
        "95 % intervals, for these 2,000 sources and for test images like these 400.",
    )


def test_without_a_measured_gain_it_speaks_of_the_fewest_images_that_surely_exceed_all() -> None:
    rates = [
        rate(FLY, 250, 600, BELOW, ABOVE),
        rate(FLY, 500, ABOVE, ABOVE, ABOVE),
        rate(FLY, 1000, ABOVE, ABOVE, ABOVE),
        rate(FLY, 2000, ABOVE, ABOVE, ABOVE),
    ]
    first, scope = headline(setup(scope="like these"), rates, SPAN)
    assert first.startswith(
        "With 500 images, views on the fly do better than 2,000 without augmentation"
    )
    assert scope.startswith("95 % intervals, for sources like these and")


def test_an_arm_that_loses_is_said_to_do_what_fewer_would() -> None:
    rates = [rate(FLY, 500, 400, 300, 470), rate(FLY, 2000, 1500, 1200, 1800)]
    first, *_ = headline(setup(), rates, SPAN)
    assert (
        first
        == "With 2,000 images, views on the fly do as well as 1,500 without augmentation (1,200 … 1,800)."
    )


def test_an_arm_is_not_said_to_do_better_than_all_where_its_interval_does_not_show_it() -> None:
    first, *_ = headline(setup(), [rate(FLY, 2000, ABOVE, BELOW, ABOVE)], SPAN)
    assert first == (
        "With 2,000 images, neither a gain nor a loss is shown for views on the fly (as good as fewer than 250 … more than 2,000 without augmentation)."
    )
    single = [ArmRate(FLY, 2000, ABOVE, None, "")]
    first, *_ = headline(setup(replicates=1), single, SPAN)
    assert first.endswith(
        "do as well as more than 2,000 without augmentation (from a single seed)."
    )


def test_where_nothing_is_shown_it_speaks_of_all_images_and_of_no_number_as_if_it_were_shown() -> (
    None
):
    rates = [
        rate(FLY, 500, BELOW, BELOW, 900),
        rate(DISK, 500, 480, BELOW, 800),
        rate(FLY, 2000, BELOW, BELOW, ABOVE),
        rate(DISK, 2000, 700, 500, ABOVE),
    ]
    first, scope = headline(setup(), rates, SPAN)
    assert first == (
        "With 2,000 images, neither a gain nor a loss is shown for views on the fly (as good as fewer than 250 … more than 2,000 without augmentation) and ×4 copies (500 … more than 2,000)."
    )
    assert scope.startswith("95 % intervals")


def test_without_a_curve_it_says_that_nothing_was_measured() -> None:
    assert "could not be measured" in headline(setup(), [], SPAN)[0]


def test_a_rate_says_where_it_lies_and_whether_anything_is_shown() -> None:
    def words(worth: float, low: float, high: float) -> str:
        return describe_rate(DISK, Rate(500, worth, Interval(low, high)), SPAN)

    start = "disk ×4 with 500 sources does as well as"
    assert words(800, 700, 900) == (f"{start} 800 without augmentation (95 % interval 700 … 900)")
    assert words(550, 400, 700).endswith(": neither a gain nor a loss is shown")
    assert words(BELOW, BELOW, 300) == (
        f"{start} fewer than 250 without augmentation (95 % interval fewer than 250 … 300)"
    )
    assert words(ABOVE, ABOVE, ABOVE) == (
        f"{start} more than 2,000 without augmentation (95 % interval more than 2,000)"
    )
    assert describe_rate(DISK, Rate(500, 800, None), SPAN).endswith("(from a single seed)")


def test_draws_that_share_nothing_are_said_to_be_independent() -> None:
    shared = _describe_draws(setup())
    assert shared[0].endswith("sources: 10 % at 250, 25 % at 500, 50 % at 1,000 and 100 % at 2,000")
    assert "which all draws share" in shared[1]
    partly = _describe_draws(setup(scope="like these", overlaps=(0.0, 0.0, 0.0, 0.2)))
    assert "draws share sources" in partly[1]
    (apart,) = _describe_draws(setup(scope="like these", overlaps=(0.0, 0.0, 0.0, 0.0)))
    assert apart.startswith("no two draws share a source")
