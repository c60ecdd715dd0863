"""The page of an ablation: one file, everything in it, nothing that leaves it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.train.ablate.page.example import EVIL, TECHNIQUES, YAML, ablation
from tests.train.compare.page.example import CLASSES, TITLE
from tests.train.compare.page.test_page import Page
from train.ablate.page.page import render_ablation

SECTIONS = ["effects", "classes", "screen", "check", "suggestion", "limits", "repeat"]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return ablation()


@pytest.fixture(scope="module")
def html(found: dict[str, Any]) -> str:
    return render_ablation(found)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def words_of(page: Page) -> str:
    return page.text.replace("\u00a0", " ")


def test_the_headline_comes_first_and_what_was_done_next(found: dict[str, Any], page: Page) -> None:
    heads = [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert heads[:2] == ["h1", "h2"]
    assert heads.count("h1") == 1
    assert all(int(after[1]) <= int(before[1]) + 1 for before, after in pairwise(heads))
    first, second = found["headline"]
    text = page.text
    assert (
        text.index(first)
        < text.index(second)
        < text.index("was taken apart into 6")
        < text.index("What each technique does")
    )


def test_all_that_was_found_is_there_in_words(found: dict[str, Any], page: Page) -> None:
    text = words_of(page)
    said = [row["technique"] for row in found["techniques"]]
    said += [pair["words"] for pair in found["check"]["pairs"]]
    said += [*found["not_tested"], *found["versions"], *found["settings"], *CLASSES]
    said += [
        "helps",
        "harms",
        "changes little",
        "undecided",
        "TrivialAugment",
        "expand SRC OUT --recipe recipe.yaml",
    ]
    for words in said:
        assert words in text
    assert '"Pullover" 92 → 1 %, taken for "Trouser"' in text.replace(
        "Ankle boot | $\\frac{a}$", "Trouser"
    )
    assert re.sub(r"\s+", " ", YAML.strip()) in text
    assert "not a proof" in text


def test_names_are_escaped(html: str) -> None:
    assert TITLE not in html
    assert "<b>&" not in html
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    found = ablation((evil, "noise"), 2, (evil, "b"))
    for row in found["screen"]:
        row["harmed"] = [
            {"class": evil, "times": 2, "before": 90.0, "after": 1.0, "taken_for": evil}
        ]
    suggestion = {"techniques": evil, "yaml": evil, "file": evil}
    found.update(
        title=evil,
        headline=[evil],
        command=evil,
        settings={evil: evil},
        not_tested=[evil],
        suggestion=suggestion,
    )
    shown = render_ablation(found)
    assert "<script" not in shown
    assert evil in Page(shown).text


def test_nothing_leaves_the_file(html: str, page: Page) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)|<script|<iframe|srcset", html)
    for attributes in page.all("a", "link", "img", "use", "image"):
        assert (attributes.get("href") or attributes.get("src") or "").startswith(("#", "data:"))
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


def test_every_plot_has_a_text_alternative_and_every_table_a_caption(page: Page) -> None:
    plots = page.all("svg")
    assert (
        len(plots) == 7
    )  # effects; one strength each, rotate, translate, scale; accuracies, differences
    assert all(plot["role"] == "img" and len(plot["aria-label"] or "") > 30 for plot in plots)
    assert len({plot["aria-label"] for plot in plots}) == len(plots)
    assert len(page.all("table")) == len(page.all("caption")) == 10
    assert all(head["scope"] in ("row", "col") for head in page.all("th"))
    assert all(
        region["tabindex"] == "0" and region["aria-label"]
        for region in page.all("div")
        if region.get("class") == "scroll"
    )


def test_a_verdict_is_a_word_and_a_shape_and_not_a_colour_alone(
    found: dict[str, Any], page: Page
) -> None:
    marks = [attributes["class"] for attributes in page.all("tr") if attributes.get("class")]
    assert marks[: len(TECHNIQUES)] == [
        "better",
        "better",
        "equivalent",
        "undecided",
        "worse",
        "worse",
    ]
    words = [
        word for word in page.words if word in ("helps", "harms", "changes little", "undecided")
    ]
    assert len(words) >= 2 * len(found["techniques"])


def test_the_same_input_gives_the_same_bytes_and_few_of_them(html: str) -> None:
    assert len(html.encode()) < 400_000
    assert render_ablation(ablation()) == html


def test_long_headlines_are_set_smaller() -> None:
    found = ablation(("noise", "flip horizontal"), 1) | {"headline": ["word " * 60, "word " * 60]}
    assert Page(render_ablation(found)).all("h1") == [{"class": "long"}]


@pytest.mark.parametrize(
    "shape",
    [
        {"seeds": 1},
        {"techniques": ("flip vertical", EVIL), "seeds": 3},
        {"techniques": ("flip horizontal", "noise"), "design": "single"},
        {"techniques": ("rotate ±15°", "noise"), "classes": ()},
        {
            "techniques": ("scale × 0.9 … 1.1", "x" * 90),
            "classes": tuple(f"class {index}" for index in range(100)),
        },
    ],
)
def test_every_section_stands_whatever_is_missing(shape: dict[str, Any]) -> None:
    page = Page(render_ablation(ablation(**shape)))
    assert [attributes["id"] for attributes in page.all("section")] == SECTIONS
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", page.text)


def test_of_a_hundred_classes_the_most_affected_are_shown() -> None:
    page = Page(render_ablation(ablation(classes=tuple(f"class {index}" for index in range(100)))))
    captions = [
        region["aria-label"] or "" for region in page.all("div") if region.get("class") == "scroll"
    ]
    assert [
        caption.split(":")[1].strip() for caption in captions if "of 100 classes" in caption
    ] == [
        "The 10 most harmed of 100 classes",
        "The 10 most helped of 100 classes",
    ]


def test_a_single_seed_has_no_intervals_and_is_told_so() -> None:
    text = words_of(Page(render_ablation(ablation(seeds=1))))
    assert "Few seeds." in text
    assert "which a single seed does not have" in text
    assert "by chance alone" not in text
    assert "by chance alone" in words_of(Page(render_ablation(ablation(seeds=2))))


def test_techniques_tried_alone_have_no_check() -> None:
    text = words_of(Page(render_ablation(ablation(design="single"))))
    assert "This was not checked" in text
    assert "what they do together was not measured" in text
    assert "accuracy against none" in text


def test_where_nothing_gained_there_is_nothing_to_check_and_no_recipe() -> None:
    page = Page(render_ablation(ablation(("flip vertical", EVIL))))
    assert "No technique gained, so there was nothing to check" in page.text
    assert "Nothing is suggested: no technique gained in the design." in page.text
    assert [pre["aria-label"] for pre in page.all("pre")] == ["The command"]


def test_an_ablation_with_nothing_in_it_is_a_page() -> None:
    nothing: dict[str, Any] = {
        part: [] for part in ("headline", "runs", "techniques", "screen", "not_tested")
    }
    nothing |= {part: {} for part in ("settings", "versions", "hardware")} | {
        "check": None,
        "created": None,
        "seconds": None,
    }
    page = Page(render_ablation(ablation() | nothing))
    assert page.all("svg") == []
    for words in (
        "Nothing was found",
        "No technique was measured",
        "class by class",
        "No plainly trained",
        "was not checked",
    ):
        assert words in page.text
