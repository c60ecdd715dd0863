"""Records: the files that describe an output folder, the manifest and the run card."""
