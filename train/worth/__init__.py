"""Worth: how many more images would be as good as augmentation."""
