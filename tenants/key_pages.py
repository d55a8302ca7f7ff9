"""Pages of API keys: one's own, and for who looks after them, all of the organization."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from humana.kernel.errors import NotFound
from tenants.forms_settings import KeyForm
from tenants.permissions import KEYS, OWN_KEYS, allowed, require
from tenants.queries import keys_of, keys_of_member
from tenants.refusing import saved, shown
from tenants.services.keys import create_api_key, revoke_api_key
from tenants.views import MemberRequest

NEW_KEY = "new_key"


@require_http_methods(["GET", "POST"])
def keys(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `keys` of one's own, `form`, `new_key` shown this once, and addresses for programs."""
    member = request.visitor.member
    require(member, OWN_KEYS.name)
    form = KeyForm(request.POST or None, member=member)
    if request.method == "POST":
        done = saved(request, form, lambda: _make(request, form), _("The key is there."), _here(slug))
        if done is not None:
            return done
    context = {
        "form": form,
        "keys": keys_of_member(member).filter(revoked_at=None),
        "new_key": request.session.pop(NEW_KEY, None),
        "api_base": request.build_absolute_uri("/v1"),
        "mcp_address": request.build_absolute_uri("/mcp"),
    }
    return shown(request, "tenants/keys.html", context, form)


def _make(request: MemberRequest, form: KeyForm) -> None:
    _key, secret = create_api_key(member=request.visitor.member, **form.draft())
    request.session[NEW_KEY] = secret


@require_GET
def organization_keys(request: MemberRequest, slug: str) -> HttpResponse:
    """Context: `keys`, those that still open something, with whose they are."""
    member = request.visitor.member
    require(member, KEYS.name)
    rows = keys_of(member.organization).filter(revoked_at=None)
    return render(request, "tenants/organization_keys.html", {"keys": rows})


@require_POST
def revoke_key(request: MemberRequest, slug: str, key_id: uuid.UUID) -> HttpResponse:
    """One's own; anybody's for who looks after keys."""
    member = request.visitor.member
    everybodys = allowed(member, KEYS.name)
    if not everybodys:
        require(member, OWN_KEYS.name)
    rows = keys_of(member.organization) if everybodys else keys_of_member(member)
    key = rows.filter(id=key_id).first()
    if key is None:
        raise NotFound(_("There is nothing here."))
    revoke_api_key(key=key)
    messages.success(request, _("The key no longer opens anything."))
    return redirect(
        "organization-keys" if request.POST.get("from") == "all" and everybodys else "keys", slug=slug
    )


def _here(slug: str) -> str:
    return reverse("keys", args=[slug])
