"""Records: what an output folder says about itself, the manifest and the run card."""
