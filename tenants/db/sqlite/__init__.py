"""SQLite, for one organization in a file of its own."""
