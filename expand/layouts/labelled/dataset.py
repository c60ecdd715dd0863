"""A labelled dataset: which images grow, what their labels say, and which files carry the labels.

A layout is read in two places. The parent process finds the images and what set-wide files (a COCO
JSON file, a table) say of each; a worker reads the label files of one image, and writes those of
its views. At the end the parent writes the set-wide files anew, from the rows of the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from expand.geometry import IDENTITY, Affine, Size
from expand.layouts.listing import Listing
from expand.layouts.names import compose, copy_name
from expand.layouts.source import Source

if TYPE_CHECKING:
    from expand.targets import Carried, Targets

VISIBLE = 0.1
"""Share of an object that a view must show, so that the view keeps its label."""


@dataclass(frozen=True)
class Request:
    """What the user asks for; the rest is found out from the folder."""

    layout: str = "auto"
    """--as: the name of a reading, such as "yolo-segment"; auto: recognise it."""
    split: str = ""
    """--split: the part that grows; empty: the training part."""
    visible: float = VISIBLE
    """--visible."""
    mask_fill: int | None = None
    """--mask-fill: the value of a mask where a view shows nothing of its image; None: 0."""
    columns: str = ""
    """--columns: what columns of a table move with the image: "x=x,y=y,angle=ignore"."""


AS_IT_LOOKS = Request()
"""The request of a user who says nothing."""


class Frame(NamedTuple):
    """The two frames in which the labels of an image can have been drawn.

    An image with an EXIF orientation is stored in another frame than the one it is shown in.
    Targets are always in the frame that is shown (upright).
    """

    stored: Size
    """Width and height of the pixels in the file."""
    size: Size
    """Width and height of the upright image: that of all targets."""
    upright: Affine = IDENTITY
    """The map from points of the stored frame to points of the upright image."""

    @property
    def turned(self) -> bool:
        """Whether the two frames differ."""
        return self.upright != IDENTITY


class LabelFile(NamedTuple):
    """A label file to write: its path in the output folder, POSIX style, and its bytes."""

    name: str
    data: bytes


class SetWideFile(NamedTuple):
    """A file for the whole dataset: its path in the output folder, POSIX style, and its bytes."""

    name: str
    pieces: Callable[[], Iterable[bytes]]
    """Yields its bytes in pieces, each time anew: all of a COCO file may not fit into memory."""

    @classmethod
    def of(cls, name: str, data: bytes) -> SetWideFile:
        """Return one whose bytes are in memory."""
        return cls(name, lambda: (data,))


class LabelledView(NamedTuple):
    """A view whose labels are to be written."""

    k: int
    name: str
    """The path of its image in the output folder, POSIX style."""
    size: Size
    carried: Carried
    params: Mapping[str, Any]
    forward: Affine = IDENTITY
    """The map from points of the upright image to points of the view: it tells whether left and
    right are exchanged."""
    renames: Mapping[str, str] = MappingProxyType({})
    """What classes become in it, by their names with composed accents: a mirrored left is a
    right."""

    def class_of(self, name: str) -> str:
        """Return the class that an object of a class has in the view."""
        return self.renames.get(compose(name), name) if self.renames else name


class ViewLabels(NamedTuple):
    """The labels of a view: its own label files, and what set-wide files are to say of it.

    `annotation` is plain JSON data, which goes into the row of the manifest; `Dataset.derive` gets
    it back from there.
    """

    files: tuple[LabelFile, ...] = ()
    annotation: Any = None


class ImageLabels(Protocol):
    """The labels of one image, read."""

    @property
    def targets(self) -> Targets:
        """What moves with the pixels, in pixels of the upright image, clipped to it."""

    @property
    def notes(self) -> Mapping[str, int]:
        """What was mended when they were read, counted: {"clipped": 2, "duplicate": 1}."""

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the labels of a view. Those of view 0 are the files of the source, unchanged.

        (They are changed if the image was turned upright and they were drawn in the stored frame.)
        Called for any view in any order.
        """


@runtime_checkable
class Named(Protocol):
    """Image labels that know the class of each object: a preview writes it beside the object.

    Labels of an image can be this too; those of a format without classes are not.
    """

    @property
    def classes(self) -> Sequence[str]:
        """The name of the class of each object of `targets`, in their order."""


