"""Views: view k of an image, a pure function of (seed, image id, k, recipe)."""
