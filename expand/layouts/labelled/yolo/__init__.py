"""YOLO datasets: one text file per image, one row per object, in shares of width and height."""
