"""All that is said for one organization, read in three queries and kept in the process.

Never older than a second (`tenants.freshness`); resolving costs no query, and a round trip to Valkey
each half second at most, however many keys are asked for.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from humana.kernel.errors import Invalid
from tenants.config.catalogue import ConfigKey, config_keys
from tenants.config.rules import Entry
from tenants.context import CONTROL_PLANE, TenantContext, peek_tenant, use_tenant, without_tenant
from tenants.freshness import Fresh
from tenants.models import ConfigValue, Team

log = logging.getLogger(__name__)
Place = tuple[str, uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a value is for. `team_id` is the person's own team, `companion_team_id` the companion's.

    A key says which of the two counts for it.
    """

    user_id: uuid.UUID | None = None
    team_id: uuid.UUID | None = None
    companion_team_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is said, by key and place; `above` is the team that each team is part of."""

    organization_id: uuid.UUID | None
    said: Mapping[str, Mapping[Place, Entry]]
    above: Mapping[uuid.UUID, uuid.UUID | None]

    def chain(self, key: ConfigKey[Any], subject: Subject) -> list[Entry]:
        """From the uppermost layer to the nearest; of teams, from the root of the tree."""
        said = self.said.get(key.name)
        return [said[place] for place in self.places(key, subject) if place in said] if said else []

    def places(self, key: ConfigKey[Any], subject: Subject) -> list[Place]:
        team = subject.companion_team_id if key.team_of == "companion" else subject.team_id
        teams = [("team", one) for one in reversed(list(self._upwards(team)))]
        person: list[Place] = [("user", subject.user_id)] if subject.user_id else []
        return [("global", None), ("organization", None), *teams, *person]

    def _upwards(self, team: uuid.UUID | None) -> Iterator[uuid.UUID]:
        """A team, the one it is part of, and so on; a circle ends where it began."""
        seen: set[uuid.UUID] = set()
        while team is not None and team not in seen:
            seen.add(team)
            yield team
            team = self.above.get(team)


def read_snapshot(organization_id: uuid.UUID | None) -> Snapshot:
    """As the rows say now. For the platform's own (None), what is said for everybody."""
    with rows_of(None):
        rows = list(ConfigValue.objects.filter(organization=None))
    above: dict[uuid.UUID, uuid.UUID | None] = {}
    if organization_id is not None:
        with rows_of(organization_id):
            rows += ConfigValue.objects.filter(organization_id=organization_id)
            teams = Team.objects.filter(organization_id=organization_id)
            above = dict(teams.values_list("id", "parent_id"))
    return Snapshot(organization_id, _by_key(rows), above)


snapshot: Fresh[Snapshot] = Fresh("config", read_snapshot)


def rows_of(organization_id: uuid.UUID | None) -> AbstractContextManager[object]:
    """Where row-level security shows this organization's rows of the control plane; None: the platform's."""
    here = peek_tenant()
    if organization_id is None:
        return nullcontext() if here is None else without_tenant(reason="configuration of the platform")
    if here is not None and here.organization_id == organization_id:
        return nullcontext()
    return use_tenant(TenantContext(organization_id, "", CONTROL_PLANE))


def entry_of(row: ConfigValue, key: ConfigKey[Any]) -> Entry:
    """What a row says; a value or bound that the key no longer takes says nothing."""
    value, usable = (row.sealed, bool(row.sealed)) if key.secret else _usable(key, row.value)
    return Entry(
        layer=row.layer,
        subject=row.subject,
        has_value=row.has_value and usable,
        value=value,
        locked=row.locked,
        cap=_usable(key, row.cap)[0] if row.cap is not None else None,
        floor=_usable(key, row.floor)[0] if row.floor is not None else None,
        set_by=row.set_by,
        set_at=row.updated_at,
    )


def _by_key(rows: Iterable[ConfigValue]) -> dict[str, dict[Place, Entry]]:
    said: dict[str, dict[Place, Entry]] = {}
    for row in rows:
        if row.key in config_keys:
            entry = entry_of(row, config_keys.get(row.key))
            said.setdefault(row.key, {})[row.layer, row.subject] = entry
    return said


def _usable(key: ConfigKey[Any], value: object) -> tuple[Any, bool]:
    try:
        return key.kind.check(value), True
    except Invalid:
        return None, False
