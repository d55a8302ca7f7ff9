"""Founding an organization in the console: who owns it, by which plan, and where it lives."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from humana.kernel.errors import HumanaError
from tenants.console_forms import FoundForm
from tenants.models import Organization, User
from tenants.services.organizations import found_organization
from tenants.services.people import owner_to_be

#: Which field of the form is meant, where a service speaks of a place.
FIELDS = {"no_room": "place", "pool_is_full": "place"}


@require_http_methods(["GET", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """Leads on to the page where its setting up is watched. Context: `form`."""
    form = FoundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organization = _founded(request, form)
        if organization is not None:
            return redirect("console-placement", organization.slug)
    context = {**admin.site.each_context(request), "title": _("Found an organization"), "form": form}
    return render(request, "admin/found.html", context)


def _founded(request: HttpRequest, form: FoundForm) -> Organization | None:
    told = form.cleaned_data
    try:
        owner = owner_to_be(email=told["email"], name=told["person"], language=told["language"])
        known = not owner._state.adding
        organization = found_organization(
            name=told["organization"],
            owner=owner,
            slug=told["slug"] or None,
            plan=told["plan"],
            language=told["language"],
            **form.wanted,
        )
    except HumanaError as refusal:
        if refusal.status >= 500:
            raise
        _refused(form, refusal)
        return None
    messages.success(request, _how_to_enter(owner, known))
    return organization


def _refused(form: FoundForm, refusal: HumanaError) -> None:
    field = FIELDS.get(refusal.code, refusal.field)
    said = str(refusal.message)
    if refusal.code == "no_room":
        said = _("There is no room there. Raise the capacity of a pool, or add one; then found it.")
    form.add_error(field if field in form.fields else None, said)


def _how_to_enter(owner: User, known: bool) -> str:
    if known:
        return _("The organization is founded. Its owner enters it as usual.")
    return _(
        "The organization is founded. Its owner is new: they choose a password where they sign in, by"
        " “Forgot your password?”."
    )
