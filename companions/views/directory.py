"""Pages of companions."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from byoc.permissions import READ as READ_ENDPOINTS
from companions.card import card_of
from companions.choosing import shown_model
from companions.infrastructure import infrastructure, offers
from companions.models import Companion
from companions.opinions import feedback_of, opinions_of
from companions.permissions import EDIT, READ
from companions.queries import (
    access_companion,
    access_companion_by_slug,
    companions_for,
    inheritance,
    residences,
)
from companions.services.companions import edit_companion
from companions.services.feedback import LIMIT
from humana.kernel.errors import HumanaError, Invalid
from tenants.permissions import MANAGE, allowed, require
from tenants.queries import reports_of
from tenants.views import MemberRequest


@require_GET
def companions(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `companions`."""
    member = request.visitor.member
    require(member, READ.name)
    return render(request, "companions/list.html", {"companions": companions_for(member=member)})


@require_GET
def companion(request: MemberRequest, slug: str, companion_slug: str) -> HttpResponse:
    """See `companion_page`."""
    member = request.visitor.member
    require(member, READ.name)
    return companion_page(request, access_companion_by_slug(member=member, slug=companion_slug))


def companion_page(
    request: MemberRequest, found: Companion, refusal: HumanaError | None = None
) -> HttpResponse:
    """Context: `companion`, `inherited` (values, policies, brand as data), `model` (the ModelCard of
    what would answer now), `card`, `mine` (the member's feedback), `opinions` of others for who may read
    them; `refusal` with what was `typed`.
    """
    member = request.visitor.member
    context = {
        "companion": found,
        "inherited": inheritance(found),
        "model": shown_model(found),
        "card": card_of(found, member),
        "mine": feedback_of(member=member, companion_id=found.id),
        "opinions": opinions_of(member=member, companion_id=found.id),
        "limit": LIMIT,
        "refusal": refusal,
        "typed": request.POST,
    }
    status = refusal.status if refusal else 200
    return render(request, "companions/companion.html", context, status=status)


@require_GET
def places(request: MemberRequest, slug: str) -> HttpResponse:
    """Where everything lives. Context: `residences`, one for each companion, `filtered` (some of them by
    the application alone), and signed `reports`.
    """
    member = request.visitor.member
    require(member, MANAGE.name)
    found = residences()
    context = {
        "residences": found,
        "filtered": any(one.filtered for one in found),
        "reports": reports_of(member=member),
    }
    return render(request, "companions/places.html", context)


@require_GET
def infrastructure_page(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `whole` (every companion with what serves it), `may_choose` models."""
    member = request.visitor.member
    require(member, READ_ENDPOINTS.name)
    context = {"whole": infrastructure(), "may_choose": allowed(member, EDIT.name)}
    return render(request, "companions/infrastructure.html", context)


@require_POST
def choose_model(request: MemberRequest, slug: str, companion_id: uuid.UUID) -> HttpResponse:
    """Another of the models that are offered, or the organization's own choice."""
    member = request.visitor.member
    found = access_companion(member=member, companion_id=companion_id)
    model = request.POST.get("model", "")
    if not offers(model):
        raise Invalid(_("Choose one of what is offered."), field="model")
    edit_companion(member=member, companion=found, model=model)
    chosen = (
        _("“%(name)s” answers with %(model)s from now on.")
        if model
        else _("“%(name)s” answers with the default model from now on.")
    )
    messages.success(request, chosen % {"name": found.name, "model": model})
    return redirect("infrastructure", slug=slug)
