"""Mirrors the apps; see CONTRIBUTING for how the parts fit together."""
