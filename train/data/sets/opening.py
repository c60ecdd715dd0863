"""Open a set: list it if its files lie in a folder, else list and decode it in one pass."""

from __future__ import annotations

from typing import NamedTuple

from expand.storage.stores.url import Place, Url
from train.data.cache import Cache, TooLargeError
from train.data.decoded import DecodedDataset, ShowDecoding, decode_contents, decode_folder
from train.data.folders.folder import Folder
from train.data.folders.listed import as_folder
from train.data.folders.listing import list_folder
from train.data.sets.objects import ObjectContents, list_objects
from train.data.sets.scan import Scan, scan
from train.data.sets.streaming import sample_stream
from train.data.sets.tars import TarContents, find_tars
from train.data.shape import Shape
from train.errors import TrainError


class Opened(NamedTuple):
    """The images of a set, and their decoded dataset if they had to be read to be listed."""

    folder: Folder
    decoded: DecodedDataset | None = None
    stream: Scan | None = None
    """Of a set that is streamed, whose folder and decoded dataset are those of a sample."""


class Opener(NamedTuple):
    """How sets are opened for a run."""

    shape: Shape
    cache: Cache
    decoding: ShowDecoding
    """Called before a set is decoded; returns what is called with the images decoded since."""

    def open(self, place: Place, layout: str, *, copies: bool, streams: bool = False) -> Opened:
        """Open a set; with `copies`, all files of an expanded one, else the originals at least.

        Raise TrainError if it cannot be used, TooLargeError if it has to be decoded and does not
        fit into the cache; `streams` says that tars then are to be streamed.
        """
        if tar_set := find_tars(place):
            contents = TarContents(tar_set, tar_set.tars(copies=copies))
            try:
                made = decode_contents(contents, self.shape, self.cache, self.decoding(contents))
            except TooLargeError as error:
                if not streams:
                    raise
                return self._stream(contents, str(error))
            folder = as_folder(place, made.listed, tar_set.card)
            return Opened(folder, made._replace(listed=()))
        if isinstance(place, Url):
            return Opened(list_objects(place, layout))
        return Opened(list_folder(place, layout))

    def _stream(self, contents: TarContents, why: str) -> Opened:
        """Scan tars that are too large to decode, and decode a sample of them."""
        found = scan(contents, self.cache, self.decoding(contents))
        folder, sampled = sample_stream(found, self.shape)
        return Opened(folder, sampled._replace(note=why), found)

    def decode(self, folder: Folder, hashes: list[str] | None = None) -> DecodedDataset:
        """Decode a listed folder, whose files may have known hashes.

        Raise TooLargeError if it does not fit into the cache, but can be read from its files.
        """
        if not isinstance(folder.root, Url):
            return decode_folder(folder, self.shape, self.cache, self.decoding(folder), hashes)
        contents = ObjectContents(folder.root, folder)
        try:
            made = decode_contents(contents, self.shape, self.cache, self.decoding(folder))
        except TooLargeError as error:
            raise TrainError(
                f"{error}. At a URL, train streams only tars: write them with "
                "`expand --output webdataset`, or use a larger --cache-size",
                error.status,
            ) from error
        return made._replace(listed=())
