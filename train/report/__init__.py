"""Report: the parts that the pages of comparisons and ablations share."""
