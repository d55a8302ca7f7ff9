"""The common knowledge: what was written for companions.

What people and companions share, and rules for single ones, are not in the file: they stay as they are.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from companions.models import Companion, KnowledgeAsset
from companions.models.knowledge import Level
from companions.permissions import KNOWLEDGE
from companions.services.editing import line
from companions.services.knowledge import MOST_CHARACTERS, clean_level, edit_asset, remove_asset, write_asset
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book, Names, key_of, spelling
from companions.services.structure_file.fields import Wrong
from companions.services.structure_file.section import Kept, Order, Said, Section, unknown
from humana.kernel.text import clean_text


class Knowledge(Section):
    name, called, permission, unique = "knowledge", "title", KNOWLEDGE, False
    fields = {
        "title": fields.text, "summary": fields.text, "language": fields.text, "level": fields.text,
        "team": fields.name, "text": fields.text,
    }  # fmt: skip
    defaults = {"summary": "", "language": "pt-br", "level": "public", "team": None}

    @property
    def title(self) -> str:
        return _("Knowledge")

    def now(self, book: Book) -> list[Kept]:
        return [Kept(_said(one, book), one) for one in common().order_by("title", "id")]

    def note(self, said: Said, book: Book) -> None:
        titles(book).spelled[key_of(said.get("title", ""))] = spelling(said.get("title", ""))

    def clean(self, said: Said, book: Book) -> Said:
        if said["language"] not in Companion.Language.values:
            raise Wrong("language", _("Choose one of the languages offered."))
        told = {
            "title": line(said.get("title", ""), field="title", limit=160),
            "summary": line(said["summary"], field="summary", limit=400, required=False),
            "text": clean_text(said.get("text", ""), field="text", limit=MOST_CHARACTERS).strip(),
        }
        return {name: (said | told | clean_reach(said, book))[name] for name in self.fields}

    def check(self, said: Said, before: Said, book: Book) -> None:
        check_team(said, before, book)

    def add(self, said: Said, order: Order) -> KnowledgeAsset:
        row = write_asset(member=order.member, **with_team(said, {}, order.book))
        titles(order.book).add(row.title, row.id)
        return row

    def change(self, row: KnowledgeAsset, said: Said, before: Said, order: Order) -> KnowledgeAsset:
        told: Any = with_team(said, before, order.book)
        return edit_asset(member=order.member, asset=row, version=row.version, **told)

    def remove(self, kept: Kept, order: Order) -> None:
        remove_asset(member=order.member, asset=kept.row, version=kept.row.version)


def common() -> Any:
    return KnowledgeAsset.objects.filter(source=KnowledgeAsset.Source.COMMON)


def titles(book: Book) -> Names:
    """Of the common knowledge, read when somebody first asks; of one title the first counts."""
    if "knowledge" not in book.more:
        book.more["knowledge"] = found = Names()
        for row_id, title in common().order_by("-title", "-id").values_list("id", "title"):
            found.add(title, row_id)
    return book.more["knowledge"]


def clean_reach(said: Said, book: Book) -> Said:
    """Who is told, as it is kept."""
    level, team = clean_level(said["level"]), said["team"]
    if level in (Level.TEAM, Level.DEPARTMENT) and team is None:
        raise Wrong("team", _("Choose the team that this is for."))
    return {"level": level, "team": team and (book.teams.find(team) or team)}


def check_team(said: Said, before: Said, book: Book) -> None:
    if said["team"] not in (None, before.get("team")) and book.teams.find(said["team"]) is None:
        raise unknown("team", "team", said["team"])


def with_team(said: Said, before: Said, book: Book) -> dict[str, Any]:
    """The team by its id; one that stays as it was is not said, for it may be gone."""
    told = {name: value for name, value in said.items() if name != "team"}
    return (
        told
        if before and said["team"] == before["team"]
        else told | {"team_id": book.teams.id_of(said["team"])}
    )


def team_of(row: Any, book: Book) -> str | None:
    return book.teams.named(row.team_id) if row.team_id else None


def _said(row: KnowledgeAsset, book: Book) -> Said:
    return {
        "title": row.title, "summary": row.summary, "language": row.language, "level": row.level,
        "team": team_of(row, book), "text": row.text,
    }  # fmt: skip
