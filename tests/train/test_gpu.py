"""Training on a GPU: the pixels, the bits and the messages are those that a CPU gives. Run by `make gpu`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expand import Recipe, Views, expand
from expand.recipes.fill import Fill
from expand.views.batches import ViewBatches
from tests.conftest import noise_image
from tests.train.commands import draw_set, settings_for
from tests.train.runtime.test_world import free_port
from train.data.cache import Cache
from train.data.normalise import to_tensor
from train.errors import TrainError
from train.feed import batched
from train.feed.exact import render
from train.runs import feeds
from train.runs.checkpoints import MODEL
from train.runs.observer import Observer
from train.runs.predict import classify
from train.runs.records import METRICS, RunRecord
from train.runs.run import run
from train.runs.settings import RunLocation, Settings

GPU = "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(GPU == "cuda" and not torch.cuda.is_available(), reason="there is no GPU"),
]
IDS = [f"cat/{index}.png" for index in range(64)]
ROOT = Path(__file__).parents[2]


def train(settings: Settings, out: Path, device: str = GPU, **location: Any) -> RunRecord:
    return run(settings, RunLocation(out, Cache(), device, **location))


def products(out: Path) -> tuple[bytes, bytes]:
    return (out / MODEL).read_bytes(), (out / METRICS).read_bytes()


def start(*line: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, line)],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **variables}, timeout=300,
    )  # fmt: skip


class Stop(Observer):
    """Stops a run when an epoch ends, before its checkpoint."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.done, self.notes = at, -1, []

    def note(self, text: str) -> None:
        self.notes += [text] if text else []

    def starting(self, description: str, steps: int, done: int) -> None:
        self.done, self.description = done, description

    def epoch(self, epoch: Any, validation: Any) -> None:
        if epoch.epoch == self.at:
            raise KeyboardInterrupt


