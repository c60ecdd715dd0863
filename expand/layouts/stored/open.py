"""Open a dataset in an object store: class folders, or images without labels."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

from expand.errors import ExpandError
from expand.layouts.class_folders import NoClassesError, list_sources
from expand.layouts.labelled.dataset import AS_IT_LOOKS, Dataset, Request
from expand.layouts.labelled.open import READINGS, open_with
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.splits.flat import open_flat
from expand.layouts.layout import AUTO, FOLDERS, LayoutError
from expand.layouts.stored.shadow import Shadow
from expand.layouts.stored.tree import Pages
from expand.storage.stores.open import before_writing, check_store, open_store
from expand.storage.stores.url import Url

COPY = {
    "s3": "aws s3 sync {} DIR",
    "gs": "gcloud storage rsync --recursive {} DIR",
    "az": "az storage copy --recursive --source {} --destination DIR",
}
"""How a set is copied to this machine by the provider's own tool."""
READ = (AUTO, FOLDERS, "flat")


def open_stored(
    url: Url,
    request: Request = AS_IT_LOOKS,
    factor: int = 1,
    format_: str = "keep",
    pages: Pages | None = None,
) -> Dataset:
    """Open the dataset at a URL; the store is listed once, unless `pages` are its listing.

    Raise ExpandError as `open_dataset` does, for layouts that are read from local folders only, and
    if the store cannot be used.
    """
    if request.layout not in READ:
        raise ExpandError(f'"{url}": --as {request.layout} {_only_local(url)}')
    check_store(url)
    with before_writing():
        shadow = Shadow(open_store(url), recognising=request.layout == AUTO, pages=pages)
    try:
        if not len(shadow.tree):
            raise ExpandError(f'"{url}" has no files')
        return _open(url, shadow, request, factor, format_)
    except LayoutError as error:
        raise ExpandError(_describe(url, error)) from error
    except ExpandError as error:
        raise ExpandError(str(error).replace(str(shadow.root), str(url)), error.status) from error
    finally:
        shadow.close()


def _open(url: Url, shadow: Shadow, request: Request, factor: int, format_: str) -> Dataset:
    flat = replace(request, layout="flat")
    opening = Opening(shadow.root, flat, factor, format_, folders=shadow)
    if request.layout != "flat":
        try:
            listing = list_sources(shadow.root, factor, format_, request.layout, shadow)
        except NoClassesError as error:
            if request.layout == FOLDERS or not shadow.tree.read(str(shadow.root)).images:
                said = str(error).replace(f"{shadow.root.name}/<class>", f"{url.name}/<class>")
                raise ExpandError(said) from error
        else:
            return Dataset(FOLDERS, "class folders", listing)
    return open_with(opening, open_flat)


def _describe(url: Url, error: LayoutError) -> str:
    """Say what is at a URL that is read from a local folder only."""
    layout = error.layout
    if layout.kind not in READINGS:
        return str(error).replace(str(error.root), str(url))
    shown = ", ".join(f'"{name}"' for name in layout.evidence)
    parts = ""
    if layout.training:
        part = quote(str(url / layout.training))
        parts = f"Use the class folders in it: expand {part} OUT. Or, as a whole, it "
    what = f'"{url}" is {layout.kind.value}: it has {shown}. {parts or "It "}{_only_local(url)}'
    return f"{what}. If its folders are classes: --as folders"


def _only_local(url: Url) -> str:
    command = COPY.get(url.scheme, "copy {} to DIR").format(quote(str(url)))
    return f"is read from a local folder only; copy it first: {command}"
