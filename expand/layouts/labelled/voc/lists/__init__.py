"""Lists of images: which images get copies, and the lists of the expanded dataset."""
