"""Layouts: how a dataset lies on disk, and which images and labels it has."""
