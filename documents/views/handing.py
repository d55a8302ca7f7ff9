"""The page of what people left behind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from documents.forms_handing import HeirForm
from documents.permissions import HAND_OVER
from documents.services.handing import Handed, hand_over, left_behind
from humana.kernel.errors import Conflict, Invalid, NotFound
from tenants.permissions import require
from tenants.queries import access_member
from tenants.views import MemberRequest


@require_http_methods(["GET", "POST"])
def left(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `people`, each with a form."""
    member = request.visitor.member
    require(member, HAND_OVER.name)
    refused, status = "", 200
    if request.method == "POST":
        form = HeirForm(request.POST, member=member)
        if form.is_valid():
            told = form.draft()
            try:
                heir = access_member(member=member, member_id=told["member_id"])
                messages.success(
                    request, _said(hand_over(member=member, person_id=told["person_id"], heir=heir))
                )
                return redirect("left-behind", slug=slug)
            except (Conflict, Invalid, NotFound) as refusal:
                refused, status = str(refusal.message), refusal.status
        else:
            refused, status = _("Choose who has it from now on."), 422
    people = [(one, HeirForm(member=member, person_id=one.person.id)) for one in left_behind(member=member)]
    context: dict[str, Any] = {"people": people, "refused": refused}
    return render(request, "documents/left_behind.html", context, status=status)


def _said(done: Handed) -> str:
    told = _("Handed over: folders %(folders)d, documents %(documents)d.") % {
        "folders": done.folders, "documents": done.documents,
    }  # fmt: skip
    stayed = _("In conversations, which nobody else reads, stay documents: %(stayed)d.") % {
        "stayed": done.stayed
    }
    return f"{told} {stayed}" if done.stayed else told
