"""Decoded datasets: decoded once, in parallel, into arrays on disk that runs map to memory."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from hashlib import blake2b
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from expand import __version__
from expand.engines.choose import make_engine
from expand.errors import BadImageError
from expand.images.pixels import Pixels
from train.data.cache import Cache, explain_cache, part_of, remove_decoded
from train.data.contents import Contents, FolderContents
from train.data.decoded_files import (
    ARRAY,
    FORMAT,
    RECORD,
    ArrayFile,
    DamagedError,
    Decoded,
    read_decoded,
    write_record,
)
from train.data.decoding import (
    Item,
    decode_one,
    decode_rows,
    first_image,
    hash_files,
    joined,
    read_images,
)
from train.data.folders.files import is_in_memory
from train.data.folders.folder import Decodable, Folder
from train.data.folders.listed import ListedImage
from train.data.shape import Shape
from train.errors import STOPPED, TrainError

RECORD_BYTES, LISTED_BYTES = 100, 500
"""Bytes of an image's hash in the record, at most; and in about what is listed of it."""
DECODERS = ("opencv-python-headless", "pillow", "tifffile")
"""Libraries that pixels depend on."""
LITTLE_ENDIAN = {1: "|u1", 2: "<u2"}
SHOWN = 3
FILE_SECONDS, PIXEL_SECONDS = 35e-6, 15e-9
"""What a core takes for a file and for each of its pixels, in about (JPEG)."""
Progress = Callable[[int], None]
ShowDecoding = Callable[[Decodable], Progress]
"""Called before a set is decoded; returns what is called with the images decoded since."""


class DecodedDataset(NamedTuple):
    """A decoded set: its pixels (N×H×W×C of 8 or 16 bits, mapped from disk) and hashes."""

    pixels: Pixels
    fingerprints: list[str]
    """Hashes of each image's pixels, before resizing."""
    hashes: list[str]
    """Hashes of each image's file."""
    whole: bool = True
    """Whether the pixels are those of every image, or of a sample."""
    composited: bool = False
    """Whether images lost their alpha, so that their views are not those of the files."""
    has_files: bool = True
    """Whether its images are files, or were rendered in memory."""
    note: str = ""
    """What the user should know of it: a sentence."""
    listed: Sequence[ListedImage] = ()
    """What its set says of each image; empty if the set was listed before it was read."""


class _Decoding(NamedTuple):
    """A dataset to decode, and where its pixels are kept."""

    contents: Contents
    shape: Shape
    path: Path

    @property
    def key(self) -> str:
        return self.path.name

    def array(self, path: Path, first: Pixels) -> ArrayFile:
        """Return the array file in a folder, from the first image of the dataset."""
        dtype = LITTLE_ENDIAN[first.itemsize]
        return ArrayFile(path / ARRAY, len(self.contents), first.shape, dtype)


def decode_folder(
    folder: Folder,
    shape: Shape,
    cache: Cache,
    progress: Progress = lambda _images: None,
    hashes: list[str] | None = None,
) -> DecodedDataset:
    """Return a folder's decoded dataset, from the cache or decoded now.

    It is found in the cache by the bytes of the files, whose `hashes` are computed if they are not
    given. Raise TrainError if images cannot be decoded or differ in shape, TooLargeError if they do
    not fit into the cache.
    """
    hashes = hash_files(folder.path, folder.files) if hashes is None else hashes
    return decode_contents(FolderContents(folder, hashes), shape, cache, progress)._replace(
        hashes=hashes
    )


def decode_contents(
    contents: Contents, shape: Shape, cache: Cache, progress: Progress = lambda _images: None
) -> DecodedDataset:
    """Return a decoded dataset, from the cache or decoded now; raise as `decode_folder` does."""
    decoding = _Decoding(contents, shape, cache.root / _key(contents, shape))
    found = _open(decoding)
    if isinstance(found, DecodedDataset):
        return found
    with cache.held():
        found = _open(decoding)  # another run may have made it while this one waited
        if isinstance(found, DecodedDataset):
            return found
        if found:
            with explain_cache(decoding.path):
                remove_decoded(decoding.path)
        made = _make(decoding, cache, progress)
    note = f'The decoded images of "{contents.root}" in the cache were damaged ({found})'
    return made._replace(note=f"{note}; decoded again.") if found else made


