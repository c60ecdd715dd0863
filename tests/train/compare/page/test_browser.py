"""The pages in a real browser: on a phone, on a desk and in print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.train.ablate.page.example import TECHNIQUES, ablation
from tests.train.compare.page.example import CLASSES, example, read
from train.ablate.page.page import render_ablation
from train.compare.page.page import render_page

BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
LEAST_CONTRAST = 4.5

CONTRAST = """
const numbers = text => text.match(/[\\d.]+/g).map(Number);
const over = (top, below) => { const a = top[3] ?? 1; return below.map((part, i) => a * top[i] + (1 - a) * part); };
const light = rgb => rgb.map(part => part / 255).map(p => p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (one, other) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b); return (high + .05) / (low + .05); };
const ground = element => {
  let layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(numbers(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
};
let low = [], seen = 0;
for (const element of document.body.querySelectorAll('*')) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.checkVisibility()) continue;
  const style = getComputedStyle(element), inSvg = element.closest('svg');
  const below = ground(inSvg ? inSvg.parentElement : element);
  const inks = [inSvg ? style.fill : style.color];
  const before = getComputedStyle(element, '::before');
  if (before.content !== 'none') inks.push(before.color);
  for (const ink of inks) {
    seen += 1;
    const found = ratio(over(numbers(ink), below), below);
    if (found < LEAST) low.push([element.tagName, element.textContent.slice(0, 40), ink, found]);
  }
}
return [seen, low];
""".replace("LEAST", str(LEAST_CONTRAST))

OVERFLOW = """
const width = document.documentElement.clientWidth;
const wide = [...document.body.querySelectorAll('*')].filter(element => {
  const scrolls = element.parentElement.closest('.scroll, .strip, pre, svg');
  return !scrolls && element.checkVisibility() && element.getBoundingClientRect().right > width + 0.5;
});
return [document.documentElement.scrollWidth - width, wide.map(element => element.outerHTML.slice(0, 80))];
"""

LABELS = """
const wrong = [];
let seen = 0;
for (const svg of document.querySelectorAll('figure > svg')) {
  const frame = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  boxes.forEach(([text, box], i) => {
    seen += 1;
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      wrong.push(['is cut off', text]);
    for (const [other, there] of boxes.slice(i + 1)) {
      const across = Math.min(box.right, there.right) - Math.max(box.left, there.left);
      const down = Math.min(box.bottom, there.bottom) - Math.max(box.top, there.top);
      if (across > 1 && down > 4) wrong.push([text, 'lies on', other]);
    }
  });
}
return [seen, wrong];
"""

FOLDED = "return [...document.querySelectorAll('details')].map(d => d.querySelector('table').checkVisibility())"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    for program in (BROWSER, DRIVER):
        if not Path(program).is_file():
            pytest.skip(f"{program} is not there (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    yield driver
    driver.quit()


def resize(browser: webdriver.Chrome, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def requests(browser: webdriver.Chrome) -> list[str]:
    """Return the addresses that were asked for since the last look."""
    events: list[dict[str, Any]] = [
        json.loads(entry["message"])["message"] for entry in browser.get_log("performance")
    ]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def page_of_a_comparison() -> str:
    arms = ("none", "fly", "disk ×2", "disk ×4", "disk ×8", "disk-random ×4", "hybrid ×4")
    comparison = read(example(arms, classes=(*CLASSES, "x" * 90)))
    setup = replace(comparison.setup, data="/" + "x" * 90)
    return render_page(replace(comparison, setup=setup))


def page_of_an_ablation() -> str:
    techniques = (*TECHNIQUES, "y" * 60, "RandomBrightnessContrast", "flip both")
    result = ablation(techniques, classes=(*CLASSES, "x" * 90))
    return render_ablation(replace(result, setup=replace(result.setup, data="/" + "x" * 90)))


@pytest.mark.parametrize(
    ("render", "words", "labels"),
    [(page_of_a_comparison, 1000, 150), (page_of_an_ablation, 700, 120)],
)
def test_a_page_is_readable_on_a_phone_on_a_desk_and_in_print(
    browser: webdriver.Chrome, tmp_path: Path, render: Callable[[], str], words: int, labels: int
) -> None:
    path = tmp_path / "index.html"
    path.write_text(render(), "utf-8")
    browser.get_log("browser"), browser.get_log("performance")
    resize(browser, 375)
    browser.get(path.as_uri())
    assert [url for url in requests(browser) if not url.startswith("data:")] == [path.as_uri()]
    assert browser.get_log("browser") == []
    assert browser.execute_script(
        "return [...document.images].every(image => image.alt && image.naturalWidth > 0)"
    )
    assert not any(browser.execute_script(FOLDED))

    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert all(browser.execute_script(FOLDED))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    browser.execute_script(
        "for (const details of document.querySelectorAll('details')) details.open = true"
    )
    for width in (375, 1280):
        resize(browser, width)
        assert browser.execute_script(OVERFLOW) == [0, []], width
        for script, least in ((CONTRAST, words), (LABELS, labels)):
            seen, wrong = browser.execute_script(script)
            assert wrong == [], width
            assert seen > least
