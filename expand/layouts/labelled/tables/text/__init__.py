"""The text of tables: read as it is, changed cell by cell, written back."""
