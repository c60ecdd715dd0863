"""COCO files: read, with the images of each, and which of them grow."""
