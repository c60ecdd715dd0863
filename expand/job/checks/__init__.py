"""Check an expanded dataset against its records, and make files of it again."""
