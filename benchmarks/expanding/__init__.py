"""Files per second of expanding: expand, its peers and the codecs alone, on three sets of images."""
