"""Annotations: what moves in them with a view, and all that stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.layouts.labelled.dataset import LabelFile
from tests.expand.layouts.labelled.voc.drawn import (
    CAT,
    DOG,
    HEIGHT,
    WIDTH,
    Drawn,
    Edges,
    annotation,
    boxes,
    picture,
    put,
    save_picture,
    seen,
)
from tests.expand.layouts.labelled.voc.growing import AWAY, FLIP, grow, opened

HALF = "techniques: [translate: {x: [0.35, 0.36], y: [0, 0]}]"
"""Moves an image to the right by a third of its width: the dog is cut."""
TURN = "techniques: [rotate90]"


def flipped(drawn: Drawn) -> tuple[float, ...]:
    x1, y1, x2, y2 = drawn.box
    return WIDTH + 1 - x2, y1, WIDTH + 1 - x1, y2


def beside(root: Path, text: str | bytes, stem: str = "a", **drawn: object) -> Path:
    """Write an image with its annotation beside it."""
    save_picture(root / f"{stem}.png", picture((CAT, DOG), **drawn))
    put(root / f"{stem}.xml", text)
    return root


def copy_of(tmp_path: Path, text: str | bytes, recipe: str = FLIP) -> str:
    """Return the annotation of the copy of an image with this annotation."""
    src, out = beside(tmp_path / "src", text), tmp_path / "out"
    assert grow(src, out, recipe) == []
    written = (out / "a.xml").read_bytes()
    assert written == (text if isinstance(text, bytes) else text.encode())
    return (out / "a_v1.xml").read_bytes().decode()


def test_only_places_names_and_the_size_change(tmp_path: Path) -> None:
    text = annotation("a", suffix=".png")
    written = copy_of(tmp_path, text)
    changed = {
        (old, new)
        for old, new in zip(text.splitlines(), written.splitlines(), strict=True)
        if old != new
    }
    assert changed == {
        ("\t<filename>a.png</filename>", "\t<filename>a_v1.png</filename>"),
        ("\t\t\t<xmin>5</xmin>", "\t\t\t<xmin>45</xmin>"),
        ("\t\t\t<xmax>20</xmax>", "\t\t\t<xmax>60</xmax>"),
        ("\t\t\t<xmin>31</xmin>", "\t\t\t<xmin>5</xmin>"),
        ("\t\t\t<xmax>60</xmax>", "\t\t\t<xmax>34</xmax>"),
        (f"\t\t{CAT.head}", f"\t\t{CAT.head.replace('Left', 'Right')}"),
    }


def test_a_turned_view_has_its_size_and_a_pose_to_no_side(tmp_path: Path) -> None:
    src, out = beside(tmp_path / "src", annotation("a", (CAT,), suffix=".png")), tmp_path / "out"
    grow(src, out, TURN, factor=4)
    sizes, poses = set(), set()
    for path in sorted(out.glob("*.xml")):
        text = path.read_text()
        sizes.add(re.search(r"<width>(\d+)</width><height>(\d+)</height>", text).groups())  # type: ignore[union-attr]
        poses.add(re.search(r"<pose>(\w+)</pose>", text)[1])  # type: ignore[index]
        assert boxes(path) == [("cat", seen(path.with_suffix(".png"), "cat"))]
    assert sizes == {("64", "48"), ("48", "64")}
    assert poses == {"Left", "Right", "Unspecified"}


@pytest.mark.parametrize("recipe", ["classic", "detect", "blog"])
def test_a_box_never_cuts_its_object(tmp_path: Path, recipe: str) -> None:
    src, out = beside(tmp_path / "src", annotation("a", suffix=".png")), tmp_path / "out"
    grow(src, out, recipe, factor=12)
    for path in out.glob("*.xml"):
        for name, (x1, y1, x2, y2) in boxes(path):
            assert 1 <= x1 <= x2 <= WIDTH
            assert 1 <= y1 <= y2 <= HEIGHT
            if shown := seen(path.with_suffix(".png"), name):
                left, top, right, bottom = shown
                # a pixel that is half background still has nearly the colour of the object
                assert min(left - x1, top - y1, x2 - right, y2 - bottom) >= -1, path


@given(
    x=st.integers(1, 50), y=st.integers(1, 30), width=st.integers(0, 13), height=st.integers(0, 17)
)
def test_mirroring_twice_gives_the_same_text(x: int, y: int, width: int, height: int) -> None:
    text = annotation("a", (Drawn("cat", (x, y, x + width, y + height)),), suffix=".png")
    once = _mirrored(text.encode())
    assert _mirrored(once).decode().replace("a_v1_v1", "a") == text


def _mirrored(data: bytes) -> bytes:
    from expand.geometry import Affine, Placement, Size
    from expand.layouts.labelled.dataset import Frame, LabelledView
    from expand.layouts.labelled.voc.naming import note_files
    from expand.layouts.labelled.voc.reader import VocLabels
    from expand.layouts.source import Source
    from expand.targets import carry

    size = Size(float(WIDTH), float(HEIGHT))
    stem = re.search(rb"<filename>(\w+)", data)[1].decode()  # type: ignore[index]
    source = Source(f"{stem}.png", 0, "", note_files([f"{stem}.xml"]))
    read = VocLabels().parse(source, {f"{stem}.xml": data}, Frame(size, size))
    mirror = Affine(-1.0, 0.0, float(WIDTH), 0.0, 1.0, 0.0)
    carried = carry(read.targets, Placement(mirror, size))
    written = read.write(LabelledView(1, f"{stem}_v1.png", size, carried, {}, mirror))
    file: LabelFile = written.files[0]
    assert file.name == f"{stem}_v1.xml"
    return file.data


def test_a_place_that_does_not_move_keeps_its_text(tmp_path: Path) -> None:
    drawn = Drawn("cat", (5, 7, 20, 24))
    text = (
        annotation("a", (drawn,), suffix=".png").replace(">7<", "> 07.0 <").replace(">5<", ">005<")
    )
    written = copy_of(tmp_path, text, "techniques: [noise: {amount: [0.1, 0.2]}]")
    assert "<xmin>005</xmin>" in written
    assert "<ymin> 07.0 </ymin>" in written
    assert "<ymin> 07.0 </ymin>" in copy_of(tmp_path / "flip", text)


def test_boxes_with_decimals_keep_as_many(tmp_path: Path) -> None:
    drawn = Drawn("cat", (5.25, 7, 20.5, 24))
    written = copy_of(tmp_path, annotation("a", (drawn,), suffix=".png"))
    assert "<xmin>44.50</xmin>" in written
    assert "<xmax>59.75</xmax>" in written
    assert "<ymin>7</ymin>" in written


def test_a_box_from_0_begins_at_the_border(tmp_path: Path) -> None:
    drawn = Drawn("cat", (0, 0, 20, 24))
    text = annotation("a", (drawn,), suffix=".png")
    assert "<xmin>0</xmin>" in copy_of(
        tmp_path / "noise", text, "techniques: [noise: {amount: [0.1, 0.2]}]"
    )
    src, out = beside(tmp_path / "src", text), tmp_path / "out"
    grow(src, out)
    assert boxes(out / "a_v1.xml") == [("cat", (45, 0, 64, 24))]  # y does not move


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (64, 2, 64, 9), (10.2, 3, 10.4, 8), (1, 1, 1, 1)])
def test_a_box_is_never_narrower_than_a_pixel(tmp_path: Path, box: Edges) -> None:
    drawn = Drawn("cat", box)
    src = beside(tmp_path / "src", annotation("a", (drawn,), suffix=".png"))
    assert grow(src, tmp_path / "out", "detect", factor=6) == []
    for path in (tmp_path / "out").glob("a_v*.xml"):
        for _, (x1, y1, x2, y2) in boxes(path):
            assert (1 <= x1 <= x2 <= WIDTH, 0 <= y1 <= y2 <= HEIGHT) == (True, True)


def test_a_box_beyond_the_border_is_clipped_in_all_views_and_counted(tmp_path: Path) -> None:
    drawn, away = Drawn("cat", (50, 7, 70, 24)), Drawn("dog", (70, 7, 80, 20))
    src, out = (
        beside(tmp_path / "src", annotation("a", (drawn, away), suffix=".png")),
        tmp_path / "out",
    )
    assert grow(src, out) == []
    assert boxes(out / "a.xml") == [("cat", (50, 7, 64, 24))]
    assert boxes(out / "a_v1.xml") == [("cat", (1, 7, 15, 24))]
    assert "<filename>a.png</filename>" in (out / "a.xml").read_text()
    rows = [json.loads(line) for line in (out / "expand.jsonl").read_text().splitlines()]
    assert [row["labels"]["mended"] for row in rows] == [{"clipped": 1, "outside": 1}] * 2


def test_an_object_that_the_border_cuts_is_truncated(tmp_path: Path) -> None:
    written = copy_of(tmp_path, annotation("a", suffix=".png"), HALF)
    assert re.findall("<truncated>(.)</truncated>", written) == ["0", "1"]


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("<truncated>False</truncated>", "<truncated>True</truncated>"),
        ("<truncated>1</truncated>", "<truncated>1</truncated>"),
        ("<truncated/>", "<truncated>1</truncated>"),
        ("<pose>Left</pose>", "<pose>Left</pose>"),
    ],
)
def test_what_truncated_says_is_said_in_its_own_words(
    tmp_path: Path, head: str, after: str
) -> None:
    text = annotation("a", (Drawn("dog", DOG.box, head=head),), suffix=".png")
    written = copy_of(tmp_path, text, HALF)
    assert after in written
    assert written.count("truncated") == after.count("truncated")


def test_truncated_is_added_where_other_objects_of_the_file_have_it(tmp_path: Path) -> None:
    text = annotation(
        "a", (CAT, Drawn("dog", DOG.box, head="<difficult>0</difficult>")), suffix=".png"
    )
    written = copy_of(tmp_path, text, HALF)
    assert "\t\t<name>dog</name>\n\t\t<truncated>1</truncated>\n\t\t<difficult>" in written


def test_an_object_outside_the_view_is_removed_and_nothing_else(tmp_path: Path) -> None:
    text = annotation("a", suffix=".png").replace("\t<object>", "\t<!-- one -->\n\t<object>")
    written = copy_of(tmp_path, text, AWAY)
    assert written.count("<object>") == 1
    assert written.count("<!-- one -->") == 2
    assert written.endswith("<!-- one -->\n</annotation>\n")


def test_the_last_object_can_go(tmp_path: Path) -> None:
    written = copy_of(tmp_path, annotation("a", (DOG,), suffix=".png"), AWAY)
    assert "<object>" not in written
    assert "<filename>a_v1.png</filename>" in written


def test_parts_move_and_are_dropped_alone(tmp_path: Path) -> None:
    part = (
        "<part><name>{}</name><bndbox><xmin>{}</xmin><ymin>5</ymin><xmax>{}</xmax><ymax>9</ymax>"
        "</bndbox></part>"
    )
    extra = part.format("head", 31, 38) + part.format("foot", 54, 60)
    text = annotation("a", (CAT, Drawn("dog", DOG.box, extra)), suffix=".png")
    written = copy_of(tmp_path, text)
    assert "<name>head</name><bndbox><xmin>27</xmin><ymin>5</ymin><xmax>34</xmax>" in written
    assert "<name>foot</name><bndbox><xmin>5</xmin>" in written
    cut = copy_of(tmp_path / "cut", text, HALF)
    assert "head" in cut
    assert "foot" not in cut
    gone = copy_of(tmp_path / "gone", text, AWAY)
    assert gone.count("<name>") == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "<polygon><x1>31</x1><y1>4</y1><x2>60</x2><y2>4</y2><x3>60.5</x3><y3>40</y3></polygon>",
            "<polygon><x1>34.0</x1><y1>4</y1><x2>5.0</x2><y2>4</y2><x3>4.5</x3><y3>40</y3></polygon>",
        ),
        (
            "<polygon><by>me</by><pt><x>31</x><y>4</y><t>1</t></pt> <pt><x>60</x><y>4</y></pt></polygon>",
            "<polygon><by>me</by><pt><x>34</x><y>4</y><t>1</t></pt> <pt><x>5</x><y>4</y></pt></polygon>",
        ),
        (
            "<points><x>31</x><y>4</y><x>60</x><y>4</y><x>60</x><y>40</y></points>",
            "<points><x>34</x><y>4</y><x>5</x><y>4</y><x>5</x><y>40</y></points>",
        ),
        (
            "<robndbox><x_left_top>30</x_left_top><y_left_top>4</y_left_top><x_right_top>60</x_right_top><y_right_top>5</y_right_top><x_right_bottom>59</x_right_bottom><y_right_bottom>40</y_right_bottom><x_left_bottom>29</x_left_bottom><y_left_bottom>39</y_left_bottom></robndbox>",
            "<robndbox><x_left_top>34</x_left_top><y_left_top>4</y_left_top><x_right_top>4</x_right_top><y_right_top>5</y_right_top><x_right_bottom>5</x_right_bottom><y_right_bottom>40</y_right_bottom><x_left_bottom>35</x_left_bottom><y_left_bottom>39</y_left_bottom></robndbox>",
        ),
        ("<point><x>31</x><y>4</y></point>", "<point><x>34</x><y>4</y></point>"),
        (
            "<robndbox><cx>40</cx><cy>20</cy><w>20</w><h>8</h><angle>0.5</angle></robndbox>",
            "<robndbox><cx>24.0000</cx><cy>20.0000</cy><w>20.0000</w><h>8.0000</h><angle>2.641593</angle></robndbox>",
        ),
    ],
)
def test_places_beside_the_box_move_in_their_own_spelling(
    tmp_path: Path, before: str, after: str
) -> None:
    text = annotation("a", (Drawn("dog", DOG.box, before),), suffix=".png")
    assert after in copy_of(tmp_path, text)


def test_a_box_is_tight_around_its_polygon_and_does_not_cut_it(tmp_path: Path) -> None:
    corners = ((31, 4), (60, 4), (60, 40))
    ring = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in corners)
    drawn = Drawn("dog", DOG.box, f"<polygon>{ring}</polygon>")
    src, out = beside(tmp_path / "src", annotation("a", (drawn,), suffix=".png")), tmp_path / "out"
    pixels = picture(())
    for x, y in np.ndindex(WIDTH, HEIGHT):
        if x <= 59 and y >= 3 and (x - 30) * 36 >= (y - 3) * 29:
            pixels[y, x] = (40, 250, 40)
    save_picture(src / "a.png", pixels)
    grow(src, out, "techniques: [flip, rotate: {degrees: [-40, 40]}]", factor=10)
    for path in out.glob("a_v*.xml"):
        ((_, box),) = boxes(path)
        shown = seen(path.with_suffix(".png"), "dog")
        assert shown
        outwards = np.subtract(shown, box) * (1, 1, -1, -1)
        assert outwards.min() >= 0, path
        assert outwards.max() <= 2, path


def test_a_polygon_that_is_cut_has_new_corners_on_the_border(tmp_path: Path) -> None:
    triangle = "<polygon>\n<x1>31</x1>\n<y1>4</y1>\n<x2>60</x2>\n<y2>4</y2>\n<x3>60</x3>\n<y3>40</y3>\n</polygon>"
    text = annotation("a", (Drawn("dog", DOG.box, triangle),), suffix=".png")
    written = copy_of(tmp_path, text, HALF)
    inside = written[written.index("<polygon>") : written.index("</polygon>")]
    numbers = [int(each) for each in re.findall(r"<x\d+>(\d+)</x", inside)]
    assert len(numbers) == 3
    assert re.findall(r"<([xy]\d+)>", inside) == [f"{axis}{n}" for n in (1, 2, 3) for axis in "xy"]
    assert max(numbers) == WIDTH
    assert "</x1>\n<y1>" in inside


@pytest.mark.parametrize(
    ("one", "name"), [("<pt><x>{}</x><y>{}</y></pt>", "polygon"), ("<x>{}</x><y>{}</y>", "points")]
)
def test_corners_on_the_border_are_spelled_as_the_others(
    tmp_path: Path, one: str, name: str
) -> None:
    corners = ((31, 4), (60, 4), (60, 40), (31, 40))
    ring = "".join(one.format(*corner) for corner in corners)
    drawn = Drawn("dog", DOG.box, f"<{name}>{ring}</{name}>")
    diamond = drawn.extra.replace(one.format(60, 4), one.format(60, 20))
    text = annotation("a", (Drawn("dog", DOG.box, diamond),), suffix=".png")
    written = copy_of(tmp_path, text, HALF)
    inside = written[written.index(f"<{name}>") + len(name) + 2 : written.index(f"</{name}>")]
    cut = re.findall(one.format(r"(\d+)", r"(\d+)"), inside)
    assert inside == "".join(one.format(*corner) for corner in cut)
    assert max(int(x) for x, _ in cut) == WIDTH


def test_of_two_polygons_the_one_outside_is_removed(tmp_path: Path) -> None:
    ring = "<polygon><x1>{0}</x1><y1>4</y1><x2>{1}</x2><y2>4</y2><x3>{1}</x3><y3>40</y3></polygon>"
    extra = f"{ring.format(31, 38)}\n\t\t{ring.format(56, 60)}"
    text = annotation("a", (Drawn("dog", DOG.box, extra),), suffix=".png")
    assert copy_of(tmp_path / "both", text).count("<polygon>") == 2
    assert copy_of(tmp_path / "one", text, HALF).count("<polygon>") == 1


def test_a_polygon_that_is_cut_in_two_becomes_two(tmp_path: Path) -> None:
    corners = ((40, 4), (60, 4), (60, 12), (46, 12), (46, 30), (60, 30), (60, 40), (40, 40))
    ring = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in corners)
    drawn = Drawn("dog", (40, 4, 60, 40), f"<polygon>{ring}</polygon>")
    src, out = beside(tmp_path / "src", annotation("a", (drawn,), suffix=".png")), tmp_path / "out"
    grow(src, out, "techniques: [translate: {x: [-0.75, -0.74], y: [0, 0]}]")
    assert (out / "a_v1.xml").read_text().count("<polygon>") == 2


def test_an_object_of_a_polygon_or_a_point_alone_needs_no_box(tmp_path: Path) -> None:
    box = re.compile(r"\t\t<bndbox>.*?</bndbox>\n", re.DOTALL)
    for extra in (
        "<polygon><x1>31</x1><y1>4</y1><x2>60</x2><y2>4</y2><x3>60</x3><y3>40</y3></polygon>",
        "<point><x>31</x><y>4</y></point>",
        "<robndbox><cx>40</cx><cy>20</cy><w>20</w><h>8</h><angle>0.5</angle></robndbox>",
    ):
        text = box.sub("", annotation("a", (Drawn("dog", DOG.box, extra),), suffix=".png"))
        where = tmp_path / extra[1:5]
        assert "<bndbox>" not in copy_of(where, text)
        assert "<object>" not in copy_of(where / "away", text, AWAY)


def test_an_oriented_box_holds_its_object_in_every_view(tmp_path: Path) -> None:
    oriented = "<robndbox><cx>40</cx><cy>20</cy><w>20</w><h>8</h><angle>0.5</angle></robndbox>"
    src, out = tmp_path / "src", tmp_path / "out"
    text = annotation("a", (Drawn("dog", DOG.box, oriented),), suffix=".png")
    pixels = picture(())
    for across in np.linspace(-9.5, 9.5, 60):
        for down in np.linspace(-3.5, 3.5, 30):
            x = 40 + across * np.cos(0.5) - down * np.sin(0.5)
            y = 20 + across * np.sin(0.5) + down * np.cos(0.5)
            pixels[int(y), int(x)] = (40, 250, 40)
    save_picture(src / "a.png", pixels)
    put(src / "a.xml", text)
    grow(src, out, "techniques: [flip, rotate: {degrees: [-90, 90]}]", factor=10)
    for path in out.glob("*.xml"):
        where = {
            name: float(re.search(f"<{name}>(.*)</{name}>", path.read_text())[1])
            for name in ("cx", "cy", "w", "h", "angle")
        }  # type: ignore[index]
        pixels = _pixels(path.with_suffix(".png"))
        rows, columns = np.nonzero((pixels[..., 1] > 170) & (pixels[..., 0] < 100))
        x, y = columns + 0.5 - where["cx"], rows + 0.5 - where["cy"]
        cosine, sine = np.cos(where["angle"]), np.sin(where["angle"])
        assert np.abs(x * cosine + y * sine).max() <= where["w"] / 2 + 0.8
        assert np.abs(y * cosine - x * sine).max() <= where["h"] / 2 + 0.8
        assert (where["w"], where["h"]) == pytest.approx((20, 8), abs=0.01)


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path)).astype(int)


def test_actions_attributes_and_unknown_elements_are_kept(tmp_path: Path) -> None:
    extra = (
        "<occluded>1</occluded><actions><running>1</running></actions><attributes><attribute>"
        "<name>rotation</name><value>0.0</value></attribute></attributes><mine a='1'>ü&amp;</mine>"
    )
    assert extra in copy_of(
        tmp_path, annotation("a", (Drawn("dog", DOG.box, extra),), suffix=".png")
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<filename>a.png</filename>", "<filename>a_v1.png</filename>"),
        ("<filename>a</filename>", "<filename>a_v1</filename>"),
        ("<filename>other.jpg</filename>", "<filename>a_v1.png</filename>"),
        ("<filename/>", "<filename>a_v1.png</filename>"),
        ("<filename>sub/a.png</filename>", "<filename>sub/a_v1.png</filename>"),
        (
            "<filename>a.png</filename><path>C:\\data\\a.png</path>",
            "<filename>a_v1.png</filename><path>C:\\data\\a_v1.png</path>",
        ),
    ],
)
def test_names_become_those_of_the_copy(tmp_path: Path, old: str, new: str) -> None:
    text = annotation("a", suffix=".png").replace("<filename>a.png</filename>", old)
    assert new in copy_of(tmp_path, text)


@pytest.mark.parametrize("size", ["<size><width>0</width><height>0</height></size>", "<size/>", ""])
def test_a_size_of_0_or_none_is_that_of_the_image(tmp_path: Path, size: str) -> None:
    text = re.sub("<size>.*</size>", size, annotation("a", suffix=".png"))
    written = copy_of(tmp_path, text)
    assert "<xmin>45</xmin>" in written
    assert ("<width>64</width><height>48</height>" in written) == ("<width>" in size)


def encoded() -> Iterator[tuple[str, bytes]]:
    text = annotation("a", suffix=".png").replace("by hand", "von Hänßel")
    declared = '<?xml version="1.0" encoding="{}" standalone=\'yes\'?>\n'
    yield "utf-8", text.encode()
    yield "bom", "\ufeff".encode() + text.encode()
    yield "crlf", text.replace("\n", "\r\n").encode()
    yield "latin-1", (declared.format("ISO-8859-1") + text).encode("latin-1")
    yield "utf-16", (declared.format("UTF-16") + text).encode("utf-16")
    yield "utf-16-be", b"\xfe\xff" + (declared.format("UTF-16") + text).encode("utf-16-be")
    yield "gbk", (declared.format("GBK") + text.replace("ä", "汉").replace("ß", "字")).encode("gbk")
    yield (
        "gb2312",
        (declared.format("gb2312") + text.replace("ä", "镕").replace("ß", "瞭")).encode("gbk"),
    )
    yield "doctype", ("<!DOCTYPE annotation>\n" + text).encode()


@pytest.mark.parametrize("data", [pytest.param(each, id=name) for name, each in encoded()])
def test_encodings_marks_and_line_ends_are_kept(tmp_path: Path, data: bytes) -> None:
    src, out = beside(tmp_path / "src", data), tmp_path / "out"
    assert grow(src, out) == []
    assert (out / "a.xml").read_bytes() == data
    wide = "utf-16-be" if data.startswith(b"\xfe\xff") else "utf-16-le"
    codec = wide if b"\0" in data else "ascii"
    expected = data
    for old, new in (
        ("<filename>a.png", "<filename>a_v1.png"),
        ("<xmin>5<", "<xmin>45<"),
        ("<xmax>20<", "<xmax>6O<"),
        ("<xmin>31<", "<xmin>5<"),
        ("<xmax>60<", "<xmax>34<"),
        ("<xmax>6O<", "<xmax>60<"),
        ("<pose>Left<", "<pose>Right<"),
    ):
        expected = expected.replace(old.encode(codec), new.encode(codec))
    assert (out / "a_v1.xml").read_bytes() == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<xmin>5</xmin>", "<xmin>45</xmin>"),
        ("<xmin> 5\n</xmin>", "<xmin> 45\n</xmin>"),
        ("<xmin>5<!-- five: 5 --></xmin>", "<xmin>45<!-- five: 5 --></xmin>"),
        ("<xmin><!-- 5 -->5</xmin>", "<xmin><!-- 5 -->45</xmin>"),
        ("<xmin><![CDATA[5]]></xmin>", "<xmin>45</xmin>"),
        ("<xmin>&#53;</xmin>", "<xmin>45</xmin>"),
        ("<xmin unit='>'>5</xmin >", "<xmin unit='>'>45</xmin >"),
        ("<xmin>+5.</xmin>", "<xmin>45</xmin>"),
    ],
)
def test_a_number_is_replaced_and_what_is_beside_it_kept(
    tmp_path: Path, old: str, new: str
) -> None:
    text = annotation("a", suffix=".png").replace("<xmin>5</xmin>", old)
    assert new in copy_of(tmp_path, text)


def test_namespaces_and_prefixes_do_not_matter(tmp_path: Path) -> None:
    text = annotation("a", suffix=".png").replace("<annotation>", "<annotation xmlns='urn:x'>")
    assert "<xmin>45</xmin>" in copy_of(tmp_path, text)


def bad() -> Iterator[tuple[str, str, str]]:
    text = annotation("a", suffix=".png")
    yield "empty", "", '"a.xml", line 1: is not well-formed XML: no element found'
    yield "cut", text[:-30], "is not well-formed XML: "
    yield "tags", text.replace("</xmax>", "", 1), "line 15: is not well-formed XML: mismatched tag"
    yield "root", "<annotations/>", '"a.xml", line 1: is <annotations>, not <annotation>'
    yield "nan", text.replace(">5<", ">nan<"), "line 11: xmin must be a number of pixels, got 'nan'"
    yield "inf", text.replace(">5<", ">inf<"), "line 11: xmin must be a number of pixels, got 'inf'"
    yield "word", text.replace(">5<", ">left<"), "line 11: xmin must be a number of pixels"
    yield "none", text.replace(">5<", "><"), "line 11: xmin must be a number of pixels, got ''"
    yield "digits", text.replace(">5<", ">٥<"), "line 11: xmin must be a number of pixels"
    yield "large", text.replace(">5<", ">1e300<"), "line 11: xmin must be a number of pixels"
    yield (
        "turned",
        text.replace(">5<", ">21<"),
        'line 10: xmin of "cat" is 21, more than its xmax, 20',
    )
    yield "side", text.replace("<xmin>5</xmin>", ""), 'line 10: the bndbox of "cat" has no xmin'
    yield "name", text.replace("<name>cat</name>", "<name> </name>"), "line 7: object 1 has no name"
    yield (
        "no box",
        re.sub(r"(?s)<bndbox>.*?</bndbox>", "", text, count=1),
        'line 7: "cat" has no bndbox',
    )
    yield (
        "size",
        text.replace(">64<", ">640<"),
        "line 6: its image has 640×48 pixels, and the image 64×48",
    )
    yield (
        "swapped",
        text.replace(">64<", ">4.8e1<").replace(">48<", ">64<"),
        "48×64 pixels, and the image 64×48",
    )
    yield (
        "keypoints",
        text.replace("</bndbox>", "</bndbox><keypoints><x1f>3</x1f></keypoints>", 1),
        "line 15: x1f is a place that is not supported here",
    )
    yield (
        "angle",
        text.replace("</bndbox>", "</bndbox><angle>0.3</angle>", 1),
        "line 15: angle is a place that is not supported here",
    )
    rotation = (
        "<attributes><attribute><name>rotation</name><value>9.5</value></attribute></attributes>"
    )
    yield (
        "rotation",
        text.replace("</bndbox>", f"</bndbox>{rotation}", 1),
        "line 15: attribute is a place that is not supported here",
    )
    yield (
        "two",
        text.replace("</bndbox>", "</bndbox><bndbox/>", 1),
        'line 7: "cat" has more than one bndbox',
    )
    yield (
        "polygon",
        text.replace("</bndbox>", "</bndbox><polygon><x1>3</x1></polygon>", 1),
        'line 15: the polygon of "cat" has no corners, or one without x or y',
    )
    yield (
        "flat",
        text.replace(
            "</bndbox>",
            "</bndbox><robndbox><cx>3</cx><cy>3</cy><w>0</w><h>1</h><angle>0</angle></robndbox>",
            1,
        ),
        "has no width or no height",
    )
    yield (
        "codec",
        f'<?xml version="1.0" encoding="zlib_codec"?>{text}',
        "line 1: has the encoding 'zlib_codec', which is not read",
    )
    yield (
        "deep",
        "<annotation>" * 50,
        "has more than 200,000 elements, or more than 32 in each other",
    )
    yield (
        "bomb",
        f'<!DOCTYPE a [<!ENTITY b "{"c" * 9}">]>{text.replace(">5<", ">&b;<")}',
        "declares entities, which are not expanded",
    )
    yield (
        "outside",
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>{text.replace(">cat<", ">&b;<")}',
        "declares entities, which are not expanded",
    )
    yield (
        "unknown",
        text.replace(">cat<", ">&nbsp;<"),
        "line 8: is not well-formed XML: undefined entity",
    )


@pytest.mark.parametrize(
    ("text", "said"), [pytest.param(text, said, id=name) for name, text, said in bad()]
)
def test_a_bad_annotation_is_a_bad_source_with_file_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    src, out = beside(tmp_path / "src", text), tmp_path / "out"
    beside(src, annotation("b", suffix=".png"), "b")
    (problem,) = grow(src, out, layout="voc")
    assert problem.startswith('a.png "a.xml"')
    assert said in problem
    assert sorted(path.name for path in out.glob("*.xml")) == ["b.xml", "b_v1.xml"]


def test_bytes_that_are_not_of_the_encoding_are_told_by_their_line(tmp_path: Path) -> None:
    src = beside(tmp_path / "src", annotation("a").encode().replace(b"by hand", b"by h\xe4nd"))
    beside(src, annotation("b"), "b")
    assert grow(src, tmp_path / "out") == ['a.png "a.xml", line 4: has bytes that are not UTF-8']


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    src = beside(tmp_path / "src", annotation("a"))
    beside(src, annotation("b"), "b")
    with (src / "a.xml").open("r+b") as file:
        file.truncate(17 << 20)
    assert grow(src, tmp_path / "out") == ['a.png "a.xml" has more than 16,777,216 bytes']


def test_equal_objects_are_kept_and_counted(tmp_path: Path) -> None:
    text = annotation("a", (CAT, CAT), suffix=".png")
    assert copy_of(tmp_path, text).count("<xmin>45</xmin>") == 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("drawn_on", ["stored", "upright"])
def test_the_size_tells_whether_boxes_are_of_the_stored_or_the_upright_image(
    tmp_path: Path, orientation: int, drawn_on: str
) -> None:
    from expand.images.decoder import decode
    from expand.images.encoder import encode
    from expand.images.formats import Encoding

    src, out = tmp_path / "src", tmp_path / "out"
    save_picture(src / "a.png", picture((CAT,)), orientation)
    upright = decode((src / "a.png").read_bytes()).pixels
    shown = tmp_path / "upright.png"
    shown.write_bytes(encode(upright, Encoding("PNG")))
    turned = upright.shape[:2] != (HEIGHT, WIDTH)
    if drawn_on == "stored" and not turned:
        return  # the size does not tell: the boxes are those of the image that is shown
    size = (WIDTH, HEIGHT) if drawn_on == "stored" else (upright.shape[1], upright.shape[0])
    box = CAT.box if drawn_on == "stored" else seen(shown, "cat")
    assert box
    text = annotation("a", (Drawn("cat", box),), size, ".png")
    put(src / "a.xml", text)
    assert grow(src, out, "techniques: [flip: {axes: [horizontal, vertical]}]", factor=4) == []
    for path in out.glob("*.xml"):
        assert boxes(path) == [("cat", seen(path.with_suffix(".png"), "cat"))]
        width, height = upright.shape[1], upright.shape[0]
        assert f"<width>{width}</width><height>{height}</height>" in path.read_text()
    assert ((out / "a.xml").read_text() == text) == (drawn_on == "upright")


def test_objects_of_boxes_alone_take_the_recipe_detect(tmp_path: Path) -> None:
    src = beside(tmp_path / "src", annotation("a", suffix=".png"))
    with opened(src) as data:
        assert data.detects
    extra = "<point><x>31</x><y>4</y></point>"
    put(src / "a.xml", annotation("a", (Drawn("dog", DOG.box, extra),), suffix=".png"))
    with opened(src) as data:
        assert not data.detects
