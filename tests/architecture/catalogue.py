"""The rules of `tenants.db.catalogue`, one at a time, for the roles of this run."""

from __future__ import annotations

import os

from tenants.db.catalogue import Connection, Expected, Rule, problems
from tenants.roles_sql import Role

APP = Role.from_url(os.environ["DATABASE_URL"]).name
OWNER = Role.from_url(os.environ["DATABASE_OWNER_URL"]).name
POOL = "pool_main"


def expected(schema: str = POOL) -> Expected:
    return Expected(schema, OWNER, APP)


def wrong(rule: Rule, connection: Connection, schema: str = POOL) -> list[str]:
    """What this rule alone has to say."""
    return problems(connection, expected(schema), rules=[rule])
