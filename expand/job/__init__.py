"""The job: from an input folder to one F times larger."""
