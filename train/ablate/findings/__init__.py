"""Findings: from the trials of an ablation to effects, a check and a suggestion."""
