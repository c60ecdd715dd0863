"""Memory and time for each file, from thousands of sources to a million."""
