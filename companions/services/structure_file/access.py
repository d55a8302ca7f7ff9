"""The organization's own word on which companions reach which."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from django.utils.translation import gettext as _

from companions.access import Right
from companions.models import CompanionAccess
from companions.permissions import ACCESS
from companions.services.rules import drop_rule, set_rule
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book, key_of
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section, unknown


class Access(Section):
    """`to` is a companion, `to_team` a team with all below it: one of the two."""

    name, permission = "access", ACCESS
    fields = {
        "from": fields.name, "to": fields.name, "to_team": fields.name, "allow": fields.yes_no,
        "rights": fields.texts,
    }  # fmt: skip
    defaults = {"from": None, "to": None, "to_team": None, "allow": False, "rights": []}

    @property
    def title(self) -> str:
        return _("Access rules")

    def key(self, said: Said) -> Hashable:
        return (said.get("from"), said.get("to"), key_of(said.get("to_team") or ""))

    def label(self, said: Said) -> str:
        return f"{said.get('from')} → {said.get('to') or said.get('to_team')}"

    def now(self, book: Book) -> list[Kept]:
        kept = [Kept(_said(one, book), one) for one in CompanionAccess.objects.all()]
        return sorted(kept, key=lambda one: tuple(map(str, one.said.values())))

    def clean(self, said: Said, book: Book) -> Said:
        if (said["to"] is None) == (said["to_team"] is None):
            raise Wrong("to", _("Name one companion or one team."))
        if said["from"] == said["to"]:
            raise Wrong("to", _("A companion does not write to itself."))
        for at, right in enumerate(said["rights"]):
            if right not in set(Right):
                raise Wrong(f"rights[{at}]", _("Choose among what is offered."))
        team = said["to_team"] and (book.teams.find(said["to_team"]) or said["to_team"])
        return said | {"to_team": team, "rights": sorted(set(said["rights"]))}

    def check(self, said: Said, before: Said, book: Book) -> None:
        for field in ("from", "to"):
            named = said[field]
            if (named is None and field == "from") or (named is not None and not book.has_companion(named)):
                raise unknown(field, "companion", named or "")
        if said["to_team"] is not None and book.teams.find(said["to_team"]) is None:
            raise unknown("to_team", "team", said["to_team"])

    def add(self, said: Said, order: Order) -> CompanionAccess:
        return self._set(said, order)

    def change(self, row: CompanionAccess, said: Said, before: Said, order: Order) -> CompanionAccess:
        return self._set(said, order)

    def remove(self, kept: Kept, order: Order) -> None:
        drop_rule(member=order.member, rule=kept.row)

    def _set(self, said: Said, order: Order) -> CompanionAccess:
        companions, source = order.book.companions, order.book.companions.id_of(said["from"])
        assert source is not None
        return set_rule(
            member=order.member,
            source_id=source,
            target_id=companions.id_of(said["to"]),
            team_id=order.book.teams.id_of(said["to_team"]),
            allow=said["allow"],
            rights=said["rights"],
        )


def _said(row: CompanionAccess, book: Book) -> Said:
    told: dict[str, Any] = {
        "from": book.companions.named(row.source_id),
        "to": book.companions.named(row.target_id) if row.target_id else None,
        "to_team": book.teams.named(row.team_id) if row.team_id else None,
    }
    return told | {"allow": row.allow, "rights": sorted(row.rights)}
