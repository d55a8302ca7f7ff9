"""Loaded after pytest-django, so that our `django_db_setup` replaces the one it brings."""

pytest_plugins = [
    "tests.plugins.databases",
    "tests.plugins.dials",
    "tests.plugins.engines",
    "tests.plugins.needs",
    "tests.plugins.peers",
    "tests.plugins.storages",
    "tests.plugins.turns",
    "tests.fixtures.models",
    "tests.fixtures.organizations",
    "tests.fixtures.prepared",
    "tests.fixtures.server",
    "tests.fixtures.tools",
]
