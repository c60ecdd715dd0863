"""An example of the result of an ablation: fixed random numbers, and names that need escaping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.train.compare.page.example import CLASSES, T95, TITLE
from train.ablate.design import NONE, TRIVIAL, AblationArm, make_design
from train.ablate.results import (
    AblationResult,
    AblationSetup,
    ArmAccuracy,
    ArmPair,
    CheckSummary,
    ClassEffect,
    Flag,
    ScreenRow,
    Suggestion,
    TechniqueEffect,
)
from train.statistics.intervals import Estimate, Interval
from train.statistics.sentences import Name
from train.statistics.verdicts import Verdict

EVIL = '<b>&"x | $\\frac{a}$'
TECHNIQUES = {
    "flip horizontal": 1.4,
    "flip vertical": -3.2,
    "rotate ±15°": 0.6,
    "translate ±10 %": 0.05,
    "scale × 0.9 … 1.1": 0.0,
    EVIL: -0.7,
}
"""The effect of each on the accuracy, in points."""
STRENGTHS = {
    "flip": ("mirrored",),
    "rotate": ("−15°", "−7.5°", "−3.75°", "+3.75°", "+7.5°", "+15°"),
    "translate": (
        "−10 % across",
        "−5 % across",
        "+5 % across",
        "+10 % across",
        "−10 % down",
        "+10 % down",
    ),
    "scale": ("× 0.90", "× 0.95", "× 1.05", "× 1.10"),
}
PLAIN = 0.815
YAML = (
    "name: classic ablated\nfill: background\ntechniques:\n- flip:\n    axes:\n    - horizontal\n"
    '- rotate:\n    degrees: [-15, 15] # "<b>&"\n'
)
HEADLINE = (
    "Helps: flip horizontal (+1.40); harms: flip vertical (−3.20); undecided: scale × 0.9 … 1.1."
)
VERSIONS = {"python": "3.11.7", "torch": "2.14.1+cpu", "opencv-python-headless": "5.0.0.93"}
HARDWARE = {
    "system": "Linux-6.1.0-x86_64",
    "processor": "AMD EPYC 7B13",
    "threads": 2,
    "device": "cpu",
    "gpu": None,
}
LONG_PATH = "/home/somebody/a/very/long/path/without/any/place/to/break/" + "x" * 60


def ablation(
    techniques: tuple[str, ...] = tuple(TECHNIQUES),
    seeds: int = 6,
    classes: tuple[str, ...] = CLASSES,
    design: str = "plackett-burman",
) -> AblationResult:
    """Build the result of an ablation of some techniques."""
    rng = np.random.default_rng(8)
    measured = tuple(_technique(name, seeds, classes, rng) for name in techniques)
    chosen = tuple(i for i, each in enumerate(measured) if each.mean > 0 and each.effect != "harms")
    names = tuple(techniques[i] for i in chosen)
    second = (
        f"Suggested: {', '.join(names) or 'nothing'}. On test images not used for the choice: "
        "chosen is better than none by 1.91 points."
    )
    return AblationResult(
        setup=_setup(seeds, classes, design),
        command=f"train ablate '{TITLE}' --test data/test --recipe classic \\\n  --seeds 6 --out a",
        headline=(HEADLINE, second),
        runs=_runs(techniques, design),
        techniques=measured,
        screen=tuple(row for name in techniques for row in _screen(name, classes)),
        check=None if design == "single" else _check(techniques, chosen, seeds, rng),
        suggestion=Suggestion(names, YAML) if names else Suggestion(),
        not_tested=("other ranges than in the recipe", f'techniques that "{EVIL}" does not have'),
        versions=VERSIONS,
        hardware=HARDWARE,
        created="2026-11-22T10:00:00+00:00",
        seconds=1234.5,
    )


def _setup(seeds: int, classes: Sequence[str], design: str) -> AblationSetup:
    settings = {
        "data": TITLE,
        "test": LONG_PATH,
        "sources": 2000,
        "test images": 10000,
        "classes": len(classes),
        "image": "28×28×1",
        "model": "cnn",
        "seeds": seeds,
        "margin in points": 0.25,
        "seed": 20261122,
        "recipe": "classic",
        "design": design,
        "epochs": 20,
    }
    return AblationSetup(
        TITLE, "classic", design, "cnn", 20, 2000, len(classes), 10000, 0.25, settings
    )


def _technique(
    name: str, seeds: int, classes: Sequence[str], rng: np.random.Generator
) -> TechniqueEffect:
    """Build the effect of a technique; each class differs from its mean by a fixed amount."""
    spread = 0.6 if name.startswith("scale") else 0.12
    effects = TECHNIQUES.get(name, -0.3) + rng.normal(0, spread, seeds)
    by_class = []
    for place, each in enumerate(classes):
        own = _estimate(effects + 4 * np.sin(3 * place + len(name)))
        by_class.append(ClassEffect(each, own.mean, own.interval, 0.01))
    by_class.sort(key=lambda each: each.mean)
    harmed = tuple(each for each in by_class if each.interval and each.interval.high < 0)
    values = tuple(map(float, effects))
    verdict = _verdict(name, "none", effects)
    return TechniqueEffect(verdict, tuple(by_class), harmed, values, 1e-6 * (10 + 3.7 * len(name)))


def _screen(name: str, classes: Sequence[str]) -> list[ScreenRow]:
    """Build the accuracy at each strength of a technique; the ends of its range flag classes."""
    strengths = STRENGTHS.get(name.split()[0], ("as drawn",))
    ends = (strengths[0], strengths[-1]) if name in TECHNIQUES and TECHNIQUES[name] < 0.6 else ()
    flags = tuple(
        Flag(each, (92.3 - place) / 100, (1.4 + place) / 100, classes[place - 1], 5)
        for place, each in enumerate(classes[2:7])
    )
    return [
        ScreenRow(
            name,
            strength,
            PLAIN,
            PLAIN - (0.312 if strength in ends else 0.026) - place / 100,
            flags[: len(name) - 10] if strength in ends else (),
        )
        for place, strength in enumerate(strengths)
    ]


def _check(
    techniques: Sequence[str], chosen: tuple[int, ...], seeds: int, rng: np.random.Generator
) -> CheckSummary:
    """Build the check of the chosen techniques, together and all but one."""
    together = AblationArm("chosen", chosen)
    lift = {NONE: 0.0, TRIVIAL: 1.2} | ({together: 1.9} if chosen else {})
    if len(chosen) > 1:
        for left_out in chosen:
            name, others = techniques[left_out], tuple(i for i in chosen if i != left_out)
            arm = AblationArm(f"without {name}", others, left_out)
            lift[arm] = 1.9 - TECHNIQUES.get(name, 0) + 0.2
    shared = rng.normal(0, 0.4, seeds)
    runs = {arm: 80.7 + gain + shared + rng.normal(0, 0.09, seeds) for arm, gain in lift.items()}
    compared = [(together, other) for other in lift if other != together] if chosen else []
    return CheckSummary(
        tuple(ArmAccuracy(arm, _estimate(values)) for arm, values in runs.items()),
        tuple(
            ArmPair(one, other, _verdict(one.name, other.name, runs[one] - runs[other]))
            for one, other in [*compared, (TRIVIAL, NONE)]
        ),
    )


def _verdict(arm: str, against: str, differences: NDArray[np.float64]) -> Verdict:
    estimate = _estimate(differences)
    mean, interval = estimate.mean, estimate.interval
    verdict: Name = "undecided"
    if interval and len(differences) >= 6:
        if interval.low > 0 or interval.high < 0:
            verdict = "better" if mean > 0 else "worse"
        elif max(map(abs, interval)) < 0.25:
            verdict = "equivalent"
    return Verdict(
        arm,
        against,
        estimate.n,
        mean,
        estimate.sd,
        interval=interval,
        images=5_000,
        images_se=0.05,
        interval_here=interval,
        p=0.0123 if interval else 1.0,
        p_here=0.0123 if interval else 1.0,
        p_equivalence=0.9997,
        p_t=0.0004 if len(differences) > 1 else 1.0,
        p_crossed=0.0005,
        p_signflip=2 / 2 ** len(differences),
        verdict=verdict,
        verdict_here=verdict,
        more_seeds=7 if verdict == "undecided" else None,
        images_needed=None,
        sentence=f"{arm} against {against}: {verdict} ({mean:+.2f} points)".replace("-", "−"),
    )


def _runs(techniques: Sequence[str], design: str) -> tuple[AblationArm, ...]:
    rows = make_design(design, len(techniques))
    numbers = [tuple(int(i) for i in row.nonzero()[0]) for row in rows]
    return tuple(
        AblationArm(" + ".join(techniques[i] for i in on), on) if on else NONE for on in numbers
    )


def _estimate(values: Any) -> Estimate:
    """Estimate the mean of some values, with their deviation and its 95 % interval."""
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return Estimate(n, mean, None, None)
    sd = float(values.std(ddof=1))
    half = T95[n] * sd / n**0.5
    return Estimate(n, mean, sd, Interval(mean - half, mean + half))
