"""Checks of places: the output lies apart from the input, and can be a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from expand.errors import ExpandError
from expand.storage.stores.url import Place, Url


def check_outside(src: Place, path: Path) -> None:
    """Refuse a file inside the input folder, which is never written to."""
    if isinstance(src, Url):
        return
    real = Path(os.path.realpath(path.parent), path.name)
    if any(same_folder(src, parent) for parent in real.parents):
        raise ExpandError(f'"{path}" lies inside the input "{src}"; choose a path outside')


def check_places(src: Place, out: Place) -> None:
    """Refuse an output that is the input, lies inside it or contains it, or is a file."""
    if isinstance(src, Url) and isinstance(out, Url):
        if src == out:
            raise ExpandError(f'"{out}" is the input; choose another place for the output')
        if src.holds(out):
            raise ExpandError(_inside(out, src))
        if out.holds(src):
            raise ExpandError(_around(src, out))
    elif isinstance(src, Path) and isinstance(out, Path):
        check_apart(src, out)
    elif isinstance(out, Path):
        check_folder(out)


def _inside(out: Place, src: Place) -> str:
    return f'"{out}" lies inside the input "{src}", and would become part of it; choose one outside'


def _around(src: Place, out: Place) -> str:
    return f'the input "{src}" lies inside "{out}"; choose an output that does not contain it'


def check_apart(src: Path, out: Path) -> None:
    """Refuse an output folder that is the input, lies inside it or contains it; and a file."""
    real_src, real_out = (Path(os.path.realpath(path)) for path in (src, out))
    if real_src == real_out or same_folder(src, out):
        raise ExpandError(f'"{out}" is the input folder; choose another one for the output')
    if any(same_folder(src, parent) for parent in real_out.parents):
        raise ExpandError(_inside(out, src))
    if any(same_folder(out, parent) for parent in real_src.parents):
        raise ExpandError(_around(src, out))
    check_folder(out)


def check_folder(out: Path) -> None:
    """Refuse an output path that cannot be a folder: a file, or a link that leads nowhere."""
    try:
        found = os.stat(out)
    except FileNotFoundError:
        if out.is_symlink():
            raise ExpandError(f'"{out}" is a link to a folder that does not exist') from None
    except NotADirectoryError:
        raise ExpandError(f'"{out}" lies below a file; a folder is needed') from None
    except (OSError, ValueError) as error:
        raise ExpandError(f'"{out}" cannot be used: {_reason(error)}') from error
    else:
        if not stat.S_ISDIR(found.st_mode):
            raise ExpandError(f'"{out}" is a file; a folder is needed')


def same_folder(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one folder, by a bind mount for example."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
