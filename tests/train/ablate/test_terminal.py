"""What the terminal shows at the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.train.ablate.page.example import ablation
from train.ablate.findings.sentences import format_flags, format_technique
from train.ablate.terminal import format_summary


def test_the_terminal_shows_techniques_screen_check_and_recipe() -> None:
    result = ablation(("flip horizontal", "flip vertical", "rotate ±15°"))
    assert result.check is not None
    lines = format_summary(result, Path("out/index.html"), Path("out/recipe.yaml")).splitlines()
    assert lines[:2] == list(result.headline)
    assert lines[3:6] == [f"  {format_technique(each)}" for each in result.techniques]
    assert lines[7:9] == [
        "A model trained without augmentation does not recognise these changed images:",
        f"  flip vertical, mirrored: {format_flags(result.screen[1].flags)}".replace("\u00a0", " "),
    ]
    assert '"Pullover" 92 → 1 %, taken for' in lines[8]
    start = lines.index("On the other half of the test images:")
    assert lines[start + 1 :] == [
        *(f"  {each.arm.name}: {each.estimate.mean:.2f} %" for each in result.check.accuracies),
        *(f"  {pair.verdict.sentence}" for pair in result.check.pairs),
        "",
        "Suggested recipe, for expand --recipe: out/recipe.yaml",
        "Report: out/index.html",
    ]


def test_the_terminal_shows_neither_check_nor_screen_nor_recipe_if_there_is_none() -> None:
    result = replace(ablation(design="single"), screen=())
    text = format_summary(result, Path("out/index.html"), None)
    assert "other half" not in text
    assert "does not recognise" not in text
    assert "Suggested recipe" not in text
