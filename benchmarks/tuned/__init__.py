"""The comparisons of the documentation again, with settings tuned for each arm."""
