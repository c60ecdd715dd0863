"""The page of a study of worth: plots, tables and captions."""
