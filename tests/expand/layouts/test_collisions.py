"""Collisions: the same names are refused, in the same words, however many are checked at a time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expand import ExpandError
from expand.layouts import collisions
from expand.layouts.collisions import check_images
from expand.layouts.names import copy_name, fold
from expand.layouts.spooled import lists as spooled_lists

STEMS = ["a", "A", "1", "1_v1", "1_v2", "1_V3", "1_v1_v1", "a.jpg", "A.JPG", "a.jpg_v1", "\u00e9"]
STEMS += ["e\u0301", "\u00c9", "\u00df", "ss", "SS", "1_v0", "a\nb", "a\nB"]
SUFFIXES = [".png", ".PNG", ".jpg", ".JPG", ".webp", ".jpg.png"]
NAMES = st.sets(
    st.builds("{}{}".format, st.sampled_from(STEMS), st.sampled_from(SUFFIXES)),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.integers(1, 4), st.sampled_from(["keep", "png", "jpg"]), st.sampled_from([2, 100]))
def test_two_sources_with_a_file_of_one_name_are_refused_and_the_first_are_named(
    monkeypatch: pytest.MonkeyPatch, names: set[str], factor: int, format_: str, run: int
) -> None:
    monkeypatch.setattr(spooled_lists, "RUN", run)
    monkeypatch.setattr(collisions, "RUN", run)
    expected = first_collision(sorted(names), factor, format_)
    if expected is None:
        check_images("d", sorted(names), factor, format_)
        return
    with pytest.raises(ExpandError) as error:
        check_images("d", sorted(names), factor, format_)
    assert str(error.value).startswith('"d/{}" and "d/{}" would'.format(*expected))


def first_collision(names: list[str], factor: int, format_: str) -> tuple[str, str] | None:
    """Compare the names of all files: first sources and first copies, then sources and copies."""
    for index, name in enumerate(names):
        for other in names[:index]:
            copies = (fold(copy_name(each, 1, format_)) for each in (other, name))
            if fold(other) == fold(name) or len(set(copies)) == 1:
                return other, name
    for name in names:
        for other in names:
            if fold(name) in {fold(copy_name(other, k, format_)) for k in range(1, factor)}:
                return other, name
    return None
