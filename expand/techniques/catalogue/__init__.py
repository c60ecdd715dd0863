"""Transforms of albumentations by name, and its saved pipelines, as techniques.

The only package that imports albumentations, and only where a recipe names one of its transforms.
"""

from __future__ import annotations

from expand.techniques.catalogue.transform import PIPELINE, Catalogue

__all__ = ["PIPELINE", "Catalogue"]
