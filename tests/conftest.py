"""What many tests need: images with something to see in them, and folders of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

from expand import interrupts
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.pixels import Pixels
from tests.servers.google_azure import Buckets, serve, variables_of
from tests.servers.s3 import AWS, S3
from tests.stores import variables

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
cv2.setNumThreads(1)
# a loaded machine is not a failure: no deadline
settings.register_profile("fast", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=200)  # make slow
settings.load_profile("fast")
# A shell that runs the tests in the background turns Ctrl-C off for them.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Hide a GPU from tests that are not about one: they say what happens on a CPU."""
    if config.option.markexpr != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Give each test the signal handlers that the tests began with: commands set their own."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    interrupts.settle()
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def examples(count: int) -> int:
    """Scale the number of examples of a law, `count` in a profile of 100, to the profile in use."""
    return max(10, count * settings.default.max_examples // 100)


def noise_image(
    height: int, width: int, channels: int | None = None, *, depth: type = np.uint8, seed: int = 0
) -> Pixels:
    """Return an image of pure noise: the hardest to interpolate, and without any symmetry."""
    shape = (height, width) if channels is None else (height, width, channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(depth).max + 1, shape).astype(depth)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """Return a server of S3, one for all tests, with the environment that leads to it."""
    server = S3()
    with variables(AWS_ENDPOINT_URL=server.endpoint, **AWS):
        yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3) -> str:
    """Return the URL of an empty bucket."""
    return s3_server.bucket()


Folder = Callable[..., Path]


@pytest.fixture
def class_folder(tmp_path: Path) -> Folder:
    """Return a function that makes a folder of class folders: {"cat/1.png": pixels or bytes}."""

    def make(files: dict[str, object] | int = 3, name: str = "src") -> Path:
        if isinstance(files, int):
            names = [
                f"{label}/{index}.{suffix}"
                for label in ("cat", "dog")
                for index, suffix in zip(range(files), "pjpjpjpjpj" * 9, strict=False)
            ]
            files = {
                name.replace(".p", ".png").replace(".j", ".jpg"): noise_image(12, 10, 3, seed=i)
                for i, name in enumerate(names)
            }
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for file, content in files.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, np.ndarray):
                kind = {
                    ".jpg": Encoding("JPEG", 80),
                    ".tif": Encoding("TIFF"),
                    ".webp": Encoding("WEBP"),
                }.get(path.suffix, Encoding("PNG"))
                content = encode(content, kind)
            path.write_bytes(content)
        return root

    return make


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder but the run card, which holds times."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != "expand.json"
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(params=["gs", "az"])
def cloud(request: pytest.FixtureRequest) -> Iterator[tuple[str, Buckets]]:
    """Return the URL of an empty bucket of another provider than S3, and its server."""
    for server in serve(request.param):
        with variables(NO_PROXY="127.0.0.1", **variables_of(server)):
            yield f"{request.param}://bucket", server
