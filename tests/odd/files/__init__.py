"""Odd files, a module per format; each module has a function `cases` that yields them."""
