"""Environments: one for each peer, since some need companions of another age."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(".venv-benchmarks")
REQUIREMENTS = {
    "augmentor": ["Augmentor==0.2.12", "pillow<10", "numpy<2"],
    "imgaug": [
        "imgaug==0.4.0",
        "numpy<1.24",
        "opencv-python-headless<4.9",
        "scikit-image<0.22",
        "imageio<2.30",
    ],
    "albumentations": ["albumentations==2.0.8"],
    "torchvision": ["torch", "torchvision", "numpy"],
}


def python_of(name: str) -> str:
    """Return the interpreter of an environment, made at the first call; "" is this one."""
    if not name:
        return sys.executable
    folder = ROOT / name
    python, finished = folder / "bin" / "python", folder / "installed"
    if not finished.exists():
        print(f"installing {', '.join(REQUIREMENTS[name])}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--quiet"]
        subprocess.run([*command, *REQUIREMENTS[name]], check=True)
        finished.touch()
    return str(python)
