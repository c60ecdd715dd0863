"""Set-wide files of images with masks, written anew."""
