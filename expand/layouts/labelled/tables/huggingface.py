"""Open a folder of Hugging Face's imagefolder with metadata in CSV, JSON Lines or Parquet.

A metadata file names images relative to itself, in the column "file_name" or one that ends so.
https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

from pathlib import Path
from posixpath import basename

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.tables.build import build_dataset
from expand.layouts.labelled.tables.images import Images
from expand.layouts.labelled.tables.open import check_alone
from expand.layouts.labelled.tables.reading import read_delimited, read_lines
from expand.layouts.labelled.tables.table import Table
from expand.layouts.names import split_suffix

NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def open_huggingface(opening: Opening) -> Dataset:
    """Open a dataset with metadata files, at its top or in the folders of its parts.

    Raise ExpandError if there is none, or it has what is not supported.
    """
    images = Images(opening.root)
    names = [name for name in images.others if basename(name) in NAMES]
    if not names:
        raise ExpandError(f'"{opening.root}" has no metadata.csv, .jsonl or .parquet')
    if len({split_suffix(name)[1] for name in names}) > 1:
        listed = " and ".join(f'"{name}"' for name in names[:2])
        raise ExpandError(f"{listed}: Hugging Face reads metadata files of one format only")
    check_alone(opening, names[0])
    tables = [_read(opening.root, name) for name in names]
    return build_dataset(opening, tables, images, "huggingface", "Hugging Face metadata")


def _read(root: Path, name: str) -> Table:
    table = read_lines(root, name) if not name.endswith(".csv") else read_delimited(root, name, ",")
    table.exact = True
    columns = table.format.columns
    lists = [each for each in columns if each == "file_names" or each.endswith("_file_names")]
    named = [each for each in columns if each == "file_name" or each.endswith("_file_name")]
    if lists or len(named) > 1:
        shown = ", ".join(f'"{each}"' for each in (*lists, *named))
        raise ExpandError(
            f'"{name}" has several images in a row ({shown}), which must move together; that is '
            "not supported. If one of them is a mask of the other: --as masks"
        )
    if not named:
        raise ExpandError(f'"{name}" has no column "file_name"; its columns: {", ".join(columns)}')
    table.names = (named[0],)
    return table
