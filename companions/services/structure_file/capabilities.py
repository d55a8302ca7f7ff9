"""Skills, and knowledge given as a capability.

Integrations and tools lead to servers, which are not in the file: they stay as they are.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from companions.models import Capability
from companions.permissions import CAPABILITIES
from companions.services.capabilities import (
    MOST_INSTRUCTIONS,
    add_capability,
    edit_capability,
    remove_capability,
)
from companions.services.editing import line
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.knowledge import check_team, clean_reach, team_of, titles, with_team
from companions.services.structure_file.section import Kept, Order, Said, Section
from humana.kernel.text import clean_text

KINDS = (Capability.Kind.SKILL, Capability.Kind.KNOWLEDGE)


class Capabilities(Section):
    name, permission, unique = "capabilities", CAPABILITIES, False
    fields = {
        "name": fields.text, "kind": fields.text, "description": fields.text, "level": fields.text,
        "team": fields.name, "knowledge": fields.name, "instructions": fields.text,
    }  # fmt: skip
    defaults = {
        "kind": "skill", "description": "", "level": "public", "team": None, "knowledge": None,
        "instructions": "",
    }  # fmt: skip

    @property
    def title(self) -> str:
        return _("Capabilities")

    def now(self, book: Book) -> list[Kept]:
        rows = Capability.objects.filter(kind__in=KINDS).order_by("name", "id")
        return [Kept(_said(one, book), one) for one in rows]

    def clean(self, said: Said, book: Book) -> Said:
        _fits(said)
        limit, subject = MOST_INSTRUCTIONS, said["knowledge"]
        told = {
            "name": line(said.get("name", ""), field="name", limit=80),
            "description": line(said["description"], field="description", limit=400, required=False),
            "instructions": clean_text(
                said["instructions"], field="instructions", limit=limit, required=said["kind"] == "skill"
            ).strip(),
            "knowledge": subject and (titles(book).find(subject) or subject),
        }
        return {name: (said | told | clean_reach(said, book))[name] for name in self.fields}

    def check(self, said: Said, before: Said, book: Book) -> None:
        check_team(said, before, book)
        if before and said["kind"] != before["kind"]:
            raise Wrong("kind", _("What kind a capability is stays as it is: give the other another name."))
        subject = said["knowledge"]
        if subject not in (None, before.get("knowledge")) and titles(book).find(subject) is None:
            message = _("There is no common knowledge “%(name)s”, neither here nor in the file.")
            raise Wrong("knowledge", message % {"name": subject[:120]})

    def add(self, said: Said, order: Order) -> Capability:
        return add_capability(member=order.member, **_fields(said, {}, order.book))

    def change(self, row: Capability, said: Said, before: Said, order: Order) -> Capability:
        told: Any = _fields(said, before, order.book)
        del told["kind"]
        return edit_capability(member=order.member, capability=row, version=row.version, **told)

    def remove(self, kept: Kept, order: Order) -> None:
        remove_capability(member=order.member, capability=kept.row, version=kept.row.version)


def _fits(said: Said) -> None:
    """A skill has instructions, knowledge its subject, and neither the other's."""
    if said["kind"] not in KINDS:
        raise Wrong("kind", _("Choose one of the kinds offered."))
    strange = "knowledge" if said["kind"] == "skill" else "instructions"
    if said[strange]:
        raise Wrong(strange, _("A capability of this kind does not have this."))
    if said["kind"] == "knowledge" and not said["knowledge"]:
        raise Wrong("knowledge", _("Choose the knowledge that this is about."))


def _said(row: Capability, book: Book) -> Said:
    return {
        "name": row.name, "kind": row.kind, "description": row.description, "level": row.level,
        "team": team_of(row, book), "knowledge": titles(book).named(row.asset_id) if row.asset_id else None,
        "instructions": row.instructions,
    }  # fmt: skip


def _fields(said: Said, before: Said, book: Book) -> dict[str, Any]:
    told = with_team(said, before, book)
    subject = told.pop("knowledge")
    if before and subject == before["knowledge"]:
        return told
    return told | {"asset_id": titles(book).id_of(subject)}
