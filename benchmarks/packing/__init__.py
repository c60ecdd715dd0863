"""Decoding a set for training, against the codecs alone."""
