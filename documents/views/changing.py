"""What is done with a document from its pages: renamed, moved, deleted and brought back, read again."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from documents.access import access_document, own_folder
from documents.models import Folder
from documents.permissions import WRITE
from documents.services import files
from documents.shelves import choices
from documents.store import Card
from humana.kernel.errors import HumanaError, Invalid
from tenants.models import Membership
from tenants.permissions import require
from tenants.views import MemberRequest, page_back


@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """Its name; its folder, for its owner. Context: `card`, `places`, `chosen`, `name`, `refusal`, `back`."""
    member = request.visitor.member
    card = access_document(member=member, document_id=document_id, right="write")
    require(member, WRITE.name)
    owns = card.owner_id == member.user_id
    refusal = _edited(request, card, owns=owns) if request.method == "POST" else None
    if request.method == "POST" and refusal is None:
        return redirect(page_back(request) or reverse("document", args=[slug, card.id]))
    context = {
        "card": card,
        "places": choices(member) if owns else None,
        "chosen": request.POST.get("folder", str(card.folder_id or "")),
        "name": request.POST.get("name", card.name),
        "refusal": refusal,
        "back": page_back(request),
    }
    return render(request, "documents/edit.html", context, status=refusal.status if refusal else 200)


def _edited(request: MemberRequest, card: Card, *, owns: bool) -> HumanaError | None:
    member, name = request.visitor.member, request.POST.get("name", card.name)
    try:
        if name != card.name:
            files.rename(member=member, document_id=card.id, name=name)
        if owns and "folder" in request.POST:
            folder = _folder(member, request.POST["folder"])
            if (folder.id if folder else None) != card.folder_id:
                files.move(member=member, document_id=card.id, folder=folder)
    except HumanaError as refusal:
        if refusal.status in (403, 404) or refusal.status >= 500:
            raise
        return refusal
    messages.success(request, _("The change is kept."))
    return None


@require_POST
def remove(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    member = request.visitor.member
    card = access_document(member=member, document_id=document_id, right="write")
    files.trash(member=member, document_id=card.id)
    undo = reverse("restore-document", args=[slug, document_id])
    said = _("“%(name)s” is deleted.") % {"name": card.name}
    messages.success(request, said, extra_tags=f"undo {undo}")
    if back := page_back(request):
        return redirect(back)
    if card.folder_id:
        return redirect("folder", slug=slug, folder_id=card.folder_id)
    return redirect("documents", slug=slug)


@require_POST
def restore(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    files.restore(member=request.visitor.member, document_id=document_id)
    return redirect("document", slug=slug, document_id=document_id)


@require_POST
def retry(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """Read the file again that could not be read."""
    member = request.visitor.member
    card = access_document(member=member, document_id=document_id, right="write")
    files.retry(member=member, document_id=card.id)
    return redirect("document", slug=slug, document_id=document_id)


@require_GET
def original(request: MemberRequest, slug: str, document_id: uuid.UUID) -> HttpResponse:
    """The file as it was sent, by an address that is signed for it and soon good for nothing."""
    member = request.visitor.member
    access_document(member=member, document_id=document_id)
    return redirect(files.link_to(member=member, document_id=document_id))


def _folder(member: Membership, text: str) -> Folder | None:
    try:
        return own_folder(member=member, folder_id=uuid.UUID(text)) if text else None
    except ValueError:
        raise Invalid(_("Choose one of what is offered."), field="folder") from None
