"""An example of what a comparison finds: realistic numbers from a fixed seed, and names that no template likes."""

from __future__ import annotations

import base64
from itertools import combinations
from typing import Any

import cv2
import numpy as np

from expand.job.balance import Balance
from train.compare.arms import Arm
from train.compare.results import (
    ArmSummary,
    BreakEven,
    Check,
    ClassGain,
    Comparison,
    ComparisonSetup,
    Cost,
    ExampleImage,
    ExampleViews,
    ExpansionCost,
    GapSummary,
    PairVerdict,
    Payback,
    SmallestGain,
)
from train.statistics.intervals import Interval
from train.statistics.verdicts import Verdict

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    '<b>&"x',
    "Ankle boot | $\\frac{a}$",
)
ARMS = ("none", "fly", "disk ×2", "disk ×4", "disk-random ×4", "hybrid ×4")
LIFT = {
    "none": -3.1,
    "fly": 0.5,
    "disk ×2": -1.2,
    "disk ×4": -0.3,
    "disk ×8": 0.1,
    "disk-random ×4": -0.55,
    "hybrid ×4": 0.45,
}
HARM = {"Shirt": 5.5, "Sandal": 2.9}
T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.571}
TITLE = 'data/<b>&"x/train'


def example(
    arms: tuple[str, ...] = ARMS,
    lengths: tuple[int, ...] = (8, 40),
    seeds: int = 6,
    classes: tuple[str, ...] = CLASSES,
) -> dict[str, Any]:
    """Return a comparison of some arms at some lengths, as comparison.json holds it."""
    runs = _Runs(arms, lengths, seeds, classes)
    pairs = [
        runs.pair(epochs, one, other) for epochs in lengths for other, one in combinations(arms, 2)
    ]
    gains = [
        runs.gain(epochs, arm, name) for epochs in lengths for arm in arms[1:] for name in classes
    ]
    worst = [
        min(
            (gain for gain in gains if (gain["epochs"], gain["arm"]) == (epochs, arm)),
            key=lambda gain: gain["mean"],
        )
        for epochs in lengths
        for arm in (arms[1:] if classes else ())
    ]
    stored = [arm for arm in arms if "×" in arm]
    return {
        "title": TITLE,
        "headline": [
            "Views on the fly are better than 4 copies on disk: 0.81 points after 40 epochs",
            "They cost nothing to keep; the 4 copies (31.5 MB) break even after 121 epochs, 4 trials of 40",
        ],
        "command": f"train compare '{TITLE}' --test data/test --factor 2,4 \\\n  --arms none,fly,disk --epochs 8,40 --seeds 6 --out comparison",
        "settings": {
            "data": TITLE,
            "test": "/home/somebody/a/very/long/path/without/any/place/to/break/" + "x" * 60,
            "sources": 2000,
            "test images": 10000,
            "classes": len(classes),
            "image": "28×28×1",
            "recipe": "classic",
            "model": "cnn",
            "batch size": 64,
            "learning rate": 0.05,
            "budget": "steps",
            "seeds": seeds,
            "margin in points": 0.25,
            "seed": 20261122,
            "leaks allowed": False,
        },
        "arms": [runs.arm(name) for name in arms],
        "lengths": list(lengths),
        "cells": [runs.cell(arm, epochs) for epochs in lengths for arm in arms],
        "pairs": pairs,
        "classes": gains,
        "worst": [
            {
                **gain,
                "words": f'{gain["arm"]} harms "{gain["class"]}": {_points(gain["mean"])} points against none',
            }
            for gain in worst
        ],
        "costs": [runs.cost(arm) for arm in arms],
        "break_even": [runs.break_even(arm, epochs) for epochs in lengths for arm in stored],
        "check": {
            "ok": True,
            "files": 2000,
            "words": "2,000 files that expand wrote have exactly the pixels that were trained on",
        },
        "notes": [
            "fly shows the untouched image in one of 4 epochs, as disk ×4 does; arms with fewer copies show it more often (×2)",
            "2 trials ran in parallel, so seconds are those of a shared machine",
        ],
        "strips": [{"arm": arm, "images": [_picture(arm, k) for k in range(9)]} for arm in arms],
        "not_tested": [
            "models other than cnn: larger ones memorise sooner",
            'recipes other than "classic"',
            "other learning rates",
        ],
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
        "seeds": [
            {
                "replicate": n,
                "init": 7919 * n + 4_271_339_851,
                "order": 104_729 * n + 5,
                "views": 15_485_863 * n + 6,
            }
            for n in range(seeds)
        ],
        "created": "2026-11-22T10:00:00+00:00",
        "seconds": 1234.5,
    }


