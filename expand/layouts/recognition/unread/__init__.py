"""Labels in forms that are not read: told from everything else, so that they are not lost."""
