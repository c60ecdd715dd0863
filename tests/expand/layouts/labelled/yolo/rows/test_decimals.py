"""Numbers of rows as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.layouts.labelled.yolo.rows.decimals import decimals, split_decimals


@given(st.lists(st.floats(-0.5, 1.5) | st.floats(0, 1), max_size=12))
def test_numbers_are_written_as_python_writes_them_rounded(numbers: list[float]) -> None:
    rounded = [float(np.round(number, 6)) + 0.0 for number in numbers]
    assert decimals(np.array(numbers)).split() == [f"{number:.6f}" for number in rounded]


@pytest.mark.parametrize("numbers", [[0, 1, 0.5, 0.0000005, 0.9999996], [-0.1, 1.25, 10, 0, 1]])
def test_text_is_split_where_asked(numbers: list[float]) -> None:
    words = decimals(np.array(numbers, np.float64)).split()
    first, second = split_decimals(decimals(np.array(numbers, np.float64)), [2, 3])
    assert (first, second) == (" ".join(words[:2]), " ".join(words[2:]))
