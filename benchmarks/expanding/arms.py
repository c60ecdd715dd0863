"""The arms: which program, in which environment, how it runs, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.expanding.environments import python_of

HERE = Path(__file__).parent
COPIES = 3
EXPAND, FLOOR, OWN_FLOOR = "expand", "codecs alone", "expand's decode and encode alone"
FLOORS = (FLOOR, OWN_FLOOR)
ALBUMENTATIONS = "albumentations 2.0.8"
WORK = (
    f"Each arm decodes every image once and writes {COPIES} copies, as JPEG of quality 90 or as "
    "PNG: mirrored or not, turned by up to 30°, moved by up to 20 %, scaled by 0.8 to 1.25 in one "
    "bilinear resampling, every other copy with 1 to 3 % salt-and-pepper noise. Each run is a "
    "whole command, timed with its start."
)
"""What all arms do, unless they say otherwise."""


@dataclass(frozen=True)
class Arm:
    """A program that writes `COPIES` copies of each image of a folder."""

    name: str
    way: str
    """How it runs, in words: "2 processes"."""
    workers: int
    script: str = ""
    """A file of `peers`; "" is expand itself."""
    mode: str = ""
    """What its script is told about how to run."""
    environment: str = ""
    also: str = ""
    """What it does beyond the work of the others."""
    leaves_out: str = ""
    """What it does not do of the work of the others."""

    @property
    def label(self) -> str:
        """The name, with how it runs."""
        return f"{self.name}, {self.way}"

    def command(self, src: Path, out: Path, environments: Path = ROOT) -> list[str]:
        """Return the command line; raise `UnavailableError` if it cannot be installed."""
        python = python_of(self.environment, environments)
        if self.script:
            script = str(HERE / "peers" / f"{self.script}.py")
            return [python, script, str(src), str(out), str(COPIES), str(self.workers), self.mode]
        recipe = str(HERE / "peers.yaml")
        options = ["--recipe", recipe, "--factor", str(COPIES + 1), "--originals", "none"]
        quality = ["--quality", "90"] if any(src.rglob("*.jpg")) else []
        return [
            *(python, "-m", "expand", str(src), str(out), *options, *quality),
            *("--workers", str(self.workers), "--quiet"),
        ]


def make_arms(workers: int = 2, floor_seconds: float = 2.0) -> tuple[Arm, ...]:
    """Return all arms; those that can are run with one worker and with `workers`."""
    return (*_peers(workers), *_ours(workers), *_floors(workers, floor_seconds))


def _ours(workers: int) -> list[Arm]:
    also = (
        "hashes every file, writes a manifest, checks names and folders, writes each file whole, "
        "keeps each JPEG's own chroma subsampling, and gives the same bytes every time"
    )
    return [Arm(EXPAND, _count(number, "worker"), number, also=also) for number in _counts(workers)]


def _floors(workers: int, seconds: float) -> list[Arm]:
    """The codecs alone, as OpenCV has them and with what expand does around them."""
    rest = "reading, views (they are drawn before), hashes, writing, start"
    leaves_out = {
        FLOOR: f"everything but the calls of OpenCV's decoder and encoder: {rest}, and also "
        "headers, profiles and the order of colours",
        OWN_FLOOR: rest,
    }
    return [
        Arm(
            name,
            _count(number, "process"),
            number,
            "codecs",
            f"{'calls' if name == FLOOR else 'functions'}:{seconds}",
            leaves_out=leaves_out[name],
        )
        for name in FLOORS
        for number in _counts(workers)
    ]


def _peers(workers: int) -> list[Arm]:
    many = [("processes", _count(workers, "process")), ("threads", _count(workers, "thread"))]
    ours = "a manifest, hashes, whole files, reproducible views, the source's subsampling (4:2:0)"
    albumentations = ("albumentations_pool", "albumentations")
    pil = "salt-and-pepper noise, interpolation (nearest neighbour)"
    return [
        Arm(
            "Augmentor 0.2.12",
            "its own threads",
            1,
            "augmentor",
            environment="augmentor",
            leaves_out="noise, translation, turns beyond 15°, JPEG quality (75); it draws images "
            "with replacement, so that some get more copies than others",
        ),
        Arm(
            "imgaug 0.4.0",
            _count(workers, "process"),
            workers,
            "imgaug_pool",
            environment="imgaug",
            leaves_out=ours,
        ),
        Arm(
            ALBUMENTATIONS,
            "1 process",
            1,
            albumentations[0],
            "processes",
            albumentations[1],
            leaves_out=ours,
        ),
        *(
            Arm(ALBUMENTATIONS, way, workers, albumentations[0], mode, albumentations[1], "", ours)
            for mode, way in many
        ),
        Arm(
            "torchvision 0.29.1 (v2, PIL)",
            many[0][1],
            workers,
            "torchvision_pool",
            environment="torchvision",
            leaves_out=f"{pil}, {ours}",
        ),
    ]


def _counts(workers: int) -> list[int]:
    return [1, workers] if workers > 1 else [1]


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
