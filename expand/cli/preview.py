"""Preview: a contact sheet, a row a source, a column a view, each with its parameters."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from expand.errors import BadImageError, ExpandError
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.layouts.class_folders import list_sources
from expand.layouts.source import read_source
from expand.recipes.recipe import Recipe

CELL, GAP, LINE, TEXT = 240, 14, 16, 13
PAPER, INK, FAINT = (255, 255, 255), (20, 20, 20), (110, 110, 110)


def contact_sheet(src: Path, settings: Settings, rows: int) -> bytes:
    """Return a PNG with `rows` sources, spread over the classes, and all views of each; bad images are passed over."""
    sheet_rows = []
    with list_sources(src) as listing:
        step = max(1, len(listing) // rows)
        for source in islice(listing, step // 2, None, step):
            try:
                pixels = decode(read_source(src / source.id)).pixels
                sheet_rows.append([(source.id, pixels), *_views(source.id, pixels, settings)])
            except BadImageError:
                continue
            if len(sheet_rows) == rows:
                break
    if not sheet_rows:
        raise ExpandError(f'no image of "{src}" can be used')
    return _draw(
        sheet_rows,
        f"recipe {settings.recipe.name}, seed {settings.seed}, {settings.sampling} views",
    )


def _views(source_id: str, pixels: Pixels, settings: Settings) -> list[tuple[str, Pixels]]:
    views = settings.views
    rendered = [views.render(pixels, views.params(source_id, k)) for k in range(1, settings.factor)]
    return [(caption(view.params, settings.recipe), view.pixels) for view in rendered]


def caption(params: dict[str, Any], recipe: Recipe) -> str:
    """Return a view's parameters in a few short lines; what changes nothing is left out."""
    steps = zip(recipe.keys, recipe.techniques, strict=True)
    lines = [technique.caption(params[key]) for key, technique in steps]
    return "\n".join(filter(None, lines)) or "nothing changed"


def _draw(rows: list[list[tuple[str, Pixels]]], title: str) -> bytes:
    """Return the sheet as a PNG."""
    font = ImageFont.load_default(TEXT)
    drawn = [
        [
            (_shorten(row[0][0], font), fit(row[0][1])),
            *((text, fit(pixels)) for text, pixels in row[1:]),
        ]
        for row in rows
    ]
    pictures = [max(image.height for _, image in row) for row in drawn]
    heights = [
        tall + LINE * max(2 + text.count("\n") for text, _ in row) + GAP
        for tall, row in zip(pictures, drawn, strict=True)
    ]
    columns, top = max(map(len, drawn)), 2 * GAP + 2 * LINE
    sheet = Image.new("RGB", (GAP + columns * (CELL + GAP), top + sum(heights)), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, GAP), title, INK, font)
    for column in range(columns):
        heading = "view 0: the original" if column == 0 else f"view {column}"
        pen.text((GAP + column * (CELL + GAP), GAP + LINE + 4), heading, FAINT, font)
    for row, tall, height in zip(drawn, pictures, heights, strict=True):
        for column, (text, image) in enumerate(row):
            x = GAP + column * (CELL + GAP)
            pen.rectangle(
                (x - 1, top - 1, x + image.width, top + image.height), outline=(200, 200, 200)
            )
            sheet.paste(image, (x, top))
            pen.multiline_text((x, top + tall + 5), text, INK, font, spacing=3)
        top += height
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def fit(pixels: Pixels) -> Image.Image:
    """Return pixels of any kind as an RGB image that fits a cell: small ones enlarged by whole steps, large ones averaged."""
    shown = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if shown.ndim == 3 and shown.shape[2] not in (3, 4):
        shown = shown[..., :3] if shown.shape[2] > 4 else shown[..., 0]
    image = Image.fromarray(np.ascontiguousarray(shown)).convert("RGB")
    scale = CELL / max(image.size)
    if scale >= 1:
        return image.resize(
            [int(side * int(scale)) for side in image.size], Image.Resampling.NEAREST
        )
    return image.resize(
        [max(1, round(side * scale)) for side in image.size], Image.Resampling.LANCZOS
    )


def _shorten(text: str, font: Any) -> str:
    """Return a path, or so much of its end as fits a cell's width."""
    shown = text
    while font.getlength(shown) > CELL and len(shown) > 4:
        shown = "..." + shown.removeprefix("...")[1:]
    return shown
