"""Several processes: they share each batch and train the weights that one process would."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from tests.train.commands import draw_set, settings_for, train
from train.data.folders.listing import list_folder
from train.data.normalise import Normaliser
from train.errors import TrainError
from train.feed.dataset import decoded_images
from train.feed.feed import Feed
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.hyperparameters import Hyperparameters
from train.fit.trainer import Trainer
from train.models.build import build
from train.models.settings import ModelSettings
from train.runs.checkpoints import MODEL
from train.runs.records import METRICS
from train.runtime.device import pick_device
from train.runtime.world import World, current_world, join_world


@given(st.integers(0, 100), st.integers(1, 9))
def test_all_shares_together_are_the_batch(count: int, size: int) -> None:
    items = np.random.default_rng(count).permutation(1000)[:count]
    shares = [World(rank, size).share(items) for rank in range(size)]
    assert sorted(np.concatenate(shares)) == sorted(items)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(("size", "batch"), [(2, 9), (3, 8), (3, 5), (4, 4)])
def test_every_process_has_a_share_of_every_step_and_the_weights_add_up(
    size: int, batch: int, tmp_path: Path
) -> None:
    sampler = Sampler(list_folder(draw_set(tmp_path / "src", 9, size=4)), Strategy("none"))
    pixels = np.zeros((27, 4, 4, 3), np.uint8)
    images = decoded_images(sampler, pixels)
    shares = []
    for rank in range(size):
        feed = Feed(images, batch, 0, torch.device("cpu"), world=World(rank, size))
        planned = feed.batch_sampler.batches(0, 3)
        assert [(len(share.items), share.weight) for share in planned] == [
            (len(made.labels), made.weight) for made in feed.batches(0, 3)
        ]
        shares.append(list(feed.batch_sampler.batches(0, 2 * feed.steps_per_epoch)))
    for step in zip(*shares, strict=True):
        assert min(len(share.items) for share in step) > 0
        whole = sum(len(share.items) for share in step)
        assert [share.weight for share in step] == pytest.approx(
            [len(share.items) * size / whole for share in step]
        )
    for k in range(2):
        shown = [
            item for steps in shares for share in steps if share.epoch == k for item in share.items
        ]
        assert sorted(shown) == list(range(27))


def test_a_batch_smaller_than_the_processes_is_refused(
    tmp_path: Path,
) -> None:
    sampler = Sampler(list_folder(draw_set(tmp_path / "src", 2, size=4)), Strategy("none"))
    images = decoded_images(sampler, np.zeros((6, 4, 4, 3), np.uint8))
    with pytest.raises(
        TrainError, match="^--batch-size must be at least 1 for each of 4 processes, got 3$"
    ):
        Feed(images, 3, 0, torch.device("cpu"), world=World(0, 4))


def test_one_process_is_a_world_of_size_1(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    world = join_world(torch.device("cpu"))
    assert world == current_world() == World(0, 1)
    assert world.is_main
    model, number = nn.Linear(1, 1), torch.ones(())
    assert world.wrap(model) is model
    world.all_reduce(number)
    world.barrier()
    assert (float(number), world.broadcast("fp32")) == (1, "fp32")


def test_a_trainer_and_a_feed_that_are_not_given_a_world_ignore_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    sampler = Sampler(list_folder(draw_set(tmp_path / "src", 2, size=4)), Strategy("none"))
    images = decoded_images(sampler, np.zeros((6, 4, 4, 3), np.uint8))
    feed = Feed(images, 3, 0, torch.device("cpu"))
    assert sorted(len(batch.labels) for batch in feed.batches(0, 2)) == [3, 3]
    model = build(ModelSettings("linear", 3, 4, 4, 3))
    trainer = Trainer(model, Hyperparameters(), 2, Normaliser((0,) * 3, (1,) * 3), "fp32")
    assert trainer.world == World(0, 1)


def test_the_environment_of_torchrun_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "5")
    assert current_world() == World(3, 5)
    assert not current_world().is_main


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_missing_devices_are_none() -> None:
    assert pick_device("cpu") == pick_device("auto") == torch.device("cpu")
    assert pick_device("cuda") is None
    assert pick_device("tpu") is None


def free_port() -> int:
    """Return a port that nobody listens on, and that the system gives nobody of its own accord."""
    while True:
        port = random.SystemRandom().randrange(10_000, 30_000)
        with socket.socket() as door, suppress(OSError):
            door.bind(("127.0.0.1", port))
            return port


def test_two_processes_train_one_run_as_one_process_does(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    line = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-port",
        str(free_port()),
        "-m",
        "train",
    ]
    train(settings_for(src, batch_size=24, seed=5), tmp_path / "two")
    asked = [
        "--overwrite",
        "--strategy",
        "fly",
        "--epochs",
        "2",
        "--batch-size",
        "9",
        "--precision",
        "fp32",
    ]
    done = subprocess.run(
        [*line, str(src), "--test", str(test), "--out", str(tmp_path / "two"), *asked],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test: accuracy") == 1
    assert done.stderr.count("epoch 2 of 2") == 1
    found = json.loads((tmp_path / "two/run.json").read_text())
    one = train(settings_for(src, test, "fly", batch_size=9), tmp_path / "one")
    assert found["steps"] == one.steps == 6
    assert found["data"] == one.to_dict()["data"]
    assert one.results is not None
    assert one.results.test is not None
    assert found["results"]["test_loss"] == pytest.approx(one.results.test.loss, abs=1e-4)
    both = [
        [json.loads(line) for line in (tmp_path / run / METRICS).read_text().splitlines()]
        for run in ("one", "two")
    ]
    for mine, theirs in zip(*both, strict=True):
        assert theirs == pytest.approx(mine, rel=1e-4)
    weights, shared = load_file(tmp_path / "one" / MODEL), load_file(tmp_path / "two" / MODEL)
    assert all(torch.allclose(weights[name], shared[name], atol=1e-5) for name in weights)
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "metrics.jsonl",
        "model.safetensors",
        "run.json",
    ]
