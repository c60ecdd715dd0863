"""Faults on purpose: kills at random moments and full disks; the result must be as without them."""
