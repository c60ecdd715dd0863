"""Tests of the report, a file a module."""
