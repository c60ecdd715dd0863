"""Augmentor: its own pipeline and its own threads, as its manual shows it.

It draws images with replacement, has neither noise nor translation, and keeps Pillow's JPEG
quality.
"""

from __future__ import annotations

import sys
from pathlib import Path

import Augmentor

src, out, copies = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
count = sum(1 for path in src.rglob("*") if path.is_file())
pipeline = Augmentor.Pipeline(str(src), output_directory=str(out.resolve()))
pipeline.flip_left_right(0.5)
pipeline.rotate(1, 15, 15)  # larger angles crash on wide images
pipeline.zoom(1, 1.0, 1.25)
pipeline.sample(count * copies)
