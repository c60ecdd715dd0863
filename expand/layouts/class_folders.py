"""Class folders: one folder per class, images at any depth below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.collisions import check_folders, check_images
from expand.layouts.directory import IMAGE, read_directory
from expand.layouts.layout import AUTO, FOLDERS, LAYOUTS, Layout, LayoutError
from expand.layouts.listing import EmptyClass, Listing, ScanSummary
from expand.layouts.names import split_suffix
from expand.layouts.recognition.counterparts import FirstImages, find_unnamed
from expand.layouts.recognition.recognise import look
from expand.layouts.recognition.unread.packed import describe_packed
from expand.layouts.recognition.unread.sidecars import find_label_folder
from expand.layouts.source import Source
from expand.layouts.walk import DISK, Folders, Frame, walk

SUFFIXES_SHOWN = 3
UNREAD_SUFFIXES = (
    ".gif .heic .heif .avif .jxl .jp2 .j2k .jfif .jpe .pbm .pnm .pam .tga .psd .svg .ico .dng .cr2 "
    ".cr3 .nef .arw .orf .rw2 .raf .raw .exr .hdr .dcm .nii .dds .xcf .eps"
)
UNREAD = frozenset(UNREAD_SUFFIXES.split())
"""Suffixes of images that are not read."""


def list_sources(
    root: Path,
    factor: int = 1,
    format_: str = "keep",
    layout: str = AUTO,
    folders: Folders = DISK,
) -> Listing:
    """List the sources of a folder of class folders, sorted by path; each directory is read once.

    Raise LayoutError if it has another layout, unless `layout` is "folders"; raise ExpandError if
    there are no sources, or if `factor` views of each, written in `format_`, would not get
    different names.
    """
    if layout not in LAYOUTS:
        raise ExpandError(f"layout must be {' or '.join(LAYOUTS)}, got {layout!r}")
    check_root(root)
    scan = _Scan(root, factor, format_, folders, recognising=layout != FOLDERS)
    listing = Listing(scan.sources(), scan.summary)
    if scan.recognising and (found := scan.look_again()):
        listing.close()
        raise LayoutError(root, found)
    if not len(listing):
        listing.close()
        reason = "no images in its folders" if scan.summary.empty_classes else "no class folders"
        packed = describe_packed(root)
        expected = packed or f"images are expected as {root.name}/<class>/<image>"
        raise NoClassesError(f'"{root}" has {reason}; {expected}')
    return listing


class NoClassesError(ExpandError):
    """A folder without class folders that hold images."""


def check_root(root: Path) -> None:
    """Raise ExpandError if the folder of a dataset does not exist, or is a file."""
    try:
        exists, folder = root.exists(), root.is_dir()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ExpandError(f'"{root}" cannot be read: {reason}') from error
    if not exists:
        raise ExpandError(f'"{root}" does not exist')
    if not folder:
        raise ExpandError(f'"{root}" is a file; a folder is needed. Unpack an archive first')


def list_images(root: Path, layout: str = AUTO) -> Iterator[Path]:
    """Yield the images of a folder, labelled or not, sorted by path; hidden ones are left out.

    Raise LayoutError if some of them are masks, unless `layout` is "folders".
    """

    def visit(frame: Frame) -> None:
        """Refuse a directory that is not a part of class folders."""
        found = _recognise(frame) if layout != FOLDERS else None
        if found and found.has_masks:
            raise LayoutError(root, found)

    for frame, name, kind in walk(str(root), visit):
        if name is not None and kind == IMAGE:
            yield Path(frame.start + name)


class _Scan:
    """One scan of a folder, which checks layout and names, and counts what is not a source."""

    def __init__(
        self, root: Path, factor: int, format_: str, folders: Folders, *, recognising: bool
    ) -> None:
        self.root, self.factor, self.format = root, factor, format_
        self.folders = folders
        self.recognising = recognising
        self.summary = ScanSummary()
        self.first = FirstImages()

    def sources(self) -> Iterator[Source]:
        """Yield the sources, one class after the other."""
        found, others = 0, Counter[str]()
        for frame, name, kind in walk(str(self.root), self._visit, self.folders):
            if name is None:
                if len(frame.names) == 1:
                    self._end_class(frame.names[0], found, others)
                    found, others = 0, Counter()
            elif kind != IMAGE:
                self.summary.foreign += 1
                if frame.names:
                    others[split_suffix(name)[1].lower()] += 1
            elif frame.names:
                found += 1
                size, version = self.folders.status(frame.start + name)
                path = f"{frame.prefix}{name}"
                self.first.note(frame.names[0], path[len(frame.names[0]) + 1 :])
                yield Source(path, size, frame.names[0], version=version)
            else:
                self.summary.unlabelled += 1

    def look_again(self) -> Layout | None:
        """Return another layout that all class folders together give evidence of."""
        if self.summary.empty_classes and (found := find_label_folder(self.root)):
            return found
        start = str(self.root)
        return find_unnamed(read_directory(start)) if self.first.differ(start) else None

    def _end_class(self, label: str, found: int, others: Counter[str]) -> None:
        """Note what a class folder holds beside the images that are read."""
        self.summary.unread.update(
            {suffix: count for suffix, count in others.items() if suffix in UNREAD}
        )
        if not found:
            common = tuple(suffix for suffix, _ in others.most_common(SUFFIXES_SHOWN) if suffix)
            self.summary.empty_classes.append(EmptyClass(label, others.total(), common))

    def _visit(self, frame: Frame) -> None:
        """Check a directory, and count what is hidden in it."""
        directory = frame.directory
        self.summary.hidden += directory.hidden
        if self.recognising and (layout := _recognise(frame)):
            raise LayoutError(self.root, layout)
        check_folders(directory.path, directory.folders)
        if frame.names:
            check_images(directory.path, directory.images, self.factor, self.format)


def _recognise(frame: Frame) -> Layout | None:
    """Return the layout that a directory gives evidence of, as seen from the walk's folder."""
    layout = look(frame.directory, frame.names, alone=frame.alone)
    for name in reversed(frame.names) if layout else ():
        assert layout is not None
        layout = layout.below(name)
    return layout
