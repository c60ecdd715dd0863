"""The page of an ablation: one self-contained file with all results."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.train.ablate.page.example import EVIL, TECHNIQUES, YAML, ablation
from tests.train.compare.page.example import CLASSES, TITLE
from tests.train.compare.page.test_page import Page
from train.ablate.page.page import render_ablation
from train.ablate.results import AblationResult, Flag, Suggestion

SECTIONS = [
    *("effects", "settings", "classes", "screen", "check", "suggestion", "limits", "repeat"),
]


@pytest.fixture(scope="module")
def result() -> AblationResult:
    return ablation()


@pytest.fixture(scope="module")
def html(result: AblationResult) -> str:
    return render_ablation(result)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def text_of(page: Page) -> str:
    return page.text.replace("\u00a0", " ")


def test_the_headline_comes_first_and_the_overview_next(result: AblationResult, page: Page) -> None:
    heads = [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert heads[:2] == ["h1", "h2"]
    assert heads.count("h1") == 1
    assert all(int(after[1]) <= int(before[1]) + 1 for before, after in pairwise(heads))
    first, second = result.headline
    text = page.text
    assert (
        text.index(first)
        < text.index(second)
        < text.index("has 6 techniques")
        < text.index("The effect of each technique")
    )


def test_all_results_are_on_the_page(result: AblationResult, page: Page) -> None:
    text = text_of(page)
    assert result.check is not None
    expected = [each.name for each in result.techniques]
    expected += [pair.verdict.sentence for pair in result.check.pairs]
    expected += [*result.not_tested, *result.versions, *result.setup.settings, *CLASSES]
    expected += [
        "helps",
        "harms",
        "changes little",
        "undecided",
        "TrivialAugment",
        "expand SRC OUT --recipe recipe.yaml",
    ]
    for each in expected:
        assert each in text
    assert '"Pullover" 92 → 1 %, taken for "Trouser"' in text.replace(
        "Ankle boot | $\\frac{a}$", "Trouser"
    )
    assert re.sub(r"\s+", " ", YAML.strip()) in text
    assert "not proof" in text


def test_names_are_escaped(html: str) -> None:
    assert TITLE not in html
    assert "<b>&" not in html
    evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
    result = ablation((evil, "noise"), 2, (evil, "b"))
    flags = (Flag(evil, 0.9, 0.01, evil, 2),)
    result = replace(
        result,
        setup=replace(result.setup, data=evil, settings={evil: evil}),
        screen=tuple(replace(row, flags=flags) for row in result.screen),
        headline=(evil,),
        command=evil,
        not_tested=(evil,),
        suggestion=Suggestion((evil,), evil),
    )
    shown = render_ablation(result)
    assert "<script" not in shown
    assert evil in Page(shown).text


def test_nothing_leaves_the_file(html: str, page: Page) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)|<script|<iframe|srcset", html)
    for attributes in page.all("a", "link", "img", "use", "image"):
        assert (attributes.get("href") or attributes.get("src") or "").startswith(("#", "data:"))
    assert any(
        "default-src 'none'" in (attributes.get("content") or "") for attributes in page.all("meta")
    )


def test_every_link_and_label_has_a_target_and_ids_are_unique(page: Page) -> None:
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
    result: AblationResult, page: Page
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
    verdicts = [
        word for word in page.words if word in ("helps", "harms", "changes little", "undecided")
    ]
    assert len(verdicts) >= 2 * len(result.techniques)


def test_the_same_input_gives_the_same_small_file(html: str) -> None:
    assert len(html.encode()) < 400_000
    assert render_ablation(ablation()) == html


def test_long_headlines_are_set_smaller() -> None:
    result = ablation(("noise", "flip horizontal"), 1)
    result = replace(result, headline=("word " * 60, "word " * 60))
    assert Page(render_ablation(result)).all("h1") == [{"class": "long"}]


@pytest.mark.parametrize(
    "shape",
    [
        {"seeds": 1},
        {"techniques": ("flip vertical", EVIL), "seeds": 3},
        {"techniques": ("flip horizontal", "noise"), "design": "single"},
        {"techniques": ("rotate ±15°", "noise"), "classes": ()},
        pytest.param(
            {
                "techniques": ("scale × 0.9 … 1.1", "x" * 90),
                "classes": tuple(f"class {index}" for index in range(100)),
            },
            marks=pytest.mark.slow,  # the next test has as many classes
        ),
    ],
)
def test_every_section_is_there_whatever_is_missing(shape: dict[str, Any]) -> None:
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


def test_a_single_seed_has_no_intervals() -> None:
    text = text_of(Page(render_ablation(ablation(seeds=1))))
    assert "Few seeds." in text
    assert "without intervals and claims, which need at least six seeds" in text
    assert "effects together" not in text
    assert "effects together" in text_of(Page(render_ablation(ablation(seeds=6))))


def test_techniques_tried_alone_have_no_check() -> None:
    text = text_of(Page(render_ablation(ablation(design="single"))))
    assert "There is no check" in text
    assert "their combination was not measured" in text
    assert "accuracy against none" in text


def test_without_a_gain_there_is_nothing_to_check_and_no_recipe() -> None:
    page = Page(render_ablation(ablation(("flip vertical", EVIL))))
    assert "No technique had a gain, so there was nothing to check" in page.text
    assert "No technique is suggested: none had a gain in the design." in page.text
    assert [pre["aria-label"] for pre in page.all("pre")] == ["The command"]


def test_an_ablation_with_nothing_in_it_is_a_page() -> None:
    result = replace(
        ablation(),
        headline=(),
        runs=(),
        techniques=(),
        screen=(),
        check=None,
        suggestion=Suggestion(),
        not_tested=(),
        versions={},
        hardware={},
        created="",
        seconds=0.0,
    )
    page = Page(render_ablation(result))
    assert page.all("svg") == []
    for sentence in (
        "No results",
        "No technique was measured",
        "No class was measured",
        "No model was tested on changed images",
        "There is no check",
    ):
        assert sentence in page.text
