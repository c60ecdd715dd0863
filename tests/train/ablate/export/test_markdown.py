"""The Markdown report of an ablation."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.train.ablate.page.example import EVIL, YAML, ablation
from tests.train.compare.page.example import TITLE
from train.ablate.export.markdown import ablation_to_markdown
from train.report.markdown import plain


def test_it_holds_all_results() -> None:
    result = ablation()
    text = ablation_to_markdown(result).replace("\u00a0", " ")
    assert result.check is not None
    for pair in result.check.pairs:
        assert f"- {plain(pair.verdict.sentence)}\n" in text
    for technique in result.techniques:
        assert f"| {plain(technique.name)} | {technique.effect} |" in text
    for line in (*map(plain, result.headline), *map(plain, result.not_tested), result.command):
        assert line in text
    assert f"```yaml\n{YAML}```\n\n```sh\nexpand SRC OUT --recipe recipe.yaml\n```\n" in text
    assert "A flag is a warning, not proof" in text


def test_every_row_of_a_table_is_as_wide_as_its_head() -> None:
    blocks = re.findall(
        r"(?:^\|.*\n)+", ablation_to_markdown(ablation((EVIL, "a|b"))), re.MULTILINE
    )
    assert len(blocks) == 2
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_names_are_shown_as_they_are() -> None:
    shown = re.sub(r"```.*?```", "", ablation_to_markdown(ablation()), flags=re.DOTALL)
    assert "<b>" not in shown
    assert plain(TITLE) in shown


def test_missing_parts_are_named() -> None:
    result = ablation(("flip vertical", EVIL), 1, (), "single")
    text = ablation_to_markdown(replace(result, headline=(), screen=()))
    assert text.startswith("# No results\n")
    for sentence in (
        "No class was measured.",
        "No model was tested on changed images",
        "There is no check",
        "No technique is suggested",
    ):
        assert sentence in text
    assert not re.search(r"yaml|\n\n\n|\bNone\b", text)
    nothing = replace(ablation(), techniques=(), runs=(), check=None)
    assert "No technique was measured." in ablation_to_markdown(nothing)


def test_the_same_input_gives_the_same_text() -> None:
    assert ablation_to_markdown(ablation()) == ablation_to_markdown(ablation())
