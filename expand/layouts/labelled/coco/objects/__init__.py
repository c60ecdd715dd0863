"""The objects of an image: what annotations say of places, and how that is written again."""
