"""Too little memory: a library, an image or a worker that gets none is named, with its status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from expand import ExpandError, expand
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from tests.conftest import Folder, noise_image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")


def limited(kilobytes: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in so much memory."""
    words = [sys.executable, "-m", "expand", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if "COV" not in key}
    return subprocess.run(
        ["bash", "-c", f'ulimit -c 0; ulimit -v {kilobytes}; exec "$@"', "bash", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


@pytest.mark.parametrize("kilobytes", [150_000, 250_000])
def test_a_library_that_gets_no_memory_is_no_missing_package(
    kilobytes: int, class_folder: Folder, tmp_path: Path
) -> None:
    done = limited(kilobytes, class_folder(2), tmp_path / "out")
    assert done.returncode == 3, done.stderr
    assert "not enough memory" in done.stderr
    assert "pip install" not in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_an_image_that_gets_no_memory_is_not_called_damaged(
    workers: int, class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(2)
    cv2.imwrite(str(src / "cat/large.png"), np.zeros((6000, 6000, 3), np.uint8))
    done = limited(500_000, src, tmp_path / "out", "--workers", workers, "--factor", 2)
    assert done.returncode in (1, 3), done.stderr
    assert "memory" in done.stdout + done.stderr
    assert "damaged" not in done.stdout + done.stderr


def test_a_library_that_fails_for_lack_of_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise_image(20, 20, 3)
    data = encode(pixels, Encoding("PNG"))
    monkeypatch.setattr("expand.images.decoder.has_memory", lambda _size: False)
    monkeypatch.setattr("expand.images.encoder.has_memory", lambda _size: False)
    assert decode(data).pixels.shape == (20, 20, 3)
    with pytest.raises(ExpandError, match="does not fit into memory"):
        decode(data[:-40])
    monkeypatch.setattr(cv2, "imencode", lambda *_: (False, None))
    with pytest.raises(MemoryError):
        encode(pixels, Encoding("PNG"))


def test_a_limit_on_processes_stops_the_run_with_a_sentence(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr("expand.job.run.CHUNK_SOURCES", 1)
    with pytest.raises(ExpandError, match="use fewer than --workers 3") as error:
        expand(class_folder(3), tmp_path / "out", workers=3)
    assert error.value.status == 3
    monkeypatch.undo()
    assert expand(tmp_path / "src", tmp_path / "out", workers=3).status == 0
