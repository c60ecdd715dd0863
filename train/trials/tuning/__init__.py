"""Tuning: a small search for the settings of each arm, on held-out sources of the training set."""
