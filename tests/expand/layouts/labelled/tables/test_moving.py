"""Columns that move with an image: boxes and points, in the form that the table has them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from expand import ExpandError, Recipe, expand
from expand.job.checks.verify import verify
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.labelled.tables.rows.labels import TableLabels
from expand.records.manifest import read_rows
from tests.expand.layouts.labelled.tables.sets import (
    FLIP,
    HEIGHT,
    WIDTH,
    flipped,
    images,
    table_of,
    write,
)

MIRRORED: list[tuple[str, str, str]] = [
    (
        "TensorFlow's",
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,80,60,cat,10,11,30,40\n",
        "a_v1.png,80,60,cat,50,11,70,40",
    ),
    ("headings with words", "id;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2\na;10;11;30;40\n", "a_v1;50;11;70;40"),
    (
        "Open Images",
        "ImageID,LabelName,XMin,XMax,YMin,YMax,IsOccluded\na,/m/1,0.1,0.5,0.25,1,0\n",
        "a_v1,/m/1,0.5,0.9,0.25,1.0,0",
    ),
    (
        "CelebA",
        "image_id,x_1,y_1,width,height\na.png,10,11,20,30\n",
        "a_v1.png,50,11,20,30",
    ),
    (
        "Global Wheat",
        'image_id,width,height,bbox,source\na,80,60,"[34.0, 2.0, 16.5, 6.0]",x\n',
        'a_v1,80,60,"[29.5, 2.0, 16.5, 6.0]",x',
    ),
    (
        "centres",
        "file,x_center,y_center,w,h\na.png,0.25,0.5,0.1,0.2\n",
        "a_v1.png,0.75,0.5,0.1,0.2",
    ),
    (
        "area of a box",
        "file,left,top,right,bottom,area\na.png,1,2,11,7,50\n",
        "a_v1.png,69,2,79,7,50",
    ),
    (
        "a box with fractions",
        "file,x1,y1,x2,y2\na.png,1.125,2,11.0,7\n",
        "a_v1.png,69.0,2,78.88,7",
    ),
    (
        "points, by sides",
        "image,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y\na.png,50,20,30,21,,\n",
        "a_v1.png,49,21,29,20,,",
    ),
    (
        "sides by letters",
        "NAME,r ankle_X,r ankle_Y,l ankle_X,l ankle_Y\na,5,6,7,8\n",
        "a_v1,72,8,74,6",
    ),
    ("a point", "image,center_x,center_y\na.png,50.25,20\n", "a_v1.png,28.75,20"),
    ("a point in shares", "image,nose_x,nose_y\na.png,0.25,0.5\n", "a_v1.png,0.75,0.5"),
    (
        "box and points",
        (
            "file,xmin,ymin,xmax,ymax,lefteye_x,lefteye_y,righteye_x,righteye_y\n"
            "a.png,10,11,30,40,22,15,14,16\n"
        ),
        "a_v1.png,50,11,70,40,65,16,57,15",
    ),
    (
        "JSON",
        '{"image": "a.png", "xmin": 10, "ymin": 11, "xmax": 30, "ymax": 40, "n": [1, 2]}\n',
        '{"image": "a_v1.png", "xmin": 50, "ymin": 11, "xmax": 70, "ymax": 40, "n": [1, 2]}',
    ),
]


@pytest.mark.parametrize(
    ("table", "expected"), [case[1:] for case in MIRRORED], ids=[case[0] for case in MIRRORED]
)
def test_what_moves_is_mirrored_with_the_image(table: str, expected: str, tmp_path: Path) -> None:
    name = "labels.jsonl" if table.startswith("{") else "labels.csv"
    text = table_of(tmp_path, table, "images/a.png", name=name)
    assert text == f"{table}{expected}\n"


DECLARED = [
    ("file,x,y\na.png,5,6\n", "x=x,y=y", "a_v1.png,74,6"),
    ("file,x,y,w,h\na.png,5,6,10,20\n", "x=left,y=top,w=width,h=height", "a_v1.png,65,6,10,20"),
    (
        "file,x,y,w,h\na.png,5,6,10,2\n",
        "x=center_x,y=center_y,w=width,h=height",
        "a_v1.png,75,6,10,2",
    ),
    ('file,bbox\na.png,"5 6 10 20"\n', "bbox=xywh", 'a_v1.png,"65 6 10 20"'),
    ('file,bbox\na.png,"5 6 10 20"\n', "bbox=xyxy", 'a_v1.png,"70 6 75 20"'),
    ("file,x,y,angle\na.png,5,6,7\n", "x=ignore, y=ignore,ang*=ignore", "a_v1.png,5,6,7"),
    ("file,angle\na.png,30\n", "angle=angle", "a_v1.png,150"),
    ("file,angle\na.png,-30.5\n", "angle=angle", "a_v1.png,-149.5"),
    ("file,angle\na.png,300\n", "angle=angle", "a_v1.png,240"),
    ("file,steering\na.png,0.25\n", "steering=mirror", "a_v1.png,-0.25"),
    ("a.png,5,6,2\n", "2=x,3=y", "a_v1.png,74,6,2"),
]


@pytest.mark.parametrize(("table", "columns", "expected"), DECLARED)
def test_the_user_says_what_columns_mean(
    table: str, columns: str, expected: str, tmp_path: Path
) -> None:
    assert table_of(tmp_path, table, "i/a.png", columns=columns).splitlines()[-1] == expected


WRONG = [
    ("x=sideways", "takes NAME=ROLE"),
    ("q=x", "no column is called 'q'; the columns: x, y"),
    ("x=x", "needs a y for each x"),
    ("x=left,y=top", "are not a whole box"),
]


@pytest.mark.parametrize(("columns", "reason"), WRONG)
def test_a_wrong_declaration_is_refused(columns: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match=reason):
        table_of(tmp_path, "file,x,y\na.png,5,6\n", "a.png", columns=columns)


@pytest.mark.parametrize(
    "table", ["file,x,y,w,h\na.png,5,6,10,20\n", 'file,bbox\na.png,"5 6 10 20"\n']
)
def test_a_box_that_can_be_read_in_two_ways_is_refused(table: str, tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="--columns (x=left|bbox=xywh)"):
        table_of(tmp_path, table, "a.png")


def square(root: Path, table: str, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    """Write an image with a white square, 20 … 40 across and 15 … 35 down, and its table."""
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[15:35, 20:40] = 255
    write(root, {"labels.csv": table})
    cv2.imwrite(str(root / "a.png"), pixels)
    return root


@pytest.mark.parametrize(
    ("head", "row", "columns"),
    [
        ("xmin,ymin,xmax,ymax", "20,15,40,35", ""),
        ("XMin,YMin,XMax,YMax", "0.25,0.25,0.5,0.5833333", ""),
        ("bbox", '"[20.0, 15.0, 20.0, 20.0]"', "bbox=xywh"),
    ],
)
def test_a_drawn_square_lies_in_its_box(head: str, row: str, columns: str, tmp_path: Path) -> None:
    root = square(tmp_path / "set", f"file,{head}\na.png,{row}\n")
    recipe = Recipe.parse("techniques: [flip, rotate90, {rotate: {degrees: [-9, 9]}}, translate]")
    expand(root, tmp_path / "out", 9, recipe, workers=1, columns=columns)
    lines = (tmp_path / "out/labels.csv").read_text().splitlines()
    assert len(lines) == 10
    for line in lines[1:]:
        name, _, cells = line.partition(",")
        pixels = cv2.imread(str(tmp_path / "out" / name), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None
        box = np.array([float(each) for each in cells.strip('"[]').split(",")])
        if head == "bbox":
            box[2:] += box[:2]
        if head == "XMin,YMin,XMax,YMax":
            box *= [*pixels.shape[::-1]] * 2
        down, across = np.nonzero(pixels > 127)
        assert across.min() >= box[0] - 1
        assert down.min() >= box[1] - 1
        assert across.max() + 1 <= box[2] + 1
        assert down.max() + 1 <= box[3] + 1


@pytest.mark.parametrize(
    "form", ["x_center,y_center,width,height", "left,top,width,height", "cx,cy,w,h"]
)
@pytest.mark.parametrize("numbers", ["1,2,3,4", "1.5,2.5,3,4", "1.5,2,3.5,4", ".1,.2,.1,.1"])
def test_rounding_leads_no_box_out_of_its_view(form: str, numbers: str, tmp_path: Path) -> None:
    rows = [f"a.png,{numbers}"]
    wide, high = (1.0, 1.0) if numbers.startswith(".") else (float(WIDTH), float(HEIGHT))
    for share in (0.1, 0.2, 0.3, 0.4):
        cells = [share * wide, share * high, 0.17 * wide, 0.19 * high]
        given = zip(cells, numbers.split(","), strict=True)
        rows.append(
            "a.png," + ",".join(f"{n:.3f}" if "." in text else str(int(n)) for n, text in given)
        )
    table = f"file,{form}\n" + "".join(f"{row}\n" for row in rows[1:])
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    recipe = Recipe.parse("techniques: [translate: {x: 0.4, y: 0.4}, scale: {zoom: [1, 2]}]")
    expand(root, tmp_path / "out", 30, recipe, workers=1)
    lines = (tmp_path / "out/labels.csv").read_text().splitlines()[1:]
    assert len(lines) > 60
    for line in lines:
        x, y, width, height = map(float, line.split(",")[1:])
        shift = 1 if form.startswith("left") else 0.5
        for place, extent, side in ((x, width, wide), (y, height, high)):
            assert place - (1 - shift) * extent >= -1e-9
            assert place + shift * extent <= side + 1e-9


SHIFT = Recipe.parse("techniques: [translate: {x: [30, 30], y: [0, 0], unit: pixel}]")
"""To the right, or to the left."""


def test_rows_of_lost_objects_are_left_out(tmp_path: Path) -> None:
    rows = ["a.png,0,0,4,4,cat", "a.png,76,8,80,12,dog", "a.png,35,10,45,20,dog"]
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": "\n".join(rows)})
    expand(root, tmp_path / "out", 2, SHIFT, workers=1)
    lines = (tmp_path / "out/labels.csv").read_text().splitlines()
    assert lines[:3] == rows
    assert lines[3:] in (
        ["a_v1.png,30,0,34,4,cat", "a_v1.png,65,10,75,20,dog"],
        ["a_v1.png,46,8,50,12,dog", "a_v1.png,5,10,15,20,dog"],
    )


@pytest.mark.parametrize(
    ("head", "row"), [("", ["a_v1.png,,,,,"]), ("file,x1,y1,x2,y2,class\n", [])]
)
def test_an_image_without_objects_has_an_empty_row_where_the_table_has_no_heading(
    head: str, row: list[str], tmp_path: Path
) -> None:
    table = f"{head}a.png,0,0,2,4,cat\na.png,78,8,80,12,cat\n"
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    away = Recipe.parse("techniques: [scale: {zoom: [2, 2], factor: 2}]")
    expand(root, tmp_path / "out", 2, away, workers=1)
    assert (tmp_path / "out/labels.csv").read_text() == table + "".join(f"{each}\n" for each in row)


def test_points_without_sides_refuse_a_mirror(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="3 points an object cannot be mirrored"):
        table_of(tmp_path, "file,x1,y1,x2,y2,x3,y3\na.png,1,2,3,4,5,6\n", "a.png")


def test_points_outside_a_view_have_empty_cells(tmp_path: Path) -> None:
    table = "file,label,nose_x,nose_y,chin_x,chin_y\na.png,me,2,30,60,40\n"
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    recipe = Recipe.parse("techniques: [translate: {x: [-30, -30], y: [0, 0], unit: pixel}]")
    expand(root, tmp_path / "out", 2, recipe, workers=1)
    last = (tmp_path / "out/labels.csv").read_text().splitlines()[-1]
    assert last == "a_v1.png,me,,,30,40"


def test_boxes_outside_the_image_are_clipped_and_counted(tmp_path: Path) -> None:
    rows = ["a.png,-5,10,30,40", "a.png,70,10,99,40", "a.png,90,10,99,40", "a.png,1,2,3,4"]
    table = "\n".join(["file,xmin,ymin,xmax,ymax", *rows, ""])
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    out, report = flipped(root)
    assert (out / "labels.csv").read_text().splitlines()[1:] == [
        "a.png,0,10,30,40",
        "a.png,70,10,80,40",
        "a.png,1,2,3,4",
        "a_v1.png,50,10,80,40",
        "a_v1.png,0,10,10,40",
        "a_v1.png,77,2,79,4",
    ]
    assert report.status == 0


BAD = [
    ("file,xmin,ymin,xmax,ymax\na.png,5,6,x,9\nb.png,1,2,3,4\nb.png,1,2,3,4\n", 'has "x" in the column "xmax", which is not a number'),
    ("file,xmin,ymin,xmax,ymax\na.png,5,6,,9\nb.png,1,2,3,4\n", 'has "" in the column "xmax"'),
    ("file,xmin,ymin,xmax,ymax\na.png,5,6,2,9\nb.png,1,2,3,4\n", "has a box that ends before it begins"),
    ("file,width,height,xmin,ymin,xmax,ymax\na.png,90,60,5,6,9,9\nb.png,80,60,1,2,3,4\n", "is for 90×60 pixels, and the image has 80×60"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "reason"), BAD)
def test_an_unusable_row_makes_its_image_bad(table: str, reason: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images("a.png", "b.png"), "labels.csv": table})
    out, report = flipped(root)
    assert [bad.source for bad in report.summary.bad] == ["a.png"]
    assert f'"labels.csv", line 2: {reason}' in report.summary.bad[0].reason
    assert "a" not in {line[0] for line in (out / "labels.csv").read_text().splitlines()}


def turned(path: Path, orientation: int) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    with Image.open(path) as image:
        image.save(path, exif=exif)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("stored", [True, False])
def test_the_size_in_a_table_tells_whether_labels_were_drawn_before_an_image_was_turned(
    stored: bool, orientation: int, tmp_path: Path
) -> None:
    sideways = orientation in (6, 8)
    size = "80,60" if stored or not sideways else "60,80"
    root = square(
        tmp_path / "set", f"file,width,height,xmin,ymin,xmax,ymax\na.png,{size},20,15,40,35\n"
    )
    turned(root / "a.png", orientation)
    expand(root, tmp_path / "out", 1, FLIP, workers=1)
    said = (tmp_path / "out/labels.csv").read_text().splitlines()[1].split(",")
    pixels = cv2.imread(str(tmp_path / "out/a.png"), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert [int(each) for each in said[1:3]] == [pixels.shape[1], pixels.shape[0]]
    left, top, right, bottom = map(int, said[3:])
    down, across = np.nonzero(pixels)
    tight = (across.min(), down.min(), across.max() + 1, down.max() + 1)
    assert ((left, top, right, bottom) == tight) == ((sideways and stored) or orientation == 1)


def test_objects_know_their_classes(tmp_path: Path) -> None:
    table = "file,class,xmin,ymin,xmax,ymax\na.png,cat,1,2,9,9\na.png,dog,5,5,9,9\n"
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    with open_dataset(root, Request()) as dataset:
        assert dataset.detects
        assert dataset.classes == ("cat", "dog")
        assert isinstance(dataset.labels, TableLabels)
        (source,) = dataset.listing
        assert source.label == ""
        assert dataset.title == (
            "a table (labels.csv), boxes (left, top, right, bottom; pixels), 2 classes, 1 image"
        )


MOVERS = Recipe.parse("techniques: [RandomCrop: {height: 40, width: 50, p: 1}, CoarseDropout]")


def test_transforms_that_move_pixels_work_if_no_column_moves(tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images("a.png", "b.png"), "labels.csv": AGES})
    report = expand(root, tmp_path / "out", 3, MOVERS, workers=1)
    assert report.status == 0
    rows = (tmp_path / "out/labels.csv").read_text().splitlines()
    assert rows[1:4] == ["a.png,31", "a_v1.png,31", "a_v2.png,31"]
    sizes = {(row["width"], row["height"]) for row in read_rows(tmp_path / "out") if row["view"]}
    assert sizes == {(50, 40)}
    assert verify(tmp_path / "out").problems == []


@pytest.mark.parametrize("columns", ["age,width,height", "age,x,y"])
def test_they_are_refused_if_a_column_moves(columns: str, tmp_path: Path) -> None:
    table = f"file,{columns}\na.png,31,80,60\n"
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": table})
    with pytest.raises(ExpandError, match="RandomCrop may move or cover pixels"):
        expand(root, tmp_path / "out", 2, MOVERS, workers=1, columns="x=x,y=y" * ("x" in columns))


AGES = "file,age\na.png,31\nb.png,40\n"
