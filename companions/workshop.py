"""The list in which companions are looked after: searched, filtered, a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from companions.models import Companion
from tenants.places import at_main
from tenants.queries import positions, teams

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words in the name, the address or the purpose; one team or position; which page."""

    words: str = ""
    team: str = ""
    position: str = ""
    page: str = "1"

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Wanted:
        return cls(
            query.get("q", "").strip()[:80].replace("\x00", ""),
            _id(query.get("team", "")),
            _id(query.get("position", "")),
            query.get("page", "1"),
        )


def page_of(wanted: Wanted) -> dict[str, Any]:
    """The entries in the main placement, which has one of every companion, wherever it lives."""
    with at_main():
        page = Paginator(_rows(wanted), ON_A_PAGE).get_page(wanted.page)
        found = list(page)
    called: dict[uuid.UUID | None, str] = {one.id: one.name for one in teams()}
    titled: dict[uuid.UUID | None, str] = {one.id: one.title for one in positions()}
    told = [(one, called.get(one.team_id), titled.get(one.position_id)) for one in found]
    return {"page": page, "found": told, "wanted": wanted, "teams": teams(), "positions": positions()}


def _rows(wanted: Wanted) -> QuerySet[Companion]:
    rows = Companion.objects.order_by("name", "id")
    if wanted.words:
        words = wanted.words
        rows = rows.filter(Q(name__icontains=words) | Q(slug__icontains=words) | Q(purpose__icontains=words))
    if wanted.team:
        rows = rows.filter(team_id=wanted.team)
    return rows.filter(position_id=wanted.position) if wanted.position else rows


def _id(text: str) -> str:
    """Nothing for what is no id: the filter is then not set."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
