"""Pictures as SVG within a page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib as mpl

from train.report.svg import drawing, to_svg

NASTY = '<b>&"x $\\frac{a}$ id="axes_1" url(#p1) --'


def draw(name: str = "one", label: str = NASTY) -> str:
    with drawing(2.0) as (figure, axes):
        axes.plot([1, 2], [3, 4], marker="o", label=label)
        figure.legend()
        return to_svg(figure, name, f"Finds {label}")


def test_text_stays_text_whatever_it_holds() -> None:
    root = ElementTree.fromstring(draw())
    assert NASTY in [element.text for element in root.iter("text")]
    assert root.attrib == {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": f"Finds {NASTY}",
    }


def test_ids_are_the_picture_s_own_and_every_reference_has_one() -> None:
    one, other = (ElementTree.fromstring(draw(name)) for name in ("one", "other"))
    ids = [
        {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
        for root in (one, other)
    ]
    assert ids[0]
    assert all(each.startswith("one-") for each in ids[0])
    assert not ids[0] & ids[1]
    attributes = " ".join(
        f'{key}="{value}"'
        for element in one.iter()
        for key, value in element.items()
        if key != "aria-label"
    )
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', attributes)) == ids[0]


def test_it_has_no_prologue_no_namespace_no_date_and_no_style_for_the_whole_page() -> None:
    text = draw(label="plain")
    assert text.startswith("<svg viewBox=")
    assert not re.search(r"<\?xml|<!DOCTYPE|xmlns|http|<style|<metadata|<!--|20\d\d-", text)


def test_the_same_drawing_gives_the_same_bytes_whatever_style_the_user_keeps() -> None:
    before = draw()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path"}):
        assert draw() == before
        assert mpl.rcParams["font.size"] == 30
