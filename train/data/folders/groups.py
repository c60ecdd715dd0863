"""The groups of a folder's images, by --group-by."""

from __future__ import annotations

from dataclasses import replace

from expand.errors import ExpandError
from expand.layouts.groups import GroupBy, columns_of, describe_ungrouped
from train.data.folders.folder import Folder
from train.errors import TrainError


def with_groups(folder: Folder, spec: str | None) -> Folder:
    """Return a folder with the groups that --group-by finds in paths of sources, or in a column.

    Raise TrainError if it is neither a column nor a regular expression with a group, or if no
    source has a group.
    """
    if spec is None:
        return folder
    try:
        by_source = group_sources(folder, spec)
        ungrouped = [source for source, group in by_source.items() if not group]
        note = describe_ungrouped(spec, len(by_source), len(ungrouped), "".join(ungrouped[:1]))
    except ExpandError as error:
        raise TrainError(str(error)) from error
    groups = [by_source[source] for source in folder.sources]
    return replace(folder, groups=groups, notes=(*folder.notes, *([note] if note else [])))


def with_groups_if_any(folder: Folder, spec: str | None) -> Folder:
    """Return a test folder with its groups; a note says if it has none of them.

    Its images may be named otherwise than those of the training set.
    """
    if spec is None:
        return folder
    try:
        found = any(group_sources(folder, spec).values())
    except ExpandError:  # a column of the table that lists the training images
        found = False
    if not found:
        note = f'no image has a group by --group-by "{spec}": groups cannot be compared'
        return replace(folder, notes=(*folder.notes, note))
    return with_groups(folder, spec)


def group_sources(folder: Folder, spec: str) -> dict[str, str]:
    """Return the group of each source of a folder; "" for none."""
    said = folder.annotations or [""] * len(folder)
    group_by = GroupBy.parse(spec, columns_of(said[0]))
    return {
        source: group_by.group(source, annotation)
        for source, annotation in zip(folder.sources, said, strict=True)
    }
