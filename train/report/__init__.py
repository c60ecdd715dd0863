"""Report: the parts that the pages of all studies share: comparisons, ablations, `train worth`."""