@runtime_checkable
class Renaming(Protocol):
    """Image labels whose targets themselves say classes: the values of a semantic mask."""

    def rename(self, targets: Targets, renames: Mapping[str, str]) -> Targets:
        """Return targets of a view with the classes that `LabelledView.renames` gives them."""


class Labels(Protocol):
    """Reads labels in a worker. It is pickled with each task, so it holds settings only.

    Inherit from it: `image_name` and `names` are as they should be for a layout whose copies are
    called as in class folders and which has no label files of its own for an image.
    """

    @property
    def renames(self) -> bool:
        """Whether the labels of a view have the classes that `LabelledView.class_of` returns."""
        return False

    @property
    def places(self) -> bool:
        """Whether labels say where something is, how it is turned, or how large an image is.

        False for a class or a number of an image: these stay true however pixels are moved.
        """
        return True

    def check_renames(self, names: Collection[str]) -> None:
        """Raise ExpandError if rules cannot exchange classes of these names."""
        return

    def image_name(self, source: Source, k: int, format_: str) -> str:
        """Return the path of the image of view `k` ≥ 1 in the output folder."""
        return copy_name(source.id, k, format_)

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return all label files that a view whose image is called so can have.

        Depends on names only: a run notes them before it writes any. For view 0, `image` is the id
        of the source.
        """
        return ()

    def count_classes(self, root: str, source: Source) -> Mapping[str, int] | None:
        """Return how many objects of each class an image has, by their names.

        Without its image: the parent asks for all of them. None if labels do not name classes of
        objects. Raise BadImageError if they cannot be read.
        """
        return None

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return the bytes of an image's label files by their path in the dataset.

        Raise BadImageError for a file that cannot be read. What a set-wide file says of the image
        is in `source.annotation`, and not in the result.
        """

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageLabels:
        """Read the labels. Raise BadImageError, with file and line, if no rule can mend them."""


class Derived(NamedTuple):
    """The labels of one file of the expanded dataset, as its row in the manifest has them."""

    file_name: str
    source: str
    view: int
    width: int
    """0 for an original that is the file of its source, whatever size set-wide files say."""
    height: int
    label: str
    annotation: Any
    """That of `ViewLabels`."""


Rows = Callable[[], Iterator[Derived]]
"""Yields all files of the images that grow, by source and view; it can be called several times."""


def derive_nothing(_rows: Rows) -> Iterator[SetWideFile]:
    """Write no set-wide files."""
    return iter(())


@dataclass
class Dataset:
    """A dataset that was found in a folder. Use it in a `with` statement: that closes its listing.

    `listing` holds the images that grow and, with `kept`, all other files that belong to the set
    and are copied as they are: other splits, data.yaml, a licence. Label files of the images that
    grow and files that `derive` writes are not in it.
    """

    layout: str
    """The name of its reading, as --as takes it: "yolo-detect", "split-folders"."""
    title: str
    """What the first line says: "YOLO detect, 3 classes, train split 128 images; val and test
    left as they are"."""
    listing: Listing
    split: str = ""
    """The part that grows, as the dataset calls it; empty if it has no parts."""
    labels: Labels | None = None
    """None if its files say nothing of places in an image, and no table names them."""
    derive: Callable[[Rows], Iterator[SetWideFile]] = field(default=derive_nothing)
    """Writes the set-wide files for the expanded dataset."""
    detects: bool = False
    """Whether boxes are all it has of places: then `detect` is the default recipe."""
    classes: tuple[str, ...] = ()
    """The names of its classes, if it names them."""
    notes: tuple[str, ...] = ()
    """Sentences for the plan and the summary: labels without images, for example."""
    problems: int = 0
    """Problems among the notes that make the exit status 1."""
    parts: tuple[str, ...] = ()
    """All its parts, as --split takes them; empty if it has none."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes: of its labels, or else of its folders; empty if unknown."""
        return self.classes or tuple(label for label in self.listing.summary.labels if label)

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary file of its listing."""
        self.listing.close()
