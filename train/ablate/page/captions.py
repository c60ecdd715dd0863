"""Captions: what the plots and tables of an ablation show, in sentences."""

from __future__ import annotations

from train.ablate.page.tables import flags, ordered, screens
from train.report.formatting import (
    SPACE,
    arm_name,
    count,
    listing,
    percent,
    points,
    points_range,
    seconds,
)
from train.report.tables import Plain, name_of
from train.statistics.power import FEWEST_SEEDS

CHOSEN, NONE, WITHOUT = "chosen", "none", "without "
Said = tuple[str, str]
"""What is spoken of, and what is said about it."""


def taken_apart(found: Plain) -> str:
    """Return what was taken apart and how; what the settings do not say is left out."""
    settings = found["settings"]
    sizes = [
        f"{count(settings[key])} {key}"
        for key in ("sources", "classes")
        if isinstance(settings.get(key), int)
    ]
    data = found["title"] + (f" ({', '.join(sizes)})" if sizes else "")
    others = (
        "one with each of them alone"
        if found["design"] == "single"
        else "the others with about half of them on"
    )
    into = f"{len(found['techniques'])} techniques: {len(found['runs'])} runs, one as it is and {others}"
    trained = f"the model {settings['model']} was trained" if "model" in settings else "trained"
    passes = f" for {count(settings['passes'])} passes" if "passes" in settings else ""
    seeds = f" with {_seeds_in_words(found)} each" if _seeds(found) else ""
    return f'The recipe "{settings.get("recipe", "")}" was taken apart into {into}; {trained} on {data}{passes}{seeds}.'


def _seeds(found: Plain) -> int:
    return max((len(row["effects"]) for row in found["techniques"]), default=0)


def _seeds_in_words(found: Plain) -> str:
    """Return how many seeds each run had."""
    return "1 seed" if _seeds(found) == 1 else f"{_seeds(found):,} seeds"


def measure(found: Plain) -> str:
    """Return what an effect is, and on which images it was measured."""
    images = found["settings"].get("test images")
    these = f"the {count(images)} test images" if isinstance(images, int) else "the test images"
    if found["design"] == "single":
        return (
            "The effect of a technique is the accuracy of the run with it alone less that of the run without any, "
            f"in percentage points, on {these}."
        )
    return (
        "The effect of a technique is the mean accuracy of the runs with it less that of the runs without it, in percentage "
        f"points, whatever the others do; it was measured on one half of {these}, so that the other half can check."
    )


def few_seeds(found: Plain) -> str | None:
    """Return why so few seeds decide nothing; None where they are enough."""
    if not 0 < _seeds(found) < FEWEST_SEEDS:
        return None
    lacks = " has no interval, and" if _seeds(found) == 1 else ""
    return (
        f"With {_seeds_in_words(found)} every technique{lacks} stays undecided, however large its effect: "
        f"verdicts take {FEWEST_SEEDS} seeds, below which the exact sign-flip test cannot reach 5 %."
    )


def effects(found: Plain) -> str:
    """Return all effects, the largest gain first."""
    said = [
        f"{arm_name(row['technique'])} {points(row['mean'])} ({row['says']})"
        for row in ordered(found)
    ]
    return f"Effects in points: {', '.join(said)}."


def costs(found: Plain) -> str:
    """Return which technique takes most time, and which least."""
    timed = sorted((row["microseconds"], arm_name(row["technique"])) for row in found["techniques"])
    if not timed:
        return ""
    (least, first), (most, last) = timed[0], timed[-1]
    return f"An image takes from {seconds(least / 1e6)} ({first}) to {seconds(most / 1e6)} ({last}), each technique alone."


def classes(found: Plain) -> list[Said]:
    """Return which class each technique harms most and which it helps most."""
    return [
        (arm_name(row["technique"]), _extremes(row["classes"]))
        for row in ordered(found)
        if row["classes"]
    ]


def _extremes(rows: list[Plain]) -> str:
    worst, best = min(rows, key=lambda row: row["mean"]), max(rows, key=lambda row: row["mean"])
    harm = f"most harmed {_class(worst)}" if worst["mean"] < 0 else "no class is harmed"
    gain = f"most helped {_class(best)}" if best["mean"] > 0 else "no class is helped"
    return f"{harm}; {gain}"


def _class(row: Plain) -> str:
    span = f" ({points_range(row['interval'], 1)})" if row["interval"] else ""
    return f'"{row["class"]}" ' + f"{points(row['mean'], 1)}{span}".replace(" ", SPACE)


