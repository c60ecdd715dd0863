"""How numbers look."""

from __future__ import annotations

import math

import pytest

from train.report import words


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (words.percent(0.853), "85.3 %"),
        (words.percent(0.85304, 2), "85.30 %"),
        (words.percent_range([0.85, 0.856]), "85.0 … 85.6 %"),
        (words.points(0.4249), "+0.42"),
        (words.points(-1.2), "−1.20"),
        (words.points(-0.0004), "0.00"),
        (words.points_range((-2.0, 0.4), 1), "−2.0 … +0.4"),
        (words.decimal(1200.46, 1), "1,200.5"),
        (words.probability(0.0300), "0.030"),
        (words.probability(0.0000001), "< 0.001"),
        (words.probability(1.0), "> 0.999"),
        (words.number(6812.4), "6,812"),
        (words.number(0.30999), "0.31"),
        (words.number(13.3333), "13.3"),
        (words.number(-0.00026), "−0.00026"),
        (words.number(0), "0"),
        (words.count(1280.0), "1,280"),
        (words.seconds(0), "0 s"),
        (words.seconds(1.1e-5), "11 µs"),
        (words.seconds(-1e-6), "−1 µs"),
        (words.seconds(0.0123), "12.3 ms"),
        (words.seconds(0.31), "0.31 s"),
        (words.seconds(9.997), "10.0 s"),
        (words.seconds(312.4), "312 s"),
        (words.seconds(1234.5), "20.6 min"),
        (words.seconds(10_000), "2.78 h"),
        (words.value(10_000), "10,000"),
        (words.value(True), "yes"),
        (words.value(0.05), "0.05"),
        (words.value(["a", 2]), "a, 2"),
        (words.moment("2026-11-22T11:00:00+01:00"), "2026-11-22 10:00 UTC"),
        (words.moment("yesterday"), "yesterday"),
        (words.listing(["a", "b", "c"]), "a, b and c"),
        (words.listing([]), ""),
        (words.arm_name("disk ×4"), "disk ×4"),
    ],
)
def test_a_number_has_a_sign_a_unit_and_no_more_digits_than_it_carries(shown: str, expected: str) -> None:
    assert shown.replace(words.SPACE, " ") == expected


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(unknown: float | None) -> None:
    shows = (words.percent, words.points, words.probability, words.number, words.count, words.seconds)
    assert {show(unknown) for show in shows} == {words.NOTHING}
    assert words.decimal(unknown, 2) == words.NOTHING
    assert words.points_range(None) == words.percent_range(None) == words.NOTHING
    assert words.points_range((0.1, unknown)) == words.percent_range((0.1, unknown)) == words.NOTHING  # type: ignore[arg-type]
    assert words.value(None) == words.moment(None) == words.NOTHING


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    for shown in (words.percent(0.5), words.seconds(3), words.seconds(1e-4), words.seconds(9e9), words.probability(0)):
        assert " " not in shown
