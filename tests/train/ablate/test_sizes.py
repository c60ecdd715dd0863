"""Images of different sizes: with --image-size, techniques change the resized ones."""

from __future__ import annotations

import json
from pathlib import Path

from tests.train.ablate.test_command import MOVED
from tests.train.commands import call, draw_set, refusal

LINE = (
    *("--epochs", 2, "--model", "linear", "--precision", "fp32", "--threads", 1, "--seeds", 1),
    *("--design", "single", "--quiet"),
)


def mixed(root: Path) -> Path:
    """Write images of two sizes."""
    draw_set(root, 3, classes=("ant", "bee"))
    return draw_set(root, 3, classes=("cat", "dog"), size=21)


def test_images_of_different_sizes_can_be_ablated(tmp_path: Path) -> None:
    src, test = mixed(tmp_path / "src"), draw_set(tmp_path / "test", 2, classes=("ant", "cat"), seed=1)  # fmt: skip
    (tmp_path / "moved.yaml").write_text(MOVED)
    line = ("ablate", src, "--test", test, "--recipe", tmp_path / "moved.yaml", *LINE, "--cache", tmp_path / "packs", "--out", tmp_path / "out")  # fmt: skip
    assert "give all one size with --image-size" in refusal(*line)
    assert call(*line, "--image-size", 12).exception is None
    found = json.loads((tmp_path / "out/ablation.json").read_text())
    assert found["settings"]["image"] == "12×12×3"
    assert len(found["techniques"]) == 3
