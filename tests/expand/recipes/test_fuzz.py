"""Any text, any bytes and any tree is a recipe or an error with the name of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from expand import ExpandError, Recipe
from expand.techniques import NATIVE
from expand.views.views import Views
from tests.conftest import examples, noise_image

FULL = """name: everything
fill: [10, 20, 30]
techniques:
  - flip: {axes: [horizontal, vertical]}
  - rotate90
  - rotate: {degrees: 20}
  - translate: {x: 3, y: [-2, 2], unit: pixel, factor: 5}
  - scale: {zoom: &zoom [0.8, 1.2], factor: 3}
  - crop: {area: [0.5, 1], aspect: *zoom}
  - pad: {by: 2, unit: pixel}
  - noise: {amount: 0.05, salt: [0.2, 0.8]}
"""
PIPELINE: dict[str, Any] = {
    "__version__": "2.0.8",
    "transform": {
        "__class_fullname__": "Compose",
        "p": 1.0,
        "transforms": [
            {"__class_fullname__": "HorizontalFlip", "p": 0.5},
            {
                "__class_fullname__": "OneOf",
                "p": 0.5,
                "transforms": [
                    {"__class_fullname__": "Blur", "p": 0.5, "blur_limit": [3, 7]},
                    {"__class_fullname__": "RandomScale", "p": 0.5, "scale_limit": [-0.1, 0.1]},
                ],
            },
            {"__class_fullname__": "Normalize", "p": 1.0, "mean": [0.5], "std": [0.5]},
        ],
    },
}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([*NATIVE, "factor", "fill", "p", "Blur", "pixel", 10**30, 1e308, 10**7]),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(["factor", "axes", "p", "x", "size", *NATIVE]), st.text()),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


def read(text: str) -> Recipe | None:
    """Return a recipe; None if it is refused, with the name of the file and in few words."""
    try:
        recipe = Recipe.parse(text, "mine.yaml")
    except ExpandError as error:
        problem = str(error)
    else:
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
        return recipe
    assert '"mine.yaml"' in problem
    assert len(problem) < 1000
    return None


@settings(max_examples=examples(200))
@given(st.one_of(st.text(), st.text(alphabet="[]{}:,-&*!|>'\"#\n\t ?%@`~0e.x")))
@example("!!binary a")
@example("!!timestamp [1]")
@example("!!set {a, a}")
@example("!!omap [a: 1]")
@example("%YAML 3.0\n---\nx")
@example("&a *a")
@example("<<: [1]")
@example("techniques: [{<<: 5}]")
@example("techniques: [rotate: {<<: {degrees: [1, 2]}}]")
@example("? [a]\n: b")
@example("techniques: [!!python/name:os.system flip]")
@example("1" + ":59" * 5000)
@example("0x" + "f" * 100_000)
@example("techniques: [flip]\n\ud800")
def test_any_text_is_a_recipe_or_an_error(text: str) -> None:
    read(text)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbftechniques: [flip]")
@example(b"\xff\xfet\x00")
@example(b"\x00" * 50)
def test_any_bytes_are_a_recipe_or_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.yaml").write_bytes(data)
    try:
        Recipe.load(tmp_path / "mine.yaml")
    except ExpandError as error:
        problem = str(error)
    else:
        return
    assert str(tmp_path) in problem


@settings(max_examples=examples(120))
@given(st.sampled_from(["name", "fill", "techniques", "settings", "pipeline"]), TREES)
def test_any_tree_is_a_recipe_or_an_error(where: str, tree: Any) -> None:
    data: dict[str, Any] = {"techniques": ["flip"]}
    if where == "settings":
        data["techniques"] = [{name: tree} for name in NATIVE]
    elif where == "pipeline":
        data["techniques"] = [{"pipeline": tree}]
    else:
        data[where] = tree
    read(yaml.safe_dump(data))


@settings(max_examples=examples(200))
@given(
    st.sampled_from([FULL, json.dumps(PIPELINE, indent=1)]),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 5), st.text(max_size=3)), max_size=4),
)
def test_a_recipe_with_typing_errors_is_a_recipe_or_an_error(
    text: str, edits: list[tuple[int, int, str]]
) -> None:
    for place, removed, inserted in edits:
        start = place % len(text)
        text = text[:start] + inserted + text[start + removed :]
    if recipe := read(text):
        assert recipe.techniques


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all values of a tree."""
    if not isinstance(tree, dict | list):
        return [path]
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return [path, *(found for key, value in inner for found in nodes(value, (*path, key)))]


@pytest.mark.parametrize("path", [path for path in nodes(PIPELINE) if len(path) > 1])
@settings(max_examples=15)
@given(value=TREES)
def test_a_pipeline_with_any_value_changed_is_a_recipe_or_an_error(
    path: tuple[Any, ...], value: Any
) -> None:
    changed = json.loads(json.dumps(PIPELINE))
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    if recipe := read(json.dumps(changed)):
        Views(recipe).render(noise_image(60, 50, 3), Views(recipe).params("x", 1))
