"""The Markdown report of a comparison."""

from __future__ import annotations

import re

from tests.train.compare.page.example import TITLE, example, read
from train.compare.export.markdown import comparison_to_markdown
from train.report.markdown import plain


def test_it_holds_the_words_of_every_verdict_and_the_costs() -> None:
    found = example()
    text = comparison_to_markdown(read(found))
    for pair in found["pairs"]:
        assert f"- {pair['words']}\n" in text
    for entry in found["break_even"]:
        assert entry["words"] in text
    for line in (*found["headline"], *found["notes"], found["command"], found["check"]["words"]):
        assert line in text


def test_every_row_of_a_table_is_as_wide_as_its_head() -> None:
    found = example(classes=("a|b",))
    found["costs"][2]["how"] = "a | b\nc"
    for block in re.findall(r"(?:^\|.*\n)+", comparison_to_markdown(read(found)), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_names_are_shown_as_they_are() -> None:
    assert (
        plain("<b>*x*_y_\nsnake_case `c` [d](e) #f")
        == r"\<b\>\*x\*\_y\_ snake_case \`c\` \[d\](e) #f"
    )
    assert plain("# head") == r"\# head"
    text = comparison_to_markdown(read(example()))
    assert "<b>" not in text.replace(TITLE, "")
    assert "\\<b\\>" in text


def test_a_command_with_backticks_stays_in_its_fence() -> None:
    found = example()
    found["command"] = "train compare ````"
    assert "\n`````sh\ntrain compare ````\n`````\n" in comparison_to_markdown(read(found))


def test_a_check_that_failed_is_said_first() -> None:
    found = example()
    found["check"] = {"ok": False, "files": 3, "words": "3 files differ"}
    before, after = comparison_to_markdown(read(found)).split("## Verdicts")
    assert "**Do not trust these numbers:** 3 files differ" in before
    assert "Do expand and train show the same pixels? No: 3 files differ" in after


def test_what_is_empty_is_said_or_left_out() -> None:
    found = example(("none",), (8,), 1)
    found.update(headline=[], costs=[], notes=[], not_tested=[])
    text = comparison_to_markdown(read(found))
    assert text.startswith("# There is no verdict\n")
    assert "There was no pair to compare." in text
    assert "No class was measured." in text
    assert not re.search(r"Memorised|Notes|\n\n\n", text)


def test_the_same_input_gives_the_same_text() -> None:
    assert comparison_to_markdown(read(example())) == comparison_to_markdown(read(example()))
