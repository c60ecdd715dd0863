"""JSON holds finite numbers only; it is read and written as Python's `json` does."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expand.storage.json import decode, encode, to_json

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


ODD = [
    *(1e-05, 1.5631021764758724e-05, 0.0001, 1e15, 1e16, 1.5e300, 5e-324, -0.0, 0.1 + 0.2),
    *(math.nan, math.inf, -math.inf, None, True, False),
    *(2**53 + 1, 2**63 - 1, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**40),
    *(
        "",
        '"',
        "\\",
        '\\"',
        "a, b: c",
        "é",
        "\ud83d",
        "\0\x1f\x7f\u2028",
        "null",
        "1e-05",
        "0.00001",
    ),
]


@given(VALUES, st.booleans(), st.booleans())
@example({"a, b": ODD, "c": [*map(str, range(40))], 'd": "': {}, "": []}, False, False)
@example(ODD, True, False)
@example(ODD, False, True)
def test_plain_data_is_written_as_python_writes_it(
    data: object, compact: bool, ascii_only: bool
) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    wanted = json.dumps(data, separators=separators, ensure_ascii=ascii_only)
    assert encode(data, compact=compact, ascii_only=ascii_only) == wanted


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("compact", [False, True])
def test_odd_values_are_written_and_read_as_python_does(value: object, compact: bool) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    for data in (value, [value], {"key": [value, 1.5]}, {str(value): value}):
        wanted = json.dumps(data, separators=separators, ensure_ascii=False)
        assert encode(data, compact=compact) == wanted
        read = json.loads(wanted)
        assert repr(decode(wanted, constants=True)) == repr(read)
        assert repr(decode(json.dumps(data).encode(), constants=True)) == repr(read)


@given(VALUES)
def test_json_is_read_as_python_reads_it(data: object) -> None:
    text = json.dumps(data)
    assert repr(decode(text.encode(), constants=True)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a": 1,}', b"[1] 2", b"\xff", b'"\t"', b"NaN", b"[-Infinity]", b"\xef\xbb\xbf1"],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        decode(text)


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "1e-400", "1E5", "-0", "1.0000000000000000000001"]
)
def test_numbers_in_odd_forms_are_read_as_python_reads_them(text: str) -> None:
    assert repr(decode(text)) == repr(json.loads(text))


def test_nesting_too_deep_is_refused() -> None:
    with pytest.raises(RecursionError):
        decode(b"[" * 100_000 + b"]" * 100_000)
