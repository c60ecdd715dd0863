"""Recognition: what kind of dataset a folder holds, and what shows it."""
