"""The page: one self-contained file with all results."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from expand.job.balance import Balance
from tests.train.compare.page.example import CLASSES, TITLE, example, read
from train.compare.page.page import render_page

VOID = {"meta", "link", "img", "br"}
SECTIONS = [
    "accuracy",
    "settings",
    "budget",
    "verdicts",
    "costs",
    "classes",
    "gap",
    "views",
    "limits",
    "repeat",
]


class Page(HTMLParser):
    """What a page holds: its elements and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return example()


@pytest.fixture(scope="module")
def html(found: dict[str, Any]) -> str:
    return render_page(read(found))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_verdict_comes_first(found: dict[str, Any], page: Page) -> None:
    heads = [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert heads[:2] == ["h1", "h2"]
    assert heads.count("h1") == 1
    assert all(int(after[1]) <= int(before[1]) + 1 for before, after in pairwise(heads))
    first, second = found["headline"]
    assert page.text.index(first) < page.text.index(second) < page.text.index("Accuracy against")


def test_all_words_of_the_comparison_are_there(found: dict[str, Any], page: Page) -> None:
    text = page.text.replace("\u00a0", " ")
    said = [entry["words"] for part in ("pairs", "break_even") for entry in found[part]]
    said += [arm.describe(Balance("max")) for arm in read(found).arms]
    said += [entry["words"] for entry in found["worst"] if entry["epochs"] == 40]
    said += [
        *found["notes"],
        *found["not_tested"],
        found["check"]["words"],
        *found["versions"],
        *found["settings"],
        *CLASSES,
    ]
    for words in said:
        assert words in text


def test_names_are_escaped(html: str) -> None:
    assert TITLE not in html
    assert "data/&lt;b&gt;&amp;&#34;x/train" in html
    assert "<b>&" not in html
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    found = example(("none", "fly"), (8,), 2, (evil,))
    found.update(title=evil, headline=[evil], notes=[evil], command=evil)
    found["settings"][evil] = evil
    found["strips"][0]["images"][0].update(alt=evil, caption=evil)
    shown = render_page(read(found))
    assert "<script" not in shown
    assert evil in Page(shown).text
    assert evil in [image["alt"] for image in Page(shown).all("img")]


def test_nothing_leaves_the_file(html: str, page: Page) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)|<script|<iframe|srcset", html)
    for attributes in page.all("a", "link", "img", "use", "image"):
        target = attributes.get("href") or attributes.get("src") or ""
        assert target.startswith(("#", "data:"))
    assert any(
        "default-src 'none'" in (attributes.get("content") or "") for attributes in page.all("meta")
    )


def test_every_link_and_label_has_a_target_and_no_id_stands_twice(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [href[1:] for attributes in page.all("a", "use") if (href := attributes.get("href"))]
    targets += [
        label for _, attributes in page.elements if (label := attributes.get("aria-labelledby"))
    ]
    assert set(targets) <= set(ids)
    assert [attributes["id"] for attributes in page.all("section")] == SECTIONS


def test_every_picture_has_a_text_alternative_and_every_table_a_caption(page: Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) == 8
    assert all(
        picture["role"] == "img" and len(picture["aria-label"] or "") > 30 for picture in pictures
    )
    assert len({picture["aria-label"] for picture in pictures}) == len(pictures)
    assert all(image["alt"] for image in page.all("img"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(head["scope"] in ("row", "col") for head in page.all("th"))
    for scroll in (
        attributes
        for attributes in page.all("div")
        if attributes.get("class") in ("scroll", "strip")
    ):
        assert scroll["tabindex"] == "0"
        assert scroll["aria-label"]


def test_the_same_input_gives_the_same_bytes_and_few_of_them(html: str) -> None:
    assert len(html.encode()) < 500_000
    few = [example(("none", "disk ×2"), (8,), 2) for _ in range(2)]
    assert render_page(read(few[0])) == render_page(read(few[1]))


def test_a_picture_that_is_an_address_is_left_out() -> None:
    found = example(("none",), (8,), 1)
    found["strips"][0]["images"] = [{"src": "//example.net/a.png", "alt": "a", "caption": "a"}]
    assert Page(render_page(read(found))).all("img") == []


def test_a_check_that_failed_is_said_at_the_top() -> None:
    found = example(("none",), (8,), 1)
    found["check"] = {"ok": False, "files": 3, "words": "3 files differ"}
    text = Page(render_page(read(found))).text
    assert text.index("Do not trust these numbers") < text.index("Accuracy against")
    assert "No: 3 files differ" in text


def test_long_headlines_are_set_smaller() -> None:
    found = example(("none",), (8,), 1)
    found["headline"] = ["word " * 60, "word " * 60]
    assert Page(render_page(read(found))).all("h1") == [{"class": "long"}]


@pytest.mark.parametrize(
    "shape",
    [
        {"arms": ("none",), "lengths": (8,), "seeds": 1},
        {"arms": ("none", "fly"), "lengths": (8,)},
        {"arms": ("disk ×4",), "classes": ()},
        {
            "arms": ("fly", "disk ×4"),
            "lengths": (8,),
            "classes": tuple(f"class {index}" for index in range(100)),
        },
    ],
)
def test_every_section_stands_whatever_is_missing(shape: dict[str, Any]) -> None:
    page = Page(render_page(read(example(**shape))))
    assert [attributes["id"] for attributes in page.all("section")] == SECTIONS
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", page.text)


def test_a_comparison_with_nothing_in_it_is_a_page() -> None:
    found = example(("none",), (8,), 1)
    nothing: dict[str, Any] = {
        part: []
        for part in (
            "headline",
            "cells",
            "costs",
            "strips",
            "notes",
            "not_tested",
            "seeds",
            "lengths",
            "arms",
        )
    }
    found |= nothing | {
        "pairs": [],
        "worst": [],
        "break_even": [],
        "classes": [],
        "versions": {},
        "hardware": {},
    }
    page = Page(render_page(read(found)))
    assert page.all("svg") == page.all("img") == []
    for words in (
        "There is no verdict",
        "No arm with copies",
        "There was no pair",
        "There are none",
    ):
        assert words in page.text
