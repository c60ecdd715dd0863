"""Labels in tables: CSV files, and the metadata files of Hugging Face."""
