"""Columns of tables: which of them say places in an image, and how these are written."""
