"""What augmentation is worth in images, measured on several sets."""
