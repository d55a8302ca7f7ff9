"""Upper case and lower case told apart, or not, as PostgreSQL does it: on engines that do otherwise.

`icontains` and its like compare upper case on both sides. MariaDB would go by the collation of each
column, SQLite knows the letters of English only.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.backends.base.operations import BaseDatabaseOperations

LOOKUPS = ("iexact", "icontains", "istartswith", "iendswith")


def caseless(operators: Mapping[str, str]) -> dict[str, str]:
    """A backend's operators, with what is looked for in upper case."""
    return {**operators, **{name: operators[name].replace("%s", "UPPER(%s)") for name in LOOKUPS}}


class CaselessOperations(BaseDatabaseOperations):
    """Put before a backend's own: what is looked at is in upper case too."""

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        cast = super().lookup_cast(lookup_type, internal_type)
        return f"UPPER({cast})" if lookup_type in LOOKUPS else cast
