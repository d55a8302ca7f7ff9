"""Companions in the operators' console: a module for each thing that has pages there."""

from companions.admin import feedback, heritage, knowledge, network, tools

__all__ = ["feedback", "heritage", "knowledge", "network", "tools"]
