"""Files for the whole set of images with masks, written anew."""
