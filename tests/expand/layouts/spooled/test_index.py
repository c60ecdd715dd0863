"""An index of texts: everything that was added is found, whatever is in memory and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.layouts.spooled import index as spooled_index
from expand.layouts.spooled.index import TextIndex

KEYS = st.sampled_from(["", "a", "b", "é", "\udcff", "a/b", "c" * 50])


@given(st.lists(st.tuples(KEYS, st.text("xyz\0é", max_size=9))), st.integers(0, 99))
def test_an_index_finds_what_a_dict_of_lists_finds(items: list[tuple[str, str]], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spooled_index, "IN_MEMORY", most)
        patch.setattr(spooled_index, "TOGETHER", 2 * most)
        index, known = TextIndex(), dict[str, list[str]]()
        for count, (key, text) in enumerate(items):
            index.add(key, text)
            known.setdefault(key, []).append(text)
            if count % 3 == 0:  # the index is made anew
                assert index.of(key) == known[key]
        assert list(index) == items
        assert len(index) == len(items)
        assert {key: index.of(key) for key in known} == known
        assert all(index.last(key) == texts[-1] for key, texts in known.items())
        assert [index.entry(number) for number in range(len(items))] == items
        firsts = {key: [each for each, _ in items].index(key) for key in known}
        assert {key: index.find(key) for key in known} == {
            key: (number, items[number][1]) for key, number in firsts.items()
        }


def test_an_index_does_not_find_what_was_not_added() -> None:
    index = TextIndex([("a", "b")])
    assert "b" not in index
    assert index.of("a\0b") == []
    assert index.last("b") == ""
    assert index.find("b") is None