class _Runs:
    """Accuracies by arm, length and seed, drawn once; all else is computed from them."""

    def __init__(
        self, arms: tuple[str, ...], lengths: tuple[int, ...], seeds: int, classes: tuple[str, ...]
    ) -> None:
        rng = np.random.default_rng(8)
        self.arms, self.seeds, self.classes = arms, seeds, classes
        shared = rng.normal(0, 0.25, seeds)
        self.points = {
            (arm, epochs): 78
            + 3.2 * np.log2(epochs / 8 + 0.6)
            + LIFT[arm] * (0.35 + epochs / 60)
            + shared
            + rng.normal(0, 0.15, seeds)
            for epochs in lengths
            for arm in arms
        }
        self.by_class = {
            (arm, epochs, name): rng.normal(self._level(arm, epochs, place, name), 0.7, seeds)
            for epochs in lengths
            for arm in arms
            for place, name in enumerate(classes)
        }

    def _level(self, arm: str, epochs: int, place: int, name: str) -> float:
        """Return the accuracy in a class: some are hard, and some are harmed by any augmentation."""
        return (
            float(self.points[arm, epochs].mean())
            + 9 * np.sin(place)
            - HARM.get(name, 0) * (arm != "none")
        )

    def arm(self, name: str) -> dict[str, Any]:
        strategy, _, factor = name.partition(" ×")
        words = {
            "none": "the sources as they are",
            "fly": "a new view of each source in every epoch, nothing stored",
        }
        stored = f"{factor} views of each source on disk, the untouched one among them"
        return {
            "name": name,
            "strategy": strategy,
            "factor": int(factor) if factor else None,
            "words": words.get(name, stored),
        }

    def cell(self, arm: str, epochs: int) -> dict[str, Any]:
        found, factor = self.points[arm, epochs], self.arm(arm)["factor"]
        mean, sd, interval = _estimate(found / 100)
        augment = {"fly": 0.05, "hybrid ×4": 0.03}.get(arm, 0.0) * epochs
        compute = 0.3 * epochs + 0.01 * len(arm)
        gap = {2: 4.0, 4: 2.1, 8: 0.7}.get(factor or 0, 0.0) * epochs / 40
        ends = [gap - 0.45, gap + 0.45] if self.seeds > 1 else None
        return {
            "arm": arm,
            "epochs_asked": epochs,
            "epochs_trained": epochs,
            "k_over_f": epochs / factor if factor else None,
            "steps": 32 * epochs,
            "n": self.seeds,
            "accuracies": [float(share) for share in found / 100],
            "mean": mean,
            "sd": sd,
            "interval": interval,
            "loss": 1.2 - mean,
            "train_accuracy": min(0.999, mean + 0.04 + epochs / 600),
            "per_class": {
                name: float(self.by_class[arm, epochs, name].mean() / 100) for name in self.classes
            },
            "seconds": augment + compute + 0.1,
            "images_per_second": 2000 * epochs / (augment + compute + 0.1),
            "wait": 0.1,
            "augment": augment,
            "compute": compute,
            "evaluate": 0.9,
            "gap": {
                "stored": mean + 0.05 + gap / 100,
                "fresh": mean + 0.05,
                "points": gap,
                "interval": ends,
            }
            if factor
            else None,
        }

    def pair(self, epochs: int, arm: str, against: str) -> dict[str, Any]:
        found = self.points[arm, epochs] - self.points[against, epochs]
        mean, sd, interval = _estimate(found)
        verdict, words, more = (
            "undecided",
            f"{arm} against {against}: undecided; about 5 more seeds would decide",
            5,
        )
        if interval and interval[0] > 0:
            verdict, more = "better", None
        elif interval and interval[1] < 0:
            verdict, more = "worse", None
        elif interval and max(map(abs, interval)) < 0.25:
            verdict, more, words = (
                "equivalent",
                None,
                f"{arm} is as good as {against} within 0.25 points",
            )
        if verdict in ("better", "worse"):
            words = f"{arm} is {verdict} than {against} by {abs(mean):.2f} points"
        if interval:
            words += f" (95 % interval {_points(interval[0])} … {_points(interval[1])})"
        narrow = [mean - 0.01, mean + 0.01] if interval else None
        return {
            "epochs": epochs,
            "arm": arm,
            "against": against,
            "n": self.seeds,
            "mean": mean,
            "sd": sd,
            "interval": interval,
            "interval_here": narrow,
            "images": 10_000,
            "images_se": 0.11,
            "p": 0.0123,
            "p_here": 0.0056,
            "p_equivalence": 0.9997,
            "p_t": 0.0004,
            "p_crossed": 0.0007,
            "p_signflip": 0.03125,
            "verdict": verdict,
            "verdict_here": verdict,
            "more_seeds": more,
            "images_needed": None,
            "words": words,
        }

    def gain(self, epochs: int, arm: str, name: str) -> dict[str, Any]:
        mean, _, interval = _estimate(
            self.by_class[arm, epochs, name] - self.by_class[self.arms[0], epochs, name]
        )
        return {
            "epochs": epochs,
            "arm": arm,
            "against": self.arms[0],
            "class": name,
            "mean": mean,
            "interval": interval,
        }

    def cost(self, arm: str) -> dict[str, Any]:
        factor = self.arm(arm)["factor"] or 0
        return {
            "arm": arm,
            "files": 2000 * factor,
            "bytes": 2000 * factor * 612,
            "allocated": 2000 * factor * 4096,
            "expansion_seconds": 0.78 * factor,
            "expansion_cpu_seconds": 1.47 * factor,
            "how": "from a timed expansion of 500 sources" if factor else "nothing is stored",
            "pack_seconds": 0.7 if factor else None,
            "pass_seconds": 0.31,
            "images_per_second": 6500.0,
        }

    def break_even(self, arm: str, epochs: int) -> dict[str, Any]:
        never = arm.startswith("hybrid")
        words = "breaks even after 121 epochs (4 trials of 40)"
        if never:
            words = (
                "never breaks even: an epoch over the copies takes no less time than one on the fly"
            )
        return {
            "arm": arm,
            "epochs": epochs,
            "a": 1.1e-5,
            "w": 2.6e-4,
            "r": -1e-6,
            "h": 0.97,
            "passes": None if never else 120.5,
            "runs": None if never else 120.5 / epochs,
            "words": words,
        }


