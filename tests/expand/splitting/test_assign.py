"""Parts: their names and sizes, and which units they get."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.errors import ExpandError
from expand.splitting.assign import Unit, assign
from expand.splitting.parts import Part, apportion, parse_parts

THREE = parse_parts("train=0.8,val=0.1,test=0.1")


def singles(label: str, count: int) -> list[Unit]:
    return [Unit(f"{label}/{number}.png", ((label, 1),)) for number in range(count)]


def sizes(units: list[Unit], parts: bytearray, label: str) -> list[int]:
    counts = Counter[int]()
    for unit, part in zip(units, parts, strict=True):
        counts[part] += dict(unit.counts).get(label, 0)
    return [counts[part] for part in range(3)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train=0.8,val=0.1", "must add up to 1, got 0.9"),
        ("train=0.9", "at least two parts"),
        ("train=0.5,train=0.5", "names a part twice"),
        ("Train=0.5,train=0.5", "names a part twice"),
        ("train=0.5,val", "takes name=share"),
        ("train=0.5,val=half", "takes name=share"),
        ("train=1,val=0", 'the share of part "train" must be above 0 and below 1'),
        ("train=nan,val=0.5", 'the share of part "train"'),
        ("a/b=0.5,val=0.5", "cannot be the name of a folder"),
        ("..=0.5,val=0.5", "is not the name of a file"),
        ("=0.5,val=0.5", "is not the name of a file"),
        (".hidden=0.5,val=0.5", "cannot be the name of a folder"),
        ("split.json=0.5,val=0.5", "cannot be the name of a folder"),
    ],
)  # fmt: skip
def test_parts_that_make_no_split_are_refused(text: str, words: str) -> None:
    with pytest.raises(ExpandError) as refused:
        parse_parts(text)
    assert words in str(refused.value)


def test_thirds_add_up_to_one() -> None:
    assert len(parse_parts("a=0.333333, b = 0.333333, c=0.333334")) == 3
    assert parse_parts("a = 0.5, b=0.5")[0] == Part("a", 0.5)


SHARES = st.lists(st.floats(0.01, 1), min_size=2, max_size=5)


@given(SHARES, st.integers(10, 400), st.data())
def test_one_image_more_makes_one_part_larger(
    shares: list[float], count: int, data: st.DataObject
) -> None:
    ones = [1] * len(shares)
    offset = st.floats(0.01, 1)
    offsets = data.draw(st.lists(offset, min_size=len(ones), max_size=len(ones)))
    before, after = (apportion(n, shares, ones, offsets) for n in (count, count + 1))
    assert sum(before) == count
    assert min(before) >= 1
    grown = sorted(b - a for a, b in zip(before, after, strict=True))
    assert grown == [0] * (len(shares) - 1) + [1]


@given(st.integers(0, 2**64 - 1), st.integers(3, 300))
def test_each_class_is_divided_by_the_shares_asked(seed: int, count: int) -> None:
    units = [*singles("a", count), *singles("b", 100)]
    parts = assign(units, THREE, seed)
    assert sizes(units, parts, "b") == [80, 10, 10]
    for number, part in zip(sizes(units, parts, "a"), THREE, strict=True):
        assert number == 1 or abs(number - part.share * count) < 2


def test_rounding_evens_out_over_many_classes() -> None:
    units = [unit for label in range(200) for unit in singles(f"c{label}", 13)]
    counts = Counter(assign(units, THREE, 0))
    for number, part in enumerate(THREE):
        assert abs(counts[number] / len(units) - part.share) < 0.01


@pytest.mark.parametrize("seed", range(5))
def test_one_image_more_moves_at_most_one_at_each_boundary(seed: int) -> None:
    units = [*singles("a", 90), *singles("b", 100)]
    results = [assign(units[: 90 - less] + units[90:], THREE, seed) for less in range(5)]
    for more, fewer in pairwise(results):
        count = len(more) - 100
        kept = more[: count - 1]
        assert sum(one != other for one, other in zip(kept, fewer, strict=False)) <= 2
        assert more[count:] == fewer[-100:]  # another class does not notice


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1), min_size=1
    ),
    st.integers(0, 99),
)  # fmt: skip
def test_groups_are_whole_and_every_part_gets_some(groups: list[dict[str, int]], seed: int) -> None:
    units = [Unit(f"{n}\0", tuple(sorted(each.items()))) for n, each in enumerate(groups)]
    units += [unit for label in "abc" for unit in singles(label, 3)]
    parts = assign(units, THREE, seed)
    assert len(parts) == len(units)
    assert all(min(sizes(units, parts, label)) >= 1 for label in "abc")
    assert assign(units, THREE, seed) == parts


def test_groups_come_near_the_shares_asked_and_stay_when_one_grows() -> None:
    units = [Unit(f"g{n}\0", ((f"c{n % 3}", 2 + n * 7 % 19),)) for n in range(300)]
    parts = assign(units, THREE, 0)
    for label in ("c0", "c1", "c2"):
        counts = sizes(units, parts, label)
        for number, part in zip(counts, THREE, strict=True):
            assert abs(number / sum(counts) - part.share) < 0.01
    moved = 0
    for place in range(0, 300, 30):
        ((label, count),) = units[place].counts
        grown = [*units]
        grown[place] = Unit(units[place].key, ((label, count + 1),))
        moved += sum(a != b for a, b in zip(parts, assign(grown, THREE, 0), strict=True))
    assert moved < 40  # of 3,000


def test_a_class_with_fewer_groups_than_parts_is_refused() -> None:
    units = [*singles("a", 9), Unit("x\0", (("b", 5),)), Unit("y\0", (("b", 2),))]
    with pytest.raises(
        ExpandError, match=r'class "b" has 7 images in 2 groups, too few for 3 parts'
    ):
        assign(units, THREE, 0)
    with pytest.raises(ExpandError, match='class "a" has 1 image, too few for 2 parts'):
        assign(singles("a", 1), (Part("x", 0.5), Part("y", 0.5)), 0)
