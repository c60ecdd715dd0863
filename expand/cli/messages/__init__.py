"""What the commands print, as text made from plain results."""
