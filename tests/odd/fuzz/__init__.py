"""Fuzzers: mutated images, recipes, records and names end in a result or an error with a reason."""
