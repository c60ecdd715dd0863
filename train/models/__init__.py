"""Models: built by name for the images at hand."""
