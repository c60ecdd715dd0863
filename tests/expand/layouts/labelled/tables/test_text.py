"""The text of tables: read as csv and json read it, and all that is not changed stays."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand import ExpandError
from expand.layouts.labelled.tables.text import delimited, lines
from expand.layouts.labelled.tables.text.delimited import Delimited, name_columns
from expand.layouts.labelled.tables.text.encoding import decode
from expand.layouts.labelled.tables.text.lines import Lines
from expand.layouts.labelled.tables.text.record import Raw, RecordError
from tests.conftest import examples

CELLS = st.text(st.sampled_from('ab1.,;\t|"\n\r é'), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5)


@settings(max_examples=examples(50))
@given(
    TABLES,
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows_are_those_of_the_csv_module(
    table: list[list[str]], separator: str, quoting: Any, ending: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=ending).writerows(table)
    text = file.getvalue()
    expected = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    found = list(delimited.records(text, separator, "x.csv"))
    assert "".join(each.text + each.ending for each in found) == text
    rows = [delimited.split(each.text, separator) for each in found]
    assert rows == [[cell.strip() for cell in row] or [""] for row in expected]


@given(st.lists(CELLS, min_size=3, max_size=3), CELLS, st.integers(0, 2), st.sampled_from(",;"))
def test_a_replaced_cell_is_read_again_and_others_stay(
    row: list[str], new: str, index: int, separator: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerow(row)
    before = file.getvalue().removesuffix("\r\n")
    format_ = Delimited(separator, ("a", "b", "c"))
    text = format_.replace(before, {"abc"[index]: new})
    (read,) = delimited.records(text, separator, "x.csv")
    expected = [*row[:index], new, *row[index + 1 :]]
    assert delimited.split(read.text, separator) == [each.strip() for each in expected]
    assert format_.replace(before, {}) == before


def test_a_short_row_gets_the_cells_that_it_lacks() -> None:
    assert Delimited(",", ("a", "b", "c")).replace("x", {"c": "1"}) == "x,,1"
    assert Delimited(",", ("a", "b", "c")).replace('"x"', {"c": "1"}) == '"x",,1'


def test_lines_are_counted_with_those_in_cells() -> None:
    found = list(delimited.records('a,b\n"x\ny",1\r\nc,d', ",", "x.csv"))
    assert [(each.line, each.ending) for each in found] == [(1, "\n"), (2, "\r\n"), (4, "")]


def test_columns_without_a_name_or_with_the_same_one_have_different_names() -> None:
    assert name_columns(["", "a", "a", "", "a.1"]) == ("1", "a", "a.1", "4", "a.1.1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=examples(40))
@given(
    st.dictionaries(st.text(max_size=4), JSON, min_size=1),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.data(),
)
def test_a_replaced_value_of_json_is_read_again_and_others_stay(
    row: dict[str, Any], indent: int | None, ascii_: bool, data: st.DataObject
) -> None:
    text = json.dumps(row, indent=indent, ensure_ascii=ascii_)
    key = data.draw(st.sampled_from(sorted(row)))
    found = lines.members(text)
    assert {name: each.value for name, each in found.items()} == row
    assert json.loads(Lines(tuple(row)).replace(text, {key: "é"})) == row | {key: "é"}
    number = 1 if not isinstance(row[key], str) else "1"
    assert json.loads(Lines(tuple(row)).replace(text, {key: Raw("1")})) == row | {key: number}
    assert Lines(tuple(row)).replace(text, {}) == text


@pytest.mark.parametrize(
    "text", ["", "[", "{", "1", '{"a"}', '{"a": 1', '{"a": 1 "b": 2}', '{"a": }', "{1: 2}", '{"a": 1} x']
)  # fmt: skip
def test_malformed_json_is_refused(text: str) -> None:
    if text:
        with pytest.raises(RecordError, match="is not JSON"):
            Lines(()).values(text)
    else:
        assert Lines(()).values(text) == {}


def test_a_number_of_many_digits_is_no_crash() -> None:
    with pytest.raises(RecordError):
        Lines(()).values('{"a": 1' + "0" * 5000 + "}")


@pytest.mark.parametrize("data", [b"\xff\xfea", b"a\0\0b", b"\xef\xbb\xbf\xff"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(ExpandError):
        decode(data, "x.csv")


def test_characters_that_an_encoding_lacks_are_refused() -> None:
    _, encoding = decode("é".encode("latin-1"), "x.csv")
    with pytest.raises(ExpandError, match="save it as UTF-8"):
        encoding.encode("Ω", "x.csv")
