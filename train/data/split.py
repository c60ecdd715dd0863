"""One split of the data: training, validation or test images with their decoded pixels."""

from __future__ import annotations

from typing import NamedTuple

from train.data.folder import Folder
from train.data.pack import Pack


class Split(NamedTuple):
    """One side of a split: its images, and what is known of their files and pixels."""

    name: str
    folder: Folder
    pack: Pack
