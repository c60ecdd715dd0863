"""Ablate: which techniques of a recipe help on this data, by a screen, a design of runs, and a check of what it suggests."""
