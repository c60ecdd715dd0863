"""Formatting of numbers."""

from __future__ import annotations

import math

import pytest

from train.report import formatting


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formatting.percent(0.853), "85.3 %"),
        (formatting.percent(0.85304, 2), "85.30 %"),
        (formatting.percent_range([0.85, 0.856]), "85.0 … 85.6 %"),
        (formatting.points(0.4249), "+0.42"),
        (formatting.points(-1.2), "−1.20"),
        (formatting.points(-0.0004), "0.00"),
        (formatting.points_range((-2.0, 0.4), 1), "−2.0 … +0.4"),
        (formatting.decimal(1200.46, 1), "1,200.5"),
        (formatting.probability(0.0300), "0.030"),
        (formatting.probability(0.0000001), "< 0.001"),
        (formatting.probability(1.0), "> 0.999"),
        (formatting.number(6812.4), "6,812"),
        (formatting.number(0.30999), "0.31"),
        (formatting.number(13.3333), "13.3"),
        (formatting.number(-0.00026), "−0.00026"),
        (formatting.number(0), "0"),
        (formatting.count(1280.0), "1,280"),
        (formatting.seconds(0), "0 s"),
        (formatting.seconds(1.1e-5), "11 µs"),
        (formatting.seconds(-1e-6), "−1 µs"),
        (formatting.seconds(0.0123), "12.3 ms"),
        (formatting.seconds(0.31), "0.31 s"),
        (formatting.seconds(9.997), "10.0 s"),
        (formatting.seconds(312.4), "312 s"),
        (formatting.seconds(1234.5), "20.6 min"),
        (formatting.seconds(10_000), "2.78 h"),
        (formatting.value(10_000), "10,000"),
        (formatting.value(True), "yes"),
        (formatting.value(0.05), "0.05"),
        (formatting.value(["a", 2]), "a, 2"),
        (formatting.moment("2026-11-22T11:00:00+01:00"), "2026-11-22 10:00 UTC"),
        (formatting.moment("yesterday"), "yesterday"),
        (formatting.listing(["a", "b", "c"]), "a, b and c"),
        (formatting.listing([]), ""),
        (formatting.arm_name("disk ×4"), "disk ×4"),
    ],
)
def test_a_number_has_a_sign_a_unit_and_no_more_digits_than_it_carries(
    shown: str, expected: str
) -> None:
    assert shown.replace(formatting.SPACE, " ") == expected


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(unknown: float | None) -> None:
    shows = (
        formatting.percent,
        formatting.points,
        formatting.probability,
        formatting.number,
        formatting.count,
        formatting.seconds,
    )
    assert {show(unknown) for show in shows} == {formatting.NOTHING}
    assert formatting.decimal(unknown, 2) == formatting.NOTHING
    assert formatting.points_range(None) == formatting.percent_range(None) == formatting.NOTHING
    assert (
        formatting.points_range((0.1, unknown))
        == formatting.percent_range((0.1, unknown))
        == formatting.NOTHING
    )  # type: ignore[arg-type]
    assert formatting.value(None) == formatting.moment(None) == formatting.NOTHING


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    for shown in (
        formatting.percent(0.5),
        formatting.seconds(3),
        formatting.seconds(1e-4),
        formatting.seconds(9e9),
        formatting.probability(0),
    ):
        assert " " not in shown
