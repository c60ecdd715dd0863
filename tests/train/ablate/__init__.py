"""Tests of train ablate, a file a module."""
