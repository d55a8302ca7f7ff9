"""Companions with all that is their own; wherever they live, by their addresses."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from companions.models import Companion
from companions.permissions import EDIT
from companions.services.companions import (
    change_companion,
    clean_fields,
    create_companion,
    pause_companion,
    remove_companion,
    restore_companion,
)
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section, unknown
from tenants.models.organizations import slug_rule
from tenants.places import within

_OWN = ("name", "purpose", "language", "model", "access", "starters", "base_prompt")


class Companions(Section):
    name, called, permission = "companions", "slug", EDIT
    fields = {
        "slug": fields.text, "name": fields.text, "purpose": fields.text, "team": fields.name,
        "position": fields.name, "access": fields.text, "language": fields.text, "model": fields.text,
        "state": fields.text, "starters": fields.texts, "base_prompt": fields.text,
    }  # fmt: skip
    defaults = {
        "team": None, "position": None, "access": "public", "language": "pt-br", "model": "",
        "state": "active", "starters": [],
    }  # fmt: skip

    @property
    def title(self) -> str:
        return _("Companions")

    def label(self, said: Said) -> str:
        return str(said.get("name") or said.get("slug", ""))

    def now(self, book: Book) -> list[Kept]:
        return [Kept(_said(one, book), one) for one in Companion.objects.order_by("slug")]

    def note(self, said: Said, book: Book) -> None:
        slug = said.get("slug", "")
        book.companions.spelled[slug] = slug
        book.coming.add(slug)

    def clean(self, said: Said, book: Book) -> Said:
        if said["state"] not in Companion.State.values:
            raise Wrong("state", _("Choose one of what is offered."))
        own = clean_fields({name: said.get(name, "") for name in _OWN})
        team, position = said["team"], said["position"]
        found = {
            "slug": _slug(said.get("slug", "")),
            "team": team and (book.teams.find(team) or team),
            "position": position and (book.positions.find(position) or position),
        }
        told = {"state": said["state"]} | own | found
        return {name: told[name] for name in self.fields}

    def check(self, said: Said, before: Said, book: Book) -> None:
        for kind, names in (("team", book.teams), ("position", book.positions)):
            if said[kind] not in (None, before.get(kind)) and names.find(said[kind]) is None:
                raise unknown(kind, kind, said[kind])

    def add(self, said: Said, order: Order) -> Companion:
        """One that was removed comes back."""
        told: Any = _fields(said, order.book)
        gone = said["slug"] in order.book.removed
        if gone:
            row = restore_companion(member=order.member, companion_id=order.book.companions.ids[said["slug"]])
            return change_companion(member=order.member, companion=row, state=said["state"], **told)
        row = create_companion(member=order.member, slug=said["slug"], **told)
        order.book.companions.add(row.slug, row.id)
        if said["state"] == Companion.State.PAUSED:
            row = pause_companion(member=order.member, companion=row)
        return row

    def change(self, row: Companion, said: Said, before: Said, order: Order) -> Companion:
        kept = {f"{kind}_id" for kind in ("team", "position") if said[kind] == before[kind]}
        told: Any = _fields(said, order.book, kept)
        state = said["state"]
        return change_companion(member=order.member, companion=row, version=row.version, state=state, **told)

    def remove(self, kept: Kept, order: Order) -> None:
        remove_companion(member=order.member, companion=kept.row)


def _slug(text: str) -> str:
    try:
        slug_rule(text)
    except ValidationError as error:
        raise Wrong("slug", " ".join(error.messages)) from None
    return text


def _said(row: Companion, book: Book) -> Said:
    if row.placement_id is not None:  # its entry does not say what it is told
        with within("companion_id", row.id):
            row = Companion.objects.get(id=row.id)
    return {
        "slug": row.slug, "name": row.name, "purpose": row.purpose,
        "team": book.teams.named(row.team_id) if row.team_id else None,
        "position": book.positions.named(row.position_id) if row.position_id else None,
        "access": row.access, "language": row.language, "model": row.model, "state": row.state,
        "starters": list(row.starters), "base_prompt": row.base_prompt,
    }  # fmt: skip


def _fields(said: Said, book: Book, kept: Container[str] = ()) -> dict[str, Any]:
    """`kept` is what stays as it is, even where it names nothing any more."""
    found: dict[str, Any] = {name: said[name] for name in _OWN}
    for kind, names in (("team", book.teams), ("position", book.positions)):
        if f"{kind}_id" not in kept:
            found[f"{kind}_id"] = names.id_of(said[kind])
    return found
