"""The architecture, as tests."""
