"""Writers: what OpenCV and Pillow do not write of a format; `encoder` calls them."""
