"""Files of a labelled dataset that are read whole, up to a size: of an image, or set-wide."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from expand.errors import BadImageError, ExpandError
from expand.storage.reading import read_image

ABSENT = (errno.ENOENT, errno.ENOTDIR)
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_label(root: str, name: str, most: int) -> bytes | None:
    """Return the bytes of a label file of an image; None if there is none.

    Raise BadImageError, with its name, if it cannot be read, is not a regular file, or has more
    than `most` bytes.
    """
    path = os.path.join(root, name)
    try:
        if os.stat(path).st_size > most:
            raise BadImageError(f"has more than {most:,} bytes")
        return read_image(path)
    except OSError as error:
        if error.errno in ABSENT and not Path(path).is_symlink():
            return None
        raise BadImageError(f'"{name}" cannot be read ({error.strerror})') from error
    except BadImageError as error:
        raise BadImageError(f'"{name}" {error}') from error


def read_file(root: Path, name: str, most: int) -> bytes:
    """Return the bytes of a file of a dataset.

    Raise ExpandError, with its name, if it cannot be read, is not a regular file, or has more than
    `most` bytes.
    """
    path = root / name
    try:
        size = os.stat(path).st_size
        if size > most:
            raise ExpandError(f'"{name}" has {size:,} bytes; at most {most:,} are read')
        return read_image(path)
    except BadImageError as error:
        raise ExpandError(f'"{name}" {error}') from error
    except OSError as error:
        raise ExpandError(f'"{name}" cannot be read ({error.strerror})') from error


def read_text(root: Path, name: str, most: int) -> str:
    """Return the text of a file of a dataset: UTF-8, or UTF-16 with a byte order mark.

    Raise ExpandError as `read_file` does, and with the line if a byte is not of the encoding.
    """
    data = read_file(root, name, most)
    codec, title = ("utf-16", "UTF-16") if data.startswith(UTF16) else ("utf-8-sig", "UTF-8")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ExpandError(
            f'"{name}", line {line}: is not {title} text; save the file as UTF-8'
        ) from error
