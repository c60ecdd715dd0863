"""What "auto" stands for in a study: the same for all trials, whenever they are trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeVar

from train.errors import TrainError
from train.feed.strategies import Strategy
from train.runs.assemble import set_up
from train.runs.records import shorten, write_json
from train.runtime.typed import checked
from train.runtime.world import World
from train.trials.context import TrialContext
from train.trials.study import Seeds, Study
from train.trials.study_dir import SETTLED, STUDY, StudyDir, read_json, trial_files
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
