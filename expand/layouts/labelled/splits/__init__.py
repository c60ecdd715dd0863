"""Split roots of class folders, and folders of images without labels."""
