"""Tests of expand, a file a module."""
