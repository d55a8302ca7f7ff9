"""Policies with their checks and whom they are for, in the order in which companions are told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from companions.audience import LISTS
from companions.models import Policy
from companions.permissions import POLICIES
from companions.queries import policies
from companions.services.drafts import policy_fields
from companions.services.policies import publish_policy
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book, Names
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section, unknown

_KINDS = {"teams": "team", "positions": "position", "companions": "companion"}
_AUDIENCE = fields.mapping(dict.fromkeys(LISTS, fields.texts))


class Policies(Section):
    name, permission, ordered, unique = "policies", POLICIES, True, False
    fields = {
        "name": fields.text, "regulation": fields.text, "active": fields.yes_no, "audience": _AUDIENCE,
        "mode": fields.text, "requirement": fields.text, "checks": fields.anything,
    }  # fmt: skip
    defaults = {"active": True, "audience": {}, "mode": "block", "checks": []}

    @property
    def title(self) -> str:
        return _("Policies")

    def now(self, book: Book) -> list[Kept]:
        return [Kept(_said(one, book), one) for one in policies()]

    def clean(self, said: Said, book: Book) -> Said:
        own = {name: said.get(name, "") for name in ("name", "regulation", "requirement")}
        told = policy_fields(**own, active=said["active"], checks=said["checks"] or [], mode=said["mode"])
        told["audience"] = _audience(said["audience"], book)
        return {name: told[name] for name in self.fields}

    def check(self, said: Said, before: Said, book: Book) -> None:
        if said["audience"] == before.get("audience"):
            return
        for kind, names in said["audience"].items():
            for at, name in enumerate(names):
                there = book.has_companion(name) if kind == "companions" else _of(book, kind).find(name)
                if not there:
                    raise unknown(f"audience.{kind}[{at}]", _KINDS[kind], name)

    def add(self, said: Said, order: Order) -> Policy:
        return publish_policy(member=order.member, **_fields(said, order.book))

    def change(self, row: Policy, said: Said, before: Said, order: Order) -> Policy:
        kept = said["audience"] == before["audience"]
        told = (
            {name: said[name] for name in said if name != "audience"} if kept else _fields(said, order.book)
        )
        return publish_policy(member=order.member, policy=row, version=row.version, **told)

    def going(self, kept: Sequence[Kept], book: Book) -> Sequence[Kept]:
        """Never deleted, as answers point at them; put out of force, those that are not yet."""
        return [one for one in kept if one.row.active]

    def remove(self, kept: Kept, order: Order) -> None:
        self._publish(kept.row, order, active=False)

    def arrange(self, rows: Sequence[Any], order: Order) -> None:
        for position, row in enumerate(rows):
            if row.position != position:
                self._publish(row, order, active=row.active, position=position)

    def _publish(self, row: Policy, order: Order, **told: Any) -> None:
        own = {name: getattr(row, name) for name in ("name", "regulation", "requirement")}
        publish_policy(member=order.member, policy=row, **own, **told)


def _of(book: Book, kind: str) -> Names:
    names: Names = getattr(book, kind)
    return names


def _audience(told: Mapping[str, list[str]], book: Book) -> dict[str, list[str]]:
    """Each name once, as it is spelled. Wrong for an audience of nobody: that would be everybody."""
    if told and not any(told.values()):
        raise Wrong("audience", _("Choose at least one team, position or companion, or everybody."))
    found = {kind: {_of(book, kind).find(one) or one for one in told.get(kind, ())} for kind in LISTS}
    return {kind: sorted(names) for kind, names in found.items() if names}


def _said(row: Policy, book: Book) -> Said:
    audience = row.audience if isinstance(row.audience, Mapping) else {}
    named = {kind: sorted(_of(book, kind).named(one) for one in audience.get(kind) or ()) for kind in LISTS}
    return {
        "name": row.name, "regulation": row.regulation, "active": row.active,
        "audience": {kind: names for kind, names in named.items() if names},
        "mode": row.mode, "requirement": row.requirement, "checks": list(row.checks),
    }  # fmt: skip


def _fields(said: Said, book: Book) -> dict[str, Any]:
    ids = {
        kind: [str(_of(book, kind).id_of(one)) for one in names] for kind, names in said["audience"].items()
    }
    return {**said, "audience": ids}
