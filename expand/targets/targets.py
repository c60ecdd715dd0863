"""Targets: all that the labels of one image say about places in it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from expand.errors import ExpandError
from expand.targets.points import Points
from expand.targets.rings import Wholes
from expand.targets.values import Boxes, Mask, OrientedBoxes, Polygons


@dataclass(frozen=True, eq=False)
class Targets:
    """N objects, each with a row in whatever is given of boxes to points, and masks of the image.

    All coordinates are pixels, x to the right and y down, from the left top corner of the image:
    the pixel in column i covers [i, i + 1) and has its centre at i + ½. They lie in the image; a
    reader clips what does not. Classes and other columns of the objects stay with the caller.
    """

    boxes: Boxes | None = None
    oriented: OrientedBoxes | None = None
    polygons: Polygons | None = None
    points: Points | None = None
    masks: tuple[Mask, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "masks", tuple(self.masks))
        counts = {name: len(rows) for name, rows in self._rows().items()}
        counts |= {
            f"masks[{index}].objects": len(mask.objects)
            for index, mask in enumerate(self.masks)
            if mask.objects is not None
        }
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{name}: {count}" for name, count in counts.items())
            raise ExpandError(f"targets must be of the same objects; got {listed}")
        if len({mask.pixels.shape[:2] for mask in self.masks}) > 1:
            raise ExpandError("the masks of an image must have its size; these differ in size")
        object.__setattr__(self, "_count", next(iter(counts.values()), 0))

    @classmethod
    def of(
        cls,
        count: int,
        boxes: Boxes | None,
        oriented: OrientedBoxes | None,
        polygons: Polygons | None,
        points: Points | None,
        masks: tuple[Mask, ...],
    ) -> Targets:
        """Return targets that are known to be of the same `count` objects."""
        targets = cls.__new__(cls)
        targets.__dict__.update(
            boxes=boxes,
            oriented=oriented,
            polygons=polygons,
            points=points,
            masks=masks,
            _count=count,
        )
        return targets

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what is given beside masks: boxes, oriented, polygons, points."""
        return tuple(self._rows())

    def _rows(self) -> dict[str, Boxes | OrientedBoxes | Polygons | Points]:
        named = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {name: rows for name, rows in named if name != "masks" and rows is not None}

    def __len__(self) -> int:
        count: int = self.__dict__["_count"]
        return count

    def take(self, objects: Wholes) -> Targets:
        """Return these objects (ascending); the pixels of masks stay what they are."""
        rows = {name: rows.take(objects) for name, rows in self._rows().items()}
        masks = tuple(mask.take(objects) for mask in self.masks)
        return Targets(**rows, masks=masks)  # type: ignore[arg-type]  # each keeps its type
