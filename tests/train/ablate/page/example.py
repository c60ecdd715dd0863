"""An example of what an ablation finds: realistic numbers from a fixed seed, and names that no template likes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.train.compare.page.example import CLASSES, T95, TITLE

EVIL = '<b>&"x | $\\frac{a}$'
TECHNIQUES = {
    "flip horizontal": 1.4,
    "flip vertical": -3.2,
    "rotate ±15°": 0.6,
    "translate ±10 %": 0.05,
    "scale × 0.9 … 1.1": 0.0,
    EVIL: -0.7,
}
"""What each does to the accuracy, in points."""
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
FIRST_ROW = (1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0)
SAYS = {
    "better": "helps",
    "worse": "harms",
    "equivalent": "changes little",
    "undecided": "undecided",
}
PLAIN = 81.5
YAML = 'name: classic ablated\nfill: background\ntechniques:\n- flip:\n    axes:\n    - horizontal\n- rotate:\n    degrees: [-15, 15] # "<b>&"\n'


def ablation(
    techniques: tuple[str, ...] = tuple(TECHNIQUES),
    seeds: int = 6,
    classes: tuple[str, ...] = CLASSES,
    design: str = "plackett-burman",
) -> dict[str, Any]:
    """Return an ablation of some techniques, as ablation.json holds it."""
    chance = np.random.default_rng(8)
    rows = [_technique(name, seeds, classes, chance) for name in techniques]
    chosen = [row["technique"] for row in rows if row["mean"] > 0 and row["says"] != "harms"]
    check = None if design == "single" else _check(chosen, seeds, chance)
    names = ", ".join(chosen) or None
    return {
        "title": TITLE,
        "headline": [
            "Helps: flip horizontal (+1.40); harms: flip vertical (−3.20); undecided: scale × 0.9 … 1.1.",
            f"Suggested: {names or 'nothing'}. On images that had no part in choosing: chosen is better than none by 1.91 points.",
        ],
        "command": f"train ablate '{TITLE}' --test data/test --recipe classic \\\n  --seeds 6 --out ablation",
        "settings": {
            "data": TITLE,
            "test": "/home/somebody/a/very/long/path/without/any/place/to/break/" + "x" * 60,
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
            "passes": 20,
        },
        "design": design,
        "runs": _runs(techniques, design),
        "techniques": rows,
        "screen": [row for name in techniques for row in _screen(name, classes)],
        "check": check,
        "suggestion": {
            "techniques": names,
            "yaml": YAML if chosen else None,
            "file": "recipe.yaml" if chosen else None,
        },
        "not_tested": ["other ranges than the recipe's", f'techniques that "{EVIL}" does not have'],
        "versions": {
            "python": "3.11.7",
            "torch": "2.14.1+cpu",
            "opencv-python-headless": "5.0.0.93",
        },
        "hardware": {
            "system": "Linux-6.1.0-x86_64",
            "processor": "AMD EPYC 7B13",
            "threads": 2,
            "device": "cpu",
            "gpu": None,
        },
        "created": "2026-11-22T10:00:00+00:00",
        "seconds": 1234.5,
    }


def _technique(
    name: str, seeds: int, classes: tuple[str, ...], chance: np.random.Generator
) -> dict[str, Any]:
    """Return what a technique does: classes differ from its mean effect by fixed amounts."""
    effects = TECHNIQUES.get(name, -0.3) + chance.normal(
        0, 0.6 if name.startswith("scale") else 0.12, seeds
    )
    by_class = [
        {
            "class": each,
            **dict(
                zip(
                    ("mean", "interval"),
                    _estimate(effects + 4 * np.sin(3 * place + len(name)))[::2],
                    strict=True,
                )
            ),
        }
        for place, each in enumerate(classes)
    ]
    by_class.sort(key=lambda row: row["mean"])
    found = _pair(name, "none", effects)
    shared = ("mean", "sd", "interval", "p_t", "p_holm", "p_signflip", "more_seeds")
    return {
        "technique": name,
        "says": SAYS[found["verdict"]],
        **{key: found[key] for key in shared},
        "classes": by_class,
        "harmed": [row for row in by_class if row["interval"] and row["interval"][1] < 0],
        "words": found["words"],
        "microseconds": 10 + 3.7 * len(name),
        "effects": [float(value) for value in effects],
    }


def _screen(name: str, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what a plainly trained model makes of each strength; the ends flag classes."""
    strengths = STRENGTHS.get(name.split()[0], ("as drawn",))
    ends = (strengths[0], strengths[-1]) if name in TECHNIQUES and TECHNIQUES[name] < 0.6 else ()
    flags = [
        {
            "class": each,
            "times": 5,
            "before": 92.3 - place,
            "after": 1.4 + place,
            "taken_for": classes[place - 1],
        }
        for place, each in enumerate(classes[2:7])
    ]
    return [
        {
            "technique": name,
            "setting": strength,
            "plain": PLAIN,
            "accuracy": PLAIN - (31.2 if strength in ends else 2.6) - place,
            "harmed": flags[: len(name) - 10] if strength in ends else [],
        }
        for place, strength in enumerate(strengths)
    ]


