"""Organizations in the operators' console: a module for each thing that has pages there."""

from tenants.admin import organizations, people, settings, structure, trail

__all__ = ["organizations", "people", "settings", "structure", "trail"]
