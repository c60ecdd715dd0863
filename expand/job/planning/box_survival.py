"""What views do to boxes: how many stay whole, are cut or are lost, and how tight they remain."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.geometry import Affine, Placement
from expand.images.decoder import open_image
from expand.job.planning.plan import Plan
from expand.job.tasks.labels import OpenLabels, classes_of, load_labels
from expand.job.tasks.placing import place_views
from expand.layouts.listing import spread_out
from expand.targets import Carried, Targets
from expand.targets.rings import Floats
from expand.views.drawn import DrawnView

WHOLE = 1 - 1e-6
"""The visible share of an object that counts as all of it: areas have rounding errors."""
SAMPLED_SOURCES, SAMPLED_VIEWS = 400, 8
TIGHT = 0.95
"""Mean IoU from which a plan does not mention a recipe that keeps boxes tighter."""


@dataclass
class BoxShares:
    """Counts of what became of boxes in some views; `add` one view after the other.

    >>> shares = BoxShares()
    >>> for params in sampled:
    ...     placement = views.placement(params, size)
    ...     shares.add(targets, carry_view(views, targets, params, shape), placement)
    >>> print(shares.sentence())
    """

    whole: int = 0
    cut: int = 0
    """Boxes that a view keeps, but that its border cuts or that are partly painted over."""
    lost: int = 0
    """Boxes that a view drops."""
    loose: int = 0
    """Whole boxes that nothing but their own corners could be moved of."""
    fit: float = 0.0
    """The sum of their IoU with the tight box of an ellipse."""
    noun: str = "boxes"
    """What they are called: objects, where some have polygons or points without boxes."""

    def add(self, targets: Targets, carried: Carried, placement: Placement) -> None:
        """Count the objects of one view: those of its image, and what `carry` made of them.

        Masks that are linked to no objects count nothing.
        """
        if len(targets) and targets.boxes is None and targets.oriented is None:
            self.noun = "objects"
        kept = np.zeros(len(targets), bool)
        kept[carried.kept] = True
        whole = kept & ~carried.cut & (carried.shares >= WHOLE)
        self.whole += int(whole.sum())
        self.cut += int((kept & ~whole).sum())
        self.lost += int((~kept).sum())
        if targets.boxes is not None:
            alone = whole & ~_outlined(targets)
            fits = ellipse_fit(targets.boxes.edges[alone], placement.source.inverse())
            self.loose += len(fits)
            self.fit += float(fits.sum())

    @property
    def count(self) -> int:
        """How many boxes were counted."""
        return self.whole + self.cut + self.lost

    def sentence(self) -> str:
        """Say it in one sentence or two; nothing if there were no boxes."""
        if not self.count:
            return ""
        whole, cut, lost = (
            percent(number / self.count) for number in (self.whole, self.cut, self.lost)
        )
        text = (
            f"Of {self.count:,} {self.noun} in sampled copies: "
            f"{whole} whole, {cut} cut, {lost} lost"
        )
        if not self.loose:
            return f"{text}."
        fit = self.fit / self.loose
        text = f"{text}; boxes fit with IoU {fit:.2f} (1 is tight)."
        if fit < TIGHT:
            text += " Rotation makes boxes looser; --recipe detect has none."
        return text


def sample_boxes(plan: Plan, seconds: float = 2.0) -> BoxShares:
    """Count what becomes of boxes in some copies of a plan, without making them.

    Takes up to `seconds`; sources that cannot be used are passed over.
    """
    shares, settings, started = BoxShares(), plan.settings, time.perf_counter()
    reader = plan.dataset.labels
    for source in spread_out(plan.listing, SAMPLED_SOURCES) if reader else ():
        if time.perf_counter() - started > seconds:
            break
        with suppress(BadImageError):
            assert reader
            loaded = load_labels(reader, str(plan.src), source)
            image = open_image(plan.read(source))
            opened = OpenLabels.parse(reader, source, loaded, image)
            classes = classes_of(settings, source, opened)
            ks = range(1, min(settings.factor, 1 + SAMPLED_VIEWS))
            drawn = {k: DrawnView(settings.views.params(source.id, k, classes), None) for k in ks}
            for view in place_views(settings, opened.unplaced(drawn)):
                shares.add(opened.labels.targets, view.carried, view.placement)
    return shares


def ellipse_fit(edges: Floats, forward: Affine) -> Floats:
    """Return the IoU of moved boxes (N×4) with the tight boxes of what may be in them.

    That is an ellipse that touches all four sides of the box: a box around the box's own moved
    corners is as tight as possible for a rectangle only, and few objects are one. `forward` is the
    input-to-output map. The IoU is 1 where axes stay axes, and depends on the angle and on the
    proportions of the box otherwise: for a square 0.85 at 5° and 0.67 at 15°.
    """
    sides = edges[:, 2:] - edges[:, :2]
    rows = np.array([[forward.a, forward.b], [forward.d, forward.e]], np.float64)
    reaches = np.abs(rows)[None] * sides[:, None]  # N×2×2: how far each side reaches along x and y
    boxes, ellipses = reaches.sum(axis=2), np.sqrt((reaches**2).sum(axis=2))
    shares = np.divide(ellipses, boxes, out=np.ones_like(boxes), where=boxes > 0)
    fits: Floats = shares.prod(axis=1)
    return fits


def percent(share: float) -> str:
    """Return a share (0 … 1) in percent, without calling a few none or most of them all."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    return f"{value:.1f} %" if 0 < value < 1 or 99 < value < 100 else f"{value:.0f} %"


def _outlined(targets: Targets) -> NDArray[np.bool_]:
    """Return which objects have more than a box to tell what of them is where."""
    found = np.full(len(targets), targets.oriented is not None)
    if targets.polygons:
        found[targets.polygons.objects] = True
    for mask in targets.masks:
        if mask.objects is not None:
            found |= mask.objects >= 0
    return found
