"""Layouts: how a data set lies on disk, and which images and labels it holds."""
