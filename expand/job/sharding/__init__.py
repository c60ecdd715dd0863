"""Shards: one dataset expanded by several independent jobs, and their records merged at the end."""
