"""Humana: companions of an organization, on the models it chooses."""

__version__ = "0.3.0"  # that of pyproject.toml, which is not there once installed
