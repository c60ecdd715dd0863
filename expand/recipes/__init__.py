"""Recipes: ordered techniques with their ranges, by name or from a YAML file."""
