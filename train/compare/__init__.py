"""Compare: arms trained side by side over the same seeds, what they cost, and which is better."""
