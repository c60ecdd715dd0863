"""Images with masks: files of pixels that are the labels of other images."""
