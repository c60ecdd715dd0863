"""Weights to start from: what is read, what is new in the model, what is refused, what is frozen."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.train.commands import call, draw_set, refusal, settings_for, train
from train.errors import TrainError
from train.models.build import build
from train.models.settings import ModelSettings
from train.models.weights import freeze, start_from, to_training
from train.models.weights_file import WeightsFile, read_state
from train.runs.checkpoints import MODEL, load_model

CNN = ModelSettings("cnn", 3, 16, 16, 3)


def cnn(classes: int = 3, seed: int = 1, **changes: int) -> nn.Module:
    torch.manual_seed(seed)
    return build(ModelSettings(**{**vars(CNN), "classes": classes, **changes}))


def saved(path: Path, state: object) -> WeightsFile:
    """Write what torch or safetensors would write, by the suffix."""
    if path.suffix == ".safetensors":
        save_file(state, path)  # type: ignore[arg-type]
    else:
        torch.save(state, path)
    return WeightsFile.of(path)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_weights_that_fit_are_all_taken(name: str, tmp_path: Path) -> None:
    file = saved(tmp_path / name, cnn(seed=1).state_dict())
    net = cnn(seed=2)
    start = start_from(net, "cnn", file)
    assert start.new == ()
    assert all(torch.equal(net.state_dict()[k], v) for k, v in cnn(seed=1).state_dict().items())
    assert 'the last layer "8" fits these classes and is kept' in start.note
    assert file.sha256[:12] in start.note


def test_the_head_is_new_for_other_classes_and_keeps_its_random_weights(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pth", {"state_dict": {f"module.{k}": v for k, v in cnn(5).state_dict().items()}})  # fmt: skip
    net, untouched = cnn(seed=2), cnn(seed=2)
    start = start_from(net, "cnn", file)
    assert start.new == ("8",)
    assert 'the last layer "8" is new, for these classes' in start.note
    assert torch.equal(net.state_dict()["8.weight"], untouched.state_dict()["8.weight"])
    assert torch.equal(net.state_dict()["0.weight"], cnn(5).state_dict()["0.weight"])


def test_torchvisions_names_fit_and_a_small_stem_is_new(tmp_path: Path) -> None:
    large = build(ModelSettings("resnet18", 3, 64, 64, 20))
    file = saved(tmp_path / "resnet18.pth", large.state_dict())
    assert start_from(build(ModelSettings("resnet18", 3, 64, 64, 10)), "resnet18", file).new == ("fc",)  # fmt: skip
    start = start_from(build(ModelSettings("resnet18", 3, 32, 32, 10)), "resnet18", file)
    assert start.new == ("conv1", "fc")
    assert 'the first layer "conv1" is new, for images of this size' in start.note


def test_weights_that_do_not_fit_are_refused_with_their_keys(tmp_path: Path) -> None:
    state = cnn().state_dict()
    state["3.weight"] = state["3.weight"][:10]
    state["extra"] = torch.zeros(1)
    del state["3.bias"]
    file = saved(tmp_path / "w.safetensors", {k: v.contiguous() for k, v in state.items()})
    with pytest.raises(TrainError) as error:
        start_from(cnn(), "cnn", file)
    assert str(error.value) == (
        f'the weights in "{file.file}" do not fit "cnn": keys 1 missing (3.bias); 1 not in the '
        "model (extra); 1 of another shape (3.weight 10×32×3×3, not 64×32×3×3)"
    )


def test_a_file_without_the_first_layer_is_refused_and_one_without_a_head_is_not(
    tmp_path: Path,
) -> None:
    state = cnn().state_dict()
    backbone = {key: value for key, value in state.items() if not key.startswith("8.")}
    assert start_from(cnn(), "cnn", saved(tmp_path / "backbone.pth", backbone)).new == ("8",)
    del state["0.weight"]
    with pytest.raises(TrainError, match=r"keys 1 missing \(0\.weight\)$"):
        start_from(cnn(), "cnn", saved(tmp_path / "w.pth", state))


@pytest.mark.parametrize("wrapper", ["module.", "_orig_mod.", "model.", "model.module."])
def test_what_wrappers_put_before_each_key_is_left_out(wrapper: str, tmp_path: Path) -> None:
    state = {f"{wrapper}{key}": value for key, value in cnn().state_dict().items()}
    assert start_from(cnn(), "cnn", saved(tmp_path / "w.safetensors", state)).new == ()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_are_taken(kind: torch.dtype, tmp_path: Path) -> None:
    net, state = cnn(seed=2), {k: v.to(kind) for k, v in cnn().state_dict().items()}
    assert start_from(net, "cnn", saved(tmp_path / "w.pth", state)).new == ()
    assert torch.equal(net.state_dict()["8.weight"], state["8.weight"].float())


def test_what_a_file_holds_decides_how_it_is_read_whatever_its_name(tmp_path: Path) -> None:
    for name, other in (("a.safetensors", "a.pt"), ("b.pth", "b.safetensors")):
        saved(tmp_path / name, cnn().state_dict())
        (tmp_path / name).rename(tmp_path / other)
        assert start_from(cnn(), "cnn", WeightsFile.of(tmp_path / other)).new == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda each: each.to(torch.complex64), "has complex numbers"),
        (lambda each: each.to_sparse(), "is sparse, quantized or without values"),
        (lambda each: each.to("meta"), "is sparse, quantized or without values"),
    ],
)
def test_tensors_that_no_model_can_start_from_are_refused(
    change: Callable[[torch.Tensor], torch.Tensor], reason: str, tmp_path: Path
) -> None:
    state = cnn().state_dict()
    state["8.weight"] = change(state["8.weight"])
    with pytest.raises(TrainError, match=f'cannot be used: "8.weight" {reason}'):
        read_state(saved(tmp_path / "w.pth", state))


def test_whole_numbers_are_not_taken_for_weights(tmp_path: Path) -> None:
    state = {key: (10 * value).to(torch.int8) for key, value in cnn().state_dict().items()}
    with pytest.raises(TrainError, match=r"6 of whole numbers in place of fractions \(0\.bias"):
        start_from(cnn(), "cnn", saved(tmp_path / "w.safetensors", state))


class Payload:
    """Would write a file if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, ("executed", "w"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Payload()),
        b"",
        b"no weights at all",
        b"a,b\n1,2\n",
        b"0 1 2\n",
        b"M.",
        b"\x80\x02}q\x00.",
    ],
)
def test_nothing_is_executed_and_what_is_no_weights_is_refused(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(TrainError, match="does not hold weights alone") as error:
            read_state(WeightsFile.of(tmp_path / name))
        assert "weights_only" not in str(error.value)
    assert not (tmp_path / "executed").exists()


def test_a_whole_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"torch\.save\(model\.state_dict\(\), FILE\)"):
        read_state(saved(tmp_path / "w.pth", cnn()))
    with pytest.raises(TrainError, match='"epoch" is not a tensor'):
        read_state(saved(tmp_path / "v.pth", {"epoch": 3}))


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_weights_that_are_not_finite_are_refused_with_their_key(name: str, tmp_path: Path) -> None:
    state = cnn().state_dict()
    state["3.bias"][1] = torch.nan
    with pytest.raises(TrainError, match=r'"3\.bias" has values that are not finite numbers'):
        read_state(saved(tmp_path / name, state))


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pth", cnn().state_dict())
    saved(tmp_path / "w.pth", cnn(seed=5).state_dict())
    with pytest.raises(TrainError, match="has changed since the command began"):
        read_state(file)


