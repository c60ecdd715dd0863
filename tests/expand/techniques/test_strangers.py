"""Pipelines from strangers: nothing in them runs code, reads a file, or takes all memory or time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand import ExpandError, Recipe
from expand.errors import BadImageError
from expand.images.formats import set_max_pixels
from expand.views.batches import ViewBatches
from expand.views.views import Views

FLIP = {"__class_fullname__": "HorizontalFlip", "p": 0.5}


def leaf(name: object, **arguments: object) -> dict[str, object]:
    """Return a saved transform."""
    return {"__class_fullname__": name, "p": 1.0, **arguments}


def compose(*transforms: object, **arguments: object) -> dict[str, object]:
    """Return a saved Compose."""
    return {**leaf("Compose", **arguments), "transforms": list(transforms)}


def nested(levels: int) -> dict[str, object]:
    """Return a flip in many Composes."""
    inner: dict[str, object] = FLIP
    for _ in range(levels):
        inner = compose(inner)
    return inner


def load(transform: object, path: Path, version: object = "2.0.8") -> Recipe:
    """Load a pipeline from a file, one value a line."""
    path.write_text(json.dumps({"__version__": version, "transform": transform}, indent=0))
    return Recipe.load(path)


NOT_KNOWN = "is neither a technique nor a transform of albumentations 2.0.8"
CASES: list[tuple[Any, str]] = [
    (leaf("os.system", command="touch hacked"), f'line 4: "os.system" {NOT_KNOWN}'),
    (compose(leaf("builtins.eval", source="1")), f'"builtins.eval" {NOT_KNOWN}'),
    (compose(leaf("albumentations.core.serialization.load")), f'"load" {NOT_KNOWN}'),
    (compose(leaf("albumentations.os.system")), f'"system" {NOT_KNOWN}'),
    *((compose(leaf(name)), f'"{name}" {NOT_KNOWN}') for name in ("BasicTransform", "BaseCompose")),
    *((compose(leaf(name)), f'"{name}" {NOT_KNOWN}') for name in ("", "BaseDropout", "HubMixin")),
    (compose(leaf("Lambda", image="os.system")), "Lambda cannot be used: it runs code"),
    (compose(leaf("TextImage", font_path="/etc/passwd")), "TextImage cannot be used: it reads a"),
    (compose(leaf("FDA", reference_images=["/etc/passwd"])), "FDA cannot be used: it reads other"),
    (
        compose(leaf("HistogramMatching", reference_images=["http://example.org"], read_fn="open")),
        "HistogramMatching cannot be used: it reads other images",
    ),
    (compose(leaf("PixelDistributionAdaptation")), "cannot be used: it reads other images"),
    (compose(leaf("OverlayElements")), "OverlayElements cannot be used: it needs other images"),
    (compose(leaf("Mosaic")), "Mosaic cannot be used: it needs other images"),
    (compose(leaf("MaskDropout")), "MaskDropout cannot be used: it needs masks"),
    (compose(leaf("CoarseDropout3D")), "CoarseDropout3D cannot be used: it is for volumes"),
    ({**compose(FLIP), "__class_fullname__": "ReplayCompose"}, "ReplayCompose cannot be used"),
    (
        {**compose(FLIP), "__class_fullname__": "SelectiveChannelTransform"},
        "SelectiveChannelTransform cannot be used: albumentations does not save its channels",
    ),
    (compose(leaf("Blur", blur_limti=3)), 'Blur has no argument "blur_limti"; it has blur_limit'),
    (compose(leaf("Blur", always_apply=True)), 'Blur has no argument "always_apply"'),
    (compose(FLIP, hub="x"), 'Compose has no argument "hub"'),
    (compose(leaf("Blur", blur_limit="many")), "Blur: albumentations 2.0.8 cannot rebuild it"),
    (compose(leaf("Blur", p=2)), "Blur: albumentations 2.0.8 cannot rebuild it"),
    (compose(leaf(5)), 'a transform has settings and "__class_fullname__", got'),
    (compose("HorizontalFlip"), 'a transform has settings and "__class_fullname__", got'),
    (compose(None), "a transform has settings"),
    (compose([FLIP]), "a transform has settings"),
    ({"p": 1}, "a transform has settings"),
    (compose(), 'Compose needs a list of "transforms"'),
    ({**compose(), "transforms": FLIP}, 'Compose needs a list of "transforms"'),
    ({**compose(), "transforms": "flip"}, 'Compose needs a list of "transforms"'),
    (leaf("Compose"), 'Compose needs a list of "transforms"'),
    ([FLIP], 'a pipeline has one setting, "transform"'),
    (None, 'a pipeline has one setting, "transform"'),
    (nested(25), "a pipeline can be nested 20 levels deep"),
    (compose(*[FLIP] * 101), "a pipeline can have 100 transforms"),
    (compose(leaf("RandomScale", scale_limit=1000)), "RandomScale cannot be used: it would become"),
    (compose(leaf("Resize", height=10**5, width=10**5)), "it would become 100000×100000 pixels"),
    (compose(leaf("PadIfNeeded", min_height=10**5, min_width=10**5)), "it would become 100000×1"),
    (compose(leaf("CropAndPad", percent=[500, 500], keep_size=False)), "it would become"),
    (compose(leaf("CropAndPad", px=90000)), "it would become 181000×181100 pixels"),
    (compose(leaf("Affine", scale=[999, 999], fit_output=True)), "it would become"),
    (compose(leaf("SmallestMaxSize", max_size=10**6)), "it would become"),
    (compose(leaf("RandomResizedCrop", size=[65535, 65535])), "it would become 65535×65535 pixels"),
    (compose(leaf("Blur", blur_limit=[10001, 10001])), '"blur_limit" of Blur must be -501 … 501'),
    (compose(leaf("Blur", blur_limit=["10001", "1e4"])), '"blur_limit" of Blur must be -501'),
    (compose(leaf("GlassBlur", iterations=10**6)), '"iterations" of GlassBlur must be'),
    (compose(leaf("CoarseDropout", num_holes_range=[10**6, 10**6])), '"num_holes_range" of Coarse'),
    (compose(leaf("ZoomBlur", step_factor=[1e-9, 1e-9])), '"step_factor" of ZoomBlur must be'),
    (compose(leaf("CLAHE", tile_grid_size=[65535, 65535])), '"tile_grid_size" of CLAHE must be'),
    (compose(leaf("Blur", blur_limit=10**400)), '"blur_limit" of Blur must be'),
    (compose(leaf("Affine", rotate=float("nan"))), '"rotate" of Affine must be'),
    (compose(leaf("Blur", blur_limit=[[[[[[[[3]]]]]]]])), '"blur_limit" of Blur is nested too'),
    (compose(leaf("RandomFog", mode="x" * 2000)), 'RandomFog has no argument "mode"'),
    (compose(leaf("Illumination", mode="x" * 2000)), '"mode" of Illumination is a text of 2000'),
    (compose({**compose(FLIP), "__class_fullname__": "SomeOf", "n": 10**6}), '"n" of SomeOf must'),
]


@pytest.mark.parametrize(("transform", "message"), CASES, ids=range(len(CASES)))
def test_a_hostile_pipeline_is_refused_at_once(
    transform: object, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    with pytest.raises(ExpandError) as error:
        load(transform, tmp_path / "p.json")
    assert message in str(error.value)
    assert f'"{tmp_path / "p.json"}", line ' in str(error.value)
    assert len(str(error.value)) < 700
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]
    assert time.process_time() - start < 20


def test_an_error_in_a_pipeline_names_the_line_of_the_argument(tmp_path: Path) -> None:
    bad = compose(FLIP, leaf("Blur", blur_limit=10001))
    with pytest.raises(ExpandError) as error:
        load(bad, tmp_path / "p.json")
    lines = (tmp_path / "p.json").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "10001" in text)
    assert f'p.json", line {line}: "blur_limit"' in str(error.value)


def test_a_pipeline_in_a_record_passes_the_same_door() -> None:
    with pytest.raises(ExpandError, match="cannot be used: it reads a font file"):
        Recipe.from_dict({"techniques": [{"pipeline": {"transform": leaf("TextImage")}}]})
    for wrong in ({}, {"transform": 3}, [], None):
        with pytest.raises(ExpandError, match="a pipeline has one setting|expected settings"):
            Recipe.from_dict({"techniques": [{"pipeline": wrong}]})


@pytest.mark.parametrize("version", ["1.3.0", None, 2, [], "2.0.8"])
def test_the_version_of_a_pipeline_is_not_what_decides(version: object, tmp_path: Path) -> None:
    old = compose(leaf("albumentations.augmentations.transforms.HorizontalFlip"))
    assert load(old, tmp_path / "p.json", version).name == "p"


@pytest.mark.parametrize(
    ("transform", "reason"),
    [
        ("RandomScale: {scale_limit: [90, 90]}", "it would become .* pixels by RandomScale"),
        ("Pad: {padding: 6000}", "it would become 12300×12200 pixels by Pad"),
        ("SmallestMaxSize: {max_size: 9000}", "it would become 13500×9000 pixels by"),
        ("ThinPlateSpline: {num_control_points: 10}", "it would take 6 GB of memory by ThinPlate"),
        ("RandomCrop: {height: 2000, width: 2000}", "RandomCrop failed on it: Crop size"),
    ],
)
def test_a_result_too_large_for_an_image_makes_it_a_bad_image(transform: str, reason: str) -> None:
    views = Views(Recipe.parse(f"techniques: [{transform[:-1]}, p: 1}}]"))
    size = (2500, 3000) if "ThinPlate" in transform else (200, 300)
    set_max_pixels("100000000")
    try:
        with pytest.raises(BadImageError, match=reason):
            views.render(np.zeros((*size, 3), np.uint8), views.params("x", 1))
    finally:
        set_max_pixels(None)


@pytest.mark.parametrize(
    "technique", ["resize: {size: 60000}", "pad: {by: 10}", "resize: {size: [60000, 60000]}"]
)
def test_a_view_too_large_is_refused_before_memory_is_taken(technique: str) -> None:
    views = Views(Recipe.parse(f"techniques: [{technique}]"))
    pixels = np.zeros((700, 700), np.uint8)
    start = time.process_time()
    with pytest.raises(BadImageError, match=r"would become \d+×\d+ pixels"):
        views.render(pixels, views.params("x", 1))
    batches, rows = ViewBatches(views, ["x", "y"]), np.arange(2)
    with pytest.raises(BadImageError, match=r"would become \d+×\d+ pixels"):
        batches.render(np.stack([pixels, pixels]), batches.choices(rows, 1))
    assert time.process_time() - start < 2
