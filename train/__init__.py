"""Train: train CNNs from images and their copies, and measure what augmentation gains."""
