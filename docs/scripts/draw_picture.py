"""Draw the picture that the gallery shows: a house, a tree and hills under a cloudy sky."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, ZOOM = 320, 240, 3
"""Size in pixels, and how many times larger the picture is drawn before it is averaged."""


def draw_picture() -> NDArray[np.uint8]:
    """Draw the landscape (240×320×3 uint8, RGB); the same pixels on every call."""
    rng = np.random.default_rng(7)
    picture = sky(rng)
    hills(picture)
    meadow = texture(rng, 3)
    picture = grass(picture, meadow)
    pen = ImageDraw.Draw(picture)
    house(pen)
    tree(pen, rng)
    fence(pen)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    grain = rng.normal(0, 3, (HEIGHT, WIDTH, 1))
    light = 1.05 - 0.2 * np.linspace(0, 1, WIDTH)[None, :, None]
    return np.clip(np.asarray(small) * light + grain, 0, 255).astype(np.uint8)


def texture(rng: np.random.Generator, roughness: int) -> NDArray[np.float64]:
    """Return smooth noise (H×W, about -1 … 1): octaves of random grids, enlarged and added."""
    size = (WIDTH * ZOOM, HEIGHT * ZOOM)
    total = np.zeros(size[::-1])
    for octave in range(roughness, roughness + 5):
        grid = Image.fromarray(rng.uniform(-1, 1, (2**octave, 2**octave)).astype(np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 2 ** (octave - roughness)
    return total / 1.5


def sky(rng: np.random.Generator) -> Image.Image:
    """Return the background: blue that pales towards the horizon, clouds and a sun."""
    down = np.linspace(0, 1, HEIGHT * ZOOM)[:, None, None]
    blue = np.array([70, 130, 205]) * (1 - down) + np.array([225, 232, 235]) * down
    cloud = np.clip(texture(rng, 2) * 1.4 - 0.1, 0, 1)[..., None] * (1 - down)
    colours = np.clip(blue * (1 - cloud) + 250 * cloud, 0, 255).astype(np.uint8)
    picture = Image.fromarray(colours)
    glow = Image.new("L", picture.size)
    ImageDraw.Draw(glow).ellipse(box(248, 18, 290, 60), fill=255)
    picture.paste((255, 240, 190), mask=glow.filter(ImageFilter.GaussianBlur(3 * ZOOM)))
    return picture


def hills(picture: Image.Image) -> None:
    """Draw two ranges of hills, the farther one paler."""
    pen = ImageDraw.Draw(picture)
    across = np.arange(WIDTH + 1)
    for height, swing, colour in ((128, 17, (120, 150, 165)), (146, 11, (90, 130, 95))):
        ridge = height + swing * np.sin(across / 47 + height) + swing / 3 * np.sin(across / 13)
        edge = list(zip(across * ZOOM, ridge * ZOOM, strict=True))
        pen.polygon([(0, HEIGHT * ZOOM), *edge, (WIDTH * ZOOM, HEIGHT * ZOOM)], fill=colour)


def grass(picture: Image.Image, meadow: NDArray[np.float64]) -> Image.Image:
    """Cover the lower third with grass, darker towards the viewer."""
    pixels = np.asarray(picture).astype(np.float64)
    top = 158 * ZOOM
    depth = np.linspace(1, 0.75, pixels.shape[0] - top)[:, None, None]
    green = np.array([112, 150, 62]) * depth + 38 * meadow[top:, :, None]
    pixels[top:] = green
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def house(pen: ImageDraw.ImageDraw) -> None:
    """Draw a house: two walls, a tiled roof, a chimney, a door and windows."""
    pen.rectangle(box(66, 94, 78, 124), fill=(140, 80, 66))
    pen.rectangle(box(52, 132, 122, 196), fill=(226, 205, 168))
    pen.polygon(points((122, 132), (160, 124), (160, 186), (122, 196)), fill=(178, 158, 126))
    pen.polygon(points((44, 134), (66, 100), (140, 96), (126, 134)), fill=(164, 66, 52))
    pen.polygon(points((126, 134), (140, 96), (166, 126)), fill=(124, 50, 42))
    for row in range(5):
        y = 106 + 6 * row
        pen.line(points((62 - 4 * row, y), (136 - 2 * row, y - 2)), (130, 48, 40), ZOOM)
    pen.rectangle(box(80, 160, 96, 196), fill=(96, 62, 40))
    pen.ellipse(box(91, 177, 94, 180), fill=(220, 190, 90))
    for left in (60, 102):
        pen.rectangle(box(left, 146, left + 13, 162), fill=(70, 96, 128), outline=(250, 246, 235))
        pen.line(points((left + 6.5, 146), (left + 6.5, 162)), (250, 246, 235), ZOOM)
        pen.line(points((left, 154), (left + 13, 154)), (250, 246, 235), ZOOM)


def tree(pen: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Draw a tree: a trunk and 900 leaves, lighter where the sun is."""
    pen.polygon(points((224, 204), (230, 140), (240, 140), (247, 204)), fill=(92, 66, 44))
    angle, reach = rng.uniform(0, 2 * np.pi, 900), np.sqrt(rng.uniform(0, 1, 900))
    x, y = 235 + 42 * reach * np.cos(angle), 112 + 46 * reach * np.sin(angle)
    for i in np.argsort(-y):
        lit = 0.75 + 0.4 * (x[i] - 235 - (y[i] - 112)) / 88 + rng.uniform(-0.12, 0.12)
        size = rng.uniform(2, 5)
        colour = tuple(int(c * max(lit, 0.35)) for c in (88, 138, 52))
        pen.ellipse(box(x[i] - size, y[i] - size * 0.7, x[i] + size, y[i] + size * 0.7), colour)


def fence(pen: ImageDraw.ImageDraw) -> None:
    """Draw a fence along the lower edge, on the left side only: a mirrored view shows at once."""
    for rail in (212, 222):
        pen.line(points((0, rail), (150, rail + 4)), (238, 232, 220), 2 * ZOOM)
    for left in range(4, 150, 14):
        pen.rectangle(box(left, 204 + left / 38, left + 5, 232 + left / 38), fill=(245, 240, 228))


def box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
    """Return a box at drawing size."""
    return tuple(side * ZOOM for side in (left, top, right, bottom))


def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
    """Return corners at drawing size."""
    return [(x * ZOOM, y * ZOOM) for x, y in pairs]
