"""Captions of the screen: the classes that are flagged, and where."""

from __future__ import annotations

from dataclasses import replace

from tests.train.ablate.page.example import ablation
from tests.train.ablate.page.test_captions import plain
from train.ablate.page import screen_captions
from train.ablate.results import ScreenRow


def test_flagged_classes_are_named_at_the_worst_strength() -> None:
    texts = plain(screen_captions.flagged(ablation(classes=("Bag", "Coat", "Dress", "Sneaker"))))
    assert texts["scale × 0.9 … 1.1"] == (
        'at worst, × 1.10: "Dress" 92 → 1 %, taken for "Sneaker"; "Sneaker" 91 → 2 %, '
        'taken for "Bag". No flags at × 0.95 and × 1.05'
    )
    assert texts["flip vertical"].startswith('mirrored: "Dress" 92 → 1 %')
    assert texts["flip horizontal and rotate ±15°"] == "no class is flagged"
    assert screen_captions.flagged(replace(ablation(), screen=())) == []


def test_techniques_of_one_strength_say_how_many_flag_classes() -> None:
    rows = [row for row in ablation().screen if row.strength in ("mirrored", "as drawn")]
    text = screen_captions.techniques(rows).replace("\u00a0", " ")
    assert text.startswith("81.5 % unchanged, lowest accuracy 50.3 % (")
    assert text.endswith("; 2 of 3 techniques flag classes.")
    clear = ScreenRow("flip horizontal", "mirrored", 0.9, 0.8)
    assert screen_captions.techniques([clear]).endswith("; no class flagged.")
