"""Rows of a label file, whatever is between their numbers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expand.errors import BadImageError
from expand.layouts.labelled.yolo.rows.text import Row, read_rows


def rows_of(text: str) -> list[Row] | str:
    """Return the rows of a label file, with single blanks, or what is wrong with it."""
    try:
        return [row._replace(written=row.text) for row in read_rows("a.txt", text.encode()).rows]
    except BadImageError as error:
        return str(error)


@given(st.text("0017.5 \n", max_size=24))
@example("0 0.5 0.25 1 1\n3 0.125 1 0 0.75\n")
@example("0 0.5 0.25 1 1\n\n3 0.125 1 0 0.75")
@example("16777215 0.1\n16777216 0.1\n")
@example("1.0 00.1\n")
@example("1.5 0.1\n")
@example(f"0 0.5 {'9' * 400}\n")
@example(f"0 {'123456789' * 3} 0.1234567890123456789012345\n")
def test_blanks_and_tabs_are_the_same(text: str) -> None:
    assert rows_of(text) == rows_of(text.replace(" ", "\t"))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_numbers_and_classes_are_as_written(end: str) -> None:
    lines = ["0 0.5 0.25 1 1", "3.0 0.1 1 0 0.30000000000000004"]
    assert read_rows("a.txt", ("\n".join(lines) + end).encode()).rows == [
        Row(1, "0", (0.5, 0.25, 1.0, 1.0), lines[0]),
        Row(2, "3.0", (0.1, 1.0, 0.0, 0.30000000000000004), lines[1]),
    ]
