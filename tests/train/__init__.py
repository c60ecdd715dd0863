"""Tests of train, a file a module."""
