"""Benchmarks: what the documents claim of speed, memory, accuracy and faults, measured."""
