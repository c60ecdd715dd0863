"""What a study settles once: what "auto" stands for, and how many seeds are planned and judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeVar

from train.errors import TrainError
from train.feed.strategies import Strategy
from train.runs.assemble import set_up
from train.runs.records import shorten, write_json
from train.runtime.typed import checked
from train.runtime.world import World
from train.statistics.looks import Looks
from train.trials.options import StudyOptions
from train.trials.study import Seeds, Study, TrialContext
from train.trials.study_dir import LOOKS, SETTLED, STUDY, WRITTEN, StudyDir, read_json, trial_files
from train.trials.trial import settings_of

S = TypeVar("S", bound=Study)


@dataclass(frozen=True)
class Settled:
    """The precision and the kind of device that trials are trained with."""

    precision: Literal["fp32", "bf16"]
    device: Literal["cpu", "cuda"]


def settle(context: TrialContext[S], study_dir: StudyDir, world: World) -> TrialContext[S]:
    """Return a context whose study has the precision of the trials that are there already.

    A new study measures it. The main process reads and writes the folder; the others ask it. Raise
    TrainError if the trials ran on another kind of device.
    """
    precision = _settled(context, study_dir).precision if world.is_main else ""
    study = replace(context.study, precision=world.broadcast(precision))
    return replace(context, study=study)


def _settled(context: TrialContext[S], study_dir: StudyDir) -> Settled:
    path, device = study_dir.out / STUDY, context.device.type
    settings = read_json(path)
    if SETTLED in settings:
        try:
            settled = checked(Settled(**settings[SETTLED]))
        except TypeError as error:
            raise TrainError(
                f'"{path}" is damaged ({shorten(error)}); choose another --out'
            ) from error
    else:
        found = _recorded(study_dir) or _measured(context)
        settled = checked(Settled(found, device))  # type: ignore[arg-type]  # it is checked
        write_json(path, {**settings, SETTLED: asdict(settled)})
    if settled.device != device:
        raise TrainError(
            f'the trials in "{study_dir.out}" ran on {settled.device}, and this command would '
            f"use {device}; resume where they ran, or choose another --out"
        )
    return settled


def _recorded(study_dir: StudyDir) -> str | None:
    """Return the precision of the first trial that says it: earlier versions did not settle it."""
    for name in trial_files(study_dir.out):
        plain = read_json(study_dir.out / name)
        if isinstance(plain, dict) and plain.get("precision") in ("fp32", "bf16"):
            return str(plain["precision"])
    return None


def _measured(context: TrialContext[S]) -> str:
    """Return the precision that is asked for; for auto, the one that is faster here."""
    study = context.study
    if study.precision != "auto":
        return study.precision
    seed = Seeds.of(study.seed, 0).training
    settings = settings_of(study, Strategy("none"), 1, seed)
    return set_up(settings, context.data, context.device, context.cache).trainer.precision


def looks_of(study_dir: StudyDir, options: StudyOptions) -> Looks:
    """Return the looks at a study, the one that this command is going to take included.

    The planned number of seeds is declared with the first look: `options.planned`, or the seeds of
    that look. Raise TrainError for another plan later, or for fewer seeds than were judged. Fewer
    than six seeds, or draws, decide nothing, so they are no look at what more of them would show.
    """
    draws = _draws(study_dir)
    now = Looks(max(options.planned or 0, options.seeds), (options.seeds,), draws)
    before = _looked(study_dir) if now.decides else None
    if before is None:
        return now
    if options.planned not in (None, before.planned):
        raise TrainError(
            f"--planned-seeds {options.planned}: {before.planned} seeds were planned when "
            f'"{study_dir.out}" was first judged; leave the option out, or choose another --out'
        )
    return before.at(options.seeds)


def record_look(study_dir: StudyDir, looks: Looks) -> None:
    """Keep the looks in the folder of the study, before anybody sees what the new one shows."""
    before = _looked(study_dir)
    if not looks.decides or (before and len(before.seeds) >= len(looks.seeds)):
        return  # nothing is decided, or an earlier look is taken again
    path = study_dir.out / STUDY
    plain = {"planned": looks.planned, "seeds": list(looks.seeds)}
    write_json(path, {**read_json(path), LOOKS: plain})


def _draws(study_dir: StudyDir) -> int | None:
    """Read of how many draws the seeds learn."""
    draws = read_json(study_dir.out / STUDY).get("draws")
    return draws if isinstance(draws, int) else None


def _looked(study_dir: StudyDir) -> Looks | None:
    """Read the looks so far; a study that an earlier version judged had one look."""
    path, draws = study_dir.out / STUDY, _draws(study_dir)
    plain = read_json(path).get(LOOKS)
    try:
        if plain is not None:
            return Looks(int(plain["planned"]), tuple(map(int, plain["seeds"])), draws)
        for name in WRITTEN:
            written = study_dir.out / name
            if name.endswith(".json") and written.is_file():
                seeds = int(read_json(written)["settings"]["seeds"])
                looks = Looks(seeds, (seeds,), draws)
                return looks if looks.decides else None
    except (KeyError, TypeError, ValueError, AttributeError, TrainError) as error:
        raise TrainError(f'"{path}" is damaged ({shorten(error)}); choose another --out') from error
    return None
