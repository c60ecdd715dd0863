"""Readers: one module for each format opens a file and says how to load its pixels."""
