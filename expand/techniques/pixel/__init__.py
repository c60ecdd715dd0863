"""Pixel techniques: they change the values of pixels, not their positions; a file each."""
