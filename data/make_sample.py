"""Draw the sample data: 8 classes of simple objects, 64×64 pixels, as PNG and JPEG files.

In train/ the objects are upright, centred, and face the same way. In test/ they are rotated,
shifted, scaled, mirrored and noisy, which is what augmentation teaches. The command
`python data/make_sample.py` always draws the same files. They have the licence of the project.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

SIDE, FINE = 64, 4
TRAIN, TEST = 25, 50
Colour = tuple[int, int, int]
Pen = ImageDraw.ImageDraw


class Artist:
    """Draws on the unit square, with proportions that vary a little."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        back = [rng.randint(120, 235) for _ in range(3)]
        self.back: Colour = (back[0], back[1], back[2])
        self.picture = Image.new("RGB", (SIDE * FINE, SIDE * FINE), self.back)
        self.pen: Pen = ImageDraw.Draw(self.picture)
        self.main = self.colour(20, 130)
        self.second = self.colour(60, 200)

    def colour(self, low: int, high: int) -> Colour:
        """Draw a random colour."""
        red, green, blue = (self.rng.randint(low, high) for _ in range(3))
        return red, green, blue

    def vary(self, value: float, by: float = 0.03) -> float:
        """Return the value plus a uniform offset of at most `by`."""
        return value + self.rng.uniform(-by, by)

    def polygon(self, *points: tuple[float, float], colour: Colour | None = None) -> None:
        """Fill a polygon."""
        self.pen.polygon(
            [(x * SIDE * FINE, y * SIDE * FINE) for x, y in points], fill=colour or self.main
        )

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour | None = None) -> None:
        """Fill a rectangle."""
        self.polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1), colour=colour)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Colour | None = None) -> None:
        """Fill an ellipse."""
        box = [side * SIDE * FINE for side in (x - rx, y - ry, x + rx, y + ry)]
        self.pen.ellipse(box, fill=colour or self.main)


def boat(a: Artist) -> None:
    deck, mast = a.vary(0.66), a.vary(0.44)
    a.polygon((0.14, deck), (0.86, deck), (0.72, 0.84), (0.26, 0.84))
    a.box(mast, 0.14, mast + 0.04, deck)
    a.polygon(
        (mast + 0.05, a.vary(0.18)),
        (a.vary(0.82), deck - 0.06),
        (mast + 0.05, deck - 0.06),
        colour=a.second,
    )


def cup(a: Artist) -> None:
    top, left, right = a.vary(0.3), a.vary(0.22), a.vary(0.62)
    a.disc(right + 0.04, 0.54, 0.17, 0.15)
    a.disc(right + 0.04, 0.54, 0.1, 0.08, colour=a.back)
    a.polygon((left, top), (right, top), (right - 0.05, 0.82), (left + 0.05, 0.82))
    a.disc((left + right) / 2, top, (right - left) / 2, 0.05, colour=a.second)


def fish(a: Artist) -> None:
    long, tall = a.vary(0.27), a.vary(0.16)
    a.polygon(
        (0.62, 0.5),
        (0.88, 0.5 - a.vary(0.2)),
        (0.82, 0.5),
        (0.88, 0.5 + a.vary(0.2)),
        colour=a.second,
    )
    a.disc(0.42, 0.5, long, tall)
    a.polygon((0.36, 0.5 - tall), (0.54, 0.5 - tall), (0.5, 0.22), colour=a.second)
    a.disc(0.25, 0.46, 0.03, 0.03, colour=(245, 245, 245))


def house(a: Artist) -> None:
    eaves = a.vary(0.46)
    a.box(0.22, eaves, 0.78, 0.86)
    a.polygon((0.14, eaves), (0.5, a.vary(0.16)), (0.86, eaves), colour=a.second)
    a.box(0.6, 0.17, 0.68, 0.36, colour=a.second)
    a.box(0.3, 0.62, 0.44, 0.86, colour=a.back)
    a.box(0.54, 0.56, 0.7, 0.7, colour=a.back)


def key(a: Artist) -> None:
    ring = a.vary(0.16)
    a.disc(0.5, 0.28, ring, ring)
    a.disc(0.5, 0.28, ring * 0.5, ring * 0.5, colour=a.back)
    a.box(0.46, 0.4, 0.54, 0.88)
    a.box(0.54, a.vary(0.66, 0.02), 0.68, 0.73)
    a.box(0.54, 0.79, a.vary(0.66), 0.86)


