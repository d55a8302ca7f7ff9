"""Whether PostgreSQL itself keeps organizations apart in a schema of the tenant plane.

Provisioning ends with `audit`, and `manage.py audit_placements` repeats it at any time. Everything
is read from pg_catalog and not from migrations: only what the server will enforce counts. Needs
PostgreSQL 14 or newer and no right but to connect.

    reading     what is expected, and how the catalogue is asked
    sql         the questions
    tables      rules about tables: which, their policies, indexes and references
    rights      rules about who owns, who may, and what would work past the policies
    strangers   rows older than the policy that asks whom they name
"""

from __future__ import annotations

from collections.abc import Sequence

from humana.kernel.errors import Misconfigured
from humana.kernel.text import printable
from tenants.db.catalogue import rights, sql, tables
from tenants.db.catalogue.reading import Connection, Expected, Rule, rows, undisturbed
from tenants.db.catalogue.strangers import named_strangers

__all__ = ["RULES", "Connection", "Expected", "Rule", "audit", "figures", "named_strangers", "problems"]

RULES: tuple[Rule, ...] = (
    tables.planes_are_apart,
    tables.rows_are_isolated,
    tables.organization_is_always_there,
    tables.organization_comes_first,
    tables.references_carry_the_organization,
    rights.roles_are_held,
    rights.nobody_is_inside_unasked,
    rights.the_owner_owns,
    rights.grants_are_exact,
    rights.schema_is_closed,
    rights.nothing_works_past_the_policies,
)


def problems(connection: Connection, expected: Expected, *, rules: Sequence[Rule] = RULES) -> list[str]:
    """What is wrong with the schema, in words; empty when it isolates. Changes nothing."""
    with undisturbed(connection):
        return [printable(problem) for rule in rules for problem in rule(connection, expected)]


def audit(connection: Connection, expected: Expected) -> None:
    """Raise Misconfigured (`placement_not_isolated`) with every problem, when there is one."""
    wrong = problems(connection, expected)
    if wrong:
        raise Misconfigured(
            f"The schema {expected.schema} does not keep organizations apart and must not be used."
            f" Mend what follows, then audit again: {'; '.join(wrong)}.",
            code="placement_not_isolated",
        )


def figures(connection: Connection, expected: Expected) -> dict[str, int]:
    """How much there is in the schema of what isolates: facts for a report."""
    with undisturbed(connection):
        (counts,) = rows(connection, sql.COUNTS, schema=expected.schema)
    return dict(zip(("tables", "policies", "references", "indexes"), counts, strict=True))
