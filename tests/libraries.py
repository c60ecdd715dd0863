"""Packages of others, imported by a worker of pytest before it measures coverage.

Python 3.11 traces each call and line of them too, which makes these imports take twice as long.
"""

from __future__ import annotations

import os
from importlib import import_module

NAMES = (
    "albumentations",
    "hypothesis",
    "matplotlib.pyplot",
    "ray",
    "scipy.stats",
    "statsmodels.formula.api",
    "torchvision",
)

if "PYTEST_XDIST_WORKER" in os.environ:
    for name in NAMES:
        import_module(name)
