"""Measurements: speed against peers and against the floor, and how evenly views cover their ranges."""
