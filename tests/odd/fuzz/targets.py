"""What the fuzzers run: decoding, recipes, records of an expanded folder, names."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from expand import expand
from expand.engines.local import LocalEngine
from expand.errors import BadImageError, ExpandError
from expand.images.decoder import Decoded, decode
from expand.images.encoder import encode
from expand.images.formats import FORMATS
from expand.job.checks.verify import verify
from expand.job.remaking.replay import replay
from expand.layouts.names import COPY, copy_name, split_suffix
from expand.recipes.recipe import Recipe
from expand.techniques.catalogue.library import load_library
from tests.odd.files.case import by_pillow, picture
from tests.odd.fuzz.mutations import TOKENS, mutate_bytes, mutate_text
from tests.odd.make_odd_files import odd_files

Run = Callable[[int], None]
LARGEST_SEED = 20_000
SMALL = 1 << 16
"""Pixels of an image that is also encoded."""


def images(folder: Path) -> Run:
    """Decode mutated files; what is read has a declared type, and can be written and read."""
    seeds = [case.data for _, case in odd_files() if 0 < len(case.data) < LARGEST_SEED]

    def run(number: int) -> None:
        rng = random.Random(number)
        data = mutate_bytes(rng, rng.choice(seeds), seeds)
        (folder / "last").write_bytes(data)
        try:
            decoded = decode(data)
        except BadImageError as error:
            reason = str(error)
        else:
            reason = _check(decoded)
        assert reason.isprintable(), f"the reason {reason!r} holds control characters"

    return run


def _check(decoded: Decoded) -> str:
    """Check what was read; return the reason why it cannot be written, "" if it can."""
    pixels = decoded.pixels
    assert pixels.dtype in (np.uint8, np.uint16), pixels.dtype
    assert pixels.ndim in (2, 3), pixels.shape
    assert pixels.size, pixels.shape
    assert decoded.encoding.format in FORMATS
    if pixels.size >= SMALL:
        return ""
    try:
        file = encode(pixels, decoded.encoding)
    except BadImageError as error:
        return str(error)
    again = decode(file).pixels
    assert again.shape == pixels.shape, f"{pixels.shape} is written, {again.shape} read"
    assert again.dtype == pixels.dtype, f"{pixels.dtype} is written, {again.dtype} read"
    if decoded.encoding.quality is None:
        assert np.array_equal(again, pixels), "other pixels are read than were written"
    return ""


def recipes(folder: Path) -> Run:
    """Load mutated recipes and saved pipelines."""
    seeds = _recipes()

    def run(number: int) -> None:
        rng = random.Random(number)
        text = mutate_text(rng, rng.choice(seeds), seeds)
        path = folder / "recipe.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        recipe = Recipe.load(path)
        assert len(recipe.techniques) < 1000
        hash(recipe.distinct)

    return run


def _recipes() -> list[str]:
    import albumentations as library
    import yaml

    builtin = Path(__file__).parents[3] / "expand/recipes"
    pipelines = (
        library.Compose([library.HorizontalFlip(p=0.5), library.Rotate((-10, 10), p=1)]),
        library.Compose([library.GaussianBlur(p=1), library.RandomBrightnessContrast(p=1)]),
        library.Compose([library.OneOf([library.InvertImg(p=1), library.Transpose(p=1)], p=1)]),
    )
    saved = [yaml.safe_dump(pipeline.to_dict()) for pipeline in pipelines]
    own = [path.read_text() for path in sorted(builtin.glob("*.yaml"))]
    more = [
        "name: x\nfill: {colour: [1, 2, 3]}\ntechniques:\n  - crop: {area: [0.5, 1]}\n  - resize: 32\n"
    ]
    return own + saved + more


def records(folder: Path) -> Run:
    """Verify, replay and resume a folder with a mutated run card or manifest."""
    load_library()  # a misspelt technique does that, and it takes more memory than an input may
    src, whole = folder / "src", folder / "whole"
    for label in ("a", "b"):
        (src / label).mkdir(parents=True)
        for i in range(2):
            (src / label / f"{i}.png").write_bytes(by_pillow(picture(6, 5, 3, seed=i), "PNG"))
    expand(src, whole, factor=2, workers=1)
    names = ("expand.json", "metadata.jsonl")
    seeds = [(whole / name).read_bytes().decode() for name in names]
    outside = {"out", *(path.name for path in folder.iterdir())}

    def run(number: int) -> None:
        rng = random.Random(number)
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(whole, out)
        which = rng.randrange(2)
        text = seeds[which]
        if which and rng.random() < 0.5:
            old, new = rng.choice(
                (
                    ("a/0", "../a/0"),
                    ("a/0_v1", "/tmp/odd_fuzz"),
                    ("a/1.png", ""),
                    ('"view": 1', '"view": -1'),
                )
            )
            text = text.replace(old, new)
        changed = mutate_text(rng, text, seeds)
        (out / names[which]).write_bytes(changed.encode("utf-8", "surrogatepass"))
        files = sorted(path.relative_to(src) for path in src.rglob("*"))
        with suppress(ExpandError):
            verify(out, LocalEngine(1))
        with suppress(ExpandError):
            replay(out, "a/0_v1.png")
        with suppress(ExpandError):
            expand(src, out, factor=2, workers=1)
        assert sorted(path.relative_to(src) for path in src.rglob("*")) == files
        assert {path.name for path in folder.iterdir()} == outside
        assert not Path("/tmp/odd_fuzz.png").exists()

    return run


def names(_folder: Path) -> Run:
    """Name copies of odd names; the original's stem, number and suffix can be read back."""
    suffixes = sorted(suffix for kind in FORMATS.values() for suffix in kind.suffixes)

    def run(number: int) -> None:
        rng = random.Random(number)
        parts = [
            rng.choice((*TOKENS, "a", "_v1", ".png", ".", "_v", "x" * 90))
            for _ in range(rng.randrange(1, 6))
        ]
        stem = "".join(parts).replace("\0", "").strip("/") or "x"
        name = f"cat/{stem}{rng.choice(suffixes)}"
        k = rng.choice((1, 2, 10, 10**6))
        for kind in ("keep", "png", "jpg", "webp"):
            copy = copy_name(name, k, kind)
            match = COPY.match(copy)
            assert match, copy
            assert int(match["view"]) == k
            assert match["stem"] in (name, split_suffix(name)[0]), copy
            assert copy.rpartition("/")[0] == name.rpartition("/")[0], copy

    return run


TARGETS: dict[str, Callable[[Path], Run]] = {
    "images": images,
    "recipes": recipes,
    "records": records,
    "names": names,
}
