"""Errors: the exit status, and the key of a bad setting."""

from __future__ import annotations

import pickle

from expand.errors import REFUSED, ExpandError, SettingError


def test_a_setting_error_keeps_its_key_on_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SettingError('"zoom" must rise', "zoom")))
    assert isinstance(error, ExpandError)
    assert (str(error), error.key, error.status) == ('"zoom" must rise', "zoom", REFUSED)
