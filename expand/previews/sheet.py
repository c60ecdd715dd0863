"""The contact sheet: rows of images with captions, as a PNG file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from expand.images.pixels import Pixels

CELL, GAP, LINE, TEXT = 240, 14, 16, 13
PAPER, INK, FAINT, FRAME = (255, 255, 255), (20, 20, 20), (110, 110, 110), (200, 200, 200)
Row = list[tuple[str, Pixels]]
"""The source and its views, each with a caption."""


def draw_sheet(rows: Sequence[Row], title: str, cell: int = CELL) -> bytes:
    """Draw a sheet with a title and headings; return a PNG file.

    Images are enlarged or reduced to fit `cell` pixels.
    """
    font = ImageFont.load_default(TEXT)
    fitted = [[(text, fit(pixels, cell)) for text, pixels in row] for row in rows]
    for row in fitted:
        row[0] = (_shorten(row[0][0], font, cell), row[0][1])
    talls = [max(image.height for _, image in row) for row in fitted]
    heights = [
        tall + LINE * max(2 + text.count("\n") for text, _ in row) + GAP
        for tall, row in zip(talls, fitted, strict=True)
    ]
    columns, top = max(map(len, fitted)), 2 * GAP + 2 * LINE
    sheet = Image.new("RGB", (GAP + columns * (cell + GAP), top + sum(heights)), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, GAP), title, INK, font)
    for column in range(columns):
        heading = "view 0: the original" if column == 0 else f"view {column}"
        pen.text((GAP + column * (cell + GAP), GAP + LINE + 4), heading, FAINT, font)
    for row, tall, height in zip(fitted, talls, heights, strict=True):
        _draw_row(sheet, pen, row, top, (cell, tall))
        top += height
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _draw_row(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    row: Sequence[tuple[str, Image.Image]],
    top: int,
    room: tuple[int, int],
) -> None:
    """Draw the images of a row in frames, with their captions below.

    `room` is the width and height that each has.
    """
    cell, tall = room
    font = ImageFont.load_default(TEXT)
    for column, (text, image) in enumerate(row):
        x = GAP + column * (cell + GAP)
        pen.rectangle((x - 1, top - 1, x + image.width, top + image.height), outline=FRAME)
        sheet.paste(image, (x, top))
        pen.multiline_text((x, top + tall + 5), text, INK, font, spacing=3)


def fit(pixels: Pixels, cell: int = CELL) -> Image.Image:
    """Convert pixels of any kind to RGB, enlarged by a whole factor or reduced to fit `cell`."""
    shown = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if shown.ndim == 3 and shown.shape[2] not in (3, 4):
        shown = shown[..., :3] if shown.shape[2] > 4 else shown[..., 0]
    image = Image.fromarray(np.ascontiguousarray(shown)).convert("RGB")
    scale = cell / max(image.size)
    if scale >= 1:
        return image.resize(
            [int(side * int(scale)) for side in image.size], Image.Resampling.NEAREST
        )
    return image.resize(
        [max(1, round(side * scale)) for side in image.size], Image.Resampling.LANCZOS
    )


def _shorten(text: str, font: Any, width: int) -> str:
    """Shorten a path to the end that fits in a column."""
    shown = text
    while font.getlength(shown) > width and len(shown) > 4:
        shown = "..." + shown.removeprefix("...")[1:]
    return shown
