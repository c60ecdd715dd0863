"""Archives: an expanded dataset as tar files in the form of WebDataset, and an index of them."""
