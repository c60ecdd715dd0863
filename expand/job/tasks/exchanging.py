"""Images of one class each, under rules by which a mirrored view has another class.

A copy that becomes a "right" lies in the folder of that class, under a name with its old one; in a
table, its row says the new class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError, did_you_mean
from expand.geometry import Placement, Size
from expand.job.settings import Settings
from expand.job.tasks.sources import OpenSource
from expand.layouts.collisions import check_exchanged
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.layout import FOLDERS
from expand.layouts.names import copy_name, exchanged_id
from expand.layouts.source import Source
from expand.recipes.recipe import Recipe
from expand.recipes.rules import compose_label, name_classes
from expand.views.drawn import DrawnView
from expand.views.views import Params

SPLIT_FOLDERS = "split-folders"
IN_FOLDERS = (FOLDERS, SPLIT_FOLDERS)
"""Layouts in which the folder of an image is its class."""
MOST_COUNTED = 20_000
"""Views of which the classes are counted exactly; of more, those of an even sample."""
ANY = Size(100.0, 100.0)
"""The size of an image does not matter for which way round a view shows it."""


class Placed(NamedTuple):
    """The name of the file of a view and, if it is not that of its source, its class."""

    name: str
    label: str = ""


def place_view(settings: Settings, source: OpenSource, k: int, view: DrawnView) -> Placed:
    """Return the name and the class of a view."""
    name = source.name(k, settings.format)
    if k == 0 or not source.label or not settings.recipe.exchanges:
        return Placed(name)
    params, move = view
    size = Size(*map(float, source.image.size))
    placement = Placement(move.source, size) if move else settings.views.placement(params, size)
    label = class_in_view(settings, source.label, placement)
    if label == source.label:
        return Placed(name)
    if source.labels is None:
        split = settings.dataset.split if settings.dataset else ""
        name = copy_name(exchanged_id(source.id, label, split), k, settings.format)
    return Placed(name, label)


def class_in_view(settings: Settings, label: str, placement: Placement) -> str:
    """Return the class that an image of class `label` has in a view."""
    names = settings.recipe.exchanges.names(placement.source.inverse())
    return names.get(compose_label(label), label)


def check_exchanges(settings: Settings, dataset: Dataset, root: object) -> None:
    """Refuse a recipe by which images or objects become another class, if that cannot be.

    Raise ExpandError if labels cannot say so, if the dataset lacks the class, or if a copy would
    have the name of another file.
    """
    recipe = settings.recipe
    if not recipe.exchanges:
        return
    if dataset.labels is None and dataset.layout in IN_FOLDERS:
        _check_folders(settings, dataset, root)
    elif dataset.labels is None or not dataset.labels.renames:
        raise ExpandError(
            f"rules with becomes are for datasets with a class for each image or object; here "
            f"({dataset.layout}) a mirrored view keeps its labels, so use never"
        )
    else:
        dataset.labels.check_renames(recipe.exchanges.every)
    known = set(map(compose_label, dataset.class_names))
    unknown = [name for name in recipe.exchanges.targets if name not in known]
    if known and unknown:
        raise ExpandError(
            f'the dataset has no class "{unknown[0]}", which a rule with becomes names; it has '
            f"{name_classes(sorted(known))}{did_you_mean(unknown[0], known)}"
        )


def _check_folders(settings: Settings, dataset: Dataset, root: object) -> None:
    """Refuse what copies in the folder of another class rule out."""
    for what, is_asked, instead in (
        ("--balance", settings.balance, "leave it out"),
        ("--output webdataset", settings.tars, "write a folder"),
        ("a URL", not isinstance(root, Path), "copy the dataset to a folder"),
    ):
        if is_asked:
            raise ExpandError(
                f"rules with becomes put copies into the folder of another class, which {what} "
                f"does not allow; {instead}, or use never"
            )
    assert isinstance(root, Path)
    for name in dataset.class_names:
        if name != compose_label(name) and compose_label(name) in settings.recipe.exchanges.targets:
            raise ExpandError(
                f'the folder of class "{name}" has a name with accents as separate characters, and '
                "a rule with becomes names it; rename the folder"
            )
    check_exchanged(root, _names(settings.recipe, dataset), settings.factor, settings.format)


def _names(recipe: Recipe, dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Yield what files of sources are named after, those of other classes too; and the source."""
    split = dataset.split if dataset.layout == SPLIT_FOLDERS else ""
    for source in dataset.listing:
        yield source.id, source.id
        for new in _targets(recipe, source.label):
            yield exchanged_id(source.id, new, split), source.id


def _targets(recipe: Recipe, label: str) -> list[str]:
    """Return the classes that images of a class can become."""
    reached, own = set[str](), compose_label(label)
    found = {own}
    while found - reached:  # a mirror along both axes can take two steps
        reached |= found
        found = {new for _, old, new in recipe.exchanges.pairs if old in reached}
    return sorted(reached - {own})


def count_files(settings: Settings, dataset: Dataset) -> tuple[dict[str, int], bool]:
    """Return how many files each class gets, and whether that is exact, or from a sample."""
    counts, sources = Counter[str](), list[Source]()
    for source in dataset.listing:
        views = settings.written_for(source)
        if _targets(settings.recipe, source.label):
            sources.append(source)
        else:
            counts[source.label] += len(views)
    step = max(1, len(sources) * settings.factor // MOST_COUNTED)
    for source in sources[::step]:
        for k in settings.written_for(source):
            label = source.label
            if k:
                params: Params = settings.views.params(source.id, k, (source.label,))
                label = class_in_view(settings, label, settings.views.placement(params, ANY))
            counts[label] += step
    return dict(sorted(counts.items())), step == 1
