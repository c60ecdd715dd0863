"""The folder of a YOLO dataset: its data file, its parts, and where images and labels lie."""
