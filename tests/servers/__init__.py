"""Servers of object stores on this machine, for tests."""
