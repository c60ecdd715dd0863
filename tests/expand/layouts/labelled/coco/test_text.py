"""The entries of a JSON text: each is found with its value, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expand.errors import ExpandError
from expand.layouts.labelled.coco.files.text import scan

ENTRIES = [
    '{"id": 1, "bbox": [1, 2.5, 3e0, -0.0]}',
    "{}",
    '{"a": {"b": {}}, "c": [{}, {"d": 1}]}',
    '{"name": "a } b"}',
    '{"name": "a { b", "other": "}"}',
    '{"name": "\\"}"}',
    '{"name": "\\ud83d", "id": 123456789012345678901234567890}',
    '{"area": NaN, "a": 1, "a": 2}',
    '"}"',
    "[1, [2]]",
    "null",
]


@pytest.mark.parametrize("separator", [", ", ",", " ,\n  "])
def test_entries_are_found_with_their_values(separator: str) -> None:
    text = f'{{"before": {{"x": "}}"}}, "images": [{separator.join(ENTRIES)}], "after": 1}}'
    found: list[Any] = []
    read = scan("a.json", text, {"images": found.append})
    assert [read.entry("images", index) for index in range(len(ENTRIES))] == ENTRIES
    assert repr(found) == repr([*map(json.loads, ENTRIES)])
    assert read.values == {"before": {"x": "}"}, "after": 1}


@pytest.mark.parametrize(
    "entry", ['{"a": 1', '{"a": 1,}', "{'a': 1}", '{"a": "}', '{"a": 1 "b": 2}', '{"a": 01}', "{"]
)
def test_a_malformed_entry_is_refused_with_the_place_that_json_says(entry: str) -> None:
    text = f'{{"images":\n[{{"a": 1}},{entry}]}}'
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads(text)
    with pytest.raises(ExpandError, match=f"line 2, column {error.value.colno}: "):
        scan("a.json", text, {"images": [].append})
