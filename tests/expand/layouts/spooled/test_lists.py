"""Lists in a temporary file: texts come back sorted, and are found, however many there are."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expand.layouts.spooled import lists as spooled_lists
from expand.layouts.spooled.lists import Sorter, StoredTexts, Texts, starting
from expand.layouts.spooled.sets import TextLists, TextSet

NAMES = st.lists(st.text("ab._\udcff\U0001f600", min_size=1, max_size=4), unique=True)


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sort and write a few texts at a time."""
    monkeypatch.setattr(spooled_lists, "RUN", 3)
    monkeypatch.setattr(spooled_lists, "CHUNK", 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_texts_are_sorted_like_a_list(small_runs: None, names: list[str]) -> None:
    expected = sorted(names)
    assert list(Sorter(names)) == expected
    found = Sorter(names).names()
    assert (list(found), len(found), bool(found)) == (expected, len(names), bool(names))
    assert [found[index] for index in range(len(names))] == expected
    assert found[1:-1] == expected[1:-1]
    assert list(zip(found, found, strict=True)) == list(zip(expected, expected, strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES.filter(bool), st.text("ab._", max_size=2))
def test_texts_with_a_beginning_are_found(small_runs: None, names: list[str], prefix: str) -> None:
    expected = [name for name in sorted(names) if name.startswith(prefix)]
    stored = StoredTexts(sorted(names))
    assert list(starting(stored, prefix)) == list(starting(sorted(names), prefix)) == expected
    assert (prefix in stored) == (prefix in names)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, NAMES)
def test_texts_keep_their_order_and_sets_are_searched(
    small_runs: None, names: list[str], more: list[str]
) -> None:
    texts = Texts(names)
    texts.extend(more)
    assert (list(texts), len(texts)) == (names + more, len(names + more))
    found = TextSet(names)
    assert (list(found), len(found)) == (sorted(names), len(names))
    assert [text in found for text in more] == [text in names for text in more]
    for text in more:
        found.add(text)
    assert list(found) == sorted(names + more)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text("ab._", max_size=2), st.text("a\0", max_size=2))))
def test_texts_are_found_by_their_key_in_the_order_in_which_they_came(
    small_runs: None, items: list[tuple[str, str]]
) -> None:
    expected: dict[str, list[str]] = {}
    for key, text in items:
        expected.setdefault(key, []).append(text)
    lists = TextLists(items)
    assert list(lists) == sorted(expected)
    assert {key: list(texts) for key, texts in lists.lists()} == expected
    for key in ("", "a", "ab", "b."):
        assert list(lists.of(key)) == expected.get(key, [])
        assert (key in lists) == (key in expected)


def test_memory_does_not_grow_with_the_number_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled_lists, "RUN", 1000)
    monkeypatch.setattr(spooled_lists, "CHUNK", 32)
    tracemalloc.start()
    texts = Sorter(f"{number * 7919 % 40_009:09d}.png" for number in range(40_000)).names()
    assert isinstance(texts, StoredTexts)
    assert sum(1 for _ in texts) == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700_000 < 40_000 * 62  # what the texts alone would take
