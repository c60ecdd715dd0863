"""Groups: what --group-by finds for a source, and which values of it are refused."""

from __future__ import annotations

import pytest

from expand.errors import ExpandError
from expand.layouts.groups import GroupBy, columns_of, describe_ungrouped, group_of


@pytest.mark.parametrize(
    ("spec", "source", "group"),
    [
        (r"(patient\d+)_", "ill/patient12_3.png", "patient12"),
        (r"^[^/]+/(.*)_frame\d+", "cat/video_a_frame007.jpg", "video_a"),
        (r"(?P<group>\d+)-(\d)", "cat/17-4.png", "17"),
        (r"(\d)-(?P<group>\d+)", "cat/1-23.png", "23"),
        (r"(?:a|b)/(\w)", "b/x1.png", "x"),
        (r"(patient\d+)_", "ill/other.png", ""),
        (r"cat/(x)?", "cat/1.png", ""),
    ],
)
def test_a_regular_expression_captures_the_group(spec: str, source: str, group: str) -> None:
    assert group_of(source, None, spec) == group
    assert GroupBy.parse(spec).group(source) == group


@pytest.mark.parametrize(
    ("value", "group"),
    [('"p1"', "p1"), ("7", "7"), ("1.5", "1.5"), ("true", "True"), ("null", ""), ('""', ""), ("[1]", "")],
)  # fmt: skip
def test_a_column_is_the_group(value: str, group: str) -> None:
    annotation = f'{{"patient": {value}, "label": "cat"}}'
    assert group_of("1.png", annotation, "patient") == group
    assert GroupBy.parse("patient", ("patient", "label")).group("1.png", annotation) == group


def test_lists_are_no_columns() -> None:
    assert columns_of('{"files": ["a.xml"], "patient": 7, "": 1}') == ("patient",)


def test_a_column_may_be_called_like_an_expression() -> None:
    assert group_of("a.png", '{"patient (id)": "x"}', "patient (id)") == "x"
    assert group_of("a.png", '{"other": "x"}', "(a)") == "a"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("(a", 'is not a regular expression: missing ), unterminated'),
        ("patient", 'captures no group. A regular expression has the part that names the group in'),
        ("(a)(b)", r"captures 2 groups; name the one to use (?P<group>…), or do not capture"),
        ("(a)" * 300, "captures 300 groups"),
        ("", "captures no group"),
    ],
)  # fmt: skip
def test_other_values_are_refused(spec: str, words: str) -> None:
    with pytest.raises(ExpandError) as refused:
        GroupBy.parse(spec)
    assert words in str(refused.value)
    with pytest.raises(ExpandError):
        group_of("a.png", None, spec)


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(ExpandError, match='The columns are "file", "label". A regular'):
        GroupBy.parse("patient", ("file", "label"))


def test_sources_without_a_group_are_counted() -> None:
    assert describe_ungrouped("(x)", 5, 0, "") == ""
    assert describe_ungrouped("(x)", 5, 1, "a/1.png").startswith("1 image has no group by")
    assert "4 images have no group" in describe_ungrouped("(x)", 5, 4, "a/1.png")
    with pytest.raises(ExpandError, match='finds no group for any of 5 images; the first is "a/1'):
        describe_ungrouped("(x)", 5, 5, "a/1.png")


def test_an_annotation_that_is_not_an_object_has_no_columns() -> None:
    for annotation in ("[1]", "{", "7", ""):
        assert group_of("a/1.png", annotation, "/(.)") == "1"