def lamp(a: Artist) -> None:
    shade = a.vary(0.44)
    a.polygon(
        (0.36, 0.16), (0.64, 0.16), (a.vary(0.8), shade), (a.vary(0.2), shade), colour=a.second
    )
    a.box(0.47, shade, 0.53, 0.8)
    a.disc(0.5, 0.82, a.vary(0.2), 0.06)
    a.box(0.64, shade, 0.66, a.vary(0.6))


def mushroom(a: Artist) -> None:
    wide, top = a.vary(0.32), a.vary(0.48)
    a.polygon((0.43, top), (0.57, top), (0.62, 0.86), (0.38, 0.86), colour=a.second)
    a.pen.pieslice(
        [
            (0.5 - wide) * SIDE * FINE,
            0.16 * SIDE * FINE,
            (0.5 + wide) * SIDE * FINE,
            0.86 * SIDE * FINE,
        ],
        180,
        360,
        fill=a.main,
    )
    for x, y in ((0.38, 0.4), (0.52, 0.28), (0.63, 0.42)):
        a.disc(a.vary(x), a.vary(y, 0.02), 0.045, 0.04, colour=(240, 240, 240))


def tree(a: Artist) -> None:
    a.box(0.45, 0.68, 0.55, 0.9, colour=a.second)
    for top, bottom, half in ((0.1, 0.38, 0.2), (0.26, 0.56, 0.27), (0.42, 0.74, 0.34)):
        half = a.vary(half)
        a.polygon((0.5, top), (0.5 - half, bottom), (0.5 + half, bottom))


CLASSES: tuple[Callable[[Artist], None], ...] = (boat, cup, fish, house, key, lamp, mushroom, tree)


def draw(kind: Callable[[Artist], None], rng: random.Random) -> Artist:
    """Draw an object, upright and centred, at four times its final size."""
    artist = Artist(rng)
    kind(artist)
    return artist


def disturb(artist: Artist, rng: random.Random) -> Image.Image:
    """Mirror or not, rotate by up to 20°, scale by 0.85 … 1.15, shift by up to 12 %."""
    picture = artist.picture
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    side, zoom = SIDE * FINE, rng.uniform(0.85, 1.15)
    shift = (rng.uniform(-0.12, 0.12) * side, rng.uniform(-0.12, 0.12) * side)
    turned = picture.rotate(
        rng.uniform(-20, 20), Image.Resampling.BICUBIC, translate=shift, fillcolor=artist.back
    )
    margin = side / 2 * (1 - 1 / zoom)
    data = (1 / zoom, 0, margin, 0, 1 / zoom, margin)
    return turned.transform(
        (side, side), Image.Transform.AFFINE, data, Image.Resampling.BICUBIC, fillcolor=artist.back
    )


def add_noise(picture: Image.Image, rng: random.Random) -> None:
    """Turn 1 … 3 % of the pixels white or black."""
    for _ in range(round(rng.uniform(0.01, 0.03) * SIDE * SIDE)):
        value = rng.choice((0, 255))
        picture.putpixel((rng.randrange(SIDE), rng.randrange(SIDE)), (value, value, value))


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture in the format of its suffix."""
    if path.suffix == ".png":
        picture.save(path, optimize=True)
    else:
        picture.save(path, quality=85)


def main() -> None:
    """Draw train/ and test/ next to this file."""
    here = Path(__file__).parent
    for part, count in (("train", TRAIN), ("test", TEST)):
        shutil.rmtree(here / part, ignore_errors=True)
        for kind in CLASSES:
            folder = here / part / kind.__name__
            folder.mkdir(parents=True)
            for index in range(count):
                rng = random.Random(f"{part}/{kind.__name__}/{index}")
                artist = draw(kind, rng)
                picture = artist.picture if part == "train" else disturb(artist, rng)
                picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
                noisy = part == "test" and rng.random() < 0.5
                if noisy:
                    add_noise(picture, rng)
                save(picture, folder / f"{index:02d}{'.jpg' if index % 2 else '.png'}")
    print(f"{here}: {len(CLASSES)} classes, {TRAIN} training and {TEST} test images each")


if __name__ == "__main__":
    main()
