"""Polygons beside masks, as Cityscapes has them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Affine, Placement, Size
from expand.layouts.labelled.dataset import Frame, LabelledView
from expand.layouts.labelled.masks.polygons import read_polygons
from expand.targets import Targets, carry
from tests.conftest import examples

SIZE = Size(40, 30)
FRAME = Frame(SIZE, SIZE)
SQUARE = [[10, 5], [19, 5], [19, 14], [10, 14]]


def content(*objects: Any, **keys: Any) -> bytes:
    return json.dumps({"imgHeight": 30, "imgWidth": 40, "objects": objects} | keys).encode()


def moved(data: bytes, forward: Affine, size: Size = SIZE, k: int = 1) -> Any:
    """Return what the file of a view says."""
    carried = carry(Targets(), Placement(forward.inverse(), size))
    view = LabelledView(k, "a_v1.png", size, carried, {}, forward)
    return json.loads(read_polygons(data, FRAME).encode(view))


def test_corners_are_pixel_indices() -> None:
    data = content({"label": "car", "polygon": SQUARE})
    mirrored = moved(data, Affine(-1.0, 0.0, 40.0, 0.0, 1.0, 0.0))
    (found,) = mirrored["objects"]
    assert sorted(map(tuple, found["polygon"])) == [(20, 5), (20, 14), (29, 5), (29, 14)]
    assert moved(data, IDENTITY)["objects"][0]["polygon"] == SQUARE


def test_objects_are_cut_at_the_border_and_left_out_beyond_it() -> None:
    data = content(
        {"label": "a", "polygon": SQUARE}, {"label": "b", "polygon": [[0, 0], [3, 0], [3, 3]]}
    )
    shifted = moved(data, Affine(1.0, 0.0, -14.0, 0.0, 1.0, 0.0))
    (found,) = shifted["objects"]
    assert found["label"] == "a"
    assert np.array(found["polygon"]).min(axis=0).tolist() == [0, 5]


def test_an_object_that_is_cut_in_two_has_two_entries_and_all_keys() -> None:
    bridge = [[0, 10], [0, 29], [8, 29], [8, 15], [31, 15], [31, 29], [39, 29], [39, 10]]
    data = content({"label": "a", "polygon": bridge, "id": 7}, camera="left")
    shifted = moved(data, Affine(1.0, 0.0, 0.0, 0.0, 1.0, -16.0))
    assert [each["id"] for each in shifted["objects"]] == [7, 7]
    assert shifted["camera"] == "left"


def test_the_size_is_that_of_the_view() -> None:
    turned = moved(content(), Affine(0.0, -1.0, 30.0, 1.0, 0.0, 0.0), Size(30, 40))
    assert (turned["imgWidth"], turned["imgHeight"]) == (30, 40)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a JSON file: line 1"),
        (b"[]", "is not a JSON object"),
        (b"[" * 100_000, "is not a JSON file"),
        (b"\xff\xfe{", "is not a JSON file in UTF-8"),
        (b"{}", "has no whole number imgWidth"),
        (content(imgWidth=41), "is for an image of 41×30 pixels, and it has 40×30"),
        (content(imgWidth=10**4000), "is for an image of 1000"),
        (content(objects=3), "has no list of objects"),
        (content({"label": "a"}), "has no polygon in object 0"),
        (content({}, {"polygon": [[1, "x"]]}), "has no polygon in object 0"),
        (content({"polygon": [[1, 2, 3], [4, 5, 6]]}), "has no polygon in object 0"),
        (content({"polygon": [[1, 2], [1e300, 5], [3, 3]]}), "has no polygon in object 0"),
        (content({"polygon": [[float("nan"), 2]]}), "has no polygon in object 0"),
    ],
)
def test_a_bad_file_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(BadImageError) as refused:
        read_polygons(data, FRAME)
    assert str(refused.value).startswith(reason)
    assert len(str(refused.value)) < 300


NUMBERS = st.integers(-60, 90) | st.floats(-60, 90)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=7), max_size=4),
    st.tuples(*[st.floats(-2, 2)] * 4),
)
def test_any_polygons_move_into_the_view(
    rings: list[list[tuple[float, float]]], matrix: tuple[float, ...]
) -> None:
    a, b, d, e = matrix
    if abs(a * e - b * d) < 0.1:
        return
    data = content(*({"label": str(i), "polygon": ring} for i, ring in enumerate(rings)))
    for each in moved(data, Affine(a, b, 3.0, d, e, 4.0))["objects"]:
        corners = np.array(each["polygon"])
        assert (corners >= 0).all()
        assert (corners < [40, 30]).all()
