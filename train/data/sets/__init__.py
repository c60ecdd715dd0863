"""Sets that are read in one pass: tars, and whatever lies at a URL."""
