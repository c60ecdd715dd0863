"""Ablate: which techniques of a recipe help on this data."""
