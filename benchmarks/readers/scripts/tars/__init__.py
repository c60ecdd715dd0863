"""The readers of tars."""
