"""Small sets of noise on disk, and the images that a strategy shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from tests.conftest import noise_image
from train.data.cache import Cache
from train.data.decoded import decode_folder
from train.data.folders.folder import Folder
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE
from train.feed.dataset import Images, ViewDataset, decoded_images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy

KINDS = {".bmp": Encoding("BMP"), ".png": Encoding("PNG"), ".jpg": Encoding("JPEG", 90)}


def pictures(
    count: int = 4, shape: tuple[int, ...] = (16, 16, 3), suffix: str = ".png", seed: int = 0
) -> dict[str, Pixels]:
    """Return `count` images of noise for each of two classes, by their ids."""
    names = [f"{label}/{index}{suffix}" for label in ("cat", "dog") for index in range(count)]
    return {name: noise_image(*shape, seed=seed + index) for index, name in enumerate(names)}


def write_set(root: Path, images: dict[str, Pixels] | None = None) -> Path:
    """Write images as files below a folder, in the format of each one's suffix; return the folder."""
    for name, pixels in (pictures() if images is None else images).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(pixels, KINDS[path.suffix]))
    return root


def pixels_of(path: Path) -> Pixels:
    """Return the pixels of a file as a model sees them, H×W×C."""
    pixels = decode(path.read_bytes()).pixels
    return pixels[..., None] if pixels.ndim == 2 else pixels


def sampler_of(folder: Folder | Path, name: str, **settings: Any) -> Sampler:
    """Return the sampler of a strategy over a folder."""
    return Sampler(
        list_folder(folder) if isinstance(folder, Path) else folder, Strategy(name, **settings)
    )


def images_of(sampler: Sampler, cache: Path) -> ViewDataset[Any]:
    """Return the images of a sampler's items, from the decoded cache."""
    return decoded_images(
        sampler, decode_folder(list_folder(sampler.folder.root), ANY_SHAPE, Cache(cache)).pixels
    )


def read(images: Images, epoch: int, items: Sequence[int] | None = None) -> NDArray[np.uint8]:
    """Return some items, all if not given, in an epoch: N×H×W×C."""
    chosen = np.arange(len(images.sampler)) if items is None else np.array(items)
    return images.read(epoch, chosen).permute(0, 2, 3, 1).numpy()
