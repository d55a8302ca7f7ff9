"""How long one statement may take in a database of an organization's own: as it is configured.

For what people and programs do there. Whoever works as the owner (migrations, copies, set-up, removal) does
so by connections of another kind, which are bounded by their own patience only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error

from tenants.context import peek_tenant
from tenants.db.aliases import PREFIX

#: So much later, in seconds, a server that should have ended a statement itself is taken for silent.
GRACE = 5


def is_timed(alias: str, settings: Mapping[str, Any]) -> bool:
    """Whether people's statements go by this connection, and not those of Humana's own work on the place."""
    return alias.startswith(PREFIX) and "PATIENCE" not in settings


def seconds_of(alias: str) -> int | None:
    """What holds for the organization we are in, if that is where it lives. At most a second old."""
    here = peek_tenant()
    if here is None or here.placement.alias != alias or alias == DEFAULT_DB_ALIAS:
        return None
    return _configured(here.organization_id)


def _configured(organization_id: uuid.UUID) -> int:
    """The usual time while nothing can be read: the statement itself will say what is wrong."""
    from tenants.config.resolver import resolve_for
    from tenants.config_keys import STATEMENT_SECONDS

    try:
        return resolve_for(organization_id, STATEMENT_SECONDS)
    except Error:
        return STATEMENT_SECONDS.default
