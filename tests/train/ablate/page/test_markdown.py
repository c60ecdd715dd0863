"""The page of text of an ablation."""

from __future__ import annotations

import re

from tests.train.ablate.page.example import EVIL, YAML, ablation
from tests.train.compare.page.example import TITLE
from train.ablate.page.markdown import render_ablation_markdown
from train.report.markdown import plain


def test_it_holds_all_that_was_found() -> None:
    found = ablation()
    text = render_ablation_markdown(found).replace("\u00a0", " ")
    for pair in found["check"]["pairs"]:
        assert f"- {plain(pair['words'])}\n" in text
    for row in found["techniques"]:
        assert f"| {plain(row['technique'])} | {row['says']} |" in text
    for line in (
        *map(plain, found["headline"]),
        *map(plain, found["not_tested"]),
        found["command"],
    ):
        assert line in text
    assert f"```yaml\n{YAML}```\n\n```sh\nexpand SRC OUT --recipe recipe.yaml\n```\n" in text
    assert "A warning to look, not a proof" in text


def test_every_row_of_a_table_is_as_wide_as_its_head() -> None:
    blocks = re.findall(
        r"(?:^\|.*\n)+", render_ablation_markdown(ablation((EVIL, "a|b"))), re.MULTILINE
    )
    assert len(blocks) == 2
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_names_are_shown_as_they_are() -> None:
    shown = re.sub(r"```.*?```", "", render_ablation_markdown(ablation()), flags=re.DOTALL)
    assert "<b>" not in shown
    assert plain(TITLE) in shown


def test_what_is_missing_is_said() -> None:
    found = ablation(("flip vertical", EVIL), 1, (), "single") | {"headline": [], "screen": []}
    text = render_ablation_markdown(found)
    assert text.startswith("# Nothing was found\n")
    for words in (
        "Nothing was measured class by class.",
        "No plainly trained model",
        "This was not checked",
        "Nothing is suggested",
    ):
        assert words in text
    assert not re.search(r"yaml|\n\n\n|\bNone\b", text)
    assert "No technique was measured." in render_ablation_markdown(ablation() | {"techniques": []})


def test_the_same_input_gives_the_same_text() -> None:
    assert render_ablation_markdown(ablation()) == render_ablation_markdown(ablation())
