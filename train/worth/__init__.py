"""Worth: how many more real images do what augmentation does."""
