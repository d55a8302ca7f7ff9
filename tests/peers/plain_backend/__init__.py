"""A Django backend that somebody else might have written: Django's own for SQLite, under another name."""