def both(recipe: Recipe, pixels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return view `k` of images, rendered in batches on the GPU, and by the exact renderer."""
    batches, items = ViewBatches(Views(recipe, 3), IDS), np.arange(len(pixels))
    rendered = batched.render(batches, to_tensor(pixels).to(GPU), items, k)
    assert rendered.device.type == GPU
    return batched.to_pixels(rendered), render(batches, pixels, items, k)


def images(shape: tuple[int, ...], depth: type = np.uint8) -> np.ndarray:
    return np.stack([noise_image(*shape, seed=seed, depth=depth) for seed in range(len(IDS))])  # type: ignore[misc]


@pytest.mark.parametrize("fill", ["background", "edge", "reflect", (10, 200, 30)], ids=str)
@pytest.mark.parametrize("techniques", ["flip, rotate, translate, scale, noise", "crop, erase", "rotate: {degrees: [-90, 90]}, translate: {x: [-1, 1], y: [-1, 1]}, noise: {amount: [0, 0.5]}", "noise, rotate"])  # fmt: skip
@pytest.mark.parametrize("shape", [(32, 32, 3), (33, 28, 1)], ids=str)
def test_views_are_within_one_grey_level_of_the_exact_ones(
    techniques: str, fill: object, shape: tuple[int, ...]
) -> None:
    recipe = replace(Recipe.parse(f"techniques: [{techniques}]"), fill=Fill(fill))  # type: ignore[arg-type]
    pixels = images(shape)
    for k in (1, 2, 3, 8, 101):
        found, exact = both(recipe, pixels, k)
        difference = np.abs(found.astype(int) - exact.astype(int))
        assert difference.max() <= 1, (k, difference.max())
        assert (difference > 0).mean() < 0.01
        assert (exact != pixels).any()


@pytest.mark.parametrize("techniques", ["flip, rotate90", "translate: {x: 3, y: 2, unit: pixel}", "noise: {amount: [0, 0.5], salt: [0, 1], factor: 3}", "erase: {area: [0.001, 1], aspect: [0.1, 10], factor: 5}"])  # fmt: skip
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_flips_turns_shifts_noise_and_boxes_are_exact(techniques: str, depth: type) -> None:
    pixels = images((32, 32, 3), depth)
    for k in (1, 2, 3, 8, 101):
        found, exact = both(Recipe.parse(f"techniques: [{techniques}]"), pixels, k)
        np.testing.assert_array_equal(found, exact)


def test_views_of_16_bits_are_within_one_grey_level_of_256() -> None:
    pixels = images((32, 32, 1), np.uint16)
    for k in (1, 2, 3, 8):
        found, exact = both(Recipe.load("classic"), pixels, k)
        assert np.abs(found.astype(int) - exact.astype(int)).max() <= 257


@pytest.mark.parametrize("model", ["cnn", "fast", "vgg11", "resnet18"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_two_runs_of_one_seed_and_one_that_was_stopped_end_in_the_same_bits(
    model: str, precision: str, tmp_path: Path
) -> None:
    src, test = draw_set(tmp_path / "src", 20, size=32), draw_set(tmp_path / "test", 3, size=32)
    settings = settings_for(
        src, test, "fly", model=model, precision=precision, epochs=4, batch_size=16,
        dropout=0.0 if model == "resnet18" else 0.3,  # it has no rate to set
        allow_leak=True,
    )  # fmt: skip
    record = train(settings, tmp_path / "one")
    assert record.renderer == ("batched" if GPU == "cuda" else "exact")
    train(settings, tmp_path / "two")
    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path / "stopped", observer=Stop(3))
    resumed = Stop()
    train(settings, tmp_path / "stopped", observer=resumed)
    assert resumed.done == 8
    assert products(tmp_path / "one") == products(tmp_path / "two")
    assert products(tmp_path / "one") == products(tmp_path / "stopped")


@pytest.mark.parametrize("model", ["cnn", "fast"])
def test_copies_and_exact_views_end_in_the_same_bits(model: str, tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 20)
    expand(src, tmp_path / "copies", factor=4, workers=1)
    for strategy, data in (("disk", tmp_path / "copies"), ("fly", src)):
        asked = settings_for(data, None, strategy, model=model, epochs=4, renderer="exact")
        train(asked, tmp_path / strategy)
    assert products(tmp_path / "disk") == products(tmp_path / "fly")


@pytest.mark.parametrize("begin", ["cpu", "cuda"])
def test_a_run_resumes_on_another_device_with_its_own_renderer(begin: str, tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src", 20), None, "fly", epochs=3, dropout=0.3)
    end = {"cpu": GPU, "cuda": "cpu"}[begin]
    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path / "run", begin, observer=Stop(2))
    observer = Stop()
    record = train(settings, tmp_path / "run", end, observer=observer)
    assert record.renderer == {"cpu": "exact", "cuda": "batched"}[begin]
    assert record.hardware["device"].startswith(end)
    assert record.hardware["begun_on"] == observer.notes[0].split("begun on ")[1].split(", so")[0]
    assert len(observer.notes) == 1


def test_a_model_of_a_gpu_predicts_the_same_on_a_cpu(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 20)
    train(settings_for(src, None, epochs=8), tmp_path / "run")
    files = sorted((src / "ant").iterdir())
    here, there = (
        list(classify(tmp_path / "run", files, torch.device(device))) for device in ("cpu", GPU)
    )
    assert [each.label for each in here] == [each.label for each in there]
    found, expected = ([each.probability for each in some] for some in (there, here))
    assert found == pytest.approx(expected, abs=0.01)


def test_a_set_that_does_not_fit_is_rendered_by_the_exact_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "GPU_SHARE", 0.0)
    observer = Stop()
    record = train(
        settings_for(draw_set(tmp_path / "src"), None, "fly"), tmp_path / "run", observer=observer
    )
    assert record.renderer == "exact"
    assert "views by the exact renderer, in this process" in observer.description


def test_running_out_of_gpu_memory_is_explained_and_can_be_resumed(tmp_path: Path) -> None:
    settings = settings_for(
        draw_set(tmp_path / "src", 400), None, "none", model="fast-wide", batch_size=1200
    )
    total = torch.cuda.mem_get_info()[1]
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(200e6 / total)
    try:
        with pytest.raises(TrainError) as stopped:
            train(settings, tmp_path / "run")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert str(stopped.value) == (
        "not enough memory for fast-wide with --batch-size 1200; use a smaller --batch-size, "
        "--model or --image-size"
    )
    assert stopped.value.status == 3
    assert train(settings, tmp_path / "run").finished


def test_a_failure_of_a_gpu_is_one_line(tmp_path: Path) -> None:
    script = (
        "import torch\nfrom train.runtime.memory import explain_out_of_memory\n"
        "from train.errors import TrainError\n"
        "try:\n with explain_out_of_memory('cnn', 1):\n"
        "  torch.zeros(3, device='cuda')[torch.tensor([7], device='cuda')].cpu()\n"
        "except TrainError as error: print('said', error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.startswith(
        "said the GPU failed (CUDA error: device-side assert triggered"
    ), done.stdout + done.stderr


@pytest.mark.parametrize("model", ["cnn", "fast", "resnet18"])
def test_the_command_says_nothing_but_its_own_lines(model: str, tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", size=32), draw_set(tmp_path / "test", 3, size=32, seed=1)
    done = start(
        "train", src, "--test", test, "--strategy", "fly", "--model", model, "--device", GPU,
        "--epochs", 2, "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    assert f", {GPU}" in done.stderr
    assert torch.cuda.get_device_name() == json.loads((tmp_path / "run/run.json").read_text())["hardware"]["gpu"]  # fmt: skip


def test_a_comparison_with_jobs_finds_equal_arms_identical(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 20), draw_set(tmp_path / "test", 5, seed=1)
    done = start(
        "train", "compare", src, "--test", test, "--factor", 2, "--epochs", 2, "--seeds", 3,
        "--model", "fast", "--jobs", 3, "--device", GPU, "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    results = [json.loads(path.read_text()) for path in (tmp_path / "out/runs").iterdir()]
    assert len({each["weights"] for each in results if each["arm"] != "none"}) == 3


@pytest.mark.parametrize("processes", [2])
def test_processes_of_torchrun_that_share_a_gpu_train_as_one_does(
    processes: int, tmp_path: Path
) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    asked = ["--test", test, "--strategy", "fly", "--epochs", 2, "--batch-size", 9]
    asked += ["--precision", "fp32", "--device", GPU]
    done = start(
        "torch.distributed.run", "--nproc-per-node", processes, "--master-port", free_port(),
        "-m", "train", src, *asked, "--out", tmp_path / "shared", OMP_NUM_THREADS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one = train(settings_for(src, test, "fly", batch_size=9), tmp_path / "one")
    assert one.results
    assert one.results.test
    shared = json.loads((tmp_path / "shared/run.json").read_text())["results"]
    assert shared["test_loss"] == pytest.approx(one.results.test.loss, abs=0.01)


NCCL = """
import os, torch
from torch import distributed, nn
os.environ.update(RANK="0", WORLD_SIZE="1", LOCAL_RANK="0", LOCAL_WORLD_SIZE="1", MASTER_ADDR="127.0.0.1")
from train.runtime import world
from train.runtime.device import pick_device
device = pick_device("cuda")
world.current_world = lambda: world.World(0, 2)
started = distributed.init_process_group
distributed.init_process_group = lambda *args, **how: started(*args, **{**how, "world_size": 1, "rank": 0})
two = world.join_world(device)
number = torch.ones((), dtype=torch.float64, device=device)
two.all_reduce(number)
two.barrier()
model = two.wrap(nn.Conv2d(3, 4, 3).to(device, memory_format=torch.channels_last))
model(torch.ones(2, 3, 8, 8, device=device)).sum().backward()
print(type(model).__name__, distributed.get_backend(), float(number), two.broadcast("text"))
distributed.destroy_process_group()
"""


def test_processes_with_a_gpu_each_talk_through_nccl() -> None:
    variables = {**os.environ, "MASTER_PORT": str(free_port())}
    done = subprocess.run(
        [sys.executable, "-c", NCCL],
        capture_output=True, text=True, check=False, cwd=ROOT, env=variables, timeout=120,
    )  # fmt: skip
    assert re.fullmatch(r"DistributedDataParallel nccl 1.0 text\n", done.stdout), done.stderr
