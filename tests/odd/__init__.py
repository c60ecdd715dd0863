"""Odd and broken files: a script that draws them, what must happen to each, and fuzzers."""
