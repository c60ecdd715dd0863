"""Published results on augmentation, checked on a small scale."""
