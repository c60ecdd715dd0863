"""Tests of train compare, a file a module."""
