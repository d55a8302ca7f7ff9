"""A member's opinion of a companion, from its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from companions.permissions import READ
from companions.queries import access_companion_by_slug
from companions.services.feedback import give_feedback, withdraw_feedback
from companions.views.directory import companion_page
from humana.kernel.errors import HumanaError, Invalid
from tenants.permissions import require
from tenants.views import MemberRequest


@require_POST
def feedback(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """Given or changed; taken back where the button says so. What was refused stays in the form."""
    member = request.visitor.member
    require(member, READ.name)
    found = access_companion_by_slug(member=member, slug=companion_slug)
    if request.POST.get("withdraw"):
        withdraw_feedback(member=member, companion=found)
        messages.success(request, _("Your feedback is taken back."))
        return redirect("companion", slug=slug, companion_slug=companion_slug)
    try:
        rating = _stars(request.POST.get("rating", ""))
        give_feedback(member=member, companion=found, rating=rating, text=request.POST.get("text", ""))
    except HumanaError as refusal:
        if refusal.status >= 500:
            raise
        return companion_page(request, found, refusal)
    messages.success(request, _("Thank you. Your feedback is kept; you can change it here."))
    return redirect("companion", slug=slug, companion_slug=companion_slug)


def _stars(text: str) -> int | None:
    if not text:
        return None
    if text not in {"1", "2", "3", "4", "5"}:
        raise Invalid(_("Choose from one to five stars."), field="rating", code="out_of_range")
    return int(text)
