"""Engines: map a function over work, in this process or in others."""