def sample(
    folder: Folder, shape: Shape, count: int = 1000, hashes: list[str] | None = None
) -> DecodedDataset:
    """Return the pixels of a sample, and all file hashes, if the folder is too large to cache."""
    hashes = hash_files(folder.path, folder.files) if hashes is None else hashes
    step = max(1, len(folder) // count)
    items = list(map(Item, folder.files, hashes))
    pixels = read_images(folder.path, items[::step], shape)
    return DecodedDataset(pixels, [""] * len(folder), hashes, whole=False)


def _open(decoding: _Decoding) -> DecodedDataset | str:
    """Return a finished dataset, or why there is none: "", or what is wrong with its files."""
    path, contents = decoding.path, decoding.contents
    if not os.path.lexists(path):
        return ""
    try:
        with closing(contents.first()) as files:
            first = decode_one(next(files), decoding.shape)
        files_of = decoding.array(path, first.image)
        found = read_decoded(path, decoding.key, files_of, lists=contents.lists)
    except FileNotFoundError:
        return ""
    except (BadImageError, DamagedError) as error:
        return str(error)
    except OSError as error:
        return error.strerror or str(error)
    with suppress(OSError):  # another run may have removed it, or own it; mapped pixels stay
        os.utime(path / RECORD)
    hashes = [image.hash for image in found.listed]
    return DecodedDataset(
        found.pixels,
        found.fingerprints,
        hashes,
        composited=found.composited,
        listed=found.listed,
    )


def _make(decoding: _Decoding, cache: Cache, progress: Progress) -> DecodedDataset:
    """Decode a dataset; it appears in the cache whole or not at all."""
    contents = decoding.contents
    with closing(contents.first()) as files:
        first = first_image(f'"{contents.root}"', files, decoding.shape)
    record_bytes = LISTED_BYTES if contents.lists else RECORD_BYTES
    cache.make_room(len(contents) * (first.image.nbytes + record_bytes), str(contents.root))
    part = part_of(decoding.path)
    try:
        with explain_cache(part):
            part.mkdir()
            array = decoding.array(part, first.image)
            array.create()
        decoded = joined(_decode_all(decoding, array, first.pixels, progress))
        if decoded.problems:
            raise TrainError(f"{contents.root}: {_list_problems(contents, decoded.problems)}")
        with explain_cache(part):
            write_record(part, decoding.key, decoded)
            _publish(part, decoding.path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    made = _open(decoding)
    if not isinstance(made, DecodedDataset):
        raise TrainError(f'"{decoding.path}" cannot be read again: {made}', STOPPED)
    return made


def _publish(part: Path, path: Path) -> None:
    """Give a finished dataset its name if no other run was faster: not every disk has locks."""
    try:
        part.replace(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _decode_all(
    decoding: _Decoding, array: ArrayFile, pixels: int, progress: Progress
) -> Iterator[Decoded]:
    """Decode a set into an array file, part by part, with as many workers as save time.

    `pixels` are those of an image.
    """
    contents = decoding.contents
    seconds = len(contents) * (FILE_SECONDS + pixels * PIXEL_SECONDS)
    work = partial(decode_rows, array, decoding.shape)
    workers = 1 if is_in_memory(contents.root) else None
    for decoded in make_engine(workers, seconds, pixels).map(work, contents.parts(pixels)):
        yield decoded
        progress(len(decoded.fingerprints))


def _list_problems(contents: Contents, problems: Mapping[str, str]) -> str:
    """List the first bad images, and the number of the others."""
    listed = [f'"{file}" {problem}' for file, problem in islice(problems.items(), SHOWN)]
    more = f" (and {len(problems) - SHOWN:,} more)" if len(problems) > SHOWN else ""
    hint = f"; {contents.hint}" if contents.hint else ""
    return f"{'; '.join(listed)}{more}{hint}"


def _key(contents: Contents, shape: Shape) -> str:
    """Return the name of a decoded dataset: it depends on all that its pixels depend on."""
    settings = f"{FORMAT} {__version__} {_decoders()} {shape.side} {shape.colour} {shape.rules}"
    digest = blake2b(settings.encode(), digest_size=16)
    digest.update("".join(contents.marks()).encode())
    return digest.hexdigest()


def _decoders() -> str:
    """Return the versions of the libraries that decode."""
    versions = []
    for library in DECODERS:
        with suppress(metadata.PackageNotFoundError):
            versions.append(metadata.version(library))
    return " ".join(versions)
