"""Benchmarks: speed against peers and a lower bound, and how evenly views cover their ranges."""
