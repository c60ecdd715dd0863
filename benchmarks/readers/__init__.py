"""Expanded datasets, read by the programs and libraries that people train with."""
