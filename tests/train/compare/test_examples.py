"""Pictures of what each arm shows, with a description for readers who cannot see them."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from expand.images.decoder import decode
from expand.images.pixels import Pixels
from tests.train.compare.studies import MIRROR, context_of, study_for, trial_of
from tests.train.samples import pictures, write_set
from train.compare.examples import example_views
from train.compare.study import ComparisonStudy
from train.trials.study import TrialContext
from train.trials.trial import assemble


def staged(
    tmp_path: Path, shape: tuple[int, ...], **changes: object
) -> TrialContext[ComparisonStudy]:
    src, test = (
        write_set(tmp_path / "src", pictures(3, shape)),
        write_set(tmp_path / "test", pictures(1, shape, seed=50)),
    )
    arms = "none,fly,disk=3,disk-random=2" + ("" if "views" in changes else ",hybrid=2")
    return context_of(
        study_for(src, test, arms.replace("=3", "=2") if "views" in changes else arms, **changes)
    )


def picture(src: str) -> Pixels:
    """Return the pixels of a picture that stands in a page."""
    kind, _, data = src.partition(",")
    assert kind == "data:image/png;base64"
    return decode(base64.b64decode(data)).pixels


@pytest.mark.parametrize("shape", [(12, 16), (40, 30, 3), (80, 90, 3)])
def test_pictures_are_what_each_arm_trains_on_enlarged_without_smoothing(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    context = staged(tmp_path, shape)
    times = -(-72 // min(shape[:2]))
    for arm in context.study.arms:
        found = example_views(context, arm)
        _, setup = assemble(context, trial_of(arm, 9))
        assert (found.arm, len(found.images)) == (arm, 9)
        for k, image in enumerate(found.images):
            shown = setup.feed.show(k, np.array([0]))[0].permute(1, 2, 0).numpy()
            expected = shown[..., 0] if len(shape) == 2 else shown
            np.testing.assert_array_equal(
                picture(image.src), expected.repeat(times, axis=0).repeat(times, axis=1)
            )


def test_every_picture_says_what_it_is(tmp_path: Path) -> None:
    context = staged(tmp_path, (16, 16, 3))
    found = {arm.name: example_views(context, arm).images for arm in context.study.arms}
    assert [image.caption for image in found["none"]] == [f"epoch {k}: untouched" for k in range(9)]
    assert found["none"][4].alt == "cat/0.png, none, epoch 4: untouched"
    assert [image.caption for image in found["fly"]] == [
        f"epoch {k}: view {k % 3}" + (f" of expansion {k // 3 + 1}" if k > 2 and k % 3 else "")
        for k in range(9)
    ]
    assert [image.caption for image in found["disk ×3"]] == [
        f"epoch {k}: copy {k % 3}" for k in range(9)
    ]
    assert [image.caption for image in found["hybrid ×2"]] == [
        f"epoch {k}: copy {k % 2}, view {k}" for k in range(9)
    ]
    assert found["fly"][3].alt == "cat/0.png, fly, epoch 3: view 0: untouched"
    assert (
        found["hybrid ×2"][0].alt
        == "cat/0.png, hybrid ×2, epoch 0: copy 0: untouched; view 0: untouched"
    )
    assert found["fly"][1].alt.startswith("cat/0.png, fly, epoch 1: view 1: ")
    assert {"rotate", "translate", "scale"} <= set(
        found["fly"][1].alt.partition("view 1: ")[2].split(", ")
    )
    assert set(
        found["hybrid ×2"][1].alt.partition("copy 1: ")[2].partition(";")[0].split(", ")
    ) >= {"rotate", "scale"}


def test_what_a_view_leaves_alone_is_not_named(tmp_path: Path) -> None:
    context = staged(tmp_path, (16, 16, 3), views=MIRROR)
    flown = example_views(context, context.study.arms[1]).images
    assert [image.alt.partition("epoch ")[2] for image in flown] == [
        f"{k}: view {k % 2}{f' of expansion {k // 2 + 1}' if k > 1 and k % 2 else ''}: {'flip' if k % 2 else 'untouched'}"
        for k in range(9)
    ]
