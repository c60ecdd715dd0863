"""One split of the data: training, validation or test images, with their pixels and hashes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from train.data.decoded import DecodedDataset
from train.data.folders.folder import Folder


class Split(NamedTuple):
    """The images of one split, and the decoded dataset that holds their pixels and hashes."""

    name: str
    folder: Folder
    decoded: DecodedDataset

    def pixels(self, rows: NDArray[np.int64] | slice = slice(None)) -> Pixels:
        """Return the images of some rows, all if not given: N×H×W×C."""
        return self.folder.take(self.decoded.pixels, rows)

    def fingerprints(self) -> list[str]:
        """Return the hash of each image's decoded pixels; empty if they are too many to cache."""
        return [self.decoded.fingerprints[row] for row in self.folder.decoded_rows]

    def file_hashes(self) -> list[str]:
        """Return the hash of each image's file."""
        return [self.decoded.hashes[row] for row in self.folder.decoded_rows]
