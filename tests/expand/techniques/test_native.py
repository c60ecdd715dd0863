"""The geometric techniques: what their numbers become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError
from expand.techniques import NATIVE, Technique
from expand.techniques.geometric.crop import Crop
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.pad import Pad
from expand.techniques.geometric.resize import Resize
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90
from expand.techniques.geometric.scale import Scale
from expand.techniques.geometric.translate import Translate
from expand.techniques.pixel.erase import Erase
from expand.techniques.pixel.noise import Noise

EACH: list[Technique] = [
    Flip(), Flip(factor=4), Flip(("vertical",)), Rotate90(), Rotate90(2), Rotate(), Rotate(factor=5), Translate(), Translate(factor=4),
    Translate((-3, 3), (-2, 2), "pixel"), Translate((-3, 3), (-2, 2), "pixel", 7), Translate((1, 3), (0, 2), "pixel"), Scale(), Scale(factor=3),
    Crop(), Crop(factor=4), Pad(), Pad(factor=2), Resize(), Resize((40, 30), 2), Resize(20, 2), Noise(), Noise(factor=None), Noise(factor=5),
    Erase(), Erase(factor=None), Erase(factor=4), Erase((0.1, 0.1), (1, 1), 0, 1),
]  # fmt: skip
UNITS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("technique", EACH, ids=str)
@given(number=UNITS)
def test_parameters_stay_in_their_ranges(technique: Technique, number: float) -> None:
    for variant in range(technique.factor or 1):
        choice = technique.choose(float(variant), [number] * 5)
        assert abs(choice.get("degrees", 0)) <= (270 if technique.name == "rotate90" else 15)
        assert -3 <= choice.get("x", 0) <= 3
        assert 0.9 <= choice.get("zoom", 1) <= 1.1
        if technique.name == "erase" and choice["width"]:
            assert 0.02 <= choice["width"] * choice["height"] <= 0.2 + 1e-12
            assert 0.5 - 1e-12 <= choice["width"] / choice["height"] <= 2 + 1e-12
        if technique.name in ("crop", "erase"):
            assert 0 <= choice["x"] <= choice["x"] + choice["width"] <= 1 + 1e-12
            assert 0 <= choice["y"] <= choice["y"] + choice["height"] <= 1 + 1e-12
        if technique.name == "crop":
            assert 0.59 <= choice["width"] * choice["height"] <= 1


@given(UNITS, UNITS, st.integers(2, 35))
def test_variants_of_a_pixel_shift_are_all_different(
    first: float, second: float, factor: int
) -> None:
    shift = Translate((-3, 3), (-2, 2), "pixel", factor)  # type: ignore[arg-type]
    places = [
        tuple(shift.choose(float(v), [first if v % 2 else second, 0.0]).values())
        for v in range(factor)
    ]
    assert places[0] == (0.0, 0.0)
    assert len(set(places)) == factor


def test_the_default_factor_of_a_pixel_shift_is_all_of_them() -> None:
    assert Translate((-3, 3), (-2, 2), "pixel").factor == 35  # type: ignore[arg-type]
    assert Translate((1, 3), (0, 0), "pixel").factor == 4  # type: ignore[arg-type]  # three, and none


def test_variants_of_a_rotation_divide_its_range() -> None:
    rotate = Rotate((-30, 30), 4)  # type: ignore[arg-type]
    for number in (0.0, 0.5, 0.999):
        angles = [rotate.choose(float(variant), [number])["degrees"] for variant in range(4)]
        assert angles[0] == 0
        assert -30 <= angles[1] < -10 <= angles[2] < 10 <= angles[3] < 30


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("flip", {"axes": ["diagonal"]}, '"axes" of flip must be horizontal, vertical or both'),
        ("flip", {"factor": 3}, '"factor" of flip must be 2'),
        (
            "flip",
            {"axes": ["vertical"], "factor": 4},
            '"factor" of flip along vertical is 2, got 4',
        ),
        ("rotate90", {"factor": 3}, '"factor" of rotate90 must be 4'),
        ("rotate", {"degrees": [10, -10]}, '"degrees" must rise'),
        ("rotate", {"degrees": [30, 30]}, "has one strength only"),
        ("rotate", {"degrees": "far"}, '"degrees" must be a number or'),
        ("rotate", {"degrees": True}, '"degrees" must be a number or'),
        ("rotate", {"factor": 2.5}, '"factor" of rotate must be a whole number'),
        ("translate", {"x": 2}, '"x" must rise from at least -1'),
        ("translate", {"unit": "mile"}, '"unit" of translate must be fraction or pixel'),
        (
            "translate",
            {"x": 0.5, "unit": "pixel"},
            '"x" of translate must be whole numbers of pixels',
        ),
        ("translate", {"x": 1, "y": 0, "unit": "pixel", "factor": 9}, "can be at most 3, got 9"),
        ("scale", {"zoom": [0, 2]}, '"zoom" must rise from at least 0.01'),
        ("crop", {"area": [0.5, 1.5]}, '"area" must rise'),
        ("erase", {"level": 300}, '"level" of erase must be a whole number'),
        ("erase", {"level": 1.5}, '"level" of erase must be a whole number'),
        ("erase", {"area": 0}, '"area" must rise'),
        ("erase", {"factor": 0}, '"factor" of erase must be'),
        ("pad", {"by": -1}, '"by" must rise'),
        ("pad", {"by": 1.5, "unit": "pixel"}, "whole number of pixels"),
        ("pad", {"unit": "mile"}, "fraction or pixel"),
        ("pad", {"factor": 3}, "has one strength only"),
        ("resize", {"size": [1, 2, 3]}, '"size" of resize must be'),
        ("resize", {"size": 0}, '"size" of resize must be'),
    ],
)
def test_a_wrong_setting_is_refused_with_its_key(
    name: str, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ExpandError) as error:
        NATIVE[name](**settings)
    assert message in str(error.value)


def test_asking_for_a_factor_keeps_what_it_can() -> None:
    assert Flip().with_factor(4).axes == ("horizontal", "vertical")
    assert Flip(("vertical",)).with_factor(2).axes == ("vertical",)
    assert Flip(factor=4).with_factor(2).axes == ("horizontal",)
    assert Rotate((-5, 5)).with_factor(3) == Rotate((-5, 5), 3)  # type: ignore[arg-type]
