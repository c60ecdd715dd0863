"""Trials: many short runs of one study, over arms and seeds."""
