"""JSON holds finite numbers only."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from expand.storage.json import to_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def finite(value: object) -> object:
    """Return what a value is read back as."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def refuse(name: str) -> None:
    raise AssertionError(name)


@given(VALUES)
def test_any_plain_data_becomes_json_in_which_numbers_are_finite(data: object) -> None:
    assert json.loads(to_json(data), parse_constant=refuse) == finite(data)


def test_numbers_in_tuples_become_null_too() -> None:
    assert to_json({"interval": (1.0, math.inf)}) == '{"interval": [1.0, null]}'
