"""Environments: one for each peer, since some need companions of another age."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2] / ".venv-benchmarks"
REQUIREMENTS = {
    "augmentor": ["Augmentor==0.2.12", "pillow==9.5.0", "numpy==1.26.4"],
    "imgaug": [
        "numpy==1.23.5",
        "opencv-python-headless==4.8.1.78",
        "scikit-image==0.21.0",
        "scipy==1.15.3",
        "imageio==2.29.0",
        "matplotlib==3.10.9",
        "shapely==2.1.2",
        "six==1.17.0",
    ],
    "albumentations": ["albumentations==2.0.8", "opencv-python-headless==5.0.0.93"],
    "torchvision": ["torchvision==0.29.1", "numpy", "pillow"],
}
ALONE = {"imgaug": "imgaug==0.4.0"}
"""Installed without what it asks for, which would add a second OpenCV with a window system."""


class UnavailableError(Exception):
    """A peer cannot be installed here."""


def python_of(name: str, root: Path = ROOT) -> str:
    """Return the interpreter of an environment, made at the first call; "" is this one.

    Raise `UnavailableError` if a package cannot be installed, for this Python or at all.
    """
    if not name:
        return sys.executable
    folder = root / name
    python, finished = folder / "bin" / "python", folder / "installed"
    if not finished.exists():
        print(f"installing {', '.join(requirements(name))}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        _install(str(python), *REQUIREMENTS[name])
        if name in ALONE:
            _install(str(python), "--no-deps", ALONE[name])
        finished.touch()
    return str(python)


def requirements(name: str) -> list[str]:
    """Return what an environment has, the peer itself first."""
    return [*filter(None, [ALONE.get(name)]), *REQUIREMENTS[name]]


def _install(python: str, *what: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--quiet", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise UnavailableError(f"cannot be installed for Python {sys.version.split()[0]}: {last}")
