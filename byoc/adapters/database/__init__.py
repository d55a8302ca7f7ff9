"""Databases, each by the Django backend that `tenants.db` has for it.

    fields                     what each type asks for
    base                       what engines that hold rows share: connections, tables, organizations
    postgresql, mysql, sqlite  settings as in DATABASES, and how to ask the server how it is
    custom                     another installed Django backend, named by an operator
    mongodb                    documents and knowledge only
    roles                      what a primary, a replica and a backup have to be

Unlike other adapters these know Django's databases and `tenants.db`, and no rows of endpoints. `make` is all
that is needed.
"""

from __future__ import annotations

from collections.abc import Callable

from byoc.adapters.database.custom import Custom
from byoc.adapters.database.mongodb import MongoDB
from byoc.adapters.database.mysql import MySQL
from byoc.adapters.database.postgresql import PostgreSQL
from byoc.adapters.database.sqlite import SQLite
from byoc.contracts import DatabaseAdapter, EndpointSpec
from humana.kernel import egress
from humana.kernel.registry import Registry

Maker = Callable[[EndpointSpec, egress.Guard], DatabaseAdapter]

#: The adapter for each `EndpointSpec.type`. The contract suite runs over all of them.
ADAPTERS: Registry[Maker] = Registry("type of database")
ADAPTERS.add("postgresql", PostgreSQL)
ADAPTERS.add("mysql", MySQL)
ADAPTERS.add("sqlite", SQLite)
ADAPTERS.add("mongodb", MongoDB)
ADAPTERS.add("custom", Custom)


def make(spec: EndpointSpec, guard: egress.Guard) -> DatabaseAdapter:
    """The adapter for `spec`. Raises Misconfigured; dials nothing yet."""
    return ADAPTERS.get(spec.type)(spec, guard)
