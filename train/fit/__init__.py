"""Fitting: the training loop, the optimizer, and evaluation."""
