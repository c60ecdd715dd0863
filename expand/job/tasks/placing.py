"""Where the targets of sources are in their views: those of many views are placed at once.

What moves targets is imported where a source has some: class folders have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from expand.errors import ExpandError
from expand.geometry import IDENTITY, Placement, Size
from expand.job.settings import Settings
from expand.views.drawn import DrawnView
from expand.views.views import Params

if TYPE_CHECKING:
    from expand.targets import Carried, Targets
    from expand.targets.windows import Window

TOGETHER = 128
"""Views whose targets are placed at once."""


class PlacedView(NamedTuple):
    """A view, and where the targets of its source are in it."""

    k: int
    params: Params
    carried: Carried
    placement: Placement


class Unplaced(NamedTuple):
    """The targets of a source, the size of its image, and its views by their number."""

    targets: Targets
    size: Size
    views: Mapping[int, DrawnView]
    places: bool = True
    """Whether its labels say places; a class or a number of an image stays as it is."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return int(self.size.height), int(self.size.width)

    def check(self, settings: Settings) -> None:
        """Raise ExpandError if the recipe cannot be used with the targets."""
        if any(self.views) and (self.places or settings.recipe.exchanges):
            from expand.views.carried import check_targets

            check_targets(settings.recipe, self.targets, self.shape)

    def window(self, settings: Settings, k: int) -> Window:
        """Return view `k`."""
        from expand.targets.windows import Window
        from expand.views.carried import window_of

        if k == 0:
            return Window(self.targets, Placement(IDENTITY, self.size), visible=0)
        assert settings.dataset
        visible, (params, move) = settings.dataset.visible, self.views[k]
        return window_of(settings.views, self.targets, params, self.shape, visible, move)


def place_views(settings: Settings, source: Unplaced) -> Iterator[PlacedView]:
    """Yield the views of a source, in their order.

    Raise ExpandError if the recipe cannot be used with its targets.
    """
    source.check(settings)
    # masks are the larger part of memory
    most = 1 if source.targets.masks else TOGETHER
    remaining = iter(source.views)
    while ks := list(islice(remaining, most)):
        yield from _place([(source, k) for k in ks], settings)


def place_together(
    settings: Settings, sources: Mapping[int, Unplaced]
) -> dict[int, list[PlacedView]]:
    """Return the views of several sources by their keys.

    Left out are sources with masks or many views, which gain nothing, and those that `place_views`
    raises an error for.
    """
    groups: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for key, source in sources.items():
        if not source.targets.masks and len(source.views) <= TOGETHER:
            with suppress(ExpandError):
                source.check(settings)
                groups.setdefault(source.targets.kinds, []).extend((key, k) for k in source.views)
    result: dict[int, list[PlacedView]] = {}
    with suppress(MemoryError):
        for group in groups.values():
            result |= _place_group(group, sources, settings)
    return result


def _place_group(
    group: Sequence[tuple[int, int]], sources: Mapping[int, Unplaced], settings: Settings
) -> dict[int, list[PlacedView]]:
    """Return views, given by the keys of their sources and their numbers, by those keys."""
    result: dict[int, list[PlacedView]] = {}
    for first in range(0, len(group), TOGETHER):
        some = group[first : first + TOGETHER]
        placed = _place([(sources[key], k) for key, k in some], settings)
        for (key, _), view in zip(some, placed, strict=True):
            result.setdefault(key, []).append(view)
    return result


def _place(pairs: Sequence[tuple[Unplaced, int]], settings: Settings) -> list[PlacedView]:
    from expand.targets.carry import carry_all

    windows = [source.window(settings, k) for source, k in pairs]
    return [
        PlacedView(k, source.views[k].params, carried, window.placement)
        for (source, k), window, carried in zip(pairs, windows, carry_all(windows), strict=True)
    ]
