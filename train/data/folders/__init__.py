"""Data folders: listed, file by file, with the class, the source and the view of each."""
