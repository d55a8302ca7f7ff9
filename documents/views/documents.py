"""Pages of documents: the list, and one by its passages."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from documents.access import OWNER, access_document, folder_of, folders_above, right_to_card, shares_with
from documents.models import Folder
from documents.permissions import READ, SHARE, WRITE
from documents.problems import problem_words
from documents.services.sharing import note_seen
from documents.sharing import holders_of_document
from documents.shown import Row, documents_named, documents_of, menu_for, passages_of, rows_of, whole_text
from documents.store import Card, store_of
from humana.kernel.text import clean_text
from tenants.context import current_tenant
from tenants.models import Membership
from tenants.permissions import allowed, require
from tenants.queries import people_named
from tenants.views import MemberRequest


@require_GET
def documents(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `documents` (a Listing of all their own) or, for a `query`, `found` rows; `may_write`; what
    the `menu` of a row offers."""
    member = request.visitor.member
    require(member, READ.name)
    query = clean_text(request.GET.get("q", ""), field="q", limit=200, required=False).strip()
    context: dict[str, Any] = {"query": query, "may_write": allowed(member, WRITE.name)}
    context["menu"] = menu_for(member)
    if query:
        context["found"] = documents_named(member, query)
    else:
        context["documents"] = documents_of(member, request.GET)
    return render(request, "documents/documents.html", context)


@require_GET
def document(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """Each passage has the anchor `#p-<ordinal>`. Context: `card`, `file`, `passages` or the `version` asked
    for, the `way` to it, `holders`, `right` and what it allows."""
    member = request.visitor.member
    require(member, READ.name)
    card = access_document(member=member, document_id=document_id)
    right = right_to_card(member, card)
    if right != OWNER:
        note_seen(member=member, aim_id=card.id)
    (row,) = rows_of(member, [card])
    context = {
        "card": card,
        "file": row.file,
        "problem": problem_words(row.file.problem) if row.file else "",
        "may_retry": row.file is not None and row.file.problem.endswith(":no_reader"),
        "way": _way(member, card),
        "holders": holders_of_document(member, card),
        "owner": people_named({card.owner_id}).get(card.owner_id),
        "right": right,
        "received": shares_with(member).filter(aim_id=card.id).exists(),
        "may_write": right in (OWNER, "write") and allowed(member, WRITE.name),
        "may_share": right == OWNER and allowed(member, SHARE.name),
        "numbers": _numbers(card, row),
        **_text(request, card),
    }
    return render(request, "documents/document.html", context)


def _numbers(card: Card, row: Row) -> list[int]:
    """The versions to choose from, where there is more than one; that of a file is empty at first."""
    numbers = list(range(card.version, 1 if row.file else 0, -1))
    return numbers if len(numbers) > 1 else []


def _text(request: MemberRequest, card: Card) -> dict[str, Any]:
    """The passages of the latest text; the whole of a version that is asked for, or is not indexed."""
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None
    passages = passages_of(card) if number is None else []
    if passages:
        return {"passages": passages, "shown_number": card.version}
    version = store_of(current_tenant()).read(card.id, number)
    return {
        "version": version,
        "shown_number": version.number,
        "html": whole_text(card, version.text),
        "author": people_named({version.author_id}).get(version.author_id),
    }


def _way(member: Membership, card: Card) -> list[Folder]:
    folder = folder_of(card)
    return folders_above(member, folder) if folder else []