def screened(found: Plain) -> list[Said]:
    """Return which classes a plainly trained model no longer knows, technique by technique; last, what flags none."""
    tried = screens(found)
    clear = [
        arm_name(name) for name, rows in tried.items() if not any(row["harmed"] for row in rows)
    ]
    said = [
        (arm_name(name), _worst(rows))
        for name, rows in tried.items()
        if arm_name(name) not in clear
    ]
    return [*said, *([(listing(clear), "no class is flagged")] if clear else [])]


def _worst(rows: list[Plain]) -> str:
    """Return the flags at the strength that has most, and the strengths that have none."""
    worst = max(rows, key=lambda row: (len(row["harmed"]), -row["accuracy"]))
    at = arm_name(worst["setting"] if len(rows) == 1 else f"at worst, {worst['setting']}")
    clear = [arm_name(row["setting"]) for row in rows if not row["harmed"]]
    return f"{at}: {flags(worst['harmed'])}" + (f". No flags at {listing(clear)}" if clear else "")


def screened_one(rows: list[Plain]) -> str:
    """Return how far a plainly trained model falls when images are changed by one technique, at the worst strength."""
    worst = min(rows, key=lambda row: row["accuracy"])
    flagged = sum(bool(row["harmed"]) for row in rows)
    classes = (
        f"classes flagged at {flagged} of {len(rows)} strengths" if flagged else "no class flagged"
    )
    at_worst = f"{percent(worst['accuracy'] / 100)} at worst ({arm_name(worst['setting'])})"
    return f"{arm_name(worst['technique'])}: {percent(worst['plain'] / 100)} untouched, {at_worst}; {classes}."


def screened_alone(rows: list[Plain]) -> str:
    """Return how far a plainly trained model falls under techniques that have one strength."""
    worst = min(rows, key=lambda row: row["accuracy"])
    flagged = sum(bool(row["harmed"]) for row in rows)
    lowest = f"{percent(worst['accuracy'] / 100)} at worst ({arm_name(worst['technique'])})"
    return f"{percent(worst['plain'] / 100)} untouched, {lowest}; {flagged} of {len(rows)} techniques flag classes."


def accuracies(check: Plain) -> str:
    """Return the accuracies of the check."""
    said = [f"{arm_name(cell['arm'])} {percent(cell['mean'] / 100, 2)}" for cell in check["cells"]]
    return f"Accuracy on the other half: {', '.join(said)}."


def differences(check: Plain) -> str:
    """Return the verdicts of the check."""
    said = [
        f"{name_of(pair)} {points(pair['mean'])} ({pair['verdict']})" for pair in check["pairs"]
    ]
    return f"Differences in points: {', '.join(said)}."


def suggested(found: Plain) -> list[str]:
    """Return what is suggested, what of the chosen techniques is left out, and how sure it is."""
    suggestion, check = found["suggestion"], found["check"]
    held = (
        {pair["against"]: pair for pair in check["pairs"] if pair["arm"] == CHOSEN} if check else {}
    )
    if not suggestion["yaml"]:
        return [_nothing(check, held)]
    said = [f"Suggested: {suggestion['techniques']}."]
    if check is None:
        return [*said, "Each helped alone; what they do together was not measured."]
    out = [
        other
        for other, pair in held.items()
        if other.startswith(WITHOUT) and pair["verdict"] == "worse"
    ]
    if out:
        names = listing(name.removeprefix(WITHOUT) for name in out)
        same = (
            f'it is "{out[0]}" of the check' if len(out) == 1 else "this very set was not measured"
        )
        said.append(
            f"Chosen, but left out after the check, since the others do better without: {names}; {same}."
        )
    if NONE in held:
        shown = (
            ""
            if held[NONE]["verdict"] == "better"
            else ", it is not shown to be better than no augmentation"
        )
        said.append(f"On images that had no part in choosing{shown}: {held[NONE]['words']}.")
    return said


def _nothing(check: Plain | None, held: dict[str, Plain]) -> str:
    if NONE in held and held[NONE]["verdict"] == "worse":
        return f"Nothing is suggested, since the chosen techniques together harm: {held[NONE]['words']}."
    if held:
        return "Nothing is suggested: each of the chosen techniques was better left out."
    gained = "surely helped" if check is None else "gained in the design"
    return f"Nothing is suggested: no technique {gained}. Milder ranges may be worth another try; the screen says which."
