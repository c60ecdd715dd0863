"""The task of a YOLO dataset, such as detect: which rows it allows, and the check of a file."""

from __future__ import annotations

from dataclasses import dataclass

from expand.layouts.labelled.yolo.rows.text import Row, Rows

BOX, CORNERS = 5, 9
"""Columns of a box (class, centre, width, height) and of an oriented box (class, four corners)."""
TASKS = ("detect", "segment", "pose", "obb")


@dataclass(frozen=True)
class Task:
    """What the rows of a dataset hold."""

    name: str
    """One of TASKS."""
    classes: int = 0
    """How many classes the dataset names; 0: it does not say."""
    points: int = 0
    """Points of an object, and numbers of a point (x, y and perhaps visibility): of pose only."""
    dims: int = 0
    flip_idx: tuple[int, ...] | None = None
    names: tuple[str, ...] = ()
    """The names of the points."""
    class_names: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """The columns of a row; 0 if a row has any number of corners."""
        if self.name == "pose":
            return BOX + self.points * self.dims
        return {"obb": CORNERS}.get(self.name, 0)

    def class_of(self, kind: str) -> str:
        """Return the name of a class by its number as written; that, if it has no name."""
        number, names = int(float(kind)), self.class_names
        return names[number] if number < len(names) else str(number)

    def check(self, rows: Rows) -> bool:
        """Return whether the rows of a file are polygons, and not boxes.

        Raise BadImageError if they are not what the task needs. The rule is that of Ultralytics: if
        one row has more than 6 columns, all are read as polygons. Older versions read a box among
        them as a polygon of two corners; newer ones leave out the image.
        """
        lengths = {len(row.numbers) for row in rows.rows}
        problems = {length: self._problem(1 + length) for length in lengths}
        for row in rows.rows:
            self._check_class(rows, row)
            if problem := problems[len(row.numbers)]:
                raise rows.bad(row, problem)
        if self.columns:
            return False
        boxes = [row for row in rows.rows if len(row.numbers) == BOX - 1]
        if boxes and (len(boxes) < len(rows.rows) or self.name == "segment"):
            mixed = "other rows of the file are polygons; write all of them in one of these ways"
            mixed = mixed if len(boxes) < len(rows.rows) else "a polygon is needed"
            raise rows.bad(boxes[0], f"is a box; {mixed}")
        return bool(rows.rows) and not boxes

    def _check_class(self, rows: Rows, row: Row) -> None:
        if self.classes and float(row.kind) >= self.classes:
            raise rows.bad(
                row, f"class {row.kind}; the dataset names {self.classes} (0 to {self.classes - 1})"
            )

    def _problem(self, columns: int) -> str:
        """Return what is wrong with a number of columns; empty if nothing is."""
        has = f"has {columns} columns"
        if self.columns:
            return (
                "" if columns == self.columns else f"{has}; YOLO {self.name} needs {self.columns}"
            )
        if columns == BOX + 1:
            return f"{has}, one more than a box; remove the confidence or track id"
        if columns < BOX:
            return f"{has}; a box needs {BOX}"
        if columns != BOX and columns % 2 == 0:
            return f"{has}; a polygon needs a class, and x and y of each corner"
        return ""
