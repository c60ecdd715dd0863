"""The environments of the peers, since some need companions of another age."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.environments import ROOT, Environment

PEERS = {
    each.name: each
    for each in (
        Environment("augmentor", ("Augmentor==0.2.12", "pillow==9.5.0", "numpy==1.26.4")),
        Environment(
            "imgaug",
            (
                "numpy==1.23.5",
                "opencv-python-headless==4.8.1.78",
                "scikit-image==0.21.0",
                "scipy==1.15.3",
                "imageio==2.29.0",
                "matplotlib==3.10.9",
                "shapely==2.1.2",
                "six==1.17.0",
            ),
            alone="imgaug==0.4.0",  # what it asks for has a second OpenCV, with a window system
        ),
        Environment(
            "albumentations", ("albumentations==2.0.8", "opencv-python-headless==5.0.0.93")
        ),
        Environment("torchvision", ("torchvision==0.29.1", "numpy", "pillow")),
    )
}


def python_of(name: str, root: Path = ROOT) -> str:
    """Return the interpreter of a peer, installed at the first call; "" is this one.

    Raise `UnavailableError` if a package cannot be installed, for this Python or at all.
    """
    return PEERS[name].python(root) if name else sys.executable


def requirements(name: str) -> list[str]:
    """Return what the environment of a peer has, the peer itself first."""
    return PEERS[name].requirements
