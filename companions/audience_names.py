"""Whom policies are for, in words: the names behind the ids of an audience."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from companions.audience import LISTS
from companions.models import Companion
from tenants.context import current_tenant
from tenants.models import Position, Team
from tenants.places import at_main


@dataclass(frozen=True, slots=True)
class Named:
    """The organization's teams, positions and companions by id, in the order they are offered."""

    teams: dict[str, str]
    positions: dict[str, str]
    companions: dict[str, str]

    def choices(self, kind: str) -> list[tuple[str, str]]:
        return list(self._of(kind).items())

    def words(self, audience: object) -> str:
        """In a few words; what is gone is called so, what cannot be read is everybody, as it acts."""
        if not isinstance(audience, Mapping):
            return _("Every companion")
        told = [self._told(kind, audience[kind]) for kind in LISTS if audience.get(kind)]
        return "; ".join(told) if told else _("Every companion")

    def _told(self, kind: str, ids: list[str]) -> str:
        known = self._of(kind)
        found = [name for key, name in known.items() if key in ids]
        names = ", ".join([*found, *[_("(gone)")] * (len(ids) - len(found))])
        return {
            "teams": _("Teams: %(names)s"),
            "positions": _("Positions: %(names)s"),
            "companions": _("Companions: %(names)s"),
        }[kind] % {"names": names}

    def _of(self, kind: str) -> dict[str, str]:
        found: dict[str, str] = getattr(self, kind)
        return found


def names() -> Named:
    """Of the organization in hand, as they are now."""
    here = current_tenant().organization_id
    with at_main():
        companions = list(Companion.objects.order_by("name").values_list("id", "name"))
    teams = Team.objects.filter(organization_id=here).order_by("name").values_list("id", "name")
    positions = Position.objects.filter(organization_id=here).order_by("level", "title")
    return Named(
        {str(key): name for key, name in teams},
        {str(key): title for key, title in positions.values_list("id", "title")},
        {str(key): name for key, name in companions},
    )


def companions_at(slugs: Sequence[str]) -> list[tuple[uuid.UUID, str]]:
    """Id and address of those of the organization's companions that have one of these addresses."""
    with at_main():
        return list(Companion.objects.filter(slug__in=slugs).values_list("id", "slug"))
