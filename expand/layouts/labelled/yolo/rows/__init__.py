"""The rows of YOLO label files: read, told apart by task, checked, and written for views."""
