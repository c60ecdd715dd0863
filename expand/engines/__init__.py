"""Engines: map a function over work, on this machine or on others.

An engine is any object with `workers` and `map` (see `engine.py`). To add one, put it in a module
of its own beside `local.py`. All code that runs work takes an Engine and needs no change.
"""
