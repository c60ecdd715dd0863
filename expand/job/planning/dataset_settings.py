"""The settings that suit a dataset: its recipe, its balance, and views enough for each class."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from expand.errors import ExpandError
from expand.job.balance import Balance
from expand.job.settings import DatasetSettings, Settings
from expand.job.tasks.exchanging import check_exchanges
from expand.layouts.labelled.classes import find_classes
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.layout import FOLDERS
from expand.storage.stores.url import Place

SettingsFor = Callable[[str], Settings]
"""Gets the name of a recipe, and returns the settings with it."""


def suited(
    settings: Settings | SettingsFor, dataset: Dataset, request: Request, src: Place
) -> Settings:
    """Return the settings for a dataset: with the recipe that suits it, and how it was read."""
    if not isinstance(settings, Settings):
        settings = settings("detect" if dataset.detects else "classic")
    if settings.balance:
        settings = replace(settings, balance=_balanced(settings, dataset, src))
    check_classes(settings, dataset.class_names)
    check_exchanges(settings, dataset, src)
    if dataset.layout == FOLDERS:
        return settings
    read = DatasetSettings(
        dataset.layout, dataset.split, request.visible, request.mask_fill, request.columns
    )
    return replace(settings, dataset=read)


def check_classes(settings: Settings, names: Collection[str]) -> None:
    """Refuse a recipe whose rules leave a class fewer different views than are asked for.

    `names` are the classes of the dataset; if it names none, all classes with rules are checked.
    """
    recipe = settings.recipe
    for label in names or [rules.label for rules in recipe.classes]:
        settings.views.for_classes([label])  # checks the sampling
        most, views = recipe.distinct_for([label]), settings.factor_of(label)
        if most is None or views <= most:
            continue
        distinct = f"{most:,} distinct view{'s' if most > 1 else ''}"
        if settings.balance:
            raise ExpandError(
                f'--balance {settings.balance.rule} gives each image of class "{label}" {views:,} '
                f'views, more than recipe "{recipe.name}" can give it: {distinct}. Cap them with '
                f"--most {most}, or use a recipe with more views"
            )
        raise ExpandError(
            f'--factor {views} is more than recipe "{recipe.name}" can give class "{label}" by its '
            f"rules: {distinct}"
        )


def _balanced(settings: Settings, dataset: Dataset, src: Place) -> Balance:
    """Return the balance with the views of each class."""
    assert settings.balance
    counts = dataset.listing.summary.labels
    if "" not in counts:
        return settings.balance.complete(settings.factor, counts)
    of_objects = settings.balance.repeats and isinstance(src, Path)
    if of_objects and (images := find_classes(Path(str(src)), dataset)):
        return settings.balance.complete_objects(settings.factor, images, len(dataset.listing))
    hint = "leave it out"
    if not settings.balance.repeats and dataset.labels:
        hint = (
            "use --balance repeat=SHARE if its labels name the classes of objects, or leave it out"
        )
    raise ExpandError(
        f"--balance {settings.balance.rule} counts the images of each class, and an image of this "
        f"dataset ({dataset.layout}) has no single class; {hint}"
    )
