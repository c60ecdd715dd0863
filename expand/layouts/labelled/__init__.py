"""Labelled datasets: every layout beside class folders, with labels that follow the views."""
