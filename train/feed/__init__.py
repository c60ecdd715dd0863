"""Feeds: what each strategy shows in each epoch, batch by batch."""
