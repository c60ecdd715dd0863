"""Report: what a comparison found, as a page and as Markdown."""