def _estimate(found: Any) -> tuple[float, float | None, list[float] | None]:
    """Return mean, standard deviation and 95 % interval."""
    mean, n = float(found.mean()), len(found)
    if n == 1:
        return mean, None, None
    sd = float(found.std(ddof=1))
    half = T95[n] * sd / n**0.5
    return mean, sd, [mean - half, mean + half]


def _points(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _picture(arm: str, k: int) -> dict[str, str]:
    image = np.full((28, 28), 235, np.uint8)
    cv2.rectangle(image, (8, 6), (19, 24), 60, -1)
    cv2.rectangle(image, (3, 8), (24, 12), 60, -1)
    if arm != "none":
        turn = cv2.getRotationMatrix2D((13.5, 13.5), 11 * (k % (4 if "×" in arm else 9)), 1)
        image = cv2.warpAffine(image, turn, (28, 28), borderValue=235)
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    source = base64.b64encode(cv2.imencode(".png", large)[1].tobytes()).decode()
    alt = f'<b>&"x/12.png, {arm}, epoch {k}: rotated {11 * k}°'
    return {
        "src": f"data:image/png;base64,{source}",
        "alt": alt,
        "caption": f"epoch {k}: copy {k % 4}",
    }


def read(plain: dict[str, Any]) -> Comparison:
    """Return the comparison that plain data, as in comparison.json, describes."""
    settings = plain["settings"]
    arms = {arm["name"]: Arm(arm["strategy"], arm["factor"]) for arm in plain["arms"]}
    return Comparison(
        setup=ComparisonSetup(
            plain["title"],
            settings["sources"],
            settings["classes"],
            settings["test images"],
            settings["budget"],
            settings["margin in points"],
            settings,
            Balance("max"),
        ),
        headline=tuple(plain["headline"]),
        command=plain["command"],
        arms=tuple(arms.values()),
        epochs=tuple(plain["lengths"]),
        summaries=tuple(_summary(cell, arms) for cell in plain["cells"]),
        pairs=tuple(_pair(pair, arms) for pair in plain["pairs"]),
        class_gains=tuple(map(_gain, plain["classes"])),
        smallest_gains=tuple(
            SmallestGain(_gain(each), True, each["words"]) for each in plain["worst"]
        ),
        costs=tuple(_cost(cost, arms) for cost in plain["costs"]),
        break_even=tuple(_break_even(each, arms) for each in plain["break_even"]),
        check=Check(plain["check"]["ok"], plain["check"]["files"], plain["check"]["words"]),
        notes=tuple(plain["notes"]),
        examples=tuple(
            ExampleViews(
                arms[strip["arm"]], tuple(ExampleImage(**each) for each in strip["images"])
            )
            for strip in plain["strips"]
        ),
        not_tested=tuple(plain["not_tested"]),
        versions=plain["versions"],
        hardware=plain["hardware"],
        seeds=tuple(plain["seeds"]),
        created=plain["created"],
        seconds=plain["seconds"],
    )


def _interval(bounds: list[float] | None) -> Interval | None:
    return Interval(*bounds) if bounds else None


def _summary(cell: dict[str, Any], arms: dict[str, Arm]) -> ArmSummary:
    left_out = (
        "arm",
        "epochs_asked",
        "epochs_trained",
        "k_over_f",
        "n",
        "accuracies",
        "interval",
        "gap",
    )
    gap = cell["gap"]
    return ArmSummary(
        arm=arms[cell["arm"]],
        epochs_asked=cell["epochs_asked"],
        epochs_trained=cell["epochs_trained"],
        accuracies=tuple(cell["accuracies"]),
        interval=_interval(cell["interval"]),
        gap=GapSummary(**{**gap, "interval": _interval(gap["interval"])}) if gap else None,
        **{key: value for key, value in cell.items() if key not in left_out},
    )


def _pair(pair: dict[str, Any], arms: dict[str, Arm]) -> PairVerdict:
    plain = {key: value for key, value in pair.items() if key not in ("epochs", "words")}
    for key in ("interval", "interval_here"):
        plain[key] = _interval(plain[key])
    verdict = Verdict(**plain, sentence=pair["words"])
    return PairVerdict(pair["epochs"], arms[pair["arm"]], arms[pair["against"]], verdict)


def _gain(gain: dict[str, Any]) -> ClassGain:
    bounds = _interval(gain["interval"])
    return ClassGain(
        gain["class"],
        gain["arm"],
        gain["against"],
        gain["mean"],
        bounds,
        gain["epochs"],
        6,
        0.5,
        0.5,
    )


def _cost(cost: dict[str, Any], arms: dict[str, Arm]) -> Cost:
    expansion = ExpansionCost(
        cost["arm"],
        cost["how"],
        cost["files"],
        cost["bytes"],
        cost["allocated"],
        cost["expansion_seconds"],
        cost["expansion_cpu_seconds"],
        cost["pack_seconds"] or 0.0,
        0,
        "png",
    )
    arm = arms[cost["arm"]]
    stored = expansion if arm.factor else None
    return Cost(arm, stored, cost["pass_seconds"], cost["images_per_second"])


def _break_even(each: dict[str, Any], arms: dict[str, Arm]) -> BreakEven:
    needed = each["passes"]
    payback: Payback = "never" if needed is None else "pays"
    numbers = [each[key] for key in ("a", "w", "r", "h")]
    return BreakEven(
        arms[each["arm"]], each["epochs"], *numbers, payback, needed, each["runs"], each["words"]
    )
