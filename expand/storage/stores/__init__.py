"""Stores: files by name, in a local folder or in an object store, behind one protocol."""
