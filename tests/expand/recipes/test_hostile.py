"""Recipes from strangers: refused at once, with the bound, whatever is in the file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from expand import ExpandError, Recipe, Settings
from expand.recipes.recipe import MOST_COMBINATIONS
from expand.techniques import NATIVE
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.translate import Translate
from expand.techniques.pixel.noise import Noise
from expand.views.views import Views

FACTORS = [10**9, 10**40, 10**5000, 2.5, "4", True, -1, 0]
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("techniques:\n- noise: {factor: 1000000000}", '2: "factor" of noise can be at most 1,000'),
        (f"techniques:\n- noise: {{factor: {10**40}}}", '2: "factor" of noise can be at most 1,00'),
        (f"techniques:\n- noise: {{factor: {'1' * 5000}}}", "a value is not what its tag says"),
        ("name: " + "x" * 10**6, "it is larger than 256 KiB"),
        ("techniques: " + "[" * 100_000, "nested too deeply: a recipe has at most 60 levels"),
        ("[" + "1, " * 20_000 + "1]", "too many entries: a recipe has at most 10,000"),
        (LAUGHS + "techniques: *i", "aliases count as what they stand for"),
        ("techniques: &a [flip, *a]", "nested too deeply"),
        (
            "techniques:" + "\n- Blur" * 1000,
            "line 2: a recipe can have 100 techniques, this has 1,",
        ),
        ("techniques:\n- noise: {amount: {a: 1, a: 2}}", 'line 2: "a" is set twice'),
        ("", "is empty"),
        ("# nothing\n# more", "is empty"),
        (f"techniques:\n- {'x' * 200_000}", 'line 2: "xxx'),
        (f"techniques:\n- {'X' * 200_000}", 'line 2: "XXX'),
        (f"techniques:\n- flip: {{{'x' * 1000}: 1}}", 'line 2: flip has no setting "xxx'),
        (f"techniques:\n- Blur: {{{'x' * 1000}: 1}}", 'line 2: Blur has no argument "xxx'),
        (f"{'x' * 100_000}: 1\n{'x' * 100_000}: 1", "line 1: not valid YAML"),
        (
            "techniques:\n- {" + "".join(f"t{i}: 1, " for i in range(4000)) + "}",
            "line 2: each tech",
        ),
        ("techniques:\n\t- flip", "line 2: not valid YAML"),
        ("techniques:\n- flip\n\0", "line 3: not valid YAML: a character that text cannot hold"),
        ("--- {techniques: [flip]}\n--- {techniques: [noise]}", "line 2: not valid YAML"),
        ("techniques: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("name: {a: 1}\ntechniques: [flip]", 'line 1: "name" must be a text'),
        ("name: [a]\ntechniques: [flip]", 'line 1: "name" must be a text'),
        ("name:\ntechniques: [flip]", 'line 1: "name" must be a text, got None'),
        ("name: yes\ntechniques: [flip]", 'line 1: "name" must be a text, got True'),
        ('name: ""\ntechniques: [flip]', 'line 1: "name" must be one line of 1 … 1,000'),
        ('name: "a\\e[31mb"\ntechniques: [flip]', 'line 1: "name" must be one line of 1 … 1,000'),
        ('name: "a\\nb"\ntechniques: [flip]', 'line 1: "name" must be one line of 1 … 1,000'),
        (f"name: {'x' * 2000}\ntechniques: [flip]", 'line 1: "name" must be one line of 1 … 1,000'),
        ("techniques:\n- flip: {axes: []}", 'line 2: "axes" of flip must be'),
        ("techniques:\n- flip: {axes: {horizontal: 1}}", 'line 2: "axes" of flip must be'),
        ("techniques:\n- flip: {axes: [vertical, vertical]}", 'line 2: "axes" of flip must be'),
        ("techniques:\n- flip: {factor: 2.0}", 'line 2: "factor" of flip must be'),
        ("techniques:\n- flip: {factor: false}", 'line 2: "factor" of flip must be'),
        ("techniques:\n- rotate90: {factor: 4.0}", 'line 2: "factor" of rotate90 must be'),
        ("techniques:\n- resize: {size: true}", 'line 2: "size" of resize must be'),
        ("techniques:\n- pad: {by: [1, 2]}", 'line 2: "by" of pad must be one number'),
        ("techniques:\n- rotate: {degrees: .nan}", 'line 2: "degrees" must rise from'),
        ("techniques:\n- rotate: {degrees: -.inf}", 'line 2: "degrees" must rise from'),
        (f"techniques:\n- rotate: {{degrees: {10**400}}}", 'line 2: "degrees" must rise from'),
    ],
)
def test_a_hostile_text_is_refused_at_once(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpandError) as error:
        Recipe.parse(text, "mine.yaml")
    assert '"mine.yaml"' in str(error.value)
    assert message in str(error.value)
    assert len(str(error.value)) < 300
    assert time.process_time() - start < 20


def test_a_hostile_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(2**30)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "utf16.yaml").write_bytes("techniques: [flip]".encode("utf-16"))
    for name, message in (
        ("huge.yaml", "is larger than 256 KiB"),
        ("fifo", "it is not a regular file"),
        (".", "it is a folder"),
        ("utf16.yaml", "it is not UTF-8 text"),
        ("x" * 300, "is neither a recipe"),
        ("a\0b", "is neither a recipe"),
    ):
        with pytest.raises(ExpandError, match=message):
            Recipe.load(tmp_path / name)
    with pytest.raises(ExpandError, match="it is not a regular file"):
        Recipe.load("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("techniques: [flip]")
    (tmp_path / "mine.yaml").chmod(0)
    with pytest.raises(ExpandError, match="cannot be read: Permission denied"):
        Recipe.load(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftechniques: [flip, noise]",
        "techniques:\r\n- flip\r\n- noise\r\n",
        "techniques: &a\n- flip\n- noise\n",
        '{"techniques": ["flip", "noise"]}',
    ],
)
def test_what_editors_write_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(text.encode("utf-8"))
    recipe = Recipe.load(tmp_path / "mine.yaml")
    assert recipe.techniques == (Flip(), Noise())
    assert recipe.name == "mine"


def test_a_small_alias_is_read() -> None:
    recipe = Recipe.parse("techniques: [translate: {x: &r [-0.2, 0.2], y: *r}]")
    assert recipe.techniques == (Translate((-0.2, 0.2), (-0.2, 0.2)),)  # type: ignore[arg-type]


def test_a_file_name_that_is_no_line_of_text_gives_the_recipe_one(tmp_path: Path) -> None:
    (tmp_path / "a\nb.yaml").write_text("techniques: [flip]")
    assert Recipe.load(tmp_path / "a\nb.yaml").name == "a?b"


def test_small_numbers_survive_being_written_down() -> None:
    recipe = Recipe.parse("techniques: [noise: {amount: [0.00001, 0.5]}]")
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize("data", [[], "flip", None, 3])
def test_a_record_that_is_no_recipe_is_refused(data: object) -> None:
    with pytest.raises(ExpandError, match="a recipe must be settings"):
        Recipe.from_dict(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", FACTORS, ids=range(8))
def test_a_factor_of_a_run_is_bounded(factor: int) -> None:
    with pytest.raises(ExpandError, match="--factor must be at"):
        Settings(Recipe.load("classic"), factor)


@pytest.mark.parametrize("factor", [*FACTORS, None], ids=range(9))
@pytest.mark.parametrize("name", NATIVE)
def test_a_factor_of_a_technique_is_bounded(name: str, factor: int) -> None:
    with pytest.raises(ExpandError, match='"factor" of'):
        Recipe.load("classic").with_factors({name: factor})


def test_factors_may_not_multiply_to_more_than_can_be_walked_through() -> None:
    factors = {"rotate": 10**6, "noise": 10**6}
    assert Recipe.load("classic").with_factors(factors).combinations == MOST_COMBINATIONS
    with pytest.raises(ExpandError, match="they can multiply to 1,000,000,000,000"):
        Recipe.load("classic").with_factors({**factors, "flip": 2})


def test_random_views_of_too_many_combinations_are_refused_and_even_ones_are_not() -> None:
    recipe = Recipe.load("classic").with_factors({"rotate": 10**4, "noise": 10**4})
    with pytest.raises(ExpandError, match="--sampling random can shuffle 1,000,000 views"):
        Views(recipe, sampling="random")
    assert Views(recipe).params("x", 3)["rotate"]["degrees"]


def test_the_largest_shift_by_pixels_is_walked_through_at_once() -> None:
    text = "techniques: [translate: {x: 65535, y: 65535, unit: pixel}]"
    recipe = Recipe.parse(text)
    assert recipe.distinct == 131071**2
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert len({str(Views(recipe).params("x", k)) for k in range(50)}) == 50


@pytest.mark.parametrize("techniques", [("flip",), (None,), (Flip(), 3)])
def test_techniques_from_python_are_techniques(techniques: tuple[Flip, ...]) -> None:
    with pytest.raises(ExpandError, match="has something that is not a technique"):
        Recipe("mine", techniques)
