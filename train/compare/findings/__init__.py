"""Findings of a comparison: from the results of all trials to summaries, verdicts and costs."""
