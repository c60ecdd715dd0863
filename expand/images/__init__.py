"""Images: files to pixels and back."""
