"""Make files of an expanded dataset again, from their sources and its records."""