def _check(chosen: list[str], seeds: int, chance: np.random.Generator) -> dict[str, Any]:
    """Return how the chosen techniques do together and without each."""
    lift = {"none": 0.0, "TrivialAugment": 1.2} | ({"chosen": 1.9} if chosen else {})
    if len(chosen) > 1:
        lift |= {f"without {name}": 1.9 - TECHNIQUES.get(name, 0) + 0.2 for name in chosen}
    shared = chance.normal(0, 0.4, seeds)
    runs = {arm: 80.7 + gain + shared + chance.normal(0, 0.09, seeds) for arm, gain in lift.items()}
    held = [("chosen", other) for other in lift if other != "chosen"] if chosen else []
    cells = []
    for arm, values in runs.items():
        mean, sd, interval = _estimate(values)
        cells.append({"arm": arm, "n": seeds, "mean": mean, "sd": sd, "interval": interval})
    pairs = [
        _pair(one, other, runs[one] - runs[other])
        for one, other in [*held, ("TrivialAugment", "none")]
    ]
    return {"cells": cells, "pairs": pairs}


def _pair(arm: str, against: str, found: Any) -> dict[str, Any]:
    mean, sd, interval = _estimate(found)
    verdict = "undecided"
    if interval and len(found) >= 6:
        if interval[0] > 0 or interval[1] < 0:
            verdict = "better" if mean > 0 else "worse"
        elif max(map(abs, interval)) < 0.25:
            verdict = "equivalent"
    return {
        "arm": arm,
        "against": against,
        "n": len(found),
        "mean": mean,
        "sd": sd,
        "interval": interval,
        "bca": interval,
        "bca_images": interval,
        "p_t": 0.0004 if interval else 1.0,
        "p_signflip": 2 / 2 ** len(found),
        "p_holm": 0.0123 if interval else 1.0,
        "p_equivalence": 0.9997,
        "verdict": verdict,
        "more_seeds": 7 if verdict == "undecided" else None,
        "words": f"{arm} against {against}: {verdict} ({mean:+.2f} points)".replace("-", "−"),
    }


def _runs(techniques: tuple[str, ...], design: str) -> list[dict[str, Any]]:
    if design == "single":
        on = [[], *([name] for name in techniques)]
    else:
        shifted = [[*FIRST_ROW[11 - shift :], *FIRST_ROW[: 11 - shift]] for shift in range(11)]
        on = [
            [name for name, bit in zip(techniques, bits, strict=False) if bit] for bits in shifted
        ] + [[]]
    return [{"arm": " + ".join(names) or "none", "on": names} for names in on]


def _estimate(values: Any) -> tuple[float, float | None, list[float] | None]:
    """Return mean, standard deviation and 95 % interval."""
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return mean, None, None
    sd = float(values.std(ddof=1))
    half = T95[n] * sd / n**0.5
    return mean, sd, [mean - half, mean + half]
