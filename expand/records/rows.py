"""The rows of a manifest: their form, as lines of JSON, and the check of a row that is read."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from expand.errors import ExpandError
from expand.storage.json import decode, encode
from expand.storage.names import check_inside


class LabelFileRow(TypedDict):
    """A label file of a view."""

    file_name: str
    bytes: int
    sha256: str


class RowLabels(TypedDict):
    """The labels of a view in a labelled dataset."""

    sha256: str
    """Hash of the labels of the source: its label files, and what set-wide files say of it."""
    files: list[LabelFileRow]
    objects: int
    """Objects that the view shows."""
    dropped: dict[str, int]
    """Objects that it does not show, counted by reason."""
    mended: dict[str, int]
    """What was mended when the labels were read, counted: the same in all views of a source."""
    annotation: NotRequired[Any]
    """What set-wide files are to say of the view."""


class Row(TypedDict):
    """One file of the expanded dataset."""

    file_name: str
    label: str
    source: str
    view: int
    params: dict[str, Any]
    width: int
    height: int
    bytes: int
    sha256: str
    source_sha256: str
    same_as: int
    """The first view of the source with the same pixels; nearly always this one."""
    group: NotRequired[str]
    """What --group-by finds: images of one group stay together in every split; "" for none."""
    labels: NotRequired[RowLabels]
    kept: NotRequired[bool]
    """True for a file that was copied as it is: no image of a view."""


TEXTS = ("label", "sha256", "source_sha256")
NUMBERS = ("view", "width", "height", "bytes", "same_as")
LARGEST = 1 << 53
"""The largest whole number that every reader of JSON takes as it is."""


class NotJsonError(ExpandError):
    """A line that is not JSON at all: it was cut off when a run was killed, or is damaged."""


def line_of(row: Row) -> str:
    """Return a row as a line of JSON."""
    return encode(row) + "\n"


def parse_row(line: bytes) -> Row:
    """Return the row in a line of a manifest, which anyone may have written.

    Raise NotJsonError if it is not JSON, and ExpandError with the reason if it is not a row: each
    value has its type, numbers are not negative, and names lead to files inside the folder.
    """
    return check_row(parse_json(line))


def check_row(row: Any) -> Row:
    """Return plain data as a row; raise ExpandError with the reason if it is not one."""
    if not isinstance(row, dict):
        raise ExpandError("not a row of a manifest: an object is needed")
    try:
        check_inside(row["file_name"])
        check_inside(row["source"])
        for key in TEXTS:
            if not isinstance(row[key], str):
                raise ExpandError(f'"{key}" must be text')
        if not isinstance(row.get("group", ""), str):
            raise ExpandError('"group" must be text')
        if row["label"] and "labels" not in row:  # a table calls classes what it likes
            check_inside(row["label"])
        for key in NUMBERS:
            if type(row[key]) is not int or not 0 <= row[key] <= LARGEST:
                raise ExpandError(f'"{key}" must be a whole number, at least 0')
        if not isinstance(row["params"], dict):
            raise ExpandError('"params" must be an object')
        if "labels" in row:
            _check_labels(row["labels"])
    except KeyError as error:
        raise ExpandError(f"not a row of a manifest: it has no {error}") from error
    except ExpandError as error:
        raise ExpandError(f"not a row of a manifest: {error}") from error
    return row  # type: ignore[return-value]


def _check_labels(labels: Any) -> None:
    """Raise ExpandError or KeyError if the labels of a row are not such."""
    if not isinstance(labels, dict) or not isinstance(labels["files"], list):
        raise ExpandError('"labels" must be an object with files')
    if not isinstance(labels["sha256"], str):
        raise ExpandError('"sha256" of labels must be text')
    for file in labels["files"]:
        if not isinstance(file, dict) or not isinstance(file["sha256"], str):
            raise ExpandError("a label file must be an object with a hash")
        check_inside(file["file_name"])
        if type(file["bytes"]) is not int or not 0 <= file["bytes"] <= LARGEST:
            raise ExpandError('"bytes" must be a whole number, at least 0')


def files_of(row: Row) -> list[str]:
    """Return the files that a row names: its own, and its label files."""
    if "labels" not in row:
        return [row["file_name"]]
    return [row["file_name"], *(file["file_name"] for file in row["labels"]["files"])]


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text; raise NotJsonError with the reason if it is not one."""
    try:
        return decode(text)
    except RecursionError:
        raise NotJsonError("is nested too deeply") from None
    except ValueError as error:  # not JSON, not UTF-8, or a number of thousands of digits
        raise NotJsonError(f"is not JSON ({error})") from error
