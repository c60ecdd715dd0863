"""Runs: one training run, its settings, records and checkpoints."""