def test_frozen_layers_and_their_norms_stay_as_they_are(tmp_path: Path) -> None:
    net = build(ModelSettings("resnet18", 3, 64, 64, 3))
    freeze(net, ("fc",))
    assert [key for key, each in net.named_parameters() if each.requires_grad] == ["fc.weight", "fc.bias"]  # fmt: skip
    to_training(net)
    norms = [each for each in net.modules() if isinstance(each, nn.BatchNorm2d)]
    assert net.training
    assert not any(norm.training for norm in norms)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net(torch.randn(4, 3, 64, 64)).sum().backward()
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    to_training(build(ModelSettings("resnet18", 3, 64, 64, 3)))


def test_a_run_from_weights_records_them_resumes_and_freezes_the_rest(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    first = train(settings_for(src, epochs=3), tmp_path / "first")
    assert first.settings["weights"] is None
    file = tmp_path / "first" / MODEL
    record = train(
        settings_for(src, weights=WeightsFile.of(file), freeze=True, seed=7), tmp_path / "second"
    )
    assert record.settings["weights"] == WeightsFile.of(file).to_dict()
    assert record.parameters == 3 * 64 * 4 * 4 + 3
    (before, _), (after, _) = (load_model(tmp_path / name) for name in ("first", "second"))
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"8.weight", "8.bias"}
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(file.read_bytes())
    again = settings_for(src, weights=WeightsFile.of(moved), freeze=True, seed=7)
    assert train(again, tmp_path / "second") == record  # the same bytes, from another path
    torch.save(cnn(seed=9).state_dict(), tmp_path / "other.pth")
    other = settings_for(src, weights=WeightsFile.of(tmp_path / "other.pth"), freeze=True, seed=7)
    with pytest.raises(TrainError, match="is a run with other settings: --weights was"):
        train(other, tmp_path / "second")


@pytest.mark.slow  # ten seconds: several commands
def test_the_commands_take_weights_and_refuse_what_makes_no_sense(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    file = tmp_path / "w.pth"
    torch.save(cnn(7).state_dict(), file)
    asked = ("--test", test, "--epochs", 2, "--batch-size", 12, "--precision", "fp32", "--threads", 1)  # fmt: skip
    done = call(src, *asked, "--weights", file, "--freeze", "--out", tmp_path / "run")
    assert done.exception is None
    assert "cnn: 3,075 parameters, fp32, cpu" in done.stderr
    assert (
        'the last layer "8" is new, for these classes and images; all other layers are frozen'
        in done.stderr
    )
    again = call("--config", tmp_path / "run/run.json", "--out", tmp_path / "again", "--quiet")
    assert again.exception is None
    assert (tmp_path / "again" / MODEL).read_bytes() == (tmp_path / "run" / MODEL).read_bytes()
    compared = call("compare", src, *asked, "--factor", 2, "--seeds", 2, "--weights", file, "--freeze", "--quiet", "--out", tmp_path / "out")  # fmt: skip
    assert compared.exception is None
    settings = json.loads((tmp_path / "out/comparison.json").read_text())["settings"]
    assert settings["sha256 of the weights"] == WeightsFile.of(file).sha256
    assert "it needs --weights FILE" in refusal(src, *asked, "--freeze")
    assert "it needs --weights FILE" in refusal("compare", src, *asked, "--freeze")
    assert "give one of them" in refusal(src, *asked, "--model", "resnet18", "--weights", file, "--pretrained")  # fmt: skip
    assert "do not fit" in refusal(src, *asked, "--model", "resnet18", "--weights", file, "--out", tmp_path / "no")  # fmt: skip
    assert "has no dropout rate to set" in refusal(src, *asked, "--model", "resnet18", "--dropout", 0.5, "--out", tmp_path / "no")  # fmt: skip
