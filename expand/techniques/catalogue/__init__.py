"""Transforms of albumentations by name, and its saved pipelines, as techniques.

The only package that imports albumentations, and only where a recipe names one of its transforms.
"""

from __future__ import annotations

PIPELINE = "pipeline"
"""The name of the technique that is a saved pipeline."""
