"""CPU seconds that boxes, polygons and masks add to an expansion."""
