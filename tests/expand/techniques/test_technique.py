"""What holds for every technique: its arithmetic, and what it tells of itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.geometry import Size
from expand.recipes.recipe import Recipe
from expand.techniques import NATIVE, GeometricTechnique, Technique
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

EVERY: list[Technique] = [
    *(kind() for kind in NATIVE.values()),
    Flip(factor=4), Flip(("vertical",)), Rotate90(2), Rotate(factor=5), Translate(factor=4),
    Translate((-3, 3), (-2, 2), "pixel"), Translate((-3, 3), (-2, 2), "pixel", 7), Translate((1, 3), (0, 2), "pixel"), Scale(factor=3),
    Crop(factor=4), Pad(factor=2), Resize((40, 30), 2), Resize(20, 2), Noise(factor=None), Noise(factor=5),
    Erase(factor=None), Erase(factor=4), Erase((0.1, 0.1), (1, 1), 0, 1),
]  # fmt: skip
"""Every technique as it is by default, and some with other settings."""
UNITS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("technique", EVERY, ids=str)
@given(data=st.data())
def test_one_choice_or_a_batch_of_them_is_the_same_arithmetic(
    technique: Technique, data: st.DataObject
) -> None:
    count = technique.spread + technique.seeds
    variants = data.draw(
        st.lists(st.integers(0, (technique.factor or 1) - 1), min_size=3, max_size=3)
    )
    numbers = [data.draw(st.lists(UNITS, min_size=3, max_size=3)) for _ in range(count)]
    batch = technique.choose(np.array(variants, float), [np.array(n) for n in numbers])
    singles = [
        technique.choose(float(variant), [n[i] for n in numbers])
        for i, variant in enumerate(variants)
    ]
    assert list(batch) == list(singles[0])
    for key, values in batch.items():
        np.testing.assert_allclose(
            np.broadcast_to(values, 3), [single[key] for single in singles], rtol=1e-12, atol=1e-12
        )
    if isinstance(technique, GeometricTechnique):
        together = technique.place(batch, Size(np.full(3, 30.0), np.full(3, 20.0)))
        for i, single in enumerate(singles):
            alone = technique.place(single, Size(30.0, 20.0))
            for many, one in zip(
                (*together.source, *together.size), (*alone.source, *alone.size), strict=True
            ):
                np.testing.assert_allclose(np.broadcast_to(many, 3)[i], one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("technique", EVERY, ids=str)
def test_variant_0_changes_nothing_and_no_two_variants_are_the_same(technique: Technique) -> None:
    if technique.factor in (None, 1):
        pytest.skip("always on")
    chosen = [
        technique.choose(float(variant), [0.3] * 5) for variant in range(technique.factor or 0)
    ]
    neutral = technique.neutral()
    assert {**chosen[0], "seed": 0, "x": 0, "y": 0, "salt": 0} == {
        **neutral,
        "seed": 0,
        "x": 0,
        "y": 0,
        "salt": 0,
    }
    assert len({str(choice) for choice in chosen}) == technique.factor


@pytest.mark.parametrize("name", NATIVE)
def test_a_label_begins_with_the_name(name: str) -> None:
    assert NATIVE[name]().label.startswith(name)


@pytest.mark.parametrize(
    ("technique", "label"),
    [
        (Flip(), "flip horizontal"),
        (Flip(factor=4), "flip horizontal + vertical"),
        (Rotate90(), "rotate90"),
        (Rotate(), "rotate ±15°"),
        (Rotate((-5, 30)), "rotate −5 … 30°"),  # type: ignore[arg-type]
        (Translate(), "translate ±10 %"),
        (Translate(3, 0, "pixel"), "translate ±3 px"),  # type: ignore[arg-type]
        (Scale(), "scale × 0.9 … 1.1"),
        (Crop(), "crop to 60 %"),
        (Pad(), "pad"),
        (Resize(), "resize"),
        (Noise(), "noise"),
        (Erase(), "erase up to 20 %"),
    ],
)
def test_a_label_is_the_name_with_the_range(technique: Technique, label: str) -> None:
    assert technique.label == label


@pytest.mark.parametrize("name", NATIVE)
def test_the_choice_that_changes_nothing_has_no_caption(name: str) -> None:
    technique = NATIVE[name]()
    assert technique.caption(technique.neutral()) == ""
    always = technique.choose(1.0, [0.4] * (technique.spread + technique.seeds))
    assert technique.caption(always) != ""


@pytest.mark.parametrize("name", NATIVE)
def test_a_strength_is_a_choice_with_the_keys_of_any_other(name: str) -> None:
    technique = NATIVE[name]()
    strengths = technique.strengths()
    assert strengths
    for strength in strengths:
        if strength.choice is not None:
            assert strength.choice.keys() == technique.neutral().keys()
            assert technique.caption(strength.choice) != ""


def test_strengths_lie_towards_the_ends_of_the_range() -> None:
    assert [strength.choice for strength in Scale((1, 2)).strengths()] == [  # type: ignore[arg-type]
        {"zoom": 1.25},
        {"zoom": 1.5},
        {"zoom": 2.0},
    ]
    assert Crop((0.25, 1)).strengths()[0].choice == {  # type: ignore[arg-type]
        "x": 0.25,
        "y": 0.25,
        "width": 0.5,
        "height": 0.5,
    }


@pytest.mark.parametrize("technique", [*(kind() for kind in NATIVE.values()), Flip(factor=4)])
def test_the_parts_of_a_technique_merge_to_it_again(technique: Technique) -> None:
    whole, *others = technique.parts()
    for part in others:
        merged = whole.merge(part)
        assert merged is not None
        whole = merged
    assert whole == technique


def test_a_flip_along_both_axes_is_two_flips_and_other_techniques_stay_apart() -> None:
    assert Flip(factor=4).parts() == (Flip(("horizontal",)), Flip(("vertical",)))
    assert Flip().merge(Rotate()) is None
    assert Rotate().merge(Flip()) is None


@pytest.mark.parametrize("name", NATIVE)
def test_settings_are_what_a_recipe_file_holds(name: str) -> None:
    technique = NATIVE[name]()
    recipe = Recipe("mine", (technique,))
    assert recipe.to_dict()["techniques"] == [{name: technique.settings()}]
    assert Recipe.from_dict(recipe.to_dict()).techniques == (technique,)
