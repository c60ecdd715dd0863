"""Statistics: intervals, tests, power and verdicts."""
