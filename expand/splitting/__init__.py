"""Splitting: a folder of images in parts, by group and evenly over the classes."""
