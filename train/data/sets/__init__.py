"""Sets that are read in one pass: tar shards, and whatever lies at a URL."""
