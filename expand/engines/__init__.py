"""Engines: map a function over work, on this machine or on others.

An engine is any object with `workers` and `map` (see `engine.py`). To add one, put it in a module
of its own beside `local.py`, and let `make_engine` in `choose.py` return it. All other code takes
an Engine or asks `make_engine`, and needs no change. `expand(engine=...)` takes any engine.
"""
