"""Headlines: several verdicts in one short sentence."""

from __future__ import annotations

import pytest

from tests.train.verdicts import verdict_of
from train.report.headlines import format_together
from train.statistics.intervals import Interval
from train.statistics.verdicts import Verdict

BETTER = verdict_of("fly", "none", "better", 32.67, (21.25, 43.43))
WORSE = [
    verdict_of("disk ×2", "fly", "worse", -9.81, (-10.15, -9.48)),
    verdict_of("disk ×4", "fly", "worse", -4.52, (-5.0, -4.03)),
]
OPEN = [
    verdict_of("disk ×2", "fly", "undecided", -6.42, (-13.2, 1.0)),
    verdict_of("disk ×4", "fly", "undecided", -1.37, (-11.55, 8.8)),
]
SAME = verdict_of("disk ×8", "fly", "identical", 0.0, (0.0, 0.0))
GOOD = verdict_of("disk ×4", "fly", "equivalent", -0.01, (-0.1, 0.08))
APART = "disk ×2 and disk ×4 differ from fly by at most 13.20 points"
FEW = [verdict_of("fly", "none", "undecided", 1.0, None, n=2)]
DRAWN = [verdict_of("fly", "none", "undecided", 1.0, None, draws=3)]


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([BETTER], "fly is better than none by 32.67 points (21.25 … 43.43)"),
        ([*OPEN, BETTER], f"fly is better than none by 32.67 points (21.25 … 43.43); undecided: {APART}"),
        (OPEN, f"nothing is decided; {APART}"),
        (OPEN[1:], "nothing is decided; disk ×4 and fly differ by at most 11.55 points"),
        ([*WORSE, SAME], "fly is better than disk ×2 by 9.81 points (9.48 … 10.15) and disk ×4 by 4.52 points (4.03 … 5.00); disk ×8 and fly are identical"),
        ([GOOD], "disk ×4 is as good as fly, within 0.10 points"),
        (FEW, "nothing is decided, which takes at least 6 seeds (there are 2)"),
        (DRAWN, "nothing is decided, which takes at least 6 draws (there are 3)"),
        ([GOOD, *FEW], "disk ×4 is as good as fly, within 0.10 points; no verdict on fly against none, which takes at least 6 seeds (there are 2)"),
    ],
)  # fmt: skip
def test_what_is_decided_comes_first_and_the_rest_is_said_together(
    verdicts: list[Verdict], words: str
) -> None:
    assert format_together(verdicts) == words


def test_verdicts_on_these_images_go_by_their_own_interval() -> None:
    found = verdict_of(
        "fly", "none", "undecided", 0.5, (-0.1, 1.1), images=400,
        verdict_here="better", interval_here=Interval(0.2, 0.8),
    )  # fmt: skip
    assert format_together([found], here=True) == "fly is better than none by 0.50 points (0.20 … 0.80)"  # fmt: skip
