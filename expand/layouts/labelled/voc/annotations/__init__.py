"""Annotations: the XML file of an image, read with the place of each element, and patched."""
