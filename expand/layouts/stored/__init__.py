"""Datasets in an object store: the same layouts, read from one listing of all names."""
