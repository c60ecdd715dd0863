"""The galleries: every native technique, every fill and moved labels, drawn by the build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from draw_picture import draw_picture
from labelled import draw_views
from PIL import Image

from expand import Recipe, Views
from expand.previews.rows import caption
from expand.techniques import NATIVE

if TYPE_CHECKING:
    from sphinx.application import Sphinx

VIEWS = 6
SETTINGS = {
    "rotate": "{degrees: [-30, 30]}",
    "scale": "{zoom: [0.7, 1.5]}",
    "translate": "{x: 0.2, y: 0.2}",
    "flip": "{axes: [horizontal, vertical]}",
    "pad": "{by: 0.15, factor: 2}",
    "resize": "{size: [120, 120], factor: 2}",
    "noise": "{amount: [0.01, 0.1], factor: 6}",
    "erase": "{area: [0.02, 0.2], factor: 6}",
}
"""What the gallery shows of a technique; one that is not listed is shown with its defaults."""
FILLS = ("background", "edge", "reflect", "128", "[200, 60, 40]")
FILLED = "[{rotate: {degrees: [20, 25]}}, {translate: {x: [0.15, 0.2], y: [-0.15, -0.1]}}]"
NAMED = ("classic", "blog", "detect")


def setup(app: Sphinx) -> dict[str, bool]:
    """Draw the gallery before Sphinx reads the pages."""
    app.connect("config-inited", lambda app, _config: write_gallery(Path(app.srcdir)))
    return {"parallel_read_safe": True}


def write_gallery(docs: Path) -> None:
    """Write the pictures, and the parts of pages that show them, to `docs/_generated`."""
    folder = docs / "_generated"
    folder.mkdir(exist_ok=True)
    for name, lines in (
        ("recipes", _recipes(folder)),
        ("techniques", _techniques(folder)),
        ("fills", _fills(folder)),
        ("labels", _labels(folder)),
    ):
        (folder / f"{name}.inc.md").write_text("\n".join(lines) + "\n", "utf-8")


def _recipes(folder: Path) -> Iterator[str]:
    for name in NAMED:
        yield f"### `{name}`\n"
        yield from _row(folder, name, Recipe.load(name))


def _techniques(folder: Path) -> Iterator[str]:
    for name, kind in NATIVE.items():
        settings = SETTINGS.get(name, "{}")
        recipe = Recipe.parse(f"techniques: [{name}: {settings}]", name)
        yield f"### {name}\n\n{(kind.__doc__ or '').strip().splitlines()[0]}\n"
        yield f"```yaml\n- {name}: {settings}\n```\n"
        yield from _row(folder, name, recipe)


def _row(folder: Path, name: str, recipe: Recipe) -> Iterator[str]:
    """Yield a row of the gallery: the picture and its next views, each with what was drawn."""
    views, picture = Views(recipe), draw_picture()
    count = min(recipe.distinct or VIEWS, VIEWS)
    yield "::::{container} gallery"
    for k in range(count):
        params = views.params("picture.png", k)
        pixels = views.render(picture, params).pixels
        file = folder / f"{name}-{k}.png"
        Image.fromarray(pixels).save(file)
        text = "the original" if k == 0 else caption(params, recipe).replace("\n", ", ")
        yield from _figure(file, f"{name}, view {k}", text)
    yield "::::\n"


def _fills(folder: Path) -> Iterator[str]:
    yield "::::{container} gallery"
    for fill in FILLS:
        views = Views(Recipe.parse(f"techniques: {FILLED}\nfill: {fill}", "fill"))
        pixels = views.render(draw_picture(), views.params("picture.png", 1)).pixels
        file = folder / f"fill-{fill.strip('[]').replace(', ', '-')}.png"
        Image.fromarray(pixels).save(file)
        yield from _figure(file, f"fill {fill}", f"`fill: {fill}`")
    yield "::::\n"


def _labels(folder: Path) -> Iterator[str]:
    yield "::::{container} gallery wide"
    for name, pixels in draw_views():
        file = folder / f"labels-{name.replace(' ', '-')}.png"
        Image.fromarray(pixels).save(file)
        text = name if name == "the original" else f"a view of `{name}`"
        yield from _figure(file, f"labels, {name}", text)
    yield "::::\n"


def _figure(file: Path, alt: str, text: str) -> Iterator[str]:
    yield f":::{{figure}} _generated/{file.name}\n:alt: {alt}\n\n{text}\n:::"
