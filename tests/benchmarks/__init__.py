"""Tests of the benchmarks: that they run, and that the pages show what they measured."""
