"""Errors: the exit status, and the key of a bad setting."""

from __future__ import annotations

import pickle

import pytest

from expand.errors import REFUSED, BadImageError, ExpandError, SettingError, about


def test_a_setting_error_keeps_its_key_on_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SettingError('"zoom" must rise', "zoom")))
    assert isinstance(error, ExpandError)
    assert (str(error), error.key, error.status) == ('"zoom" must rise', "zoom", REFUSED)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("is an animation", '"a.png" is an animation'),
        ('"a.txt", line 2: has 4 columns', '"a.png": "a.txt", line 2: has 4 columns'),
        ('its mask "m.png" is damaged', '"a.png": its mask "m.png" is damaged'),
    ],
)
def test_a_reason_follows_the_name_of_the_image_or_a_colon(reason: str, said: str) -> None:
    assert about("a.png", BadImageError(reason)) == said
