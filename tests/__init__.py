"""Tests: facts about the two programs, on real files."""
