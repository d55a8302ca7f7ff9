"""Companions, what they inherit, and the prompts made of both."""
