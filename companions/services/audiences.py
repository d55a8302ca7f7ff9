"""Whom a policy applies to, as somebody names it: every id is one of the organization's own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from companions.audience import LISTS
from companions.models import Companion
from humana.kernel.errors import Invalid, NotFound
from tenants.context import current_tenant
from tenants.models import Position, Team
from tenants.places import at_main

#: How many of each kind one policy may name.
MOST_NAMED = 1000


def clean_audience(audience: object) -> dict[str, list[str]]:
    """The audience with each id once, in order; {} is everybody.

    Raises NotFound for an id of another organization and for nobody's alike, and Invalid for an
    audience that names nobody: that is seldom meant, and would be everybody.
    """
    if not isinstance(audience, Mapping) or set(audience) - set(LISTS):
        message = _("Name teams, positions and companions by their ids, or nothing for everybody.")
        raise Invalid(message, field="audience", code="bad_audience")
    named = {kind: _ids(audience[kind], kind) for kind in LISTS if audience.get(kind)}
    if audience and not named:
        message = _("Choose at least one team, position or companion, or everybody.")
        raise Invalid(message, field="audience", code="nobody")
    for kind, ids in named.items():
        _all_ours(kind, ids)
    return {kind: sorted(str(one) for one in ids) for kind, ids in named.items()}


def gone_from(audience: Mapping[str, list[str]]) -> bool:
    """Whether it names something that is no longer there."""
    return any(_count(kind, {uuid.UUID(one) for one in ids}) < len(ids) for kind, ids in audience.items())


def _ids(named: object, kind: str) -> set[uuid.UUID]:
    field = f"audience.{kind}"
    if not isinstance(named, list | tuple) or len(named) > MOST_NAMED:
        message = _("This must be a list of at most %(limit)d ids.") % {"limit": MOST_NAMED}
        raise Invalid(message, field=field, code="bad_audience")
    try:
        return {uuid.UUID(str(one)) for one in named}
    except ValueError:
        raise Invalid(_("This is not an id."), field=field, code="bad_id") from None


def _all_ours(kind: str, ids: set[uuid.UUID]) -> None:
    if _count(kind, ids) < len(ids):
        raise NotFound(_("There is nothing here."), field=f"audience.{kind}")


def _count(kind: str, ids: set[uuid.UUID]) -> int:
    with at_main():
        return _rows(kind).filter(id__in=ids).count()


def _rows(kind: str) -> QuerySet[Any]:
    """Teams and positions live in the control plane, which is asked for the organization by name."""
    if kind == "companions":
        return Companion.objects.all()
    rows = Team.objects.all() if kind == "teams" else Position.objects.all()
    return rows.filter(organization_id=current_tenant().organization_id)
